//! The append-only log: one row is one version of one source row as it concerns one person.
//!
//! Two verbs for the service, append and read, and for erasures and retention taking out. Deliberately absent: update.

mod digest;
mod leaving;
mod stretch;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::{Error, Pool, Tx};
pub use crate::domain::activity::Provenance;
use crate::domain::activity::{LogRow, Role, RowBody};
use crate::domain::source::{ContentHash, SourceKind};

use self::digest::Cells;
pub use self::digest::Digest;
pub use self::leaving::{Aged, age, count, count_aged, erase, purge, reach};
pub use self::stretch::stretch;

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
    /// Over every cell of the row.
    pub digest: Digest,
}

/// A row that was not there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Whose.
    pub person: Uuid,
    /// Which activity it is a version of.
    pub activity_id: Uuid,
    /// Which table it came from.
    pub kind: SourceKind,
    /// How it concerns the person.
    pub role: Role,
    /// How it came into the log.
    pub provenance: Provenance,
    /// Over every cell of the row.
    pub digest: Digest,
}

type Key = (Uuid, Uuid, DateTime<Utc>, ContentHash);

/// Appends rows; those that are there already stay as they are, and are not among those returned.
///
/// `channel` is the inbox's: 0 live, 1 backfill, 2 replay.
pub async fn append(
    tx: &mut Tx,
    tenant_id: Uuid,
    rows: &[LogRow],
    channel: i16,
    recorded_at: DateTime<Utc>,
) -> Result<Vec<Appended>, Error> {
    let sorted: BTreeMap<Key, &LogRow> = rows.iter().map(|row| (key(row), row)).collect();
    if sorted.is_empty() {
        return Ok(Vec::new());
    }
    let columns = Columns::of(sorted.values().copied(), channel, recorded_at)?;
    let new = sqlx::query!(
        "insert into activity_log (tenant_id, person_profile_id, activity_id, version_at,
           content_hash, kind, role, provenance, occurred_at, recorded_at, body)
         select $1, u.person, u.activity, u.version_at, u.hash, u.kind, u.role, u.provenance,
                u.occurred_at, $11, u.body
         from unnest($2::uuid[], $3::uuid[], $4::timestamptz[], $5::bytea[], $6::smallint[],
                     $7::smallint[], $8::smallint[], $9::timestamptz[], $10::bytea[])
           as u (person, activity, version_at, hash, kind, role, provenance, occurred_at, body)
         on conflict do nothing
         returning person_profile_id, activity_id, version_at, content_hash",
        tenant_id,
        &columns.persons,
        &columns.activities,
        &columns.versions,
        columns.hashes.as_slice() as &[&[u8]],
        &columns.kinds,
        &columns.roles,
        &columns.provenances,
        &columns.occurred,
        &columns.bodies,
        recorded_at,
    )
    .fetch_all(&mut **tx)
    .await?;
    let known: HashMap<Key, Appended> = sorted.into_keys().zip(columns.appended).collect();
    let new = new.into_iter().filter_map(|row| {
        let hash = row.content_hash.as_slice().try_into().ok()?;
        let key = (
            row.person_profile_id,
            row.activity_id,
            row.version_at,
            ContentHash(hash),
        );
        known.get(&key).copied()
    });
    Ok(new.collect())
}

fn key(row: &LogRow) -> Key {
    (
        row.person,
        row.activity_id,
        row.version_at,
        row.content_hash,
    )
}

/// Rows turned by a quarter: one vector a column, and what each would be once appended.
#[derive(Default)]
struct Columns<'r> {
    persons: Vec<Uuid>,
    activities: Vec<Uuid>,
    versions: Vec<DateTime<Utc>>,
    hashes: Vec<&'r [u8]>,
    kinds: Vec<i16>,
    roles: Vec<i16>,
    provenances: Vec<i16>,
    occurred: Vec<DateTime<Utc>>,
    bodies: Vec<Vec<u8>>,
    appended: Vec<Appended>,
}

impl<'r> Columns<'r> {
    fn of(
        rows: impl Iterator<Item = &'r LogRow>,
        channel: i16,
        recorded_at: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let mut columns = Self::default();
        for row in rows {
            let body = encode(row)?;
            let came = provenance(channel, row.occurred_at, recorded_at);
            let provenance = came as i16;
            let cells = Cells {
                person: row.person,
                activity_id: row.activity_id,
                version_at: row.version_at,
                content_hash: &row.content_hash.0,
                kind: row.kind.code(),
                role: row.role.code(),
                provenance,
                occurred_at: row.occurred_at,
                recorded_at,
                body: &body,
            };
            columns.appended.push(Appended {
                person: row.person,
                activity_id: row.activity_id,
                kind: row.kind,
                role: row.role,
                provenance: came,
                digest: cells.digest(),
            });
            columns.persons.push(row.person);
            columns.activities.push(row.activity_id);
            columns.versions.push(row.version_at);
            columns.hashes.push(&row.content_hash.0);
            columns.kinds.push(row.kind.code());
            columns.roles.push(row.role.code());
            columns.provenances.push(provenance);
            columns.occurred.push(row.occurred_at);
            columns.bodies.push(body);
        }
        Ok(columns)
    }
}

