//! `POST /webhooks/hasura`: event triggers in.
//!
//! Secret, then size, then contract, then the inbox's commit, then `204`. What can never work becomes a dead letter
//! and is answered 2xx as well, since asking Hasura to send it again would not help; only trouble of ours is a 503.
//! Deliberately absent: any look at what the facts mean, and any log line with a value of the body.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use tokio::sync::Semaphore;
use tracing::{Instrument, field};
use uuid::Uuid;

use super::body::collect;
use super::errors::Error;
use super::keys::Keys;
use super::limits::Limits;
use super::trace;
use crate::actions::receive::{self, Received};
use crate::domain::clock::Clock;
use crate::inbox::{self, Channel, Letter, Writer};
use crate::telemetry::metrics::{ACK, DELIVERIES};

/// Bodies are budgeted in units of this many bytes.
const BUDGET_UNIT: usize = 1 << 10;

/// What the door needs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Door {
    keys: Keys,
    writer: Writer,
    clock: Clock,
    limits: Arc<Limits>,
    budget: Arc<Semaphore>,
}

impl Door {
    /// A door that admits holders of `keys` and stores through `writer`.
    #[must_use]
    pub fn new(keys: Keys, writer: Writer, clock: Clock, limits: Limits) -> Self {
        let budget = Arc::new(Semaphore::new(limits.webhook_bytes_in_flight / BUDGET_UNIT));
        Self {
            keys,
            writer,
            clock,
            limits: Arc::new(limits),
            budget,
        }
    }
}

/// The door's one route.
pub fn router(door: Door) -> Router {
    Router::new()
        .route("/webhooks/hasura", post(post_event))
        .with_state(door)
}

async fn post_event(State(door): State<Door>, request: Request) -> Result<StatusCode, Error> {
    let span = tracing::info_span!(
        "http.webhook.receive",
        trace_id = trace::trace_id(request.headers()),
        table = field::Empty,
        outcome = field::Empty,
    );
    let answer = tokio::time::timeout(door.limits.answer_timeout, door.take_in(request));
    let answer = answer
        .instrument(span.clone())
        .await
        .unwrap_or(Err(door.unavailable()));
    let outcome = match &answer {
        Ok(Received::Kept { table }) => {
            span.record("table", table.as_str());
            "stored"
        }
        Ok(Received::Buried { .. }) => "dead",
        Err(Error::Busy(_)) => "unavailable",
        Err(_) => "refused",
    };
    span.record("outcome", outcome);
    metrics::counter!(DELIVERIES, "outcome" => outcome).increment(1);
    answer.map(|_| StatusCode::NO_CONTENT)
}

impl Door {
    async fn take_in(&self, request: Request) -> Result<Received, Error> {
        let (head, body) = request.into_parts();
        if !self.keys.admit(&head.headers) {
            return Err(Error::Unauthorized(self.limits.retry_after_unauthorized));
        }
        let announced = announced_length(&head.headers);
        if announced.is_some_and(|bytes| bytes > self.limits.webhook_bytes) {
            return Err(self.too_large(announced).await);
        }
        let share = announced
            .unwrap_or(self.limits.webhook_bytes)
            .div_ceil(BUDGET_UNIT);
        let _share = u32::try_from(share)
            .ok()
            .and_then(|units| self.budget.try_acquire_many(units).ok())
            .ok_or(Error::Busy(self.limits.retry_after_full))?;
        let body = match collect(body, self.limits.webhook_bytes, self.limits.body_timeout).await {
            Ok(body) => body,
            Err(Error::TooLarge) => return Err(self.too_large(announced).await),
            Err(error) => return Err(error),
        };
        let begun = Instant::now();
        let received = receive::receive(&self.writer, &self.clock, &body, Channel::Live)
            .await
            .map_err(|error| self.busy(error))?;
        metrics::histogram!(ACK).record(begun.elapsed());
        Ok(received)
    }

    /// Leaves a letter about a body that was not read. Bodies of one announced length share their letter, so that
    /// Hasura's retries do not pile up.
    async fn too_large(&self, announced: Option<usize>) -> Error {
        let limit = self.limits.webhook_bytes;
        let size = announced.map_or_else(|| "unannounced".to_owned(), |bytes| bytes.to_string());
        let letter = Letter {
            tenant_id: Uuid::nil(),
            id: Uuid::new_v5(&Uuid::nil(), format!("too_large {size}").as_bytes()),
            event_id: None,
            table: None,
            trigger: None,
            reason: "too_large".to_owned(),
            detail: format!(
                "a body of {size} bytes is over the limit of {limit}; list the trigger's payload columns, \
                 so that Hasura sends only what is used"
            ),
            envelope: None,
            received_at: self.clock.now(),
        };
        match self.writer.bury(letter).await {
            Ok(()) => Error::TooLarge,
            Err(error) => self.busy(error),
        }
    }

    fn busy(&self, error: inbox::Error) -> Error {
        match error {
            inbox::Error::Full => Error::Busy(self.limits.retry_after_full),
            inbox::Error::Unavailable => self.unavailable(),
        }
    }

    fn unavailable(&self) -> Error {
        Error::Busy(self.limits.retry_after_unavailable)
    }
}

fn announced_length(headers: &HeaderMap) -> Option<usize> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}
