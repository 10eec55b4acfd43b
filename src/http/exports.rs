//! `GET /exports/{token}`: an archive, once.
//!
//! No other secret is asked for: the address holds 256 bits that were shown once, and what it leads to is encrypted. So this
//! path can be made reachable by itself, for persons who reach nothing else of the service. Deliberately absent: HEAD
//! and prefetching, by which looking at a link would use it up, ranges, and any trace of the address in logs.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use secrecy::SecretString;
use tracing::Instrument;

use super::errors::Error;
use super::limits::Limits;
use super::trace;
use crate::privacy::export::desk::{Exports, Fetched};

const PREFETCH: [&str; 3] = ["sec-purpose", "purpose", "x-moz"];

/// What the door needs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Door {
    exports: Exports,
    bucket: Arc<DefaultDirectRateLimiter>,
    limits: Arc<Limits>,
}

impl Door {
    /// A door that hands out what `exports` has.
    #[must_use]
    pub fn new(exports: Exports, limits: Limits) -> Self {
        let quota = Quota::per_second(limits.downloads_per_second);
        Self {
            exports,
            bucket: Arc::new(RateLimiter::direct(quota)),
            limits: Arc::new(limits),
        }
    }
}

/// The door's one route.
pub fn router(door: Door) -> Router {
    let refuse = || async { Error::MethodNotAllowed };
    Router::new()
        .route("/exports/{token}", get(hand_out).head(refuse))
        .with_state(door)
}

async fn hand_out(
    State(door): State<Door>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let span = tracing::info_span!(
        "http.exports.hand_out",
        trace_id = trace::trace_id(&headers)
    );
    let mut response = door
        .answer(token.into(), &headers)
        .instrument(span)
        .await
        .unwrap_or_else(IntoResponse::into_response);
    let kept_nowhere = [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
    ];
    for (name, value) in kept_nowhere {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}

impl Door {
    async fn answer(&self, token: SecretString, headers: &HeaderMap) -> Result<Response, Error> {
        if PREFETCH.iter().any(|name| headers.contains_key(*name)) {
            return Err(Error::Busy(Duration::from_secs(1)));
        }
        if self.bucket.check().is_err() {
            return Err(Error::Busy(self.limits.retry_after_full));
        }
        let fetched = tokio::time::timeout(self.limits.answer_timeout, self.exports.fetch(&token));
        let away = Error::Busy(self.limits.retry_after_unavailable);
        match fetched.await {
            Ok(Ok(Fetched::Archive { request_id, bytes })) => {
                let name = format!("attachment; filename=\"export-{request_id}.tar.gz.age\"");
                let named = HeaderValue::from_str(&name).map_err(|_no_header| away)?;
                let media = HeaderValue::from_static("application/octet-stream");
                let headers = [
                    (header::CONTENT_TYPE, media),
                    (header::CONTENT_DISPOSITION, named),
                ];
                Ok((StatusCode::OK, headers, bytes).into_response())
            }
            Ok(Ok(Fetched::NotYet)) => {
                let again = HeaderValue::from(self.limits.retry_after_unavailable.as_secs());
                Ok((StatusCode::ACCEPTED, [(header::RETRY_AFTER, again)]).into_response())
            }
            Ok(Ok(Fetched::Over)) => Ok(StatusCode::GONE.into_response()),
            Ok(Ok(Fetched::Unknown)) => Err(Error::NotFound),
            Ok(Err(error)) => {
                let error: &(dyn std::error::Error + 'static) = &error;
                tracing::warn!(error, "an export cannot be handed out now");
                Err(away)
            }
            Err(_too_long) => Err(away),
        }
    }
}
