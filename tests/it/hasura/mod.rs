//! The `hasura/` directory: generated, consistent with the service, and acceptable to a Hasura server.

mod attach;
mod columns;
pub(crate) mod directory;
mod generated;
mod roles;
mod stand_in;
mod wiring;
