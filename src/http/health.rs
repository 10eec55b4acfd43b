//! `/healthz` (the process answers), `/readyz` (it can do its work) and `/metrics`.
//!
//! What stands behind them is handed in by `app`. Off loopback, reasons, counts and metrics are shown to holders of
//! a secret only; whether we are ready is shown to everyone, because load balancers ask.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::json;

use super::errors::Error;
use super::keys::Keys;
use super::limits::Limits;

/// Whether the service can do its work, and if not, why.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Readiness {
    /// All of the below is well.
    pub ready: bool,
    /// The database answers.
    pub database: bool,
    /// Its schema is the one this program knows.
    pub migrations: bool,
    /// Age of the oldest delivery that is acknowledged and not yet folded; unknown while the database is away.
    pub lag_seconds: Option<f64>,
    /// Such deliveries.
    pub waiting: Option<i64>,
    /// Deliveries that could not be understood.
    pub dead_letters: Option<i64>,
    /// Deliveries on their way into the inbox.
    pub in_flight: usize,
    /// What is not well, in words.
    pub reasons: Vec<String>,
}

/// Asks whether the service is ready.
pub type AskReadiness = Arc<dyn Fn() -> BoxFuture<'static, Readiness> + Send + Sync>;

/// Renders all metrics in Prometheus' text format.
pub type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

/// What these addresses need. Cheap to clone.
#[derive(Clone)]
pub struct Health {
    /// Asks for readiness.
    pub readiness: AskReadiness,
    /// Renders the metrics.
    pub metrics: RenderMetrics,
    /// Secrets whose holders see everything.
    pub keys: Vec<Keys>,
    /// Listening on loopback: everyone who can ask may see everything.
    pub loopback: bool,
    /// Limits.
    pub limits: Limits,
}

/// The three routes.
pub fn router(health: Health) -> Router {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(health)
}

impl Health {
    fn trusts(&self, headers: &HeaderMap) -> bool {
        self.loopback || self.keys.iter().any(|keys| keys.admit(headers))
    }
}

async fn alive() -> Json<serde_json::Value> {
    Json(json!({ "alive": true }))
}

async fn ready(State(health): State<Health>, headers: HeaderMap) -> Response {
    let readiness = (health.readiness)().await;
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    if health.trusts(&headers) {
        (status, Json(readiness)).into_response()
    } else {
        (status, Json(json!({ "ready": readiness.ready }))).into_response()
    }
}

async fn metrics(State(health): State<Health>, headers: HeaderMap) -> Result<Response, Error> {
    if !health.trusts(&headers) {
        return Err(Error::Unauthorized(health.limits.retry_after_unauthorized));
    }
    let text = [(
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    )];
    Ok((text, (health.metrics)()).into_response())
}
