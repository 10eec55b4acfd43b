//! Erased stays erased: what a fence or a horizon keeps out, pure.
//!
//! A bar keeps a person out of everything or of one category; once a lawful return was allowed, only of what had
//! happened by then. Two places ask: before the engine sees a version (may it name this person?), and after it has
//! joined versions and persons (may this row be?). Both judge a version by itself, so no order of arrival matters.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::engine::Outcome;
use super::rules;
use crate::domain::activity::Role;
use crate::domain::category::Category;
use crate::domain::horizon::Horizons;
use crate::domain::source::{self, Field, SourceKind, Value, Version};

/// What a person is kept out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bar {
    /// One category; none for everything.
    pub category: Option<Category>,
    /// Only what happened after this instant is let through; none for nothing.
    pub returned_at: Option<DateTime<Utc>>,
}

impl Bar {
    fn covers(self, kind: SourceKind, role: Role) -> bool {
        self.category
            .is_none_or(|category| category.covers(kind, role))
    }
}

/// What is kept out of one tenant's dossiers and log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bars {
    /// By person.
    pub persons: BTreeMap<Uuid, BTreeSet<Bar>>,
    /// By age, whoever it is about.
    pub horizons: Horizons,
}

impl Bars {
    /// Replaces the names of barred persons by a nameless mark; none when the version is about nobody else, or lies
    /// behind its horizon.
    #[must_use]
    pub fn veil(&self, mut version: Version) -> Option<Version> {
        let (kind, id) = (version.source.kind, version.source.id);
        if self.is_aged(&version)
            || (kind == SourceKind::PersonProfile && self.hides(id, Role::Subject, &version))
        {
            return None;
        }
        let role = naming_role(kind);
        let hidden: Vec<Field> = named_in(&version)
            .filter(|(_, person)| self.hides(*person, role, &version))
            .map(|(field, _)| field)
            .collect();
        for (field, value) in &mut version.fields {
            if hidden.contains(field) {
                *value = Value::Id(Uuid::nil());
            }
        }
        Some(version)
    }

    /// Whether a version lies behind its kind's horizon.
    #[must_use]
    pub fn is_aged(&self, version: &Version) -> bool {
        self.horizons
            .hides(version.source.kind, version.occurred_at)
    }

    fn hides(&self, person: Uuid, role: Role, version: &Version) -> bool {
        let fact = Fact {
            kind: version.source.kind,
            role,
            version_at: version.version_at,
            occurred_at: version.occurred_at,
            fields: &version.fields,
        };
        self.keeps_out(person, &fact)
    }

    fn keeps_out(&self, person: Uuid, fact: &Fact<'_>) -> bool {
        let bars = self.persons.get(&person).into_iter().flatten();
        let mut covering = bars.filter(|bar| bar.covers(fact.kind, fact.role));
        covering.any(|bar| bar.returned_at.is_none_or(|at| !fact.is_after(at)))
    }

    /// Takes out of an outcome what may not be: rows, and links to dossiers of which nothing can be theirs. Returns how
    /// many rows lay behind a horizon.
    pub fn apply(&self, outcome: &mut Outcome) -> u64 {
        if self.persons.is_empty() && self.horizons.is_empty() {
            return 0;
        }
        let mut aged = 0;
        outcome.rows.retain(|row| {
            let fact = Fact {
                kind: row.kind,
                role: row.role,
                version_at: row.version_at,
                occurred_at: row.occurred_at,
                fields: &row.body.fields,
            };
            let is_aged = self.horizons.hides(row.kind, row.occurred_at);
            aged += u64::from(is_aged);
            !is_aged && !self.keeps_out(row.person, &fact)
        });
        for (key, dossier) in &mut outcome.dossiers {
            dossier
                .persons
                .retain(|(person, role)| !self.is_shut(*person, key.kind, *role));
        }
        aged
    }

    /// Whether rows of that kind can never be the person's in that role. Whoever was let back stays linked: the link was
    /// told after the act, and what the row says is judged version by version.
    fn is_shut(&self, person: Uuid, kind: SourceKind, role: Role) -> bool {
        let mut bars = self.persons.get(&person).into_iter().flatten();
        bars.any(|bar| bar.returned_at.is_none() && bar.covers(kind, role))
    }
}

/// Everyone a version names: those the fence must be asked about.
pub fn named(version: &Version) -> impl Iterator<Item = Uuid> {
    let profile = (version.source.kind == SourceKind::PersonProfile).then_some(version.source.id);
    profile
        .into_iter()
        .chain(named_in(version).map(|(_, person)| person))
}

