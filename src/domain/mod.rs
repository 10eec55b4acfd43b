//! Types and arithmetic, pure: no clock of its own, no randomness, no database, no JSON.
//!
//! Reading order: what the platform says (`source`), how it concerns a person (`activity`), what is
//! known about tours and places (`reference`), and what follows from it (`fold`, `insight`).

pub mod clock;
pub mod money;
pub mod source;
pub mod activity;
pub mod category;
pub mod horizon;
pub mod retention;
pub mod reference;
pub mod fold;
pub mod derive;
pub mod insight;
pub mod consent;
pub mod message;
pub mod moment;
pub mod timeline;
pub mod merkle;
pub mod metric;
pub mod words;
pub mod explain;
pub mod model;
