//! What was seen around bookings and departures at an earlier moment: who boarded, who was denied, what was replaced.
//!
//! The reference holds the latest of it; here it is found anew from the boardings' own versions, so that a boarding
//! told later changes no earlier answer. Absent on purpose: boardings that have left a departure since (deleted or
//! moved) and were of strangers, and replacements that were withdrawn: no list names them any more.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::dossier::{Dossier, Kept};
use super::store;
use crate::db::Error;
use crate::domain::activity::{LogRow, activity_id};
use crate::domain::fold::fate::CONFIRMING;
use crate::domain::moment::Moment;
use crate::domain::reference::{Reference, Surroundings};
use crate::domain::source::{self, ContentHash, Field, SourceKey, SourceKind, Value};

/// Some versions of one source row that were told together.
pub type Telling = (SourceKey, DateTime<Utc>);

/// Boardings, passengers, tickets and bookings, each version with the instant it was first heard of.
#[derive(Debug, Default)]
pub struct Presence {
    told: BTreeMap<SourceKey, Vec<(Kept, DateTime<Utc>)>>,
}

impl Presence {
    /// A presence of these rows; `heard` says when a version was first heard of.
    pub fn of<'d>(
        dossiers: impl IntoIterator<Item = (SourceKey, &'d Dossier)>,
        heard: impl Fn(SourceKey, &Kept) -> DateTime<Utc>,
    ) -> Self {
        let told = dossiers.into_iter().map(|(key, dossier)| {
            let versions = dossier.versions.iter();
            let versions = versions.map(|kept| (kept.clone(), heard(key, kept)));
            (key, versions.collect())
        });
        Self {
            told: told.collect(),
        }
    }

    /// Puts what was seen at that moment into the reference; `without` leaves one telling out.
    pub fn fill(&self, reference: &mut Reference, moment: Moment, without: Option<Telling>) {
        let seen = At {
            presence: self,
            moment,
            without,
        };
        reference.measured.clear();
        reference.surroundings.clear();
        for key in self.told.keys() {
            match key.kind {
                SourceKind::BoardingEvent => seen.boarding(*key, reference),
                SourceKind::Booking => seen.replacement(*key, reference),
                _ => {}
            }
        }
    }
}

/// A presence looked at from one moment.
struct At<'p> {
    presence: &'p Presence,
    moment: Moment,
    without: Option<Telling>,
}

impl At<'_> {
    fn row(&self, kind: SourceKind, id: Uuid) -> Option<Dossier> {
        let key = SourceKey::new(kind, id);
        let versions = self.presence.told.get(&key)?.iter();
        let kept = versions.filter(|(kept, heard)| {
            self.moment.keeps(kept.version_at, *heard) && self.without != Some((key, *heard))
        });
        let versions: Vec<Kept> = kept.map(|(kept, _)| kept.clone()).collect();
        (!versions.is_empty()).then(|| Dossier {
            versions,
            ..Dossier::default()
        })
    }

    fn boarding(&self, key: SourceKey, reference: &mut Reference) {
        let Some(boarding) = self.row(key.kind, key.id).filter(Dossier::exists) else {
            return;
        };
        reference.measured.extend(boarding.id(Field::Departure));
        let passenger = match (boarding.id(Field::Passenger), boarding.id(Field::Ticket)) {
            (Some(passenger), _) => Some(passenger),
            (None, Some(ticket)) => {
                let ticket = self.row(SourceKind::Ticket, ticket);
                ticket.and_then(|ticket| ticket.id(Field::Passenger))
            }
            (None, None) => None,
        };
        let passenger = passenger.and_then(|id| self.row(SourceKind::Passenger, id));
        let passenger = passenger.filter(Dossier::exists);
        let Some(booking) = passenger.and_then(|one| one.id(Field::Booking)) else {
            return;
        };
        let around = around(reference, booking);
        match boarding.text(Field::Status).unwrap_or("BOARDED") {
            "BOARDED" => around.boarded = true,
            "DENIED" => around.denied = true,
            _ => {}
        }
    }

    fn replacement(&self, key: SourceKey, reference: &mut Reference) {
        let Some(booking) = self.row(key.kind, key.id).filter(Dossier::exists) else {
            return;
        };
        let confirmed = CONFIRMING.iter().any(|state| booking.ever(state));
        if let Some(other) = booking.id(Field::Replaces).filter(|_| confirmed) {
            around(reference, other).replaced = true;
        }
    }
}

fn around(reference: &mut Reference, booking: Uuid) -> &mut Surroundings {
    reference.surroundings.entry(booking).or_default()
}

/// Reads what was seen around the bookings of these rows that failed or ended, in a fixed number of statements.
pub async fn load(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    rows: &[LogRow],
) -> Result<Presence, Error> {
    let mut found = around_bookings(connection, tenant_id, rows).await?;
    if found.is_empty() {
        return Ok(Presence::default());
    }
    let first = first_heard(connection, tenant_id, found.keys()).await?;
    let logged = logged(connection, tenant_id, &found).await?;
    // Versions that the log got together with the row's first link may have been known before it.
    let released: HashMap<SourceKey, DateTime<Utc>> =
        logged
            .iter()
            .fold(HashMap::new(), |mut all, ((key, ..), at)| {
                let least = all.entry(*key).or_insert(*at);
                *least = (*least).min(*at);
                all
            });
    let heard = |key: SourceKey, kept: &Kept| {
        let own = logged.get(&(key, kept.version_at, kept.content_hash));
        let own = own.filter(|at| released.get(&key) != Some(at));
        let first = first.get(&key).copied().unwrap_or(DateTime::UNIX_EPOCH);
        own.copied().unwrap_or(first)
    };
    found.retain(|_, dossier| !dossier.versions.is_empty());
    Ok(Presence::of(
        found.iter().map(|(key, dossier)| (*key, dossier)),
        heard,
    ))
}

