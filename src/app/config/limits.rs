//! Every limit in one place: what the doors take on, what a GraphQL request may cost, and what cannot be set at all.
//!
//! Defaults and reasons stand with `http::Limits` and `graphql::Limits`; those of the database with `DatabaseConfig`.

use std::time::Duration;

use super::reader::Reader;
use crate::graphql::limits::{MOST_ACTIVITIES, MOST_LISTED};
use crate::{graphql, http, insight};

/// The limits of both floors that meet the outside.
#[derive(Clone, Debug)]
pub struct LimitsConfig {
    /// `CI_HTTP_…`, `CI_WEBHOOK_…`, `CI_CRON_BYTES`: connections, heads, bodies and their times.
    pub http: http::Limits,
    /// `CI_GRAPHQL_…`: what a document may cost, and how often a tenant may ask.
    pub graphql: graphql::Limits,
}

impl LimitsConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let http = http(reader, &http::Limits::default());
        let mut graphql = graphql::Limits::default();
        documents(reader, &mut graphql);
        rate(reader, &mut graphql.rate);
        fixed(reader, &graphql);
        Self { http, graphql }
    }
}

fn http(reader: &mut Reader<'_>, default: &http::Limits) -> http::Limits {
    let sizes = sizes(reader, default);
    let mut millis = |name, default, meaning| millis(reader, name, default, meaning);
    http::Limits {
        head_timeout: millis(
            "CI_HTTP_HEAD_TIMEOUT_MS",
            default.head_timeout,
            "time a client has to send the head of a request, and a connection may lie idle",
        ),
        body_timeout: millis(
            "CI_HTTP_BODY_TIMEOUT_MS",
            default.body_timeout,
            "time a client has to send a body",
        ),
        answer_timeout: millis(
            "CI_HTTP_ANSWER_TIMEOUT_MS",
            default.answer_timeout,
            "time until a request is answered, whatever happens",
        ),
        drain: millis(
            "CI_HTTP_DRAIN_MS",
            default.drain,
            "time that requests under way get when the service stops",
        ),
        ..sizes
    }
}

/// How much and how many; times as they are by default.
fn sizes(reader: &mut Reader<'_>, default: &http::Limits) -> http::Limits {
    let mut size = |name, default, least, meaning| size(reader, name, default, least, meaning);
    let connections = size(
        "CI_HTTP_CONNECTIONS",
        default.connections,
        16,
        "open connections; more wait to be accepted",
    );
    let headers = size(
        "CI_HTTP_HEADERS",
        default.headers,
        16,
        "header lines of one request",
    );
    let head_bytes = size(
        "CI_HTTP_HEAD_BYTES",
        default.head_bytes as usize,
        8 << 10,
        "bytes of all headers of one request",
    );
    let streams = size(
        "CI_HTTP_STREAMS",
        default.streams as usize,
        1,
        "requests at the same time on one HTTP/2 connection",
    );
    let webhook_bytes = size(
        "CI_WEBHOOK_BYTES",
        default.webhook_bytes,
        1 << 10,
        "bytes of one webhook body",
    );
    let webhook_bytes_in_flight = size(
        "CI_WEBHOOK_BYTES_IN_FLIGHT",
        default.webhook_bytes_in_flight,
        1 << 20,
        "bytes of webhook bodies in memory at the same time",
    );
    let cron_bytes = size(
        "CI_CRON_BYTES",
        default.cron_bytes,
        1 << 10,
        "bytes of one cron call",
    );
    http::Limits {
        connections,
        headers,
        head_bytes: u32::try_from(head_bytes).unwrap_or(u32::MAX),
        streams: u32::try_from(streams).unwrap_or(u32::MAX),
        webhook_bytes,
        webhook_bytes_in_flight: webhook_bytes_in_flight.max(webhook_bytes),
        cron_bytes,
        ..default.clone()
    }
}

