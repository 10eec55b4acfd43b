//! What comes in beside the webhook: history, and work that outlives a process.

pub(crate) mod program;
mod backfill;
mod doctor;
mod jobs;
mod order;
