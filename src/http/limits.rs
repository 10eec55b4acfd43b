//! Every limit of the doors in one place, with its unit and why it has that size.
//!
//! Deliberately absent: limits on what a GraphQL document may ask for (those are `graphql`'s).

use std::num::NonZeroU32;
use std::time::Duration;

/// What one server takes on before it says no.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Open connections; more wait to be accepted. Hasura keeps about 100 per instance.
    pub connections: usize,
    /// Time a client has to send the head of a request, and a kept-alive connection may lie idle.
    pub head_timeout: Duration,
    /// Header lines of one request; more is a 431.
    pub headers: usize,
    /// Bytes of all headers of one request.
    pub head_bytes: u32,
    /// Requests at the same time on one HTTP/2 connection.
    pub streams: u32,
    /// Bytes of one webhook body: Hasura sends whole rows, old and new.
    pub webhook_bytes: usize,
    /// Bytes of webhook bodies in memory at the same time; more is a 503.
    pub webhook_bytes_in_flight: usize,
    /// Bytes of one cron call: a name, a time and a small payload.
    pub cron_bytes: usize,
    /// Time a client has to send a webhook body.
    pub body_timeout: Duration,
    /// Time until a delivery is answered, whatever happens: well below Hasura's 60 s.
    pub answer_timeout: Duration,
    /// `Retry-After` of a wrong secret: Hasura keeps the event through a botched rotation.
    pub retry_after_unauthorized: Duration,
    /// `Retry-After` when the database is away.
    pub retry_after_unavailable: Duration,
    /// `Retry-After` when more is in flight than may wait.
    pub retry_after_full: Duration,
    /// Addresses of exports that are tried in a second, of whomever; more is a 503.
    pub downloads_per_second: NonZeroU32,
    /// Time that requests under way get when the server stops.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            head_timeout: Duration::from_secs(5),
            headers: 100,
            head_bytes: 16 << 10,
            streams: 128,
            webhook_bytes: 1 << 20,
            webhook_bytes_in_flight: 64 << 20,
            cron_bytes: 64 << 10,
            body_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(15),
            retry_after_unauthorized: Duration::from_mins(1),
            retry_after_unavailable: Duration::from_secs(5),
            retry_after_full: Duration::from_secs(1),
            downloads_per_second: NonZeroU32::MIN.saturating_add(19),
            drain: Duration::from_secs(5),
        }
    }
}
