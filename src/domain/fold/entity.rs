//! Source rows as one person knows them: their versions in order, and the latest value of each field.
//!
//! The same version known through two roles or through two merged members is one version here.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::domain::activity::{LogRow, Role};
use crate::domain::money::{Cents, Currency};
use crate::domain::source::{self, Field, Fields, SourceKind, Value, VersionOrder};

/// One version, from however many log rows tell of it.
#[derive(Debug)]
pub struct Known<'a> {
    order: VersionOrder,
    /// It was, but was replaced within the same instant.
    pub superseded: bool,
    /// The row ended here.
    pub tombstone: bool,
    /// The version's time.
    pub version_at: DateTime<Utc>,
    first: &'a Fields,
    more: Vec<&'a Fields>,
}

impl<'a> Known<'a> {
    /// The value it carries.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&'a Value> {
        let mut parts = std::iter::once(&self.first).chain(&self.more);
        if field == Field::Mine {
            // Any member of a merged set being named is enough.
            let mut found = None;
            for part in parts {
                match source::get(part, field) {
                    Some(Value::Bool(true)) => return source::get(part, field),
                    Some(value) => found = Some(value),
                    None => {}
                }
            }
            return found;
        }
        parts.find_map(|part| source::get(part, field))
    }

    /// Everything it carries; a field known through two rows comes twice.
    pub fn carried(&self) -> impl Iterator<Item = &'a (Field, Value)> {
        let more = self.more.iter().copied().flatten();
        self.first.iter().chain(more)
    }

    /// Its place among the versions of its row.
    #[must_use]
    pub fn place(&self) -> VersionOrder {
        self.order
    }

    /// The state it shows.
    #[must_use]
    pub fn status(&self) -> Option<&'a str> {
        match self.get(Field::Status) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
}

/// One source row with all that is known of it.
#[derive(Debug)]
pub struct Entity<'a> {
    /// The source row's id, or its digest.
    pub id: Uuid,
    /// As a traveller's own row (passengers), not merely one of the booker's party.
    pub role: Role,
    /// Versions in their own order, superseded ones among them.
    pub versions: Vec<Known<'a>>,
}

impl<'a> Entity<'a> {
    /// The versions that values come from, latest first.
    pub fn live(&self) -> impl Iterator<Item = &Known<'a>> {
        self.versions.iter().rev().filter(|known| !known.superseded)
    }

    /// The latest version does not end the row.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.live().next().is_some_and(|known| !known.tombstone)
    }

    /// The latest value of a field.
    #[must_use]
    pub fn value(&self, field: Field) -> Option<&'a Value> {
        self.live().find_map(|known| known.get(field))
    }

    /// The latest version names this person.
    #[must_use]
    pub fn mine(&self) -> bool {
        self.flag(Field::Mine) == Some(true)
    }

    /// A flag.
    #[must_use]
    pub fn flag(&self, field: Field) -> Option<bool> {
        match self.value(field) {
            Some(Value::Bool(flag)) => Some(*flag),
            _ => None,
        }
    }

    /// A word or label.
    #[must_use]
    pub fn text(&self, field: Field) -> Option<&'a str> {
        match self.value(field) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A reference.
    #[must_use]
    pub fn reference(&self, field: Field) -> Option<Uuid> {
        match self.value(field) {
            Some(Value::Id(id)) => Some(*id),
            _ => None,
        }
    }

    /// An amount.
    #[must_use]
    pub fn cents(&self, field: Field) -> Option<Cents> {
        match self.value(field) {
            Some(Value::Cents(cents)) => Some(*cents),
            _ => None,
        }
    }

    /// A count.
    #[must_use]
    pub fn int(&self, field: Field) -> Option<i64> {
        match self.value(field) {
            Some(Value::Int(int)) => Some(*int),
            _ => None,
        }
    }

    /// An instant.
    #[must_use]
    pub fn at(&self, field: Field) -> Option<DateTime<Utc>> {
        match self.value(field) {
            Some(Value::At(at)) => Some(*at),
            _ => None,
        }
    }

    /// A calendar day.
    #[must_use]
    pub fn day(&self, field: Field) -> Option<NaiveDate> {
        match self.value(field) {
            Some(Value::Day(day)) => Some(*day),
            _ => None,
        }
    }

    /// The currency beside its amounts, or that of the caller's choice.
    #[must_use]
    pub fn currency(&self, otherwise: &Currency) -> Currency {
        let own = self.text(Field::Currency);
        own.map_or_else(|| otherwise.clone(), |code| Currency(code.to_owned()))
    }

    /// Not cancelled as far as is known.
    #[must_use]
    pub fn active(&self) -> bool {
        self.exists() && self.text(Field::Status) != Some("CANCELLED")
    }

    /// The earliest version that shows the state.
    #[must_use]
    pub fn first_shown(&self, status: &str) -> Option<DateTime<Utc>> {
        let mut shown = self.versions.iter();
        let found = shown.find(|known| known.status() == Some(status));
        found.map(|known| known.version_at)
    }
}

