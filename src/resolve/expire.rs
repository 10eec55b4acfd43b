//! What waited too long for a person: messages of strangers after the quarantine, everything else after 400 days.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::db::{Error, Tx};
use crate::domain::source::SourceKind;

/// How long a fact waits for its reference.
const PATIENCE: TimeDelta = TimeDelta::days(400);
/// Rows taken out in one statement.
const AT_A_TIME: i64 = 5_000;

/// How many facts were let go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expired {
    /// Messages of contacts who are nobody known.
    pub messages: u64,
    /// Facts of any kind whose reference never came.
    pub unreferenced: u64,
}

/// Lets go of what waited too long, up to some thousand rows of each sort. The caller holds the tenant's row.
///
/// A message is let go once a link that still arrives could not make it count any more.
pub async fn expire(
    tx: &mut Tx,
    tenant_id: Uuid,
    quarantine_days: i64,
    now: DateTime<Utc>,
) -> Result<Expired, Error> {
    let message = SourceKind::Message.code();
    let strangers = now - TimeDelta::days(quarantine_days);
    let messages = remove(tx, tenant_id, &[message], strangers).await?;
    let kinds: Vec<i16> = SourceKind::ALL.map(SourceKind::code).to_vec();
    let unreferenced = remove(tx, tenant_id, &kinds, now - PATIENCE).await?;
    Ok(Expired {
        messages,
        unreferenced,
    })
}

async fn remove(
    tx: &mut Tx,
    tenant_id: Uuid,
    kinds: &[i16],
    before: DateTime<Utc>,
) -> Result<u64, Error> {
    let gone = sqlx::query!(
        "with gone as (
           delete from dossier where tenant_id = $1 and (kind, id) in (
             select kind, id from dossier
             where tenant_id = $1 and waiting and recorded_at < $3 and kind = any ($2)
             order by recorded_at limit $4)
           returning kind, id),
         unlinked as (
           delete from link using gone
           where link.tenant_id = $1 and child_kind = gone.kind and child_id = gone.id)
         select kind from gone",
        tenant_id,
        kinds,
        before,
        AT_A_TIME,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(gone.len() as u64)
}

/// Tenants with something that waits.
pub async fn tenants(pool: &crate::db::Pool) -> Result<Vec<Uuid>, Error> {
    let found = sqlx::query_scalar!(
        "select tenant_id from tenant t
         where exists (select from dossier where tenant_id = t.tenant_id and waiting)"
    )
    .fetch_all(pool)
    .await?;
    Ok(found)
}
