//! Deliveries that are durable but not yet understood, and the dead letters that never will be.
//!
//! The way of a delivery: `queue` (bounded, in memory) → `writer` (everything in flight in one insert) →
//! the table `inbox`, which the workers empty. What can never work goes the same way into `dead_letter`.
//! `admit` is the way of history, in a transaction of its own. `claim` takes it out again, in the worker's
//! transaction. Deliberately absent: reading what a payload says; that is `contracts`.

mod entry;
mod queue;
mod writer;
mod flush;
mod statements;
pub mod admit;
pub mod claim;
pub mod backlog;
pub mod tally;
pub mod dead_letters;
pub mod retention;

pub use entry::{Channel, Entry, Letter};
pub use writer::{Error, Limits, Writer};
