//! What integration tests stand on: a database of their own.

mod server;
mod test_db;

pub(crate) use test_db::TestDb;
