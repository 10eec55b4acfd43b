//! What has to stay true of tables and statements so that they run on several machines, cut by tenant.
//!
//! The rules and their reasons stand in `docs/scale-out.md`. `catalogue` asks the migrated database itself, `statements`
//! reads every recorded statement. Both run on a plain PostgreSQL: nothing here needs the distributed one.

mod catalogue;
mod sources;
mod statements;
