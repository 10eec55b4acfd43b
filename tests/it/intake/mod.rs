//! What comes in beside the webhook: history, and work that outlives a process.

mod jobs;
mod order;