/// All source rows a person knows, by kind and id.
#[derive(Debug)]
pub struct Entities<'a> {
    by_kind: BTreeMap<SourceKind, BTreeMap<Uuid, Entity<'a>>>,
}

impl<'a> Entities<'a> {
    /// Groups log rows by source row and sorts their versions.
    #[must_use]
    pub fn group(rows: &'a [LogRow]) -> Self {
        let mut rows: Vec<&LogRow> = rows.iter().collect();
        rows.sort_unstable_by_key(|row| {
            (
                row.kind,
                row.body.source_id,
                row.order(),
                row.role,
                row.person,
            )
        });
        let mut by_kind: BTreeMap<SourceKind, BTreeMap<Uuid, Entity<'a>>> = BTreeMap::new();
        for row in rows {
            let of_kind = by_kind.entry(row.kind).or_default();
            let entity = of_kind.entry(row.body.source_id).or_insert_with(|| Entity {
                id: row.body.source_id,
                role: row.role,
                versions: Vec::new(),
            });
            entity.add(row);
        }
        for entity in by_kind.values_mut().flat_map(BTreeMap::values_mut) {
            entity.settle();
        }
        Self { by_kind }
    }

    /// The rows of a kind, by id.
    pub fn of(&self, kind: SourceKind) -> impl Iterator<Item = &Entity<'a>> {
        self.by_kind
            .get(&kind)
            .into_iter()
            .flat_map(BTreeMap::values)
    }

    /// One row.
    #[must_use]
    pub fn get(&self, kind: SourceKind, id: Uuid) -> Option<&Entity<'a>> {
        self.by_kind.get(&kind)?.get(&id)
    }

    /// The rows of a kind by a reference they hold.
    #[must_use]
    pub fn by_reference(&self, kind: SourceKind, field: Field) -> HashMap<Uuid, Vec<&Entity<'a>>> {
        let mut found: HashMap<Uuid, Vec<&Entity<'a>>> = HashMap::new();
        for entity in self.of(kind) {
            if let Some(id) = entity.reference(field) {
                found.entry(id).or_default().push(entity);
            }
        }
        found
    }
}

impl<'a> Entity<'a> {
    /// Adds a row; rows come sorted, so the same version known twice is adjacent.
    fn add(&mut self, row: &'a LogRow) {
        let order = row.order();
        self.role = self.role.max(row.role);
        if let Some(last) = self.versions.last_mut().filter(|last| last.order == order) {
            last.more.push(&row.body.fields);
            return;
        }
        let flags = row.flags();
        self.versions.push(Known {
            order,
            superseded: flags.superseded,
            tombstone: flags.tombstone,
            version_at: row.version_at,
            first: &row.body.fields,
            more: Vec::new(),
        });
    }

    /// A version known both as replaced and as live was replaced.
    fn settle(&mut self) {
        if !self.versions.iter().any(|known| known.superseded) {
            return;
        }
        let replaced = self.versions.iter().filter(|known| known.superseded);
        let replaced: BTreeSet<_> = replaced.map(Known::content).collect();
        self.versions
            .retain(|known| known.superseded || !replaced.contains(&known.content()));
    }
}

impl Known<'_> {
    fn content(&self) -> (DateTime<Utc>, [u8; 16]) {
        (self.version_at, self.order.content())
    }
}
