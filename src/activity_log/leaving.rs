//! Taking rows out of the log: of a person, of a person's categories, of whatever is too old.
//!
//! The one place that deletes from it; the service's own role may not.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::decode;
use crate::db::{Error, Tx};
use crate::domain::activity::Role;
use crate::domain::source::SourceKind;

/// Takes all rows of these persons out; the transaction becomes the eraser's until it ends.
pub async fn erase(tx: &mut Tx, tenant_id: Uuid, persons: &BTreeSet<Uuid>) -> Result<u64, Error> {
    let persons: Vec<Uuid> = persons.iter().copied().collect();
    let done = sqlx::query!(
        "delete from activity_log where tenant_id = $1 and person_profile_id = any ($2)",
        tenant_id,
        &persons,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}

/// Takes the rows of these kinds and roles out of these persons' log; the transaction is the eraser's.
pub async fn purge(
    tx: &mut Tx,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
    sorts: &[(SourceKind, Role)],
) -> Result<u64, Error> {
    let persons: Vec<Uuid> = persons.iter().copied().collect();
    let (kinds, roles) = codes(sorts);
    let done = sqlx::query!(
        "delete from activity_log where tenant_id = $1 and person_profile_id = any ($2)
           and (kind, role) in (select * from unnest($3::smallint[], $4::smallint[]))",
        tenant_id,
        &persons,
        &kinds,
        &roles,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}

/// How many rows of these kinds and roles these persons have.
pub async fn count(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
    sorts: &[(SourceKind, Role)],
) -> Result<u64, Error> {
    let persons: Vec<Uuid> = persons.iter().copied().collect();
    let (kinds, roles) = codes(sorts);
    let rows = sqlx::query_scalar!(
        r#"select count(*) as "rows!" from activity_log
           where tenant_id = $1 and person_profile_id = any ($2)
             and (kind, role) in (select * from unnest($3::smallint[], $4::smallint[]))"#,
        tenant_id,
        &persons,
        &kinds,
        &roles,
    )
    .fetch_one(connection)
    .await?;
    Ok(u64::try_from(rows).unwrap_or(0))
}

fn codes(sorts: &[(SourceKind, Role)]) -> (Vec<i16>, Vec<i16>) {
    let codes = sorts.iter().map(|(kind, role)| (kind.code(), role.code()));
    codes.unzip()
}

/// How far a horizon may move so that at most some `limit` rows go: up to `until` where there are fewer.
pub async fn reach(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    (kind, until): (SourceKind, DateTime<Utc>),
    limit: i64,
    held: &[Uuid],
) -> Result<DateTime<Utc>, Error> {
    let step = sqlx::query_scalar!(
        "select occurred_at from activity_log
         where tenant_id = $1 and kind = $2 and kind in (12, 20) and occurred_at <= $3
           and person_profile_id <> all ($5)
         order by occurred_at offset $4 limit 1",
        tenant_id,
        kind.code(),
        until,
        limit,
        held,
    )
    .fetch_optional(connection)
    .await?;
    Ok(step.unwrap_or(until))
}

/// How many rows of a kind happened at that instant or before, but for those of `held`.
pub async fn count_aged(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    (kind, until): (SourceKind, DateTime<Utc>),
    held: &[Uuid],
) -> Result<u64, Error> {
    let rows = sqlx::query_scalar!(
        r#"select count(*) as "rows!" from activity_log
           where tenant_id = $1 and kind = $2 and kind in (12, 20) and occurred_at <= $3
             and person_profile_id <> all ($4)"#,
        tenant_id,
        kind.code(),
        until,
        held,
    )
    .fetch_one(connection)
    .await?;
    Ok(u64::try_from(rows).unwrap_or(0))
}

/// A row that was let go for its age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Aged {
    /// Whose.
    pub person: Uuid,
    /// The source row.
    pub source_id: Uuid,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
}

/// Takes the rows of a kind out that happened at that instant or before, but for those of `held`; the transaction is the
/// eraser's.
pub async fn age(
    tx: &mut Tx,
    tenant_id: Uuid,
    (kind, until): (SourceKind, DateTime<Utc>),
    held: &[Uuid],
) -> Result<Vec<Aged>, Error> {
    let rows = sqlx::query!(
        "delete from activity_log
         where tenant_id = $1 and kind = $2 and kind in (12, 20) and occurred_at <= $3
           and person_profile_id <> all ($4)
         returning person_profile_id, activity_id, occurred_at, body",
        tenant_id,
        kind.code(),
        until,
        held,
    )
    .fetch_all(&mut **tx)
    .await?;
    let read = rows.into_iter().map(|row| {
        let body = decode(&row.body).ok_or(Error::Inconsistent {
            table: "activity_log",
            column: "body",
            id: row.activity_id,
        })?;
        Ok(Aged {
            person: row.person_profile_id,
            source_id: body.source_id,
            occurred_at: row.occurred_at,
        })
    });
    read.collect()
}
