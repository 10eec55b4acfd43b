//! One message on the wire: a signed POST that is over in time, whatever the receiver does.
//!
//! Deliberately absent: following redirects (a receiver is where the configuration says), reading answers beyond their
//! status, and proxies.

use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Url, redirect};
use serde_json::json;
use tokio::time::sleep_until;

use super::Keyring;
use crate::outbox::Claimed;

const USER_AGENT: &str = concat!("customer-intelligence/", env!("CARGO_PKG_VERSION"));

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name, which stands in the outbox and in metrics.
    pub name: String,
    /// Where it listens.
    pub url: Url,
}

/// How a try went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// The receiver has it (status 2xx).
    pub(super) taken: bool,
    /// The status, or a word that stands for why there is none.
    pub(super) word: String,
    /// How long the receiver asks to be left alone.
    pub(super) asked: Option<TimeDelta>,
}

impl Answer {
    pub(super) fn none(word: &str) -> Self {
        Self {
            taken: false,
            word: word.to_owned(),
            asked: None,
        }
    }
}

/// What posts.
pub(super) fn client() -> reqwest::Result<Client> {
    // Fails when the process has a provider already, which serves as well.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    Client::builder()
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .build()
}

/// Posts a message; over by `deadline` at the latest.
pub(super) async fn post(
    client: &Client,
    target: &Target,
    keyring: &Keyring,
    message: &Claimed,
    now: DateTime<Utc>,
    deadline: Instant,
) -> Answer {
    let body = body(message);
    let (id, timestamp) = (message.id.to_string(), now.timestamp());
    let request = client
        .post(target.url.clone())
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", keyring.sign(&id, timestamp, &body))
        .body(body);
    match before(deadline, request.send()).await {
        None => Answer::none("timeout"),
        Some(Err(error)) if error.is_connect() => Answer::none("unreachable"),
        Some(Err(_broken)) => Answer::none("broken"),
        Some(Ok(answer)) => {
            let asked = answer.headers().get(RETRY_AFTER);
            let seconds = asked.and_then(|value| value.to_str().ok()?.trim().parse().ok());
            Answer {
                taken: answer.status().is_success(),
                word: answer.status().as_u16().to_string(),
                asked: seconds.and_then(TimeDelta::try_seconds),
            }
        }
    }
}

/// Type, time and data, as the scheme proposes it.
fn body(message: &Claimed) -> Vec<u8> {
    let at = message
        .written_at
        .to_rfc3339_opts(SecondsFormat::Micros, true);
    let body = json!({ "type": message.kind, "timestamp": at, "data": message.payload });
    body.to_string().into_bytes()
}

/// Does the work, and no more of it once the time is up. The clock is looked at before each step: a process that was
/// frozen for a while does not go on with sending what may be forbidden by now.
async fn before<T>(deadline: Instant, work: impl Future<Output = T>) -> Option<T> {
    let mut work = std::pin::pin!(work);
    let watched = std::future::poll_fn(|context| {
        if Instant::now() >= deadline {
            return std::task::Poll::Ready(None);
        }
        work.as_mut().poll(context).map(Some)
    });
    tokio::select! {
        biased;
        done = watched => done,
        () = sleep_until(deadline.into()) => None,
    }
}

/// An instant from now on.
pub(super) fn within(limit: Duration) -> Instant {
    Instant::now() + limit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_late_is_not_begun_and_what_hangs_is_given_up() {
        let mut begun = false;
        let work = async { begun = true };
        assert_eq!(before(within(Duration::ZERO), work).await, None);
        assert!(!begun);
        let never = std::future::pending::<()>();
        assert_eq!(before(within(Duration::from_millis(5)), never).await, None);
        assert_eq!(
            before(within(Duration::from_mins(1)), async { 7 }).await,
            Some(7)
        );
    }
}