fn named_in(version: &Version) -> impl Iterator<Item = (Field, Uuid)> {
    let fields = [Field::Person, Field::MergedInto, Field::Entity];
    fields
        .into_iter()
        .filter_map(|field| Some((field, version.id(field)?)))
}

/// The role in which a row of this kind concerns whom it names itself.
#[must_use]
pub fn naming_role(kind: SourceKind) -> Role {
    rules::inherited(kind, SourceKind::PersonProfile, Role::Subject).unwrap_or(Role::Subject)
}

/// One version of a row as it concerns a person in a role.
struct Fact<'f> {
    kind: SourceKind,
    role: Role,
    version_at: DateTime<Utc>,
    occurred_at: DateTime<Utc>,
    fields: &'f [(Field, Value)],
}

/// When a row came about, where one of its columns says so.
const BEGINNINGS: [Field; 8] = [
    Field::CreatedAt,
    Field::BookedAt,
    Field::StartedAt,
    Field::PurchasedAt,
    Field::ReceivedAt,
    Field::SentAt,
    Field::SubmittedAt,
    Field::SoldAt,
];

impl Fact<'_> {
    /// It happened after that instant, and what it is about did not begin before. A profile and a contact say who
    /// somebody is now, however long they exist.
    fn is_after(&self, at: DateTime<Utc>) -> bool {
        let lasting = matches!(self.kind, SourceKind::PersonProfile | SourceKind::Contact);
        let began = |field: &Field| match source::get(self.fields, *field) {
            Some(Value::At(began)) => Some(*began),
            _ => None,
        };
        self.version_at > at
            && self.occurred_at > at
            && (lasting || BEGINNINGS.iter().filter_map(began).all(|began| began > at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::source::{ContentHash, Flags, SourceKey};

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn bars(category: Option<Category>, returned_at: Option<DateTime<Utc>>) -> Bars {
        let bar = Bar {
            category,
            returned_at,
        };
        Bars {
            persons: [(Uuid::from_u128(1), [bar].into())].into(),
            horizons: Horizons::default(),
        }
    }

    fn version(kind: SourceKind, version_at: i64, fields: &[(Field, Value)]) -> Version {
        let mut fields = fields.to_vec();
        fields.push((Field::Person, Value::Id(Uuid::from_u128(1))));
        fields.sort_by_key(|(field, _)| *field);
        Version {
            source: SourceKey::new(kind, Uuid::from_u128(9)),
            version_at: at(version_at),
            occurred_at: at(version_at),
            flags: Flags::default(),
            rank: 0,
            content_hash: ContentHash([0; 16]),
            fields,
        }
    }

    /// Whether the version still names the person.
    fn names(bars: &Bars, version: Version) -> bool {
        let veiled = bars.veil(version).unwrap();
        veiled.id(Field::Person) == Some(Uuid::from_u128(1))
    }

    #[test]
    fn what_a_category_keeps_out_it_keeps_out_of_everything_that_follows_from_it() {
        for category in Category::ALL {
            for parent in SourceKind::ALL {
                for role in Role::ALL {
                    if !category.covers(parent, role) {
                        continue;
                    }
                    for child in SourceKind::ALL {
                        let passed = rules::inherited(child, parent, role);
                        let leak = passed.filter(|passed| !category.covers(child, *passed));
                        assert_eq!(leak, None, "{category:?}: {parent:?} to {child:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_category_hides_the_name_in_its_own_rows_only() {
        let bars = bars(Some(Category::Feedback), None);
        assert!(!names(&bars, version(SourceKind::TripFeedback, 5, &[])));
        assert!(names(&bars, version(SourceKind::Booking, 5, &[])));
    }

    #[test]
    fn after_a_return_only_what_began_afterwards_is_let_through() {
        let bars = bars(None, Some(at(100)));
        let booking = |version_at, booked_at| {
            let booked = (Field::BookedAt, Value::At(at(booked_at)));
            version(SourceKind::Booking, version_at, &[booked])
        };
        assert!(names(&bars, booking(200, 150)));
        assert!(!names(&bars, booking(100, 100)), "at that very instant");
        assert!(!names(&bars, booking(200, 50)), "an old one that changed");
        let created = [(Field::CreatedAt, Value::At(at(1)))];
        assert!(names(&bars, version(SourceKind::Contact, 200, &created)));
    }

    #[test]
    fn what_lies_behind_its_horizon_is_not_accepted() {
        let mut bars = Bars::default();
        bars.horizons
            .reach(crate::domain::horizon::AgeingKind::Checkouts, at(10));
        let session = |version_at| version(SourceKind::CheckoutSession, version_at, &[]);
        assert_eq!(bars.veil(session(10)), None);
        assert!(bars.veil(session(11)).is_some());
    }
}
