//! The rights of persons: which tables know of them, taking them out for good, the proof of it, and telling them
//! everything.
//!
//! `ledger` names every table and what is in it; erasing, scanning and exporting follow it. Deliberately absent:
//! deciding whether a request is lawful, which is the operator's.

pub mod ledger;
pub mod export;
