//! From messages to deliveries, and back: each new message is put on its way to every receiver, and one that is through
//! with all of them loses its payload.
//!
//! Both take the messages' rows and no delivery's, so that nobody here ever waits for a send.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::db::{Error, Pool, Tx};

/// So many messages at a time.
const AT_A_TIME: i64 = 1_000;

/// Tenants with messages that are new, or may be through.
pub async fn with_open(pool: &Pool) -> Result<Vec<Uuid>, Error> {
    let found = sqlx::query_scalar!(
        r#"select t.tenant_id as "tenant_id!" from tenant t
           where exists (
             select from outbox m where m.tenant_id = t.tenant_id and m.state = 0)
           or exists (
             select from outbox m where m.tenant_id = t.tenant_id and m.state = 1
               and not exists (
                 select from outbox_delivery d
                 where d.tenant_id = m.tenant_id and d.id = m.id and d.state in (0, 2)))
           order by t.tenant_id"#
    )
    .fetch_all(pool)
    .await?;
    Ok(found)
}

/// Puts new messages on their way to these receivers, in the order in which they were caused; returns how many.
///
/// A message that nobody receives is settled with that. Whoever routes a tenant's messages at the same moment is
/// waited for: a later message of a person must not get ahead of an earlier one.
pub async fn route(
    tx: &mut Tx,
    tenant_id: Uuid,
    targets: &[String],
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let ids = sqlx::query_scalar!(
        "select id from outbox where tenant_id = $1 and state = 0
         order by written_at, id limit $2 for update",
        tenant_id,
        AT_A_TIME,
    )
    .fetch_all(&mut **tx)
    .await?;
    if ids.is_empty() {
        return Ok(0);
    }
    sqlx::query!(
        "insert into outbox_delivery (tenant_id, id, target, person_profile_id, written_at, next_attempt_at)
         select $1, m.id, t.target, m.person_profile_id, m.written_at, $4
         from outbox m cross join unnest($3::text[]) as t (target)
         where m.tenant_id = $1 and m.id = any ($2)
         on conflict (tenant_id, id, target) do nothing",
        tenant_id,
        &ids,
        targets,
        now,
    )
    .execute(&mut **tx)
    .await?;
    let done = sqlx::query!(
        "update outbox set state = 1 where tenant_id = $1 and id = any ($2)",
        tenant_id,
        &ids,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}

/// Settles messages whose every delivery is: their payload goes. Returns how many.
pub async fn settle(tx: &mut Tx, tenant_id: Uuid, now: DateTime<Utc>) -> Result<u64, Error> {
    let done = sqlx::query!(
        "with through as (
           select id from outbox m where m.tenant_id = $1 and m.state = 1
             and not exists (
               select from outbox_delivery d
               where d.tenant_id = $1 and d.id = m.id and d.state in (0, 2))
           order by id limit $3 for update skip locked)
         update outbox set state = 2, settled_at = $2, payload = null
         where tenant_id = $1 and id = any (array(select id from through))",
        tenant_id,
        now,
        AT_A_TIME,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}
