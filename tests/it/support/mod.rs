//! What integration tests stand on: a database of their own.

mod desks;
mod server;
mod switch;
mod test_db;

pub(crate) use desks::desks;
pub(crate) use switch::switch;
pub(crate) use test_db::TestDb;
