//! The append-only log: one row is one version of one source row as it concerns one person.
//!
//! Two verbs for the service, append and read, and one for an erasure. Deliberately absent: update.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::{Error, Tx};
pub use crate::domain::activity::Provenance;
use crate::domain::activity::{LogRow, Role, RowBody};
use crate::domain::source::{ContentHash, SourceKind};

/// First byte of a stored body.
const FORMAT: u8 = 1;
/// What is recorded later than this after it happened came late.
const LATE_AFTER: TimeDelta = TimeDelta::hours(24);

/// A stored row with what stands beside its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The row.
    pub row: LogRow,
    /// When it was appended.
    pub recorded_at: DateTime<Utc>,
    /// How it came into the log.
    pub provenance: Provenance,
}

/// Appends rows; those that are there already stay as they are.
///
/// `channel` is the inbox's: 0 live, 1 backfill, 2 replay.
pub async fn append(
    tx: &mut Tx,
    tenant_id: Uuid,
    rows: &[LogRow],
    channel: i16,
    recorded_at: DateTime<Utc>,
) -> Result<(), Error> {
    let sorted: BTreeMap<_, &LogRow> = rows
        .iter()
        .map(|row| {
            (
                (
                    row.person,
                    row.activity_id,
                    row.version_at,
                    row.content_hash,
                ),
                row,
            )
        })
        .collect();
    if sorted.is_empty() {
        return Ok(());
    }
    let rows: Vec<&LogRow> = sorted.into_values().collect();
    let bodies = rows
        .iter()
        .map(|row| encode(row))
        .collect::<Result<Vec<_>, _>>()?;
    let persons: Vec<Uuid> = rows.iter().map(|row| row.person).collect();
    let activities: Vec<Uuid> = rows.iter().map(|row| row.activity_id).collect();
    let versions: Vec<DateTime<Utc>> = rows.iter().map(|row| row.version_at).collect();
    let hashes: Vec<&[u8]> = rows
        .iter()
        .map(|row| row.content_hash.0.as_slice())
        .collect();
    let kinds: Vec<i16> = rows.iter().map(|row| row.kind.code()).collect();
    let roles: Vec<i16> = rows.iter().map(|row| row.role.code()).collect();
    let provenance = |row: &&LogRow| provenance(channel, row.occurred_at, recorded_at) as i16;
    let provenances: Vec<i16> = rows.iter().map(provenance).collect();
    let occurred: Vec<DateTime<Utc>> = rows.iter().map(|row| row.occurred_at).collect();
    sqlx::query!(
        "insert into activity_log (tenant_id, person_profile_id, activity_id, version_at,
           content_hash, kind, role, provenance, occurred_at, recorded_at, body)
         select $1, u.person, u.activity, u.version_at, u.hash, u.kind, u.role, u.provenance,
                u.occurred_at, $11, u.body
         from unnest($2::uuid[], $3::uuid[], $4::timestamptz[], $5::bytea[], $6::smallint[],
                     $7::smallint[], $8::smallint[], $9::timestamptz[], $10::bytea[])
           as u (person, activity, version_at, hash, kind, role, provenance, occurred_at, body)
         on conflict do nothing",
        tenant_id,
        &persons,
        &activities,
        &versions,
        hashes.as_slice() as &[&[u8]],
        &kinds,
        &roles,
        &provenances,
        &occurred,
        &bodies,
        recorded_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn provenance(channel: i16, occurred_at: DateTime<Utc>, recorded_at: DateTime<Utc>) -> Provenance {
    match channel {
        1 => Provenance::Backfill,
        2 => Provenance::Replay,
        _ if recorded_at - occurred_at > LATE_AFTER => Provenance::Late,
        _ => Provenance::Live,
    }
}

/// All rows of these persons, in no particular order.
pub async fn slices(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    persons: &[Uuid],
) -> Result<Vec<Recorded>, Error> {
    if persons.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"select l.person_profile_id as "person!", l.activity_id as "activity_id!",
                  l.version_at as "version_at!", l.content_hash as "content_hash!",
                  l.kind as "kind!", l.role as "role!", l.occurred_at as "occurred_at!",
                  l.recorded_at as "recorded_at!", l.provenance as "provenance!",
                  l.body as "body!"
           from unnest($2::uuid[]) as u (person)
           cross join lateral (
             select * from activity_log
             where tenant_id = $1 and person_profile_id = u.person offset 0) l"#,
        tenant_id,
        persons,
    )
    .fetch_all(connection)
    .await?;
    let read = rows.into_iter().map(|row| {
        let misfit = |column| Error::Inconsistent {
            table: "activity_log",
            column,
            id: row.activity_id,
        };
        let hash = row.content_hash.as_slice().try_into().ok();
        Ok(Recorded {
            recorded_at: row.recorded_at,
            provenance: Provenance::from_code(row.provenance)
                .ok_or_else(|| misfit("provenance"))?,
            row: LogRow {
                person: row.person,
                activity_id: row.activity_id,
                kind: SourceKind::from_code(row.kind).ok_or_else(|| misfit("kind"))?,
                role: Role::from_code(row.role).ok_or_else(|| misfit("role"))?,
                version_at: row.version_at,
                content_hash: ContentHash(hash.ok_or_else(|| misfit("content_hash"))?),
                occurred_at: row.occurred_at,
                body: decode(&row.body).ok_or_else(|| misfit("body"))?,
            },
        })
    });
    read.collect()
}

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

fn encode(row: &LogRow) -> Result<Vec<u8>, Error> {
    postcard::to_extend(&row.body, vec![FORMAT]).map_err(|source| {
        tracing::error!(error = %source, "a row of the log could not be written down");
        Error::Inconsistent {
            table: "activity_log",
            column: "body",
            id: row.activity_id,
        }
    })
}

fn decode(bytes: &[u8]) -> Option<RowBody> {
    let (format, rest) = bytes.split_first()?;
    (*format == FORMAT)
        .then(|| postcard::from_bytes(rest).ok())
        .flatten()
}
