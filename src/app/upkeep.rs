//! Small chores while the service runs: our own PostgreSQL stays up, secrets follow their files, gauges are set.
//!
//! Each chore is a loop that ends with `stop` and survives every failure by trying again.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chrono::TimeDelta;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Database;
use super::config::Secrets;
use super::readiness::Readers;
use super::signals;
use crate::db::pool::within;
use crate::db::{Pool, migrate, roles};
use crate::domain::clock::Clock;
use crate::http::Keys;
use crate::inbox::tally;
use crate::jobs::runs;
use crate::outbox;
use crate::privacy::queue;
use crate::telemetry::metrics::{
    CONNECTIONS, ERASURES_LATE, INBOX_BACKLOG, INBOX_LAG, JOB_LAST_SUCCESS, MESSAGES_LAG,
    MESSAGES_OPEN, Recorder, SILENCE,
};
use crate::workers::cron;
use crate::workers::dispatch::{Keyring, NotASecret};

const REVIVE_EVERY: Duration = Duration::from_secs(1);
const GAUGES_EVERY: Duration = Duration::from_secs(5);
const SILENCE_EVERY: Duration = Duration::from_secs(30);
const SECRETS_EVERY: Duration = Duration::from_secs(10);
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Waits for the database and migrates it; `prepared` becomes true when it may be worked with. An error is final.
pub(super) async fn prepare(
    database: Database,
    pool: Pool,
    prepared: watch::Sender<bool>,
) -> anyhow::Result<()> {
    loop {
        match migrate::run(database.options()).await {
            Ok(applied) => {
                tracing::info!(applied, "the database schema is up to date");
                break;
            }
            Err(error) => {
                let error = anyhow::Error::new(error);
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the database is not ready; trying again"
                );
                tokio::time::sleep(TRY_AGAIN_AFTER).await;
            }
        }
    }
    if database.embedded().is_none() {
        refuse_superuser(&pool).await?;
    }
    prepared.send_replace(true);
    Ok(())
}

/// Waits until the schema is there; false when told to stop before.
pub(super) async fn until_prepared(
    mut prepared: watch::Receiver<bool>,
    stop: &CancellationToken,
) -> bool {
    tokio::select! {
        () = stop.cancelled() => false,
        ready = prepared.wait_for(|ready| *ready) => ready.is_ok(),
    }
}

async fn refuse_superuser(pool: &Pool) -> anyhow::Result<()> {
    let superuser = loop {
        match roles::login_is_superuser(pool).await {
            Ok(superuser) => break superuser,
            Err(error) => {
                tracing::warn!(%error, "the login role cannot be looked up; trying again");
                tokio::time::sleep(TRY_AGAIN_AFTER).await;
            }
        }
    };
    anyhow::ensure!(
        !superuser,
        "DATABASE_URL logs in as a superuser, whom no restriction holds; make a role for the service: \
         create role ci_service login password '…'; grant ci_owner, ci_app, ci_eraser to ci_service"
    );
    Ok(())
}

/// Keeps our own PostgreSQL running.
pub(super) async fn revive(database: Database, stop: CancellationToken) {
    let Some(embedded) = database.embedded() else {
        return;
    };
    while pause(REVIVE_EVERY, &stop).await {
        match embedded.revive().await {
            Ok(false) => {}
            Ok(true) => tracing::warn!("our own PostgreSQL was gone and has been started again"),
            Err(error) => {
                let error = anyhow::Error::new(error);
                tracing::error!(
                    error = format!("{error:#}"),
                    "our own PostgreSQL cannot be started"
                );
            }
        }
    }
}

/// Keys of both doors, and where they come from.
pub(super) struct Locks {
    pub(super) secrets: Arc<Secrets>,
    pub(super) webhook: Keys,
    pub(super) gateway: Keys,
    pub(super) outbound: Keyring,
}

impl Locks {
    /// The keys as the secrets say now.
    pub(super) fn new(secrets: Secrets) -> anyhow::Result<Self> {
        let locks = Self {
            secrets: Arc::new(secrets),
            webhook: Keys::default(),
            gateway: Keys::default(),
            outbound: Keyring::default(),
        };
        locks.turn().context("CI_OUTBOUND_SECRET")?;
        Ok(locks)
    }

    fn turn(&self) -> Result<(), NotASecret> {
        self.webhook.replace(self.secrets.webhook().accepted());
        self.gateway.replace(self.secrets.gateway().accepted());
        match self.secrets.outbound() {
            Some(pair) => self.outbound.replace(pair.accepted()),
            None => Ok(()),
        }
    }

