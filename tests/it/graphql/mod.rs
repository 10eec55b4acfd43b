//! The remote schema as Hasura meets it: the wire, the joins, the roles, the lists, and the outages.

mod rig;
mod schema;
mod metrics;
mod specification;
mod join;
mod outage;
mod freshness;
mod timeline;
mod access;
mod lists;
mod http;
mod audit;
