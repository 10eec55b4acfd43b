//! Runs that any process may take up: entered once, worked on by whoever takes them first.
//!
//! A run is changed only by whoever saw it as it is (its `touched_at` is compared), so that of several processes one
//! goes on and the others learn that they are late, also one that was frozen meanwhile.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use sqlx::PgExecutor;
use uuid::Uuid;

use super::{Job, Key, Row, State, json};
use crate::db::{Error, Pool};

/// Enters a run; false when it is known already, whatever became of it.
pub async fn enter<P: Serialize + Sync>(
    executor: impl PgExecutor<'_>,
    key: &Key,
    progress: &P,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let entered = sqlx::query!(
        "insert into job (tenant_id, name, run, state, started_at, touched_at, progress)
         values ($1, $2, $3, 0, $4, $4, $5)
         on conflict (tenant_id, name, run) do nothing",
        key.tenant_id,
        key.name,
        key.run,
        now,
        json(progress)?,
    )
    .execute(executor)
    .await?;
    Ok(entered.rows_affected() > 0)
}

/// Runs of these names that are not over, of all tenants, the oldest first.
pub async fn open(pool: &Pool, names: &[String]) -> Result<Vec<Job>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select tenant_id, name, run, state, started_at, touched_at, progress from job
         where state = 0 and name = any ($1) order by started_at, tenant_id, name, run",
        names,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Job::try_from).collect()
}

/// Changes a run that is still as it was seen; returns when it was touched, none when somebody else was faster.
pub async fn swap<P: Serialize + Sync>(
    executor: impl PgExecutor<'_>,
    key: &Key,
    seen: DateTime<Utc>,
    (state, progress): (State, &P),
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Error> {
    // Later than what was seen, also where two clocks disagree.
    let touched_at = now.max(seen + TimeDelta::microseconds(1));
    let swapped = sqlx::query_scalar!(
        "update job set state = $5, touched_at = $6, progress = $7
         where tenant_id = $1 and name = $2 and run = $3 and state = 0 and touched_at = $4
         returning touched_at",
        key.tenant_id,
        key.name,
        key.run,
        seen,
        state.code(),
        touched_at,
        json(progress)?,
    )
    .fetch_optional(executor)
    .await?;
    Ok(swapped)
}

/// When a run of each of these names last finished well; names without one are left out.
pub async fn last_finished(
    pool: &Pool,
    names: &[String],
) -> Result<Vec<(String, DateTime<Utc>)>, Error> {
    let found = sqlx::query!(
        r#"select name, max(touched_at) as "at!" from job
           where state = 1 and name = any ($1) group by name order by name"#,
        names,
    )
    .fetch_all(pool)
    .await?;
    Ok(found.into_iter().map(|row| (row.name, row.at)).collect())
}

/// Forgets the tenant's runs that were over before that instant; returns how many.
pub async fn prune(
    executor: impl PgExecutor<'_>,
    tenant_id: Uuid,
    before: DateTime<Utc>,
) -> Result<u64, Error> {
    let gone = sqlx::query!(
        "delete from job where tenant_id = $1 and state <> 0 and touched_at < $2",
        tenant_id,
        before,
    )
    .execute(executor)
    .await?;
    Ok(gone.rows_affected())
}
