//! The folded parts of a large person in their table: bookings in buckets, and a head to go on from.
//!
//! Deliberately absent: folding; `large` decides what is folded again.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::activity_log::Digest;
use crate::db::{Error, Tx};
use crate::domain::fold::FOLD_VERSION;
use crate::domain::fold::booking::BookingPart;

/// So many buckets that one of them stays within a page for ten thousand bookings.
const BUCKETS: u16 = 512;
/// The head's place.
const HEAD: i16 = -1;

/// What is needed to go on without reading the whole log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// The person and everyone merged into them.
    pub(super) members: BTreeSet<Uuid>,
    /// Activities that belong to no booking's bill: person and id. They are folded again every time.
    pub(super) rest: BTreeSet<(Uuid, Uuid)>,
    /// Rows of the log.
    pub(super) log_rows: u32,
    digest: u128,
}

impl Head {
    pub(super) fn new(
        members: BTreeSet<Uuid>,
        rest: BTreeSet<(Uuid, Uuid)>,
        log_rows: u32,
        digest: Digest,
    ) -> Self {
        Self {
            members,
            rest,
            log_rows,
            digest: digest.to_uuid().as_u128(),
        }
    }

    /// Sum of the rows' digests.
    pub(super) const fn log_digest(&self) -> Digest {
        Digest::from_uuid(Uuid::from_u128(self.digest))
    }

    pub(super) fn add(&mut self, digest: Digest) {
        self.log_rows += 1;
        self.digest = (self.log_digest() + digest).to_uuid().as_u128();
    }
}

/// Everything kept of a large person.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parts {
    pub(super) head: Head,
    pub(super) bookings: BTreeMap<Uuid, BookingPart>,
}

/// Reads what is kept; none when there is nothing usable, or another version of the fold made it.
pub(super) async fn load(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    root: Uuid,
) -> Result<Option<Parts>, Error> {
    let mut head = None;
    let mut bookings = BTreeMap::new();
    for (bucket, body) in stored(connection, tenant_id, root).await? {
        if bucket == HEAD {
            head = decode::<Head>(&body);
            continue;
        }
        let Some(parts) = decode::<Vec<BookingPart>>(&body) else {
            return Ok(None);
        };
        bookings.extend(parts.into_iter().map(|part| (part.id, part)));
    }
    Ok(head.map(|head| Parts { head, bookings }))
}

/// What is kept, bucket by bucket, as it is stored.
pub(super) async fn stored(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    root: Uuid,
) -> Result<BTreeMap<i16, Vec<u8>>, Error> {
    let rows = sqlx::query!(
        "select bucket, body from fold_part where tenant_id = $1 and person_profile_id = $2",
        tenant_id,
        root,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.bucket, row.body)).collect())
}

/// Those of whom parts are kept, behind `after` up to and with `last`.
pub(super) async fn holders(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    after: Uuid,
    last: Uuid,
) -> Result<Vec<Uuid>, Error> {
    let found = sqlx::query_scalar!(
        "select distinct person_profile_id from fold_part
         where tenant_id = $1 and person_profile_id > $2 and person_profile_id <= $3",
        tenant_id,
        after,
        last,
    )
    .fetch_all(connection)
    .await?;
    Ok(found)
}

/// How these buckets are stored, and the head; one that has become empty stays behind as such.
pub(super) fn as_stored(
    root: Uuid,
    parts: &Parts,
    buckets: impl Iterator<Item = i16>,
) -> Result<BTreeMap<i16, Vec<u8>>, Error> {
    let mut filled: BTreeMap<i16, Vec<&BookingPart>> =
        buckets.map(|bucket| (bucket, Vec::new())).collect();
    filled.remove(&HEAD);
    for part in parts.bookings.values() {
        if let Some(bucket) = filled.get_mut(&bucket(part.id)) {
            bucket.push(part);
        }
    }
    let mut bodies = BTreeMap::from([(HEAD, encode(root, &parts.head)?)]);
    for (bucket, parts) in filled {
        bodies.insert(bucket, encode(root, &parts)?);
    }
    Ok(bodies)
}

/// The buckets that these parts fill.
pub(super) fn buckets(parts: &Parts) -> impl Iterator<Item = i16> {
    parts.bookings.keys().copied().map(bucket)
}

/// Writes the head, and the buckets of the bookings that were folded again.
pub(super) async fn save(
    tx: &mut Tx,
    tenant_id: Uuid,
    root: Uuid,
    parts: &Parts,
    touched: impl Iterator<Item = Uuid>,
) -> Result<(), Error> {
    let bodies = as_stored(root, parts, touched.map(bucket))?;
    let (buckets, bodies): (Vec<i16>, Vec<Vec<u8>>) = bodies.into_iter().unzip();
    sqlx::query!(
        "insert into fold_part (tenant_id, person_profile_id, bucket, body)
         select $1, $2, u.bucket, u.body from unnest($3::smallint[], $4::bytea[]) as u (bucket, body)
         on conflict (tenant_id, person_profile_id, bucket) do update set body = excluded.body",
        tenant_id,
        root,
        &buckets,
        &bodies,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes everything anew.
pub(super) async fn replace(
    tx: &mut Tx,
    tenant_id: Uuid,
    root: Uuid,
    parts: &Parts,
) -> Result<(), Error> {
    remove(tx, tenant_id, &[root]).await?;
    save(tx, tenant_id, root, parts, parts.bookings.keys().copied()).await?;
    mark(tx, tenant_id, &[root], true).await
}

/// Lets go of what is kept of these persons.
pub(super) async fn remove(tx: &mut Tx, tenant_id: Uuid, persons: &[Uuid]) -> Result<u64, Error> {
    if persons.is_empty() {
        return Ok(0);
    }
    let done = sqlx::query!(
        "delete from fold_part where tenant_id = $1 and person_profile_id = any ($2)",
        tenant_id,
        persons,
    )
    .execute(&mut **tx)
    .await?;
    mark(tx, tenant_id, persons, false).await?;
    Ok(done.rows_affected())
}

async fn mark(tx: &mut Tx, tenant_id: Uuid, persons: &[Uuid], in_parts: bool) -> Result<(), Error> {
    sqlx::query!(
        "update customer set in_parts = $3
         where tenant_id = $1 and person_profile_id = any ($2) and in_parts is distinct from $3",
        tenant_id,
        persons,
        in_parts,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ids are random in their last bytes, whichever version they are of.
fn bucket(booking: Uuid) -> i16 {
    let low = booking.as_u128() % u128::from(BUCKETS);
    i16::try_from(low).unwrap_or_default()
}

fn encode(root: Uuid, value: &impl Serialize) -> Result<Vec<u8>, Error> {
    postcard::to_extend(value, FOLD_VERSION.to_be_bytes().to_vec()).map_err(|source| {
        tracing::error!(error = %source, "a folded part could not be written down");
        Error::Inconsistent {
            table: "fold_part",
            column: "body",
            id: root,
        }
    })
}

fn decode<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let (version, rest) = body.split_first_chunk()?;
    (i16::from_be_bytes(*version) == FOLD_VERSION)
        .then(|| postcard::from_bytes(rest).ok())
        .flatten()
}
