//! The rights of persons: the ledger of tables against the live schema, and erasures with everything in their way.

mod erasing;
mod ledger;
mod racing;
mod requests;
mod categories;
mod retaining;
mod scores;
mod source_logs;
pub(crate) mod rig;
mod served;
