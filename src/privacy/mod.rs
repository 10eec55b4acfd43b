//! The rights of persons: which tables know of them, taking them out for good, the proof of it, and telling them
//! everything.
//!
//! `ledger` names every table and what is in it; erasing, scanning and exporting follow it. Deliberately absent:
//! deciding whether a request is lawful, which is the operator's, and the loops that drain the inbox around an erasure,
//! which are the workers'.

pub mod ledger;
mod tables;
pub mod scan;
pub mod gate;
pub mod hold;
pub mod request;
pub mod queue;
pub mod receipt;
pub mod order;
pub mod erase;
pub mod record;
mod propagate;
mod prove;
pub mod comeback;
pub mod retention;
pub mod requests;
pub mod desk;
pub mod export;
pub mod journal;
