//! Looking at what waits and what was parked, trying again, and taking away what is over.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::{Error, Pool, Tx};

/// A delivery that was tried too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// Whose message.
    pub tenant_id: Uuid,
    /// The message.
    pub id: Uuid,
    /// What it says.
    pub kind: String,
    /// The receiver.
    pub target: String,
    /// When it was caused.
    pub written_at: DateTime<Utc>,
    /// When it was given up.
    pub parked_at: Option<DateTime<Utc>>,
    /// How often it was tried.
    pub attempts: i16,
    /// How the last try went.
    pub outcome: Option<String>,
}

/// Parked deliveries, the latest first, of all tenants or one.
pub async fn parked(
    pool: &Pool,
    tenant_id: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Parked>, Error> {
    let found = sqlx::query_as!(
        Parked,
        r#"select d.tenant_id, d.id, m.kind, d.target, d.written_at, d.settled_at as parked_at, d.attempts, d.outcome
           from outbox_delivery d join outbox m on m.tenant_id = d.tenant_id and m.id = d.id
           where d.state = 2 and ($1::uuid is null or d.tenant_id = $1)
           order by d.settled_at desc, d.id limit $2"#,
        tenant_id,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(found)
}

/// Tries parked deliveries of a tenant again: one message, or all, to one receiver or to all; returns how many. Whether
/// the person allows it is asked again when they are sent.
pub async fn replay(
    pool: &Pool,
    tenant_id: Uuid,
    id: Option<Uuid>,
    target: Option<&str>,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let done = sqlx::query!(
        "update outbox_delivery set state = 0, attempts = 0, next_attempt_at = $4, settled_at = null
         where tenant_id = $1 and state = 2 and ($2::uuid is null or id = $2) and ($3::text is null or target = $3)",
        tenant_id,
        id,
        target,
        now,
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}

/// Whether a message is through with all its receivers; none when there is no such message (any more).
pub async fn is_settled(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    id: Uuid,
) -> Result<Option<bool>, Error> {
    let state = sqlx::query_scalar!(
        "select state from outbox where tenant_id = $1 and id = $2",
        tenant_id,
        id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(state.map(|state| state == 2))
}

/// How many of these messages are not through with all their receivers, and who has got any of them.
pub async fn progress(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    ids: &[Uuid],
) -> Result<(i64, Vec<String>), Error> {
    let open = sqlx::query_scalar!(
        r#"select count(*) as "open!" from outbox where tenant_id = $1 and id = any ($2) and state <> 2"#,
        tenant_id,
        ids,
    )
    .fetch_one(&mut *connection)
    .await?;
    let told = sqlx::query_scalar!(
        "select distinct target from outbox_delivery
         where tenant_id = $1 and id = any ($2) and state = 1 order by target",
        tenant_id,
        ids,
    )
    .fetch_all(connection)
    .await?;
    Ok((open, told))
}

/// What has not gone out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Deliveries that wait for their turn.
    pub waiting: i64,
    /// Deliveries that were parked.
    pub parked: i64,
    /// When the oldest of those that wait was caused.
    pub oldest: Option<DateTime<Utc>>,
}

/// How much has not gone out, of all tenants.
pub async fn waiting(pool: &Pool) -> Result<Waiting, Error> {
    let found = sqlx::query_as!(
        Waiting,
        r#"select count(*) filter (where state = 0) as "waiting!", count(*) filter (where state = 2) as "parked!",
                  min(written_at) filter (where state = 0) as oldest
           from outbox_delivery where state in (0, 2)"#
    )
    .fetch_one(pool)
    .await?;
    Ok(found)
}

/// Takes away messages of a tenant that were settled before an instant; returns how many.
pub async fn prune(tx: &mut Tx, tenant_id: Uuid, before: DateTime<Utc>) -> Result<u64, Error> {
    let gone = sqlx::query_scalar!(
        "delete from outbox where tenant_id = $1 and state = 2 and settled_at < $2 returning id",
        tenant_id,
        before,
    )
    .fetch_all(&mut **tx)
    .await?;
    sqlx::query!(
        "delete from outbox_delivery where tenant_id = $1 and id = any ($2)",
        tenant_id,
        &gone,
    )
    .execute(&mut **tx)
    .await?;
    Ok(gone.len() as u64)
}
