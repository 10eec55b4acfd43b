//! The remote schema as Hasura meets it: the wire, the joins, the roles, the lists, and the outages.

pub(crate) mod rig;
pub(crate) mod requests;
mod schema;
mod scores;
mod settings;
mod metrics;
mod models;
mod taste;
mod parsing;
mod specification;
mod join;
mod outage;
mod freshness;
mod timeline;
mod two_times;
mod access;
mod lists;
mod dead_letters;
mod http;
mod audit;