fn provenance(channel: i16, occurred_at: DateTime<Utc>, recorded_at: DateTime<Utc>) -> Provenance {
    match channel {
        1 => Provenance::Backfill,
        2 => Provenance::Replay,
        _ if recorded_at - occurred_at > LATE_AFTER => Provenance::Late,
        _ => Provenance::Live,
    }
}

/// A row as it is stored, with bytes of its own or lent ones.
struct Stored<B = Vec<u8>> {
    person: Uuid,
    activity_id: Uuid,
    version_at: DateTime<Utc>,
    content_hash: B,
    kind: i16,
    role: i16,
    provenance: i16,
    occurred_at: DateTime<Utc>,
    recorded_at: DateTime<Utc>,
    body: B,
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
    let rows: Vec<Stored> = sqlx::query_as!(
        Stored,
        r#"select l.person_profile_id as "person!", l.activity_id as "activity_id!",
                  l.version_at as "version_at!", l.content_hash as "content_hash!",
                  l.kind as "kind!", l.role as "role!", l.provenance as "provenance!",
                  l.occurred_at as "occurred_at!", l.recorded_at as "recorded_at!", l.body as "body!"
           from unnest($2::uuid[]) as u (person)
           cross join lateral (
             select * from activity_log
             where tenant_id = $1 and person_profile_id = u.person offset 0) l"#,
        tenant_id,
        persons,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Stored::read).collect()
}

/// The rows of these activities, each named by its person and id.
pub async fn activities(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    asked: &BTreeSet<(Uuid, Uuid)>,
) -> Result<Vec<Recorded>, Error> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let (persons, ids): (Vec<Uuid>, Vec<Uuid>) = asked.iter().copied().unzip();
    let rows: Vec<Stored> = sqlx::query_as!(
        Stored,
        r#"select l.person_profile_id as "person!", l.activity_id as "activity_id!",
                  l.version_at as "version_at!", l.content_hash as "content_hash!",
                  l.kind as "kind!", l.role as "role!", l.provenance as "provenance!",
                  l.occurred_at as "occurred_at!", l.recorded_at as "recorded_at!", l.body as "body!"
           from unnest($2::uuid[], $3::uuid[]) as u (person, activity)
           cross join lateral (
             select * from activity_log
             where tenant_id = $1 and person_profile_id = u.person and activity_id = u.activity
             offset 0) l"#,
        tenant_id,
        &persons,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Stored::read).collect()
}

impl<B: AsRef<[u8]>> Stored<B> {
    fn read(self) -> Result<Recorded, Error> {
        let misfit = |column| Error::Inconsistent {
            table: "activity_log",
            column,
            id: self.activity_id,
        };
        let cells = Cells {
            person: self.person,
            activity_id: self.activity_id,
            version_at: self.version_at,
            content_hash: self.content_hash.as_ref(),
            kind: self.kind,
            role: self.role,
            provenance: self.provenance,
            occurred_at: self.occurred_at,
            recorded_at: self.recorded_at,
            body: self.body.as_ref(),
        };
        let hash = self.content_hash.as_ref().try_into().ok();
        Ok(Recorded {
            recorded_at: self.recorded_at,
            provenance: Provenance::from_code(self.provenance)
                .ok_or_else(|| misfit("provenance"))?,
            digest: cells.digest(),
            row: LogRow {
                person: self.person,
                activity_id: self.activity_id,
                kind: SourceKind::from_code(self.kind).ok_or_else(|| misfit("kind"))?,
                role: Role::from_code(self.role).ok_or_else(|| misfit("role"))?,
                version_at: self.version_at,
                content_hash: ContentHash(hash.ok_or_else(|| misfit("content_hash"))?),
                occurred_at: self.occurred_at,
                body: decode(self.body.as_ref()).ok_or_else(|| misfit("body"))?,
            },
        })
    }
}

/// How many persons gained rows of this provenance at `since` or later. Reads the tenant's whole log.
pub async fn persons_since(
    pool: &Pool,
    tenant_id: Uuid,
    provenance: Provenance,
    since: DateTime<Utc>,
) -> Result<i64, Error> {
    let counted = sqlx::query_scalar!(
        r#"select count(distinct person_profile_id) as "persons!" from activity_log
           where tenant_id = $1 and provenance = $2 and recorded_at >= $3"#,
        tenant_id,
        provenance as i16,
        since,
    );
    Ok(counted.fetch_one(pool).await?)
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
