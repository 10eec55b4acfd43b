//! Resolve, log and fold over maps instead of tables: the same engine, for properties and what-ifs.
//!
//! Absent on purpose: anything durable. What differs from the database is only where dossiers come from.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::bars::{Bar, Bars};
use super::dossier::Dossier;
use super::engine::{Engine, Outcome};
use super::presence::Presence;
use super::{merge, reference};
use crate::domain::activity::LogRow;
use crate::domain::category::Category;
use crate::domain::derive::derive;
use crate::domain::fold::fold;
use crate::domain::horizon::AgeingKind;
use crate::domain::insight::Insight;
use crate::domain::moment::{Moment, derive_at};
use crate::domain::reference::Reference;
use crate::domain::source::{ContentHash, SourceKey, SourceKind, Version};

type RowKey = (Uuid, Uuid, DateTime<Utc>, ContentHash);

/// One tenant's dossiers, log, customers and fences.
#[derive(Debug, Default)]
pub struct Memory {
    tenant: Uuid,
    quarantine_days: i64,
    dossiers: BTreeMap<SourceKey, Dossier>,
    links: BTreeSet<(SourceKey, SourceKey)>,
    log: BTreeMap<RowKey, LogRow>,
    customers: BTreeMap<Uuid, Option<Uuid>>,
    bars: Bars,
}

impl Memory {
    /// An empty tenant.
    #[must_use]
    pub fn new(tenant: Uuid, quarantine_days: i64) -> Self {
        Self {
            tenant,
            quarantine_days,
            ..Self::default()
        }
    }

    /// Takes in one batch.
    pub fn deliver(&mut self, versions: &[Version]) {
        let versions = versions
            .iter()
            .filter_map(|version| self.bars.veil(version.clone()));
        let mut engine = Engine::new(versions);
        loop {
            let need = engine.run();
            if need.is_empty() {
                break;
            }
            let dossiers = need
                .dossiers
                .into_iter()
                .map(|key| (key, self.dossiers.get(&key).cloned()));
            let children = need
                .children
                .into_iter()
                .map(|key| (key, self.children(key)));
            engine.supply(dossiers, children);
        }
        let mut outcome = engine.finish();
        self.bars.apply(&mut outcome);
        self.keep(outcome);
    }

    fn children(&self, parent: SourceKey) -> Vec<SourceKey> {
        let from = (parent, SourceKey::new(SourceKind::Operator, Uuid::nil()));
        let linked = self
            .links
            .range(from..)
            .take_while(|(one, _)| *one == parent);
        linked.map(|(_, child)| *child).collect()
    }

    fn keep(&mut self, outcome: Outcome) {
        self.dossiers.extend(outcome.dossiers);
        self.links.extend(outcome.links);
        self.customers.extend(outcome.profiles);
        for row in outcome.rows {
            let key = (
                row.person,
                row.activity_id,
                row.version_at,
                row.content_hash,
            );
            self.log.entry(key).or_insert(row);
        }
        for person in outcome.erase.keys() {
            self.erase(*person);
        }
        while let Some(person) = self.merged_into_erased() {
            self.erase(person);
        }
    }

    /// A profile that was merged into an erased one is the same human being.
    fn merged_into_erased(&self) -> Option<Uuid> {
        let mut aliases = self.customers.iter();
        let erased = |into: &Uuid| into.is_nil() || self.is_erased(*into);
        aliases
            .find(|(_, into)| into.as_ref().is_some_and(erased))
            .map(|(person, _)| *person)
    }

    fn is_erased(&self, person: Uuid) -> bool {
        let bars = self.bars.persons.get(&person).into_iter().flatten();
        let mut whole = bars.filter(|bar| bar.category.is_none());
        whole.any(|bar| bar.returned_at.is_none())
    }

    fn bar(&mut self, person: Uuid, category: Option<Category>, at: Option<DateTime<Utc>>) {
        let bars = self.bars.persons.entry(person).or_default();
        bars.retain(|bar| bar.category != category);
        bars.insert(Bar {
            category,
            returned_at: at,
        });
    }

    /// Allows an erased person (or one category of theirs) again: what happens after this instant is accepted.
    pub fn let_return(
        &mut self,
        person: Uuid,
        category: Option<Category>,
        returned_at: DateTime<Utc>,
    ) {
        self.bar(person, category, Some(returned_at));
    }

    /// Takes one category of a person out, for good.
    pub fn purge(&mut self, person: Uuid, category: Category) {
        self.bar(person, Some(category), None);
        self.log
            .retain(|(owner, ..), row| *owner != person || !category.covers(row.kind, row.role));
        for (key, dossier) in &mut self.dossiers {
            dossier.withdraw(key.kind, person, &[category]);
        }
    }

