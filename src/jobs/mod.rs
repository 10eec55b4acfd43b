//! Long work that survives restarts: what was begun, how far it is, and whether anybody still works on it.
//!
//! A job is named by tenant, name and run. To begin the same run again is to go on with it, or to learn that it is
//! finished; that makes a cron trigger's redelivery harmless. Where the progress is written in the transaction that
//! did the work, a kill -9 loses nothing and does nothing twice. Deliberately absent: who does the work, locks (two
//! processes at one run must both be harmless), and what progress means.

pub mod runs;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::db::{Error, Pool};

/// Name of the job that brings history in.
pub const BACKFILL: &str = "backfill";
/// Name of the job that refolds everybody from the log.
pub const REBUILD: &str = "rebuild";

/// A running job without a sign of life for longer was killed.
pub const SILENT_AFTER: TimeDelta = TimeDelta::seconds(60);

/// Which job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Whose work; the nil uuid for work of no one tenant.
    pub tenant_id: Uuid,
    /// What kind of work.
    pub name: String,
    /// Which run of it.
    pub run: String,
}

impl Key {
    /// The key of one run.
    pub fn new(tenant_id: Uuid, name: impl Into<String>, run: impl Into<String>) -> Self {
        Self {
            tenant_id,
            name: name.into(),
            run: run.into(),
        }
    }
}

/// Where a job stands. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum State {
    /// Somebody works on it, or was killed doing so.
    Running = 0,
    /// Done; begun again it says so.
    Finished = 1,
    /// Given up; begun again it goes on.
    Failed = 2,
    /// Not wanted any more; begun again it goes on.
    Cancelled = 3,
}

impl State {
    /// The stored number.
    #[must_use]
    pub const fn code(self) -> i16 {
        self as i16
    }

    fn of(code: i16) -> Option<Self> {
        let all = [Self::Running, Self::Finished, Self::Failed, Self::Cancelled];
        all.into_iter().find(|state| state.code() == code)
    }
}

/// How a job begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Begun<P> {
    /// For the first time.
    Fresh,
    /// It had been begun before and goes on from here.
    Resumed {
        /// How far it is.
        progress: P,
        /// Its last sign of life: a recent one tells of another process that works on it.
        touched_at: DateTime<Utc>,
    },
    /// There is nothing left to do.
    Finished(P),
}

/// A job as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Which.
    pub key: Key,
    /// Where it stands.
    pub state: State,
    /// When it was first begun.
    pub started_at: DateTime<Utc>,
    /// Its last sign of life.
    pub touched_at: DateTime<Utc>,
    /// How far it is.
    pub progress: serde_json::Value,
}

impl Job {
    /// Whether somebody works on it at `now`, as far as its signs of life tell.
    #[must_use]
    pub fn is_alive(&self, now: DateTime<Utc>) -> bool {
        self.state == State::Running && now - self.touched_at <= SILENT_AFTER
    }
}

/// Begins a run, or goes on with it; `progress` is what a first beginning stores.
///
/// Of several who begin at the same instant exactly one is told [`Begun::Fresh`].
pub async fn begin<P>(
    pool: &Pool,
    key: &Key,
    progress: &P,
    now: DateTime<Utc>,
) -> Result<Begun<P>, Error>
where
    P: Serialize + DeserializeOwned + Sync,
{
    let row = sqlx::query!(
        r#"with begun as (
             insert into job (tenant_id, name, run, state, started_at, touched_at, progress)
             values ($1, $2, $3, 0, $4, $4, $5)
             on conflict (tenant_id, name, run) do nothing
             returning state)
           select true as "fresh!", 0::smallint as "state!", $4::timestamptz as "touched_at!",
             null::jsonb as progress
           from begun
           union all
           select false, state, touched_at, progress from job
           where tenant_id = $1 and name = $2 and run = $3"#,
        key.tenant_id,
        key.name,
        key.run,
        now,
        json(progress)?,
    )
    .fetch_optional(pool)
    .await?;
    // Nothing at all: somebody else's beginning was committed while this statement ran.
    let row = match row {
        Some(row) if row.fresh => return Ok(Begun::Fresh),
        Some(row) => Some((row.state, row.touched_at, row.progress.unwrap_or_default())),
        None => find(pool, key)
            .await?
            .map(|job| (job.state.code(), job.touched_at, job.progress)),
    };
    let Some((state, touched_at, stored)) = row else {
        return Err(inconsistent(key, "run"));
    };
    let progress =
        serde_json::from_value(stored).map_err(|_other_shape| inconsistent(key, "progress"))?;
    if state == State::Finished.code() {
        return Ok(Begun::Finished(progress));
    }
    touch(pool, key, now).await?;
    Ok(Begun::Resumed {
        progress,
        touched_at,
    })
}

