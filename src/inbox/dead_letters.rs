//! What could not be understood, for the people who can do something about it.
//!
//! Deliberately absent: writing (letters go through the [`Writer`](super::Writer), sharing its commits), and
//! trying again, which needs the contracts and so is an action.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::db::{Error, Pool, Tx};

/// Most letters on one page.
pub const PAGE_MAX: i64 = 1_000;

/// A letter without its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Whose delivery; the nil uuid when it names no tenant.
    pub tenant_id: Uuid,
    /// The letter's id.
    pub id: Uuid,
    /// The last time it came.
    pub received_at: DateTime<Utc>,
    /// Hasura's event id, where it has one.
    pub event_id: Option<String>,
    /// `schema.table` as named by the delivery.
    pub table: Option<String>,
    /// The event trigger as named by the delivery.
    pub trigger: Option<String>,
    /// A stable code.
    pub reason: String,
    /// What, where, what to do.
    pub detail: String,
    /// Whether so much of the envelope is kept that it can be tried again.
    pub has_envelope: bool,
}

/// Which letters, and from where on.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Only of this tenant.
    pub tenant_id: Option<Uuid>,
    /// Only with this reason.
    pub reason: Option<String>,
    /// Only what comes after this letter in the order of the list.
    pub after: Option<(DateTime<Utc>, Uuid)>,
    /// Most letters wanted; at least 1, at most [`PAGE_MAX`].
    pub limit: i64,
}

/// Letters, the latest first.
pub async fn list(executor: impl PgExecutor<'_>, query: &Query) -> Result<Vec<Summary>, Error> {
    let (after_at, after_id) = query.after.unzip();
    let letters = sqlx::query_as!(
        Summary,
        r#"select tenant_id, id, received_at, event_id, source_table as "table",
                  trigger_name as trigger, reason, detail,
                  envelope is not null as "has_envelope!"
           from dead_letter
           where ($1::uuid is null or tenant_id = $1)
             and ($2::text is null or reason = $2)
             and ($3::timestamptz is null or (received_at, id) < ($3, $4::uuid))
           order by received_at desc, id desc
           limit $5"#,
        query.tenant_id,
        query.reason,
        after_at,
        after_id,
        query.limit.clamp(1, PAGE_MAX),
    )
    .fetch_all(executor)
    .await?;
    Ok(letters)
}

/// The letter with that id and its envelope, if there is one. Asks by tenant where the tenant is known.
pub async fn show(
    executor: impl PgExecutor<'_>,
    tenant_id: Option<Uuid>,
    id: Uuid,
) -> Result<Option<(Summary, Option<serde_json::Value>)>, Error> {
    let row = sqlx::query!(
        r#"select tenant_id, id, received_at, event_id, source_table, trigger_name, reason, detail,
                  envelope
           from dead_letter
           where ($1::uuid is null or tenant_id = $1) and id = $2"#,
        tenant_id,
        id,
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| {
        let summary = Summary {
            tenant_id: row.tenant_id,
            id: row.id,
            received_at: row.received_at,
            event_id: row.event_id,
            table: row.source_table,
            trigger: row.trigger_name,
            reason: row.reason,
            detail: row.detail,
            has_envelope: row.envelope.is_some(),
        };
        (summary, row.envelope)
    }))
}

/// Takes a letter away; whether it was there.
pub async fn discard(
    executor: impl PgExecutor<'_>,
    tenant_id: Uuid,
    id: Uuid,
) -> Result<bool, Error> {
    let gone = sqlx::query!(
        "delete from dead_letter where tenant_id = $1 and id = $2",
        tenant_id,
        id
    )
    .execute(executor)
    .await?;
    Ok(gone.rows_affected() > 0)
}

/// Takes what letters hold about persons who are being erased, all of them or those about these tables; that there was a
/// letter, and why, remains.
pub async fn forget(
    tx: &mut Tx,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
    tables: Option<&[String]>,
) -> Result<u64, Error> {
    let named: Vec<String> = persons.iter().map(|person| format!("%{person}%")).collect();
    let emptied = sqlx::query!(
        "update dead_letter set envelope = null
         where tenant_id = $1 and envelope::text ilike any ($2)
           and ($3::text[] is null or source_table = any ($3))",
        tenant_id,
        &named,
        tables,
    )
    .execute(&mut **tx)
    .await?;
    Ok(emptied.rows_affected())
}

/// How many letters there are for a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reasoned {
    /// Whose deliveries; the nil uuid for those that name no tenant.
    pub tenant_id: Uuid,
    /// A stable code.
    pub reason: String,
    /// How many.
    pub letters: i64,
    /// When the latest came.
    pub last_at: DateTime<Utc>,
}

/// Letters by tenant and reason, of one tenant or of all, that came at `since` or later.
pub async fn by_reason(
    pool: &Pool,
    tenant_id: Option<Uuid>,
    since: Option<DateTime<Utc>>,
) -> Result<Vec<Reasoned>, Error> {
    let found = sqlx::query_as!(
        Reasoned,
        r#"select tenant_id, reason, count(*) as "letters!", max(received_at) as "last_at!"
           from dead_letter
           where ($1::uuid is null or tenant_id = $1)
             and ($2::timestamptz is null or received_at >= $2)
           group by tenant_id, reason order by tenant_id, reason"#,
        tenant_id,
        since,
    );
    Ok(found.fetch_all(pool).await?)
}
