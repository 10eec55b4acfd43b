//! What one receiver is to get next, and how it went.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::db::{Error, Pool, Tx};

/// A delivery that is due; its row is held until the transaction ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// The message.
    pub id: Uuid,
    /// What it says.
    pub kind: String,
    /// Whom it is about.
    pub person: Option<Uuid>,
    /// Purposes the person has to have granted.
    pub granted: Vec<String>,
    /// Purposes the person may not oppose.
    pub unopposed: Vec<String>,
    /// How often it was tried.
    pub attempts: u16,
    /// When it was caused.
    pub written_at: DateTime<Utc>,
    /// What is sent.
    pub payload: Value,
}

/// How a delivery went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has it.
    Delivered,
    /// Try again at that instant.
    Again(DateTime<Utc>),
    /// Tried too often.
    Parked,
    /// The person does not allow it.
    Withheld,
}

/// One delivery's outcome, with a stable word for how the try went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The message.
    pub id: Uuid,
    /// What became of it.
    pub outcome: Outcome,
    /// An HTTP status or a stable word.
    pub word: String,
}

impl Outcome {
    const fn code(&self) -> i16 {
        match self {
            Self::Again(_) => 0,
            Self::Delivered => 1,
            Self::Parked => 2,
            Self::Withheld => 3,
        }
    }
}

/// Tenants that have something due for this receiver.
pub async fn tenants(pool: &Pool, target: &str, now: DateTime<Utc>) -> Result<Vec<Uuid>, Error> {
    let found = sqlx::query_scalar!(
        r#"select t.tenant_id as "tenant_id!" from tenant t
           where exists (
             select from outbox_delivery d
             where d.tenant_id = t.tenant_id and d.target = $1 and d.state = 0 and d.next_attempt_at <= $2)
           order by t.tenant_id"#,
        target,
        now,
    )
    .fetch_all(pool)
    .await?;
    Ok(found)
}

/// Takes up to `limit` deliveries that are due: of each person only the one that was caused first, so that the next
/// never gets ahead of it.
pub async fn claim(
    tx: &mut Tx,
    tenant_id: Uuid,
    target: &str,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Claimed>, Error> {
    let rows = sqlx::query!(
        r#"select d.id, d.attempts, m.kind as "kind!", m.person_profile_id, m.granted as "granted!",
                  m.unopposed as "unopposed!", m.written_at as "written_at!", m.payload as "payload?"
           from outbox_delivery d
           join outbox m on m.tenant_id = d.tenant_id and m.id = d.id
           where d.tenant_id = $1 and d.target = $2 and d.state = 0 and d.next_attempt_at <= $3
             and m.provenance = 0
             and not exists (
               select from outbox_delivery e
               where e.tenant_id = $1 and e.target = $2 and e.state = 0
                 and e.person_profile_id = d.person_profile_id
                 and (e.written_at, e.id) < (d.written_at, d.id))
           order by d.next_attempt_at, d.written_at, d.id
           limit $4
           for update of d skip locked"#,
        tenant_id,
        target,
        now,
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let payload = row.payload.ok_or(Error::Inconsistent {
            table: "outbox",
            column: "payload",
            id: row.id,
        })?;
        Ok(Claimed {
            id: row.id,
            kind: row.kind,
            person: row.person_profile_id,
            granted: row.granted,
            unopposed: row.unopposed,
            attempts: u16::try_from(row.attempts).unwrap_or(u16::MAX),
            written_at: row.written_at,
            payload,
        })
    });
    rows.collect()
}

/// Notes how deliveries of this transaction's claim went. A delivery that was withheld was not tried.
pub async fn note(
    tx: &mut Tx,
    tenant_id: Uuid,
    target: &str,
    done: &[Done],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let ids: Vec<Uuid> = done.iter().map(|one| one.id).collect();
    let states: Vec<i16> = done.iter().map(|one| one.outcome.code()).collect();
    let words: Vec<String> = done.iter().map(|one| one.word.clone()).collect();
    let next: Vec<Option<DateTime<Utc>>> = done
        .iter()
        .map(|one| match one.outcome {
            Outcome::Again(at) => Some(at),
            _ => None,
        })
        .collect();
    sqlx::query!(
        "update outbox_delivery set state = u.state, outcome = u.word,
           attempts = outbox_delivery.attempts + case when u.state = 3 then 0 else 1 end,
           next_attempt_at = coalesce(u.next, outbox_delivery.next_attempt_at),
           settled_at = case when u.state = 0 then null else $7::timestamptz end
         from unnest($3::uuid[], $4::smallint[], $5::text[], $6::timestamptz[]) as u (id, state, word, next)
         where outbox_delivery.tenant_id = $1 and outbox_delivery.id = u.id and outbox_delivery.target = $2",
        tenant_id,
        target,
        &ids,
        &states,
        &words,
        &next as &[Option<DateTime<Utc>>],
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
