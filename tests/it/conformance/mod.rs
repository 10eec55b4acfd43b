//! Hasura v2's side of the wire, written from its source: what it sends, and what it does with our answer.

mod build;
mod deliveries;
pub(crate) mod grammar;
mod grammar_examples;
pub(crate) mod introspection;
mod lexer;
mod outage;
pub(crate) mod permission;
mod permission_examples;
mod platform;
mod remote_join;
pub(crate) mod rig;
pub(crate) mod schema;
