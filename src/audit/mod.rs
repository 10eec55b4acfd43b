//! Who did what, and who read about whom: append-only, in chains of hashes, so that a link that was changed, taken
//! out or put in is found.
//!
//! Acts are written in the transaction of what was done, a chain for each tenant (`acts`). Reads are queued and
//! committed in groups, a chain for each tenant and process (`reads`), because an answer must not wait. Persons stand in
//! both by tag, so that an erasure changes nothing here. Deliberately absent: names, values, texts of queries.

mod entry;
mod hash;
mod acts;
pub mod reads;
mod read_rows;
mod flush;
pub mod log;
pub mod retention;
mod about;
pub mod verify;

pub use self::about::{Access, about, count};
pub use self::acts::{ActLink, write};
pub use self::entry::{Act, Actor, Entry, Subject};
pub use self::hash::Hash;
pub use self::read_rows::ReadLink;
pub use self::reads::{Read, Reads};
