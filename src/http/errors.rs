//! What a door answers when it does not do what was asked: the one place where errors become a status.
//!
//! Bodies are tiny and never echo what was sent, because Hasura stores them with each attempt.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why a request was not served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No, two, or a wrong secret. Not final for Hasura: it comes again after this time.
    #[error("the secret is missing or wrong")]
    Unauthorized(Duration),
    /// The body is larger than the door takes.
    #[error("the body is too large")]
    TooLarge,
    /// The body did not arrive in time or broke off.
    #[error("the body did not arrive")]
    Incomplete,
    /// Nothing is wrong with the request; it may come again after this time.
    #[error("not now, come again")]
    Busy(Duration),
    /// There is nothing at this address.
    #[error("not found")]
    NotFound,
    /// The address exists, but not for this method.
    #[error("method not allowed")]
    MethodNotAllowed,
}

impl Error {
    const fn status(self) -> StatusCode {
        match self {
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Incomplete => StatusCode::REQUEST_TIMEOUT,
            Self::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    /// The stable name of what is wrong.
    const fn code(self) -> &'static str {
        match self {
            Self::Unauthorized(_) => "UNAUTHENTICATED",
            Self::TooLarge => "TOO_LARGE",
            Self::Incomplete => "INCOMPLETE",
            Self::Busy(_) => "UNAVAILABLE",
            Self::NotFound => "NOT_FOUND",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
        }
    }

    const fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Unauthorized(after) | Self::Busy(after) => Some(after),
            Self::TooLarge | Self::Incomplete | Self::NotFound | Self::MethodNotAllowed => None,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.to_string(), "code": self.code() });
        let mut response = (self.status(), Json(body)).into_response();
        if let Some(after) = self.retry_after() {
            // Whole seconds and at least one: Hasura reads nothing else.
            let seconds = HeaderValue::from(after.as_secs().max(1));
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        if self == Self::Incomplete {
            response
                .headers_mut()
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_whole_seconds_above_zero() {
        let wait = |error: Error| {
            error
                .into_response()
                .headers()
                .get(header::RETRY_AFTER)
                .cloned()
        };
        assert_eq!(
            wait(Error::Unauthorized(Duration::from_mins(1))).unwrap(),
            "60"
        );
        assert_eq!(wait(Error::Busy(Duration::from_millis(200))).unwrap(), "1");
        assert_eq!(wait(Error::TooLarge), None);
    }
}
