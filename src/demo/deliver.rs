//! Delivers the event log as Hasura does: batches locked with SKIP LOCKED, up to 100 POSTs at a time, at least once, in no
//! promised order, retried after a constant interval, `num_retries + 1` attempts, an integer `Retry-After` honoured even past
//! them (`Eventing/EventTrigger.hs`, `Eventing/HTTP.hs`).
//!
//! Beyond Hasura it can force duplicates and a shuffle, since a demo should show what at-least-once means. Absent: invocation
//! logs, request transforms, redelivery commands.

use std::time::Duration;

use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use sqlx::{PgPool, Row as _};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::client;
use super::error::Result;
use super::event::Event;
use super::platform::run;

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

/// Answers that are written back together while more are under way.
const SETTLE_MIN: usize = 100;

/// When the deliverer returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// As soon as nothing is left to deliver or to retry.
    Drained,
    /// Never, except when cancelled.
    Cancelled,
}

/// Delivers the event log of `pool`; `progress` is called after each settled group.
pub async fn deliver(
    pool: &PgPool,
    options: &Options,
    until: Until,
    cancel: &CancellationToken,
    mut progress: impl FnMut(Tally) + Send,
) -> Result<Tally> {
    let mut run = Run::new(pool, options)?;
    loop {
        let stop = cancel.is_cancelled();
        if run.queue.is_empty() && !stop {
            run.fetch().await?;
        }
        run.start(stop);
        if run.posts.is_empty() {
            if stop || (until == Until::Drained && !run.pending().await?) {
                return Ok(run.tally);
            }
            let idle = tokio::time::sleep(options.fetch_interval);
            tokio::select! { () = idle => {}, () = cancel.cancelled() => {} }
            continue;
        }
        run.collect().await?;
        if run.posts.is_empty() || run.settled.len() >= SETTLE_MIN {
            run.settle().await?;
            progress(run.tally);
        }
    }
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

struct Run<'a> {
    pool: &'a PgPool,
    options: &'a Options,
    client: reqwest::Client,
    rng: StdRng,
    queue: Vec<Job>,
    posts: JoinSet<Outcome>,
    settled: Vec<Outcome>,
    tally: Tally,
}

struct Job {
    event: Event,
    echo: bool,
}

/// The answer to one POST.
struct Outcome {
    id: String,
    tries: i32,
    echo: bool,
    delivered: bool,
    retry_after: Option<u32>,
}

impl<'a> Run<'a> {
    fn new(pool: &'a PgPool, options: &'a Options) -> Result<Self> {
        let client = client::new(options.retry.timeout, options.concurrency)?;
        let rng = StdRng::seed_from_u64(options.seed);
        let (queue, posts) = (Vec::new(), JoinSet::new());
        let (settled, tally) = (Vec::new(), Tally::default());
        Ok(Self {
            pool,
            options,
            client,
            rng,
            queue,
            posts,
            settled,
            tally,
        })
    }

    /// Locks and reads the next batch, duplicates and shuffles it.
    async fn fetch(&mut self) -> Result<()> {
        let limit = i64::from(self.options.batch);
        let rows = run(FETCH).bind(limit).fetch_all(self.pool).await?;
        for row in rows {
            let event = Event {
                id: row.try_get("id")?,
                schema: row.try_get("schema_name")?,
                table: row.try_get("table_name")?,
                trigger: row.try_get("trigger_name")?,
                payload: row.try_get("payload")?,
                created_at: row.try_get("created_at")?,
                tries: row.try_get("tries")?,
            };
            if self
                .rng
                .random_bool(self.options.duplicates.clamp(0.0, 1.0))
            {
                self.queue.push(Job {
                    event: event.clone(),
                    echo: true,
                });
            }
            self.queue.push(Job { event, echo: false });
        }
        if self.options.shuffle {
            self.queue.shuffle(&mut self.rng);
        } else {
            self.queue.reverse();
        }
        Ok(())
    }

    /// Starts POSTs up to the limit; when stopping only what is already under way goes on.
    fn start(&mut self, stop: bool) {
        while !stop && self.posts.len() < self.options.concurrency {
            let Some(job) = self.queue.pop() else { break };
            let trace = self.rng.random();
            let request = self.request(&job.event, trace);
            self.posts.spawn(post(request, job));
        }
    }

