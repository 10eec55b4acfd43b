//! Delivers the event log as Hasura does: batches locked with SKIP LOCKED, up to 100 POSTs at a time, at least once, in no
//! promised order, retried after a constant interval, `num_retries + 1` attempts, an integer `Retry-After` honoured even past
//! them (`Eventing/EventTrigger.hs`, `Eventing/HTTP.hs`).
//!
//! Beyond Hasura it can force duplicates and a shuffle, since a demo should show what at-least-once means. Absent: invocation
//! logs, request transforms, redelivery commands.

mod fetch;
mod post;
mod settle;

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::error::Result;
use super::event::Event;
use super::platform::run;
use fetch::Fetcher;
use post::Outcome;

/// The retry configuration of a trigger, as in Hasura's metadata.
#[derive(Clone, Copy, Debug)]
pub struct RetryConf {
    /// Attempts after the first one.
    pub num_retries: i32,
    /// Constant wait between two attempts.
    pub interval: Duration,
    /// How long one attempt may take.
    pub timeout: Duration,
}

/// How to deliver. No `Debug`: the headers hold a secret.
#[derive(Clone)]
pub struct Options {
    /// The webhook, e.g. `http://127.0.0.1:8090/webhooks/hasura`.
    pub webhook: String,
    /// Static headers, e.g. `x-ci-secret`.
    pub headers: Vec<(String, String)>,
    /// Retries and timeout.
    pub retry: RetryConf,
    /// Concurrent POSTs (`HASURA_GRAPHQL_EVENTS_HTTP_POOL_SIZE`).
    pub concurrency: usize,
    /// Rows fetched at a time (`HASURA_GRAPHQL_EVENTS_FETCH_BATCH_SIZE`); also the window of the shuffle.
    pub batch: u32,
    /// Wait after an empty fetch (`HASURA_GRAPHQL_EVENTS_FETCH_INTERVAL`).
    pub fetch_interval: Duration,
    /// Share of events that are posted twice at once, 0 to 1.
    pub duplicates: f64,
    /// Whether each fetched batch is shuffled.
    pub shuffle: bool,
    /// Seed of the shuffle, the duplicates and the trace ids.
    pub seed: u64,
}

impl Options {
    /// Hasura's own settings for one webhook and secret.
    pub fn hasura(webhook: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            webhook: webhook.into(),
            headers: vec![("x-ci-secret".into(), secret.into())],
            retry: RetryConf {
                num_retries: 5,
                interval: Duration::from_secs(10),
                timeout: Duration::from_mins(1),
            },
            concurrency: 100,
            batch: 100,
            fetch_interval: Duration::from_secs(1),
            duplicates: 0.0,
            shuffle: false,
            seed: 0,
        }
    }
}

/// What has been delivered so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events answered 2xx.
    pub delivered: u64,
    /// Extra POSTs of the same event.
    pub duplicates: u64,
    /// Attempts that failed and will be repeated.
    pub retried: u64,
    /// Events given up (`error = true`).
    pub failed: u64,
}

/// When the deliverer returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// As soon as nothing is left to deliver or to retry.
    Drained,
    /// Never, except when cancelled.
    Cancelled,
}

/// Delivers the event log of `pool`; `progress` is called after each group that was written back.
///
/// Three stages work side by side: rows are locked and read, posted, and their outcomes written back.
pub async fn deliver(
    pool: &PgPool,
    options: &Options,
    until: Until,
    cancel: &CancellationToken,
    mut progress: impl FnMut(Tally) + Send,
) -> Result<Tally> {
    let (jobs, posting) = mpsc::channel(options.concurrency.max(1));
    let (outcomes, settling) = mpsc::channel(options.concurrency.max(1));
    let open = AtomicU64::new(0);
    let fetcher = Fetcher::new(pool, options, until, cancel);
    let ((), (), tally) = futures::try_join!(
        fetcher.run(jobs, &open),
        post::run(options, posting, outcomes),
        settle::run(pool, options.retry, settling, &open, &mut progress),
    )?;
    Ok(tally)
}

/// Events that are neither delivered nor given up.
pub async fn pending(pool: &PgPool) -> Result<i64> {
    super::platform::scalar(
        pool,
        "select count(*) from hdb_catalog.event_log where not delivered and not error and not archived",
    )
    .await
}

/// Unlocks what a deliverer that was killed had locked; Hasura does the same when it starts.
pub async fn unlock_all(pool: &PgPool) -> Result<()> {
    run("update hdb_catalog.event_log set locked = null where locked is not null and not delivered and not error")
        .execute(pool)
        .await?;
    Ok(())
}

/// One POST to make.
struct Job {
    event: Event,
    /// A forced duplicate: its answer is not written back.
    echo: bool,
    /// Trace id in two halves, and span id.
    trace: [u64; 3],
}