    /// Follows the secrets' files: on SIGHUP at once, otherwise soon after they change.
    pub(super) async fn follow(self, stop: CancellationToken) {
        let mut hang_up = signals::hang_up();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = signals::next(&mut hang_up) => {}
                () = tokio::time::sleep(SECRETS_EVERY) => {}
            }
            self.reload();
        }
    }

    fn reload(&self) {
        let changed = match self.secrets.reload() {
            Ok(changed) => changed,
            Err(error) => {
                let error = anyhow::Error::new(error);
                tracing::warn!(error = format!("{error:#}"), "secrets stay as they were");
                return;
            }
        };
        match self.turn() {
            _ if !changed => {}
            Ok(()) => tracing::info!("secrets were read again"),
            Err(error) => tracing::warn!(%error, "messages are signed as before"),
        }
    }
}

/// Sets what is measured by looking rather than by counting.
pub(super) async fn gauges(
    recorder: Recorder,
    readers: Readers,
    pool: Pool,
    (clock, warned): (Clock, TimeDelta),
    stop: CancellationToken,
) {
    while pause(GAUGES_EVERY, &stop).await {
        recorder.upkeep();
        let readiness = readers.ask().await;
        if let (Some(waiting), Some(lag)) = (readiness.waiting, readiness.lag_seconds) {
            let waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
            metrics::gauge!(INBOX_BACKLOG).set(waiting);
            metrics::gauge!(INBOX_LAG).set(lag);
        }
        jobs(&pool).await;
        erasures(&pool, &clock, warned).await;
        messages(&pool, &clock).await;
        let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
        metrics::gauge!(CONNECTIONS, "state" => "idle").set(idle);
        metrics::gauge!(CONNECTIONS, "state" => "busy").set(pool.size().saturating_sub(idle));
    }
}

/// Sets how long each table has been silent: a trigger that is off sends no error.
pub(super) async fn silence(pool: Pool, clock: Clock, stop: CancellationToken) {
    while pause(SILENCE_EVERY, &stop).await {
        match tally::tables_last_at(&pool).await {
            Ok(tables) => {
                for (table, last_at) in tables {
                    let silent = (clock.now() - last_at).as_seconds_f64();
                    metrics::gauge!(SILENCE, "table" => table).set(silent.max(0.0));
                }
            }
            Err(error) => tracing::debug!(
                error = &error as &dyn std::error::Error,
                "how silent the tables are cannot be told"
            ),
        }
    }
}

/// Erasures that are due soon, or were due.
async fn erasures(pool: &Pool, clock: &Clock, warned: TimeDelta) {
    let now = clock.now();
    let found = within(pool, queue::lateness(pool, None, now, now + warned)).await;
    let Ok(late) = found else { return };
    for (state, n) in [("due_soon", late.due_soon), ("overdue", late.overdue)] {
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        metrics::gauge!(ERASURES_LATE, "state" => state).set(n);
    }
}

/// What has not gone out. Where the database is away, the last value stays.
async fn messages(pool: &Pool, clock: &Clock) {
    if let Ok(open) = within(pool, outbox::waiting(pool)).await {
        for (state, n) in [("waiting", open.waiting), ("parked", open.parked)] {
            let n = u32::try_from(n).unwrap_or(u32::MAX);
            metrics::gauge!(MESSAGES_OPEN, "state" => state).set(n);
        }
        let lag = open
            .oldest
            .map_or(0.0, |at| (clock.now() - at).as_seconds_f64());
        metrics::gauge!(MESSAGES_LAG).set(lag.max(0.0));
    }
}

/// When a run of each job last finished well. Read from the database, so that it outlives this process.
async fn jobs(pool: &Pool) {
    let names: Vec<String> = cron::names().into_iter().map(str::to_owned).collect();
    // Where the database is away, or has no such table yet, the last value stays.
    let found = within(pool, runs::last_finished(pool, &names)).await;
    for (name, at) in found.unwrap_or_default() {
        let seconds = at.timestamp_millis() / 1_000;
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
        metrics::gauge!(JOB_LAST_SUCCESS, "job" => name).set(seconds);
    }
}

/// Waits; `false` when it is time to stop.
async fn pause(time: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        biased;
        () = stop.cancelled() => false,
        () = tokio::time::sleep(time) => true,
    }
}
