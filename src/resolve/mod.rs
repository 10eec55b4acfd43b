//! Which person is a fact about? Links, dossiers and what waits for them.
//!
//! Everything is a join of two grow-only sets: the versions of a source row, and everyone ever linked to
//! it. Each pair is a log row. Neither set depends on the order of arrival, so the log does not either.
//! `engine` is pure; `store` brings it dossiers from the database, `memory` from maps.

pub mod dossier;
pub mod rules;
pub mod engine;
pub mod merge;
pub mod bars;
pub mod reference;
pub mod catalogue;
pub mod presence;
pub mod memory;
pub mod tenant;
pub mod fence;
pub mod fence_file;
pub mod horizons;
pub mod store;
pub mod forget;
pub mod expire;
