//! `POST /hooks/cron`: Hasura's cron triggers in.
//!
//! Secret, then size, then the run is entered, then `202`; it is worked on afterwards. A call that was answered before is
//! answered again and does nothing. One that can never work becomes a dead letter and is answered 2xx as well, since
//! the trigger comes again by itself and a refusal would only burn its retries.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tracing::Instrument;

use super::body::collect;
use super::errors::Error;
use super::keys::Keys;
use super::limits::Limits;
use super::trace;
use crate::actions::cron::{Called, Desk};
use crate::inbox;

/// What the door needs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Door {
    keys: Keys,
    desk: Desk,
    limits: Arc<Limits>,
}

impl Door {
    /// A door that admits holders of `keys` and enters runs at `desk`.
    #[must_use]
    pub fn new(keys: Keys, desk: Desk, limits: Limits) -> Self {
        Self {
            keys,
            desk,
            limits: Arc::new(limits),
        }
    }
}

/// The door's one route.
pub fn router(door: Door) -> Router {
    Router::new()
        .route("/hooks/cron", post(post_call))
        .with_state(door)
}

async fn post_call(
    State(door): State<Door>,
    request: Request,
) -> Result<(StatusCode, Json<Value>), Error> {
    let span = tracing::info_span!(
        "http.cron.receive",
        trace_id = trace::trace_id(request.headers()),
    );
    let answer = tokio::time::timeout(door.limits.answer_timeout, door.take_in(request));
    let unavailable = Error::Busy(door.limits.retry_after_unavailable);
    let called = answer.instrument(span).await.unwrap_or(Err(unavailable))?;
    let run = match called {
        Called::Entered => "entered",
        Called::Known => "known",
        Called::Buried => "dead_letter",
    };
    Ok((StatusCode::ACCEPTED, Json(json!({ "run": run }))))
}

impl Door {
    async fn take_in(&self, request: Request) -> Result<Called, Error> {
        let (head, body) = request.into_parts();
        if !self.keys.admit(&head.headers) {
            return Err(Error::Unauthorized(self.limits.retry_after_unauthorized));
        }
        let body = collect(body, self.limits.cron_bytes, self.limits.body_timeout).await?;
        self.desk.call(&body).await.map_err(|error| {
            Error::Busy(match error {
                inbox::Error::Full => self.limits.retry_after_full,
                inbox::Error::Unavailable => self.limits.retry_after_unavailable,
            })
        })
    }
}
