//! What must not happen whatever breaks: an acknowledged delivery lost, or counted twice.
//!
//! What is expected comes from the same deliveries folded in memory, each once (`expected`). Then the program itself
//! under load while it or its database is killed (`killed`, on `program` and `load`), workers in each other's way
//! (`concurrent`), and the plans of the statements they live on (`plans`).

mod expected;
pub(crate) mod program;
mod load;
mod backfill;
mod switches;
mod shown;
mod killed;
pub(crate) mod proxy;
mod wired;
mod links;
mod frozen;
mod storm;
mod poison;
mod fair;
mod concurrent;
mod plans;