/// The bookings that failed or ended, those that replace them, and every boarding of their people and departures.
async fn around_bookings(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    rows: &[LogRow],
) -> Result<BTreeMap<SourceKey, Dossier>, Error> {
    let bookings = ended(rows);
    if bookings.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut named: BTreeSet<SourceKey> = bookings.iter().copied().collect();
    named.extend(offerings_of(rows, &bookings));
    let found = store::load(connection, tenant_id, &named).await?;
    let mut wanted = BTreeSet::new();
    let mut departures = BTreeSet::new();
    for (key, dossier) in &found {
        if key.kind == SourceKind::Booking {
            let others = dossier.members.iter();
            wanted.extend(others.map(|id| SourceKey::new(SourceKind::Booking, *id)));
        } else {
            let departure = dossier.id(Field::Departure).unwrap_or(key.id);
            departures.insert(SourceKey::new(SourceKind::Departure, departure));
        }
    }
    let departures = store::load(connection, tenant_id, &departures).await?;
    let boardings = departures.values().flat_map(|one| &one.members);
    wanted.extend(boardings.map(|id| SourceKey::new(SourceKind::BoardingEvent, *id)));
    let mut level = bookings;
    for _ in ["passengers", "tickets and boardings", "boardings"] {
        let children = store::children(connection, tenant_id, &level).await?;
        let of_interest = |key: &SourceKey| {
            matches!(
                key.kind,
                SourceKind::Passenger | SourceKind::Ticket | SourceKind::BoardingEvent
            )
        };
        level = children
            .into_values()
            .flatten()
            .filter(of_interest)
            .collect();
        wanted.extend(level.iter().copied());
    }
    store::load(connection, tenant_id, &wanted).await
}

/// What was seen matters to bookings that failed to show or were cancelled.
fn ended(rows: &[LogRow]) -> BTreeSet<SourceKey> {
    let bookings = rows.iter().filter(|row| row.kind == SourceKind::Booking);
    let ended = bookings.filter(|row| {
        let status = source::get(&row.body.fields, Field::Status);
        matches!(status, Some(Value::Text(state)) if state == "NO_SHOW" || state == "CANCELLED")
    });
    ended
        .map(|row| SourceKey::new(SourceKind::Booking, row.body.source_id))
        .collect()
}

fn offerings_of(rows: &[LogRow], bookings: &BTreeSet<SourceKey>) -> BTreeSet<SourceKey> {
    let of = rows.iter().filter(|row| {
        row.kind == SourceKind::Booking
            && bookings.contains(&SourceKey::new(row.kind, row.body.source_id))
    });
    let ids = of.filter_map(|row| match source::get(&row.body.fields, Field::Offering) {
        Some(Value::Id(id)) => Some(SourceKey::new(SourceKind::TourOffering, *id)),
        _ => None,
    });
    ids.collect()
}

/// When each row was first heard of.
async fn first_heard(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    keys: impl Iterator<Item = &SourceKey>,
) -> Result<HashMap<SourceKey, DateTime<Utc>>, Error> {
    let (kinds, ids) = store::columns(keys);
    let rows = sqlx::query!(
        r#"select u.kind as "kind!", u.id as "id!", d.recorded_at as "recorded_at!"
           from unnest($2::smallint[], $3::uuid[]) as u (kind, id)
           cross join lateral (
             select recorded_at from dossier
             where tenant_id = $1 and kind = u.kind and id = u.id offset 0) d"#,
        tenant_id,
        &kinds,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    let read = rows
        .into_iter()
        .map(|row| Ok((store::key(row.kind, row.id, "dossier")?, row.recorded_at)));
    read.collect()
}

type VersionKey = (SourceKey, DateTime<Utc>, ContentHash);

/// When the log first got each version, whoever it concerns.
async fn logged(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    found: &BTreeMap<SourceKey, Dossier>,
) -> Result<HashMap<VersionKey, DateTime<Utc>>, Error> {
    let mut of: HashMap<Uuid, SourceKey> = HashMap::new();
    let (mut persons, mut activities) = (Vec::new(), Vec::new());
    for (key, dossier) in found {
        for (person, role) in &dossier.persons {
            let activity = activity_id(*key, *person, *role);
            of.insert(activity, *key);
            persons.push(*person);
            activities.push(activity);
        }
    }
    let rows = sqlx::query!(
        r#"select u.activity as "activity!", l.version_at as "version_at!",
                  l.content_hash as "content_hash!", l.recorded_at as "recorded_at!"
           from unnest($2::uuid[], $3::uuid[]) as u (person, activity)
           cross join lateral (
             select version_at, content_hash, recorded_at from activity_log
             where tenant_id = $1 and person_profile_id = u.person and activity_id = u.activity
             offset 0) l"#,
        tenant_id,
        &persons,
        &activities,
    )
    .fetch_all(connection)
    .await?;
    let mut first: HashMap<VersionKey, DateTime<Utc>> = HashMap::new();
    for row in rows {
        let hash = row.content_hash.as_slice().try_into();
        let hash = hash.map_err(|_wrong_length| Error::Inconsistent {
            table: "activity_log",
            column: "content_hash",
            id: row.activity,
        })?;
        if let Some(key) = of.get(&row.activity) {
            let key = (*key, row.version_at, ContentHash(hash));
            let heard = first.entry(key).or_insert(row.recorded_at);
            *heard = (*heard).min(row.recorded_at);
        }
    }
    Ok(first)
}
