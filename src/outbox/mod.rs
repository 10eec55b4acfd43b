//! What goes out: messages are put down in the transaction that caused them, and taken from here when they are sent.
//!
//! Two tables: a message once (`outbox`), and its way to each receiver (`outbox_delivery`). A message goes out at least
//! once, under one id; messages about one person reach a receiver in the order in which they were caused. What is
//! settled loses its payload at once. Deliberately absent: sending, and judging whether the person allows it.

mod erase;
mod put;
mod queue;
mod route;
mod shelf;

pub use erase::erase;
pub use put::{Message, id_of, put, put_all};
pub use queue::{Claimed, Done, Outcome, claim, note, tenants};
pub use route::{route, settle, with_open};
pub use shelf::{Parked, Waiting, is_settled, parked, progress, prune, replay, waiting};
