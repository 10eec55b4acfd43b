//! The beginning of the dispatcher's screen, rendered on the server: a list of persons, and one person's profile beside the
//! insight; at `/console` a small query console, at `/graphiql` GraphiQL, at `/v1/graphql` the gateway that all talk to.
//!
//! Only under `demo`, on loopback, for `Host: localhost|127.0.0.1|[::1]`. Absent: secrets, external requests, state, inline
//! scripts; the gateway holds the secret.

mod console;
mod format;
mod graphiql;
mod guard;
mod labels;
mod outlook;
mod layout;
mod list;
mod person;
pub mod queries;
mod timeline;
mod why;

use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use serde::Deserialize;
use serde_json::Value;

use super::gateway::Gateway;
pub(super) use guard::is_local;

/// Roles that a caller of the demo's gateway may try out.
const ROLES: &[&str] = &["dispatcher", "manager", "marketing", "driver"];

/// The demo's pages and its gateway, to be merged into the server's router.
pub fn router(gateway: Gateway) -> Router {
    Router::new()
        .route("/", get(people))
        .route("/person/{id}", get(one))
        .route("/console", get(console))
        .route("/v1/graphql", post(graphql))
        .route(
            "/assets/demo.css",
            get(|| asset("text/css", include_str!("demo.css"))),
        )
        .route(
            "/assets/console.js",
            get(|| asset("text/javascript", include_str!("console.js"))),
        )
        .merge(graphiql::router())
        .layer(middleware::from_fn(guard::check))
        .with_state(gateway)
}

async fn asset(kind: &'static str, body: &'static str) -> Response {
    let kind = format!("{kind}; charset=utf-8");
    (
        [(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-cache".to_owned())],
        body,
    )
        .into_response()
}

/// Search text and page number of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    q: String,
    seite: u32,
}

async fn people(State(gateway): State<Gateway>, Query(wanted): Query<Wanted>) -> Html<String> {
    Html(
        list::page(&gateway, &wanted.q, wanted.seite.clamp(1, 10_000))
            .await
            .into_string(),
    )
}

async fn one(State(gateway): State<Gateway>, Path(id): Path<String>) -> (StatusCode, Html<String>) {
    let (status, page) = person::page(&gateway, &id).await;
    (status, Html(page.into_string()))
}

async fn console() -> Html<String> {
    Html(console::page().into_string())
}

/// The gateway. JSON only, so that no form of another site can reach it.
async fn graphql(
    State(gateway): State<Gateway>,
    headers: HeaderMap,
    body: Json<Value>,
) -> Response {
    let role = headers
        .get("x-hasura-role")
        .and_then(|role| role.to_str().ok());
    let gateway = match role {
        None => gateway,
        Some(role) if ROLES.contains(&role) => gateway.with_role(role),
        Some(_) => return StatusCode::FORBIDDEN.into_response(),
    };
    Json(gateway.answer(&body).await).into_response()
}