    fn request(&self, event: &Event, trace: [u64; 3]) -> reqwest::RequestBuilder {
        let [high, low, span] = trace;
        let mut request = self
            .client
            .post(&self.options.webhook)
            .header("content-type", "application/json")
            .header("user-agent", super::USER_AGENT)
            .header("x-b3-traceid", format!("{high:016x}{low:016x}"))
            .header("x-b3-spanid", format!("{span:016x}"));
        for (name, value) in &self.options.headers {
            request = request.header(name, value);
        }
        request.body(event.body(self.options.retry.num_retries))
    }

    /// Waits for at least one answer and takes all that are there.
    async fn collect(&mut self) -> Result<()> {
        if let Some(first) = self.posts.join_next().await {
            self.settled.push(first?);
        }
        while let Some(next) = self.posts.try_join_next() {
            self.settled.push(next?);
        }
        Ok(())
    }

    /// Writes the outcomes back: delivered, retry later, or given up.
    async fn settle(&mut self) -> Result<()> {
        let (mut ids, mut states, mut waits) = (Vec::new(), Vec::new(), Vec::new());
        for outcome in std::mem::take(&mut self.settled) {
            if outcome.echo {
                self.tally.duplicates += 1;
                continue;
            }
            let state = verdict(&outcome, self.options.retry);
            match state {
                Verdict::Delivered => self.tally.delivered += 1,
                Verdict::Retry(_) => self.tally.retried += 1,
                Verdict::GivenUp => self.tally.failed += 1,
            }
            ids.push(outcome.id);
            states.push(state.code());
            waits.push(state.wait_secs());
        }
        if !ids.is_empty() {
            run(SETTLE)
                .bind(ids)
                .bind(states)
                .bind(waits)
                .execute(self.pool)
                .await?;
        }
        Ok(())
    }

    async fn pending(&self) -> Result<bool> {
        Ok(pending(self.pool).await? > 0)
    }
}

async fn post(request: reqwest::RequestBuilder, job: Job) -> Outcome {
    let (delivered, retry_after) = match request.send().await {
        Ok(answer) => {
            let header = answer.headers().get("retry-after");
            let seconds = header
                .and_then(|v| v.to_str().ok())
                .and_then(|v| v.trim().parse().ok());
            (answer.status().is_success(), seconds.filter(|s| *s > 0))
        }
        Err(_unreachable) => (false, None),
    };
    let Job { event, echo } = job;
    Outcome {
        id: event.id,
        tries: event.tries,
        echo,
        delivered,
        retry_after,
    }
}

/// What becomes of an event after an attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Delivered,
    Retry(f64),
    GivenUp,
}

impl Verdict {
    const fn code(self) -> i32 {
        match self {
            Self::Delivered => 0,
            Self::Retry(_) => 1,
            Self::GivenUp => 2,
        }
    }

    const fn wait_secs(self) -> f64 {
        match self {
            Self::Retry(seconds) => seconds,
            Self::Delivered | Self::GivenUp => 0.0,
        }
    }
}

/// Hasura's rule: given up only when the tries are exhausted and no `Retry-After` came.
fn verdict(outcome: &Outcome, retry: RetryConf) -> Verdict {
    if outcome.delivered {
        Verdict::Delivered
    } else if let Some(seconds) = outcome.retry_after {
        Verdict::Retry(f64::from(seconds))
    } else if outcome.tries >= retry.num_retries {
        Verdict::GivenUp
    } else {
        Verdict::Retry(retry.interval.as_secs_f64())
    }
}

const FETCH: &str = "
update hdb_catalog.event_log set locked = now()
where id in (
  select l.id from hdb_catalog.event_log l
  where l.delivered = 'f' and l.error = 'f' and l.archived = 'f'
    and (l.locked is null or l.locked < now() - interval '30 minute')
    and (l.next_retry_at is null or l.next_retry_at <= now())
  order by l.locked nulls first, l.next_retry_at nulls first, l.created_at
  limit $1 for update skip locked)
returning id, schema_name, table_name, trigger_name, payload::text as payload, tries,
  to_char(created_at, 'YYYY-MM-DD\"T\"HH24:MI:SS.US') as created_at";

const SETTLE: &str = "
update hdb_catalog.event_log l
set tries = l.tries + 1, locked = null, delivered = s.state = 0, error = s.state = 2,
  next_retry_at = case when s.state = 1 then localtimestamp + make_interval(secs => s.wait) end
from unnest($1::text[], $2::int[], $3::float8[]) as s (id, state, wait)
where l.id = s.id";
