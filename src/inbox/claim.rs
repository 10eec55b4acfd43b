//! Taking deliveries out of the inbox, inside the transaction that turns them into facts.
//!
//! A claim is a delete: when the transaction fails the rows are simply still there.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::entry::Letter;
use super::statements;
use crate::db::{Error, Pool, Tx};

/// A delivery taken out.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Identity of the receipt.
    pub id: Uuid,
    /// 0 live, 1 backfill, 2 replay.
    pub channel: i16,
    /// The envelope, cut to the allow-listed columns.
    pub payload: Vec<u8>,
}

/// Tenants that have something waiting, found by one step per tenant along the key.
pub async fn tenants(pool: &Pool) -> Result<Vec<Uuid>, Error> {
    let found = sqlx::query_scalar!(
        r#"with recursive head as (
             (select tenant_id from inbox order by tenant_id limit 1)
             union all
             (select next.tenant_id
              from head cross join lateral (
                select tenant_id from inbox
                where tenant_id > head.tenant_id order by tenant_id limit 1) next)
           )
           select tenant_id as "tenant_id!" from head"#
    )
    .fetch_all(pool)
    .await?;
    Ok(found)
}

/// Takes up to `limit` of the tenant's deliveries out of the inbox: live before backfill before replay, each in the
/// order of their receipt.
pub async fn claim(tx: &mut Tx, tenant_id: Uuid, limit: i64) -> Result<Vec<Claimed>, Error> {
    let rows = sqlx::query!(
        "with taken as materialized (
           select channel, id from inbox where tenant_id = $1
           order by channel, id limit $2 for update skip locked)
         delete from inbox where tenant_id = $1
           and channel = any (array(select channel from taken group by channel))
           and id = any (array(select id from taken))
         returning id, channel, payload",
        tenant_id,
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    let rows = rows.into_iter().map(|row| Claimed {
        id: row.id,
        channel: row.channel,
        payload: row.payload,
    });
    let mut rows: Vec<Claimed> = rows.collect();
    // In the order of receipt, so that of two that say the same the first is the one with news.
    rows.sort_unstable_by_key(|row| (row.channel, row.id));
    Ok(rows)
}

/// The ids of the deliveries that a claim would take, left where they are.
pub async fn oldest(pool: &Pool, tenant_id: Uuid, limit: i64) -> Result<Vec<Uuid>, Error> {
    let found = sqlx::query_scalar!(
        "select id from inbox where tenant_id = $1 order by channel, id limit $2",
        tenant_id,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(found)
}

/// The oldest deliveries that hold one of these texts, left where they are. Reads the tenant's whole backlog.
pub async fn holding(
    pool: &Pool,
    tenant_id: Uuid,
    texts: &[Vec<u8>],
    limit: i64,
) -> Result<Vec<Uuid>, Error> {
    let found = sqlx::query_scalar!(
        "select id from inbox
         where tenant_id = $1
           and exists (select from unnest($2::bytea[]) as t (piece) where position(t.piece in payload) > 0)
         order by channel, id limit $3",
        tenant_id,
        texts,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(found)
}

/// Takes exactly these deliveries out: the way a batch is halved until its culprit stands alone.
pub async fn claim_these(
    tx: &mut Tx,
    tenant_id: Uuid,
    ids: &[Uuid],
) -> Result<Vec<Claimed>, Error> {
    let rows = sqlx::query!(
        "delete from inbox where tenant_id = $1
           and channel = any (array[0, 1, 2]::smallint[]) and id = any ($2)
         returning id, channel, payload",
        tenant_id,
        ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let rows = rows.into_iter().map(|row| Claimed {
        id: row.id,
        channel: row.channel,
        payload: row.payload,
    });
    Ok(rows.collect())
}

/// Writes letters about deliveries of this transaction.
pub async fn park(tx: &mut Tx, letters: &[Letter]) -> Result<(), Error> {
    if letters.is_empty() {
        return Ok(());
    }
    statements::upsert_letters(tx, letters).await
}

/// Counts, in this transaction, what is not kept.
pub async fn tally(
    tx: &mut Tx,
    tenant_id: Uuid,
    counts: &BTreeMap<String, i64>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if counts.is_empty() {
        return Ok(());
    }
    let totals = counts
        .iter()
        .map(|(name, n)| ((tenant_id, name.clone()), *n))
        .collect();
    statements::count(&mut **tx, &totals, now).await
}
