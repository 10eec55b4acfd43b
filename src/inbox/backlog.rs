//! How much has been acknowledged and not yet folded: the lag that readiness reports.
//!
//! Deliberately absent: an exact count of a large backlog, which would cost a full scan for a number nobody needs.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::entry::Channel;
use crate::db::{Error, Pool};

/// Counting stops here.
const COUNT_MAX: i64 = 100_000;

/// What lies in the inbox, and what never will.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Deliveries in the inbox, counted up to 100,000.
    pub waiting: i64,
    /// Receipt of the oldest live one of them; history that is brought in is late by design.
    pub oldest_at: Option<DateTime<Utc>>,
    /// Dead letters, counted up to 100,000.
    pub dead_letters: i64,
}

/// Reads the backlog of all tenants. The oldest live row is found by two steps per tenant along the key.
pub async fn read(pool: &Pool) -> Result<Backlog, Error> {
    let row = sqlx::query!(
        r#"with recursive head as (
             (select tenant_id from inbox order by tenant_id limit 1)
             union all
             (select next.tenant_id
              from head cross join lateral (
                select tenant_id from inbox
                where tenant_id > head.tenant_id order by tenant_id limit 1) next)
           )
           select
             (select live.id
              from head cross join lateral (
                select id from inbox
                where inbox.tenant_id = head.tenant_id and channel = 0 order by id limit 1) live
              order by live.id limit 1) as oldest,
             (select count(*) from (select from inbox limit $1) i) as "waiting!",
             (select count(*) from (select from dead_letter limit $1) d) as "dead_letters!""#,
        COUNT_MAX,
    )
    .fetch_one(pool)
    .await?;
    Ok(Backlog {
        waiting: row.waiting,
        oldest_at: row.oldest.and_then(instant),
        dead_letters: row.dead_letters,
    })
}

/// How much lies in the inbox, by whatever way it came, counted up to `limit`.
pub async fn waiting(pool: &Pool, limit: i64) -> Result<i64, Error> {
    let counted = sqlx::query_scalar!(
        r#"select count(*) as "waiting!" from (select from inbox limit $1) i"#,
        limit
    );
    Ok(counted.fetch_one(pool).await?)
}

/// Whether nothing of the tenant's is left in the inbox that came by this channel up to this receipt.
pub async fn is_folded(
    pool: &Pool,
    tenant_id: Uuid,
    channel: Channel,
    last_id: Uuid,
) -> Result<bool, Error> {
    let left = sqlx::query_scalar!(
        r#"select exists (
             select from inbox where tenant_id = $1 and channel = $2 and id <= $3) as "left!""#,
        tenant_id,
        channel.code(),
        last_id,
    );
    Ok(!left.fetch_one(pool).await?)
}

/// The instant inside a version 7 id.
fn instant(id: Uuid) -> Option<DateTime<Utc>> {
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
}
