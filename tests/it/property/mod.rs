//! The property that everything stands on: any order, duplication, batching and shape of the deliveries of a
//! random history gives the same insights, to the byte, and they are what the definitions say.
//!
//! Reading order: what the platform goes through (`world`, `history`), how it is told (`deliveries`), what the
//! definitions say about it (`oracle`), and the property itself (`in_memory`, `postgres`).

pub(crate) mod dice;
mod world;
mod history;
mod deliveries;
mod oracle;
mod stories;
mod compare;
mod shrink;
mod in_memory;
pub(crate) mod crowd;
mod postgres;
mod past;
mod evidence;
mod barred;
