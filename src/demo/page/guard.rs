//! Keeps the pages local: only loopback host names, only same-origin callers, and a content policy without any outside.

use axum::extract::Request;
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HOST, HeaderName, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

const HEADERS: &[(HeaderName, &str)] = &[
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
];

/// Refuses foreign hosts and origins with 403 and sets the security headers.
pub(super) async fn check(request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).and_then(|h| h.to_str().ok());
    let host = host
        .map(str::to_owned)
        .or_else(|| request.uri().authority().map(ToString::to_string));
    let origin = request
        .headers()
        .get(ORIGIN)
        .map(|o| o.to_str().unwrap_or("unreadable").to_owned());
    let local = host.as_deref().is_some_and(is_local);
    let same = origin.is_none_or(|o| host.is_some_and(|h| o == format!("http://{h}")));
    if !local || !same {
        return (StatusCode::FORBIDDEN, "only for this machine").into_response();
    }
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        // A page may have a policy of its own.
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Whether a `Host` names this machine, with or without a port.
pub(in crate::demo) fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    };
    matches!(
        name.to_ascii_lowercase().as_str(),
        "localhost" | "127.0.0.1" | "[::1]"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_local() {
        for host in [
            "localhost",
            "LOCALHOST:8090",
            "127.0.0.1:8090",
            "[::1]:8090",
            "[::1]",
        ] {
            assert!(is_local(host), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.nip.io:8090",
            "[::2]:1",
            "",
            "0.0.0.0",
        ] {
            assert!(!is_local(host), "{host}");
        }
    }
}
