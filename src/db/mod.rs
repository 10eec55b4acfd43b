//! The database itself: where it comes from, how it is reached and migrated, and what its errors mean.
//!
//! Deliberately absent: any statement about this service's own tables; those live in the room that owns the table.

mod errors;
pub mod cursor;
pub mod pool;
pub mod fenced;
pub mod roles;
pub mod migrate;
pub mod embedded;

pub use errors::Error;
pub use pool::{Pool, PoolConfig, Tx};
