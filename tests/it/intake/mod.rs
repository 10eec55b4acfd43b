//! What comes in beside the webhook: history, and work that outlives a process.

pub(crate) mod program;
mod backfill;
mod jobs;
mod order;
