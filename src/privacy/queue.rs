//! What of the erasures is still to be done, and until when.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::{Error, Pool};
use crate::domain::category::Category;

/// Takes a request that is due by putting its next look off until `until`; false when somebody else was faster.
pub async fn take(
    pool: &Pool,
    (tenant_id, request_id): (Uuid, Uuid),
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<bool, Error> {
    let taken = sqlx::query!(
        "update erasure_request set next_at = $4
         where tenant_id = $1 and request_id = $2 and next_at <= $3",
        tenant_id,
        request_id,
        now,
        until,
    )
    .execute(pool)
    .await?;
    Ok(taken.rows_affected() > 0)
}

/// Puts the next look at a request off: its work failed, or waits for somebody.
pub async fn postpone(
    pool: &Pool,
    tenant_id: Uuid,
    request_id: Uuid,
    next_at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update erasure_request set next_at = $3
         where tenant_id = $1 and request_id = $2 and next_at is not null",
        tenant_id,
        request_id,
        next_at,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// The request about this subject and the same categories whose rows are still there, if there is one.
pub async fn unfinished(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    subject_tag: Uuid,
    categories: &BTreeSet<Category>,
) -> Result<Option<Uuid>, Error> {
    let names: Vec<String> = categories.iter().map(|one| one.name().to_owned()).collect();
    let found = sqlx::query_scalar!(
        "select request_id from erasure_request
         where tenant_id = $1 and subject_tag = $2 and categories = $3 and state in (0, 1, 2, 5)
         order by requested_at, request_id limit 1",
        tenant_id,
        subject_tag,
        &names,
    )
    .fetch_optional(connection)
    .await?;
    Ok(found)
}

/// Whether an erasure of this subject is not closed yet.
pub async fn is_under_way(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    tag: Uuid,
) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from erasure_request
             where tenant_id = $1 and next_at is not null and (subject_tag = $2 or $2 = any (tags))) as "found!""#,
        tenant_id,
        tag,
    )
    .fetch_one(connection)
    .await?;
    Ok(found)
}

/// The tenant's erasures that still want a scan: deleted, propagated, or verified once.
pub async fn open(connection: &mut PgConnection, tenant_id: Uuid) -> Result<Vec<Uuid>, Error> {
    let found = sqlx::query_scalar!(
        "select request_id from erasure_request where tenant_id = $1 and state in (2, 3, 6)
         order by requested_at, request_id",
        tenant_id,
    )
    .fetch_all(connection)
    .await?;
    Ok(found)
}

/// What the worker is to look at by now, of all tenants: tenant and request, the longest due first.
pub async fn due(pool: &Pool, now: DateTime<Utc>, limit: i64) -> Result<Vec<(Uuid, Uuid)>, Error> {
    let rows = sqlx::query!(
        r#"select t.tenant_id as "tenant_id!", r.request_id as "request_id!"
           from tenant t
           cross join lateral (
             select request_id, next_at from erasure_request
             where tenant_id = t.tenant_id and next_at <= $1
             order by next_at limit $2) r
           order by r.next_at limit $2"#,
        now,
        limit,
    )
    .fetch_all(pool)
    .await?;
    let rows = rows.into_iter();
    Ok(rows.map(|row| (row.tenant_id, row.request_id)).collect())
}

/// How many erasures are not done, or not known to everybody downstream, and were to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lateness {
    /// Due by `soon`, and not done.
    pub due_soon: i64,
    /// Due by `now`, and not done.
    pub overdue: i64,
}

/// Counts what is due soon or overdue, of all tenants or one.
pub async fn lateness(
    pool: &Pool,
    tenant_id: Option<Uuid>,
    now: DateTime<Utc>,
    soon: DateTime<Utc>,
) -> Result<Lateness, Error> {
    let found = sqlx::query_as!(
        Lateness,
        r#"select coalesce(sum(r.due_soon), 0)::bigint as "due_soon!",
                  coalesce(sum(r.overdue), 0)::bigint as "overdue!"
           from tenant t
           cross join lateral (
             select count(*) filter (where due_at <= $2) as due_soon,
                    count(*) filter (where due_at <= $1) as overdue
             from erasure_request
             where tenant_id = t.tenant_id and next_at is not null and due_at <= $2
               and state in (0, 1, 2, 5)) r
           where $3::uuid is null or t.tenant_id = $3"#,
        now,
        soon,
        tenant_id,
    )
    .fetch_one(pool)
    .await?;
    Ok(found)
}
