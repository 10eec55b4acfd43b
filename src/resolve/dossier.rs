//! A dossier: all that is known of one source row, and who is linked to it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::bars::naming_role;
use crate::domain::activity::Role;
use crate::domain::category::Category;
use crate::domain::horizon::Horizons;
use crate::domain::source::{
    self, ContentHash, Field, Fields, Flags, SourceKind, Value, Version, VersionOrder,
};

/// First byte of a stored dossier.
const FORMAT: u8 = 1;

/// One version as a dossier keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The version's time.
    pub version_at: DateTime<Utc>,
    /// When it happened in the world.
    pub occurred_at: DateTime<Utc>,
    /// Place of the state among those of the same instant.
    pub rank: u8,
    /// Identity of the content, flags in the last byte.
    pub content_hash: ContentHash,
    /// What it says.
    pub fields: Fields,
}

impl Kept {
    /// Its place among the versions of its row.
    #[must_use]
    pub fn order(&self) -> VersionOrder {
        VersionOrder::new(self.version_at, self.flags(), self.rank, self.content_hash)
    }

    /// Superseded, tombstone, canonical.
    #[must_use]
    pub fn flags(&self) -> Flags {
        self.content_hash.flags()
    }

    /// The reference it carries, if it carries one that is not null.
    #[must_use]
    pub fn id(&self, field: Field) -> Option<Uuid> {
        match source::get(&self.fields, field) {
            Some(Value::Id(id)) => Some(*id),
            _ => None,
        }
    }

    /// The word it carries.
    #[must_use]
    pub fn text(&self, field: Field) -> Option<&str> {
        match source::get(&self.fields, field) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
}

/// What a boarding was seen to be: which booking it is of, and whether somebody got on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// The departure it was recorded on.
    pub departure: Option<Uuid>,
    /// The booking its passenger travels on.
    pub booking: Option<Uuid>,
    /// BOARDED rather than DENIED.
    pub boarded: bool,
    /// DENIED.
    pub denied: bool,
}

/// All that is known of one source row. Everything but `versions` and `persons` follows from them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dossier {
    /// In their own order.
    pub versions: Vec<Kept>,
    /// Everyone ever linked whose profile is known, sorted; grow-only.
    pub persons: Vec<(Uuid, Role)>,
    /// Passengers and tickets: the booking they are of, as it stands.
    pub of_booking: Option<Uuid>,
    /// Boardings: what was seen, as it stands.
    pub sighting: Option<Sighting>,
    /// Bookings: the booking this one replaces, while this one is confirmed.
    pub replaces: Option<Uuid>,
    /// Bookings: boardings of its passengers; true for BOARDED, false for DENIED.
    pub sightings: BTreeMap<Uuid, bool>,
    /// Bookings: confirmed bookings that replace it. Departures: boardings recorded on it.
    pub members: BTreeSet<Uuid>,
}

impl Dossier {
    /// Adds a version; false when it was known.
    pub fn add(&mut self, version: &Version) -> bool {
        let kept = Kept {
            version_at: version.version_at,
            occurred_at: version.occurred_at,
            rank: version.rank,
            content_hash: version.content_hash,
            fields: version.fields.clone(),
        };
        let order = kept.order();
        match self.versions.binary_search_by_key(&order, Kept::order) {
            Ok(_) => false,
            Err(at) => {
                self.versions.insert(at, kept);
                true
            }
        }
    }

    /// The versions that values come from, latest first: neither superseded nor known to be replaced.
    pub fn live(&self) -> impl Iterator<Item = &Kept> {
        let replaced = self.versions.iter().filter(|kept| kept.flags().superseded);
        let replaced: Vec<_> = replaced
            .map(|kept| (kept.version_at, kept.content_hash.content()))
            .collect();
        self.versions.iter().rev().filter(move |kept| {
            !kept.flags().superseded
                && !replaced.contains(&(kept.version_at, kept.content_hash.content()))
        })
    }

    /// The latest version does not end the row.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.live()
            .next()
            .is_some_and(|kept| !kept.flags().tombstone)
    }

    /// The latest value of a field.
    #[must_use]
    pub fn value(&self, field: Field) -> Option<&Value> {
        self.live()
            .find_map(|kept| source::get(&kept.fields, field))
    }

    /// The latest reference.
    #[must_use]
    pub fn id(&self, field: Field) -> Option<Uuid> {
        match self.value(field) {
            Some(Value::Id(id)) => Some(*id),
            _ => None,
        }
    }

    /// The latest word.
    #[must_use]
    pub fn text(&self, field: Field) -> Option<&str> {
        match self.value(field) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The latest day.
    #[must_use]
    pub fn day(&self, field: Field) -> Option<NaiveDate> {
        match self.value(field) {
            Some(Value::Day(day)) => Some(*day),
            _ => None,
        }
    }

    /// Any version, replaced or not, was in that state.
    #[must_use]
    pub fn ever(&self, status: &str) -> bool {
        self.versions
            .iter()
            .any(|kept| kept.text(Field::Status) == Some(status))
    }

    /// How many of the fresh versions differ from another whole row of the same instant.
    #[must_use]
    pub fn conflicts(&self, fresh: &BTreeSet<VersionOrder>) -> u64 {
        let whole = |kept: &&Kept| {
            !(kept.flags().canonical || kept.flags().superseded || kept.flags().tombstone)
        };
        let new = self
            .versions
            .iter()
            .filter(whole)
            .filter(|kept| fresh.contains(&kept.order()));
        let differs = |one: &&Kept| {
            let mut twins = self.live().filter(whole);
            twins.any(|kept| {
                kept.version_at == one.version_at && kept.content_hash != one.content_hash
            })
        };
        new.filter(differs).map(|_| 1).sum()
    }

    /// Forgets a person: names become a nameless mark, links end.
    pub fn forget(&mut self, person: Uuid) {
        for kept in &mut self.versions {
            for (_, value) in &mut kept.fields {
                if *value == Value::Id(person) {
                    *value = Value::Id(Uuid::nil());
                }
            }
        }
        self.persons.retain(|(linked, _)| *linked != person);
    }

    /// Forgets a person in these categories; returns whether that changed anything.
    pub fn withdraw(&mut self, kind: SourceKind, person: Uuid, categories: &[Category]) -> bool {
        let before = self.clone();
        let covered = |role| categories.iter().any(|one| one.covers(kind, role));
        if covered(naming_role(kind)) {
            for kept in &mut self.versions {
                for (field, value) in &mut kept.fields {
                    if *field == Field::Person && *value == Value::Id(person) {
                        *value = Value::Id(Uuid::nil());
                    }
                }
            }
        }
        self.persons
            .retain(|(linked, role)| *linked != person || !covered(*role));
        *self != before
    }

    /// Lets go of versions behind their horizon.
    pub fn age(&mut self, kind: SourceKind, horizons: &Horizons) {
        self.versions
            .retain(|kept| !horizons.hides(kind, kept.occurred_at));
    }

    /// The stored form.
    pub fn encode(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_extend(self, vec![FORMAT])
    }

    /// Reads the stored form; none when it is of another format or damaged.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (format, rest) = bytes.split_first()?;
        (*format == FORMAT)
            .then(|| postcard::from_bytes(rest).ok())
            .flatten()
    }
}
