//! The statements of the writer: each is one round trip and one transaction.
//!
//! Rows arrive sorted by key, so that two flushes never wait for each other in a circle.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::entry::Letter;
use crate::db::Error;

/// A row of the inbox.
pub(super) struct Row<'a> {
    pub(super) tenant_id: Uuid,
    pub(super) id: Uuid,
    pub(super) channel: i16,
    pub(super) payload: &'a [u8],
}

/// All rows, or none and an error.
pub(super) async fn insert(connection: &mut PgConnection, rows: Vec<Row<'_>>) -> Result<(), Error> {
    let tenants: Vec<Uuid> = rows.iter().map(|row| row.tenant_id).collect();
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let channels: Vec<i16> = rows.iter().map(|row| row.channel).collect();
    let payloads: Vec<&[u8]> = rows.iter().map(|row| row.payload).collect();
    sqlx::query!(
        "insert into inbox (tenant_id, id, channel, payload)
         select * from unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::bytea[])",
        &tenants,
        &ids,
        &channels,
        payloads.as_slice() as &[&[u8]],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes letters with ids of their own; one that is there already is replaced.
pub(super) async fn upsert_letters<'a>(
    connection: &mut PgConnection,
    letters: impl IntoIterator<Item = &'a Letter> + Send,
) -> Result<(), Error> {
    let letters: Vec<&Letter> = letters.into_iter().collect();
    let tenants: Vec<Uuid> = letters.iter().map(|letter| letter.tenant_id).collect();
    let ids: Vec<Uuid> = letters.iter().map(|letter| letter.id).collect();
    let received: Vec<DateTime<Utc>> = letters.iter().map(|letter| letter.received_at).collect();
    let events: Vec<Option<String>> = letters
        .iter()
        .map(|letter| letter.event_id.clone())
        .collect();
    let tables: Vec<Option<String>> = letters.iter().map(|letter| letter.table.clone()).collect();
    let triggers: Vec<Option<String>> = letters
        .iter()
        .map(|letter| letter.trigger.clone())
        .collect();
    let reasons: Vec<String> = letters.iter().map(|letter| letter.reason.clone()).collect();
    let details: Vec<String> = letters.iter().map(|letter| letter.detail.clone()).collect();
    let envelopes: Vec<Option<String>> = letters
        .iter()
        .map(|letter| letter.envelope.clone())
        .collect();
    sqlx::query!(
        "insert into dead_letter
           (tenant_id, id, received_at, event_id, source_table, trigger_name, reason, detail, envelope)
         select l.tenant_id, l.id, l.received_at, l.event_id, l.source_table, l.trigger_name,
                l.reason, l.detail, l.envelope::jsonb
         from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[],
                     $7::text[], $8::text[], $9::text[])
           as l (tenant_id, id, received_at, event_id, source_table, trigger_name,
                 reason, detail, envelope)
         on conflict (tenant_id, id) do update set
           received_at = excluded.received_at, event_id = excluded.event_id,
           source_table = excluded.source_table, trigger_name = excluded.trigger_name,
           reason = excluded.reason, detail = excluded.detail, envelope = excluded.envelope",
        &tenants,
        &ids,
        &received,
        &events as &[Option<String>],
        &tables as &[Option<String>],
        &triggers as &[Option<String>],
        &reasons,
        &details,
        &envelopes as &[Option<String>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Adds to the counters.
pub(super) async fn count(
    executor: impl sqlx::PgExecutor<'_>,
    totals: &BTreeMap<(Uuid, String), i64>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let tenants: Vec<Uuid> = totals.keys().map(|(tenant, _)| *tenant).collect();
    let names: Vec<String> = totals.keys().map(|(_, name)| name.clone()).collect();
    let more: Vec<i64> = totals.values().copied().collect();
    sqlx::query!(
        "insert into tally (tenant_id, name, total, last_at)
         select t.tenant_id, t.name, t.more, $4
         from unnest($1::uuid[], $2::text[], $3::bigint[]) as t (tenant_id, name, more)
         on conflict (tenant_id, name) do update set
           total = tally.total + excluded.total,
           last_at = greatest(tally.last_at, excluded.last_at)",
        &tenants,
        &names,
        &more,
        now,
    )
    .execute(executor)
    .await?;
    Ok(())
}
