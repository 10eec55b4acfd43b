//! Deliveries of one tenant into the inbox in the caller's transaction: for history, whose position is stored with it.
//!
//! The live way shares its commits among many (`writer`); here one caller brings many, and either all of them are
//! there with what the caller writes beside them, or none. What the database refuses becomes a letter.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::entry::{Channel, Entry, Letter};
use super::statements;
use crate::db::{Error, Tx};
use crate::domain::clock::Clock;

/// What was stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Admitted {
    /// Deliveries that lie in the inbox now.
    pub kept: u64,
    /// The last of their ids.
    pub last_id: Option<Uuid>,
    /// Dead letters by reason, those the caller brought and those the database made.
    pub letters: BTreeMap<String, u64>,
}

/// Stores `entries` and `letters`, all of one tenant, and counts them in the tenant's tally.
pub async fn admit(
    tx: &mut Tx,
    clock: &Clock,
    channel: Channel,
    entries: &[Entry],
    letters: &[Letter],
) -> Result<Admitted, Error> {
    let with_id = |entry| (clock.uuid_v7(), entry);
    let keeps: Vec<(Uuid, &Entry)> = entries.iter().map(with_id).collect();
    let mut letters: Vec<Letter> = letters.iter().cloned().map(Letter::storable).collect();
    let stored = keep(tx, channel, &keeps, &mut letters, clock.now()).await?;
    bury(tx, &letters).await?;

    let mut admitted = Admitted::default();
    let mut totals: BTreeMap<(Uuid, String), i64> = BTreeMap::new();
    for (id, entry) in keeps.iter().filter(|(id, _)| stored.contains(id)) {
        admitted.kept += 1;
        admitted.last_id = admitted.last_id.max(Some(*id));
        if entry.dropped_columns > 0 {
            *totals
                .entry((entry.tenant_id, "dropped_columns".to_owned()))
                .or_default() += i64::from(entry.dropped_columns);
        }
    }
    for letter in letters {
        let name = format!("dead_letter.{}", letter.reason);
        *totals.entry((letter.tenant_id, name)).or_default() += 1;
        *admitted.letters.entry(letter.reason).or_default() += 1;
    }
    if !totals.is_empty() {
        statements::count(&mut **tx, &totals, clock.now()).await?;
    }
    Ok(admitted)
}

/// Inserts all of it, or what can be inserted one by one; returns the ids that are there.
async fn keep(
    tx: &mut Tx,
    channel: Channel,
    keeps: &[(Uuid, &Entry)],
    letters: &mut Vec<Letter>,
    now: DateTime<Utc>,
) -> Result<BTreeSet<Uuid>, Error> {
    match insert(tx, channel, keeps).await {
        Ok(()) => return Ok(keeps.iter().map(|(id, _)| *id).collect()),
        Err(Error::Data(_)) => {}
        Err(error) => return Err(error),
    }
    let mut stored = BTreeSet::new();
    for one in keeps {
        match insert(tx, channel, std::slice::from_ref(one)).await {
            Ok(()) => drop(stored.insert(one.0)),
            Err(error @ Error::Data(_)) => {
                let (id, entry) = one;
                let sqlstate = error.sqlstate().unwrap_or_default();
                letters.push(Letter::refused_by_database(*id, entry, &sqlstate, now));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(stored)
}

async fn insert(
    connection: &mut PgConnection,
    channel: Channel,
    keeps: &[(Uuid, &Entry)],
) -> Result<(), Error> {
    if keeps.is_empty() {
        return Ok(());
    }
    let rows = keeps.iter().map(|(id, entry)| statements::Row {
        tenant_id: entry.tenant_id,
        id: *id,
        channel: channel.code(),
        payload: &entry.payload,
    });
    // A savepoint: a refused value must not end the caller's transaction.
    let mut inner = connection.begin().await?;
    statements::insert(&mut inner, rows.collect()).await?;
    Ok(inner.commit().await?)
}

/// Writes letters; one that cannot be stored as it is goes without its envelope.
async fn bury(connection: &mut PgConnection, letters: &[Letter]) -> Result<(), Error> {
    // Of several letters with one id the last one stands; an insert may name a key only once.
    let unique: BTreeMap<(Uuid, Uuid), &Letter> = letters
        .iter()
        .map(|letter| ((letter.tenant_id, letter.id), letter))
        .collect();
    if unique.is_empty() {
        return Ok(());
    }
    let mut inner = connection.begin().await?;
    match statements::upsert_letters(&mut inner, unique.values().copied()).await {
        Ok(()) => return Ok(inner.commit().await?),
        Err(Error::Data(_)) => inner.rollback().await?,
        Err(error) => return Err(error),
    }
    let bare = unique.into_values().map(|letter| Letter {
        envelope: None,
        ..letter.clone()
    });
    let bare: Vec<Letter> = bare.collect();
    statements::upsert_letters(connection, &bare).await
}
