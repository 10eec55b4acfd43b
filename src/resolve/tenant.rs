//! The tenant's row: whoever holds it is the only writer of that tenant's links, dossiers, log and fence.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::{Error, Pool, Tx};

/// Makes sure the row is there; outside any batch, so that nobody waits for it.
pub async fn ensure(pool: &Pool, tenant_id: Uuid) -> Result<(), Error> {
    sqlx::query!(
        "insert into tenant (tenant_id) values ($1) on conflict do nothing",
        tenant_id
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Whether anything was ever heard of the tenant.
pub async fn exists(connection: &mut PgConnection, tenant_id: Uuid) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from tenant where tenant_id = $1) as "found!""#,
        tenant_id
    )
    .fetch_one(connection)
    .await?;
    Ok(found)
}

/// Every tenant that was ever heard of, in the order of ids.
pub async fn all(pool: &Pool) -> Result<Vec<Uuid>, Error> {
    let found = sqlx::query_scalar!("select tenant_id from tenant order by tenant_id")
        .fetch_all(pool)
        .await?;
    Ok(found)
}

/// Takes the row; none when somebody else has it (take another tenant then).
///
/// Returns the instant to record this batch with: now, or just after the previous batch if clocks disagree.
pub async fn take(
    tx: &mut Tx,
    tenant_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Error> {
    let row = sqlx::query!(
        r#"select case when isfinite(last_recorded_at) then last_recorded_at end as last
           from tenant where tenant_id = $1 for update skip locked"#,
        tenant_id
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| after(row.last, now)))
}

/// Takes the row, after whoever has it now; none when there is no such tenant. For work that may wait its turn.
pub async fn wait(
    tx: &mut Tx,
    tenant_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Error> {
    let row = sqlx::query!(
        r#"select case when isfinite(last_recorded_at) then last_recorded_at end as last
           from tenant where tenant_id = $1 for update"#,
        tenant_id
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| after(row.last, now)))
}

fn after(last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> DateTime<Utc> {
    let next = last.map(|last| last + TimeDelta::microseconds(1));
    next.map_or(now, |next| next.max(now))
}

/// Notes the instant the batch was recorded with.
pub async fn note(tx: &mut Tx, tenant_id: Uuid, recorded_at: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update tenant set last_recorded_at = $2 where tenant_id = $1",
        tenant_id,
        recorded_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