/// Stores how far a run is; a sign of life. Best in the transaction that did the work.
pub async fn advance<P: Serialize + Sync>(
    executor: impl PgExecutor<'_>,
    key: &Key,
    progress: &P,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    store(executor, key, State::Running, progress, now).await
}

/// Ends a run in `state`.
pub async fn finish<P: Serialize + Sync>(
    executor: impl PgExecutor<'_>,
    key: &Key,
    state: State,
    progress: &P,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    store(executor, key, state, progress, now).await
}

/// Ends a run in `state`, its progress as it was stored last.
pub async fn close(
    executor: impl PgExecutor<'_>,
    key: &Key,
    state: State,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update job set state = $5, touched_at = greatest(touched_at, $4)
         where tenant_id = $1 and name = $2 and run = $3",
        key.tenant_id,
        key.name,
        key.run,
        now,
        state.code(),
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// A sign of life without news.
pub async fn touch(
    executor: impl PgExecutor<'_>,
    key: &Key,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update job set state = 0, touched_at = greatest(touched_at, $4)
         where tenant_id = $1 and name = $2 and run = $3",
        key.tenant_id,
        key.name,
        key.run,
        now,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Forgets a run, so that it begins afresh.
pub async fn forget(executor: impl PgExecutor<'_>, key: &Key) -> Result<(), Error> {
    sqlx::query!(
        "delete from job where tenant_id = $1 and name = $2 and run = $3",
        key.tenant_id,
        key.name,
        key.run,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// One run, if it was ever begun.
pub async fn find(executor: impl PgExecutor<'_>, key: &Key) -> Result<Option<Job>, Error> {
    let row = sqlx::query_as!(
        Row,
        "select tenant_id, name, run, state, started_at, touched_at, progress from job
         where tenant_id = $1 and name = $2 and run = $3",
        key.tenant_id,
        key.name,
        key.run,
    )
    .fetch_optional(executor)
    .await?;
    row.map(Job::try_from).transpose()
}

/// Everything that runs, or was killed running, of all tenants.
pub async fn running(pool: &Pool) -> Result<Vec<Job>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select tenant_id, name, run, state, started_at, touched_at, progress from job
         where state = 0 order by tenant_id, name, run",
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Job::try_from).collect()
}

/// The rows of one run, of whichever tenants, by tenant.
pub async fn of_run(pool: &Pool, name: &str, run: &str) -> Result<Vec<Job>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select tenant_id, name, run, state, started_at, touched_at, progress from job
         where name = $1 and run = $2 order by tenant_id",
        name,
        run,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Job::try_from).collect()
}

/// Stores a run as it stands; also one that was never begun.
async fn store<P: Serialize + Sync>(
    executor: impl PgExecutor<'_>,
    key: &Key,
    state: State,
    progress: &P,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into job (tenant_id, name, run, state, started_at, touched_at, progress)
         values ($1, $2, $3, $4, $5, $5, $6)
         on conflict (tenant_id, name, run) do update set
           state = excluded.state, touched_at = greatest(job.touched_at, excluded.touched_at),
           progress = excluded.progress",
        key.tenant_id,
        key.name,
        key.run,
        state.code(),
        now,
        json(progress)?,
    )
    .execute(executor)
    .await?;
    Ok(())
}

struct Row {
    tenant_id: Uuid,
    name: String,
    run: String,
    state: i16,
    started_at: DateTime<Utc>,
    touched_at: DateTime<Utc>,
    progress: serde_json::Value,
}

impl TryFrom<Row> for Job {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let key = Key::new(row.tenant_id, row.name, row.run);
        let state = State::of(row.state).ok_or_else(|| inconsistent(&key, "state"))?;
        Ok(Self {
            key,
            state,
            started_at: row.started_at,
            touched_at: row.touched_at,
            progress: row.progress,
        })
    }
}

fn json<P: Serialize>(progress: &P) -> Result<serde_json::Value, Error> {
    serde_json::to_value(progress).map_err(|error| Error::Other(sqlx::Error::Encode(error.into())))
}

fn inconsistent(key: &Key, column: &'static str) -> Error {
    Error::Inconsistent {
        table: "job",
        column,
        id: key.tenant_id,
    }
}
