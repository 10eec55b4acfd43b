//! The door: what comes in is durable before it is acknowledged, and nothing that comes in can do harm.

mod rig;
mod acknowledged;
mod bad_input;
mod outage;
mod health;
mod neighbours;
mod slow_clients;
mod stopping;
