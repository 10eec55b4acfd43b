//! Customer Intelligence: Hasura event triggers in, `CustomerInsight` out.
//!
//! The floors, bottom up, in the order that data passes them. Which floor may import which is held by
//! `tests/architecture.rs`; there is deliberately no prelude and no re-export across floors.

pub mod domain;
pub mod telemetry;
pub mod contracts;
pub mod db;
pub mod jobs;
pub mod audit;
pub mod models;
pub mod inbox;
pub mod outbox;
pub mod resolve;
pub mod activity_log;
pub mod projections;
pub mod insight;
pub mod derivations;
pub mod actions;
pub mod privacy;
pub mod workers;
pub mod graphql;
pub mod http;
pub mod demo;
pub mod app;
