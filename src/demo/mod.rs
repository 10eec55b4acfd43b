//! The stand-in for the platform and for Hasura, for local runs and tests: real PostgreSQL triggers shaped as Hasura's own, a
//! deliverer with Hasura's semantics, a gateway that sends the exact remote-join request, and a simulated operator.
//!
//! It owns a database of its own (`platform`, a pool passed in) and speaks to the server only over HTTP. It imports nothing of
//! the crate but `domain`, and nothing imports it but `app`. Nothing here runs under `serve`.

mod error;
pub mod platform;
pub mod triggers;
pub mod capture;
mod client;
pub mod aeson;
pub mod event;
pub mod deliver;
pub mod printer;
pub mod remote_join;
pub mod gateway;
pub mod simulate;
pub mod page;
pub mod live;
mod progress;
mod learn;
mod tips;
mod run;

pub use error::{Error, Result};
pub use progress::Out;
pub use run::{Demo, DemoConfig, Report};

/// What Hasura calls itself on the wire.
pub(crate) const USER_AGENT: &str = "hasura-graphql-engine/v2.48.1";