fn documents(reader: &mut Reader<'_>, limits: &mut graphql::Limits) {
    let settings: [(&mut usize, &'static str, u32, &'static str); 9] = [
        (
            &mut limits.body_bytes,
            "CI_GRAPHQL_BYTES",
            1 << 10,
            "bytes of one GraphQL body",
        ),
        (
            &mut limits.tokens,
            "CI_GRAPHQL_TOKENS",
            1_000,
            "tokens of a document besides those of its join fields",
        ),
        (
            &mut limits.depth,
            "CI_GRAPHQL_DEPTH",
            15,
            "deepest nesting of fields",
        ),
        (
            &mut limits.distinct_fields,
            "CI_GRAPHQL_FIELDS",
            250,
            "fields of a document, equal selections counted once",
        ),
        (
            &mut limits.values,
            "CI_GRAPHQL_VALUES",
            1_000,
            "complexity: values that an answer could have, each alias and each place of a page counted",
        ),
        (
            &mut limits.lists,
            "CI_GRAPHQL_LISTS",
            1,
            "root fields of a document that no join reaches",
        ),
        (
            &mut limits.aliases,
            "CI_GRAPHQL_ALIASES",
            0,
            "aliases of a document beside those of join fields, equal selections counted once",
        ),
        (
            &mut limits.directives,
            "CI_GRAPHQL_DIRECTIVES",
            0,
            "directives of a document",
        ),
        (
            &mut limits.definitions,
            "CI_GRAPHQL_DEFINITIONS",
            1,
            "operations and fragments of a document",
        ),
    ];
    for (limit, name, least, meaning) in settings {
        *limit = size(reader, name, *limit, least, meaning);
    }
}

fn rate(reader: &mut Reader<'_>, rate: &mut graphql::limits::Rate) {
    rate.requests_per_second = reader.number(
        "CI_GRAPHQL_REQUESTS_PER_SECOND",
        rate.requests_per_second,
        0..=1_000_000,
        "GraphQL requests of one tenant a second in the long run, in each process; 0 for no limit",
    );
    rate.burst = reader.number(
        "CI_GRAPHQL_BURST",
        rate.burst,
        1..=1_000_000,
        "GraphQL requests of one tenant at once",
    );
}

/// What cannot be set is shown beside what can, so that `config` tells every limit there is.
fn fixed(reader: &mut Reader<'_>, limits: &graphql::Limits) {
    let stranger = &limits.stranger;
    for (name, value, meaning) in [
        (
            "tokens_per_key",
            limits.tokens_per_key,
            "tokens that each use of a join field brings",
        ),
        (
            "nesting",
            limits.nesting,
            "deepest nesting of brackets in a document",
        ),
        (
            "introspection_lists",
            limits.introspection_lists,
            "lists of the schema within each other, when it is asked for",
        ),
        (
            "stranger_tokens",
            stranger.tokens,
            "tokens of a document without a known role",
        ),
        (
            "stranger_aliases",
            stranger.aliases,
            "its aliases, each counted",
        ),
        ("stranger_roots", stranger.roots, "its root fields"),
        (
            "stranger_fields",
            stranger.fields,
            "its fields, each counted",
        ),
        ("page", MOST_LISTED as usize, "entries on a page of a list"),
        (
            "page_activities",
            MOST_ACTIVITIES as usize,
            "activities on a page of a timeline",
        ),
    ] {
        reader.fixed(name, value.to_string(), meaning);
    }
    reader.fixed(
        "read_timeout_ms",
        insight::PATIENCE.as_millis().to_string(),
        "time that all reads of one GraphQL request get together; also their statements' and locks'",
    );
}

fn size(
    reader: &mut Reader<'_>,
    name: &'static str,
    default: usize,
    least: u32,
    meaning: &'static str,
) -> usize {
    let default = u32::try_from(default).unwrap_or(u32::MAX);
    let size = reader.number(name, default, least..=1 << 30, meaning);
    usize::try_from(size).unwrap_or(usize::MAX)
}

fn millis(
    reader: &mut Reader<'_>,
    name: &'static str,
    default: Duration,
    meaning: &'static str,
) -> Duration {
    let default = u32::try_from(default.as_millis()).unwrap_or(u32::MAX);
    Duration::from_millis(reader.number(name, default, 1..=3_600_000, meaning).into())
}