    /// Lets go of what lies behind a horizon.
    pub fn age(&mut self, kind: AgeingKind, until: DateTime<Utc>) {
        self.bars.horizons.reach(kind, until);
        let horizons = &self.bars.horizons;
        self.log
            .retain(|_, row| !horizons.hides(row.kind, row.occurred_at));
        let mut gone = BTreeSet::new();
        for (key, dossier) in self
            .dossiers
            .iter_mut()
            .filter(|(key, _)| key.kind == kind.source())
        {
            dossier.age(key.kind, horizons);
            if dossier.versions.is_empty() {
                gone.insert(*key);
            }
        }
        self.dossiers.retain(|key, _| !gone.contains(key));
        self.links.retain(|(_, child)| !gone.contains(child));
    }

    /// Takes a person out, and keeps them out.
    pub fn erase(&mut self, person: Uuid) {
        self.bar(person, None, None);
        self.customers.remove(&person);
        self.log.retain(|(owner, ..), _| *owner != person);
        self.dossiers
            .remove(&SourceKey::new(SourceKind::PersonProfile, person));
        self.dossiers
            .values_mut()
            .for_each(|dossier| dossier.forget(person));
        let named = |key: &SourceKey| key.kind == SourceKind::PersonProfile && key.id == person;
        self.links
            .retain(|(parent, child)| !named(parent) && !named(child));
    }

    /// The insight asked for by any id of a person: the survivor's; none for unknown and erased ones.
    #[must_use]
    pub fn insight(&self, person: Uuid, now: DateTime<Utc>) -> Option<Insight> {
        let (root, rows, reference) = self.folded(person)?;
        Some(derive(&fold(root, &rows, &reference), now))
    }

    /// The same from the versions up to an instant, derived at it. Merges, references and consent are today's.
    #[must_use]
    pub fn insight_as_of(&self, person: Uuid, as_of: DateTime<Utc>) -> Option<Insight> {
        let (root, rows, mut reference) = self.folded(person)?;
        let moment = Moment {
            as_of: Some(as_of),
            known_at: None,
        };
        let dossiers = self.dossiers.iter().map(|(key, dossier)| (*key, dossier));
        let presence = Presence::of(dossiers, |_, kept| kept.version_at);
        presence.fill(&mut reference, moment, None);
        let recorded = rows.iter().map(|row| (row, row.version_at));
        Some(derive_at(root, recorded, &reference, moment, as_of))
    }

    /// What a fold takes: who answers for a person, their rows, and what they look at.
    #[must_use]
    pub fn folded(&self, person: Uuid) -> Option<(Uuid, Vec<LogRow>, Reference)> {
        let (root, rows) = self.of_root(person)?;
        let reference = self.reference(&rows);
        Some((root, rows, reference))
    }

    /// Who answers for a person, and the rows of everyone merged into them.
    fn of_root(&self, person: Uuid) -> Option<(Uuid, Vec<LogRow>)> {
        self.customers.get(&person)?;
        let merged_into = |one| self.customers.get(&one).copied();
        let root = merge::root(person, merged_into);
        let members = self
            .customers
            .keys()
            .filter(|one| merge::root(**one, merged_into) == root);
        let rows = members.flat_map(|member| self.rows_of(*member));
        Some((root, rows.collect()))
    }

    /// The log rows of one person, in the log's order.
    pub fn rows_of(&self, person: Uuid) -> impl Iterator<Item = LogRow> {
        let from = (
            person,
            Uuid::nil(),
            DateTime::<Utc>::MIN_UTC,
            ContentHash([0; 16]),
        );
        let own = self
            .log
            .range(from..)
            .take_while(move |((owner, ..), _)| *owner == person);
        own.map(|(_, row)| row.clone())
    }

    /// Everyone who has log rows or a profile.
    #[must_use]
    pub fn persons(&self) -> BTreeSet<Uuid> {
        let logged = self.log.keys().map(|(person, ..)| *person);
        logged.chain(self.customers.keys().copied()).collect()
    }

    fn reference(&self, rows: &[LogRow]) -> Reference {
        let mut keys = reference::named_by(rows);
        keys.insert(SourceKey::new(SourceKind::Operator, self.tenant));
        let offerings = keys
            .iter()
            .filter(|key| key.kind == SourceKind::TourOffering);
        let offerings = offerings.filter_map(|key| self.dossiers.get(key));
        keys.extend(reference::named_by_offerings(offerings));
        let mut found = Reference {
            quarantine_days: self.quarantine_days,
            ..Reference::default()
        };
        // By kind, so that templates come before offerings.
        for key in keys {
            if let Some(dossier) = self.dossiers.get(&key) {
                reference::take_in(&mut found, key, dossier);
            }
        }
        found
    }
}
