//! Doors: the webhook, cron calls, GraphQL, health and metrics, and the server that opens them.
//!
//! Everything a door needs is handed in as plain values and closures. Deliberately absent: the database, the
//! environment, and pages for people (those exist only under `demo`).

mod limits;
mod keys;
mod errors;
mod trace;
mod body;
pub mod health;
pub mod webhook;
pub mod cron;
pub mod exports;
pub mod graphql;
mod server;

pub use errors::Error;
pub use health::{Health, Readiness};
pub use keys::{Keys, SECRET_HEADER};
pub use limits::Limits;
pub use server::serve;
pub use trace::trace_id;

use axum::Router;

/// All doors together; `more` are those made elsewhere (GraphQL, pages of the demo).
pub fn router(
    webhook: webhook::Door,
    health: Health,
    more: impl IntoIterator<Item = Router>,
) -> Router {
    let known = Router::new()
        .merge(webhook::router(webhook))
        .merge(health::router(health));
    more.into_iter()
        .fold(known, Router::merge)
        .method_not_allowed_fallback(|| async { Error::MethodNotAllowed })
        .fallback(|| async { Error::NotFound })
}
