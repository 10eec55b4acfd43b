//! The join itself, pure: versions in, log rows and changed dossiers out.
//!
//! The engine asks for dossiers it has not seen and is run again once it has them, so that the same code
//! serves the database in a few round trips and a test in memory. Work is a queue of rows whose outcome
//! may have changed; a row is settled from its own versions and its parents, and what changed is passed on.

mod outcome;
mod view;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use self::view::View;
use super::dossier::{Dossier, Sighting};
use super::rules;
use crate::domain::activity::{LogRow, Role};
use crate::domain::source::{SourceKey, SourceKind, Version, VersionOrder};

/// What the engine needs before it can go on.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// Dossiers to load; a row that has none is supplied as none.
    pub dossiers: BTreeSet<SourceKey>,
    /// Rows whose children are wanted.
    pub children: BTreeSet<SourceKey>,
}

impl Need {
    /// The engine is done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dossiers.is_empty() && self.children.is_empty()
    }
}

/// Why a person is to be erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErasureCause {
    /// The profile was redacted.
    Redacted,
    /// The profile was deleted.
    Deleted,
}

/// What a batch leads to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Rows to append; those already in the log are among them.
    pub rows: Vec<LogRow>,
    /// Dossiers to write.
    pub dossiers: BTreeMap<SourceKey, Dossier>,
    /// Links to write: parent, child.
    pub links: BTreeSet<(SourceKey, SourceKey)>,
    /// Persons whose insight may have changed, those of `rows` among them, with the bookings that are the reason;
    /// what belongs to no booking's bill goes without saying.
    pub touched: BTreeMap<Uuid, BTreeSet<Uuid>>,
    /// The operator changed, so everybody's may have.
    pub refold_all: bool,
    /// Profiles that were touched, with the survivor they name.
    pub profiles: BTreeMap<Uuid, Option<Uuid>>,
    /// Persons to erase.
    pub erase: BTreeMap<Uuid, ErasureCause>,
    /// The versions that were not known before.
    pub fresh: HashMap<SourceKey, BTreeSet<VersionOrder>>,
    /// Versions of one row at one instant that really differ.
    pub key_conflicts: u64,
}

impl Outcome {
    fn touch(&mut self, person: Uuid, bookings: &BTreeSet<Uuid>) {
        self.touched.entry(person).or_default().extend(bookings);
    }
}

/// One batch being resolved.
#[derive(Debug, Default)]
pub struct Engine {
    dossiers: HashMap<SourceKey, Dossier>,
    children: HashMap<SourceKey, Vec<SourceKey>>,
    incoming: BTreeMap<SourceKey, Vec<Version>>,
    fresh: HashMap<SourceKey, BTreeSet<VersionOrder>>,
    before: HashMap<SourceKey, View>,
    flipped: BTreeSet<SourceKey>,
    queue: BTreeSet<SourceKey>,
    changed: BTreeSet<SourceKey>,
    out: Outcome,
}

impl Engine {
    /// An engine for these versions.
    #[must_use]
    pub fn new(versions: impl IntoIterator<Item = Version>) -> Self {
        let mut engine = Self::default();
        for version in versions {
            engine.queue.insert(version.source);
            engine
                .incoming
                .entry(version.source)
                .or_default()
                .push(version);
        }
        engine
    }

    /// Hands over what was asked for.
    pub fn supply(
        &mut self,
        dossiers: impl IntoIterator<Item = (SourceKey, Option<Dossier>)>,
        children: impl IntoIterator<Item = (SourceKey, Vec<SourceKey>)>,
    ) {
        for (key, dossier) in dossiers {
            self.dossiers
                .entry(key)
                .or_insert_with(|| dossier.unwrap_or_default());
        }
        self.children.extend(children);
    }

    /// Works until done or until something is missing.
    pub fn run(&mut self) -> Need {
        let mut need = Need::default();
        let mut waiting = BTreeSet::new();
        while let Some(key) = self.queue.pop_first() {
            // What it lacks may have been asked for already, by another row: the needs need not have grown.
            let mut own = Need::default();
            self.settle(key, &mut own);
            if !own.is_empty() {
                waiting.insert(key);
                need.dossiers.extend(own.dossiers);
                need.children.extend(own.children);
            }
        }
        self.queue = waiting;
        need
    }

    /// The outcome, once nothing is needed any more.
    #[must_use]
    pub fn finish(mut self) -> Outcome {
        for key in self.changed {
            if let Some(dossier) = self.dossiers.remove(&key) {
                self.out.dossiers.insert(key, dossier);
            }
        }
        self.out
    }

    /// Settles one row, or says what is missing and passes nothing on yet.
    fn settle(&mut self, key: SourceKey, need: &mut Need) {
        if !self.has(key, need) {
            return;
        }
        self.take_in(key);
        let parents = self.parents_of(key);
        let sources = parents.iter().filter(|parent| rules::tells(parent.kind));
        let at_hand = sources.filter(|parent| !self.has(**parent, need)).count() == 0;
        if !at_hand || !self.has_targets(key, need) {
            return;
        }
        let persons = self.linked(key, &parents);
        let of_booking = self.booking_of(key);
        let Some(dossier) = self.dossiers.get(&key) else {
            return;
        };
        let passes_on = persons.len() > dossier.persons.len() || of_booking != dossier.of_booking;
        if passes_on && rules::is_named_by_others(key.kind) && !self.has_children(key, need) {
            return;
        }
        let Some(affected) = self.affected(key, need) else {
            return;
        };
        for (person, booking) in affected {
            self.out.touch(person, &booking.into_iter().collect());
        }
        self.emit(key, persons);
        // A new version may name a booking that the row was on before, without changing anything else.
        if passes_on || self.fresh.contains_key(&key) {
            self.pass_travellers_up(key, &parents);
        }
        if passes_on {
            self.set_booking(key, of_booking);
            self.queue_children(key);
        }
        self.push_sighting(key);
        self.push_replacement(key);
        if let Some(fresh) = self.fresh.remove(&key) {
            self.out.fresh.insert(key, fresh);
        }
        self.before.remove(&key);
        self.flipped.remove(&key);
    }

    fn has(&self, key: SourceKey, need: &mut Need) -> bool {
        let known = self.dossiers.contains_key(&key);
        if !known {
            need.dossiers.insert(key);
        }
        known
    }

    fn has_children(&self, key: SourceKey, need: &mut Need) -> bool {
        let known = self.children.contains_key(&key);
        if !known {
            need.children.insert(key);
        }
        known
    }

    /// Adds the incoming versions to the dossier and links the row to what they name.
    fn take_in(&mut self, key: SourceKey) {
        let Some(versions) = self.incoming.remove(&key) else {
            return;
        };
        let Some(dossier) = self.dossiers.get_mut(&key) else {
            return;
        };
        let before = View::of(key.kind, dossier);
        let new = versions.iter().filter(|version| dossier.add(version));
        let fresh: BTreeSet<_> = new.map(Version::order).collect();
        if fresh.is_empty() {
            return;
        }
        self.out.key_conflicts += dossier.conflicts(&fresh);
        self.changed.insert(key);
        self.before.insert(key, before);
        self.fresh.insert(key, fresh);
        for parent in self.parents_of(key) {
            self.out.links.insert((parent, key));
        }
        self.note_profile(key);
    }

    /// Every row that any version of this one names.
    fn parents_of(&self, key: SourceKey) -> BTreeSet<SourceKey> {
        let Some(dossier) = self.dossiers.get(&key) else {
            return BTreeSet::new();
        };
        let rules = rules::parents(key.kind).iter();
        let named = rules.flat_map(|(field, kind)| {
            let ids = dossier.versions.iter().filter_map(|kept| kept.id(*field));
            ids.filter(|id| !id.is_nil())
                .map(|id| SourceKey::new(*kind, id))
        });
        named.collect()
    }

    /// The bookings whose bill a row was ever part of.
    fn bookings_of(&self, key: SourceKey) -> BTreeSet<Uuid> {
        match key.kind {
            SourceKind::Booking => [key.id].into(),
            SourceKind::Payment | SourceKind::Ancillary | SourceKind::Passenger => {
                let named = self.parents_of(key).into_iter();
                let bookings = named.filter(|parent| parent.kind == SourceKind::Booking);
                bookings.map(|parent| parent.id).collect()
            }
            _ => BTreeSet::new(),
        }
    }

    /// The rows that this row's outcome is pushed to must be at hand too.
    fn has_targets(&self, key: SourceKey, need: &mut Need) -> bool {
        let old = self.dossiers.get(&key).and_then(|dossier| dossier.sighting);
        let replaced = self.dossiers.get(&key).and_then(|dossier| dossier.replaces);
        let new = self.sighting_of(key);
        let sightings = [old, new].into_iter().flatten();
        let mut targets: BTreeSet<_> = sightings.flat_map(|one| targets_of(&one)).collect();
        let next = self.replacement_of(key);
        targets.extend([replaced, next].into_iter().flatten().map(booking));
        targets
            .iter()
            .filter(|target| !self.has(**target, need))
            .count()
            == 0
    }

    /// Everyone linked to the row: those it had, and those its parents and passengers bring.
    fn linked(&self, key: SourceKey, parents: &BTreeSet<SourceKey>) -> BTreeSet<(Uuid, Role)> {
        let Some(dossier) = self.dossiers.get(&key) else {
            return BTreeSet::new();
        };
        let mut persons: BTreeSet<_> = dossier.persons.iter().copied().collect();
        if key.kind == SourceKind::PersonProfile && !dossier.versions.is_empty() {
            persons.insert((key.id, Role::Subject));
        }
        for parent in parents {
            // The booker is told of a passenger only once a cancellation can concern the bill.
            let quiet = (key.kind, parent.kind) == (SourceKind::Passenger, SourceKind::Booking)
                && !dossier.ever("CANCELLED");
            let linked = self
                .dossiers
                .get(parent)
                .into_iter()
                .flat_map(|parent| &parent.persons);
            if !quiet {
                persons.extend(linked.filter_map(|(person, role)| {
                    Some((*person, rules::inherited(key.kind, parent.kind, *role)?))
                }));
            }
        }
        persons
    }

    /// Appends the pairs that are new: fresh versions for everyone, all versions for newcomers.
    fn emit(&mut self, key: SourceKey, persons: BTreeSet<(Uuid, Role)>) {
        let bookings = self.bookings_of(key);
        let Some(dossier) = self.dossiers.get_mut(&key) else {
            return;
        };
        let before: HashSet<_> = dossier.persons.iter().copied().collect();
        let fresh = self.fresh.get(&key);
        for (person, role) in &persons {
            let newcomer = !before.contains(&(*person, *role));
            let mut told = false;
            for kept in &dossier.versions {
                if newcomer || fresh.is_some_and(|fresh| fresh.contains(&kept.order())) {
                    told = true;
                    self.out
                        .rows
                        .push(rules::log_row(key, kept, *person, *role));
                }
            }
            if told {
                self.out.touch(*person, &bookings);
            }
        }
        if persons.len() > before.len() {
            dossier.persons = persons.into_iter().collect();
            self.changed.insert(key);
        }
    }

    /// Travellers belong to their booking: it learns of them from its passengers.
    fn pass_travellers_up(&mut self, key: SourceKey, parents: &BTreeSet<SourceKey>) {
        if key.kind != SourceKind::Passenger {
            return;
        }
        let Some(dossier) = self.dossiers.get(&key) else {
            return;
        };
        let travellers = dossier
            .persons
            .iter()
            .filter(|(_, role)| *role == Role::Traveller);
        let travellers: Vec<_> = travellers.copied().collect();
        for parent in parents
            .iter()
            .filter(|parent| parent.kind == SourceKind::Booking)
        {
            let Some(booking) = self.dossiers.get_mut(parent) else {
                continue;
            };
            for traveller in &travellers {
                if let Err(at) = booking.persons.binary_search(traveller) {
                    booking.persons.insert(at, *traveller);
                    self.changed.insert(*parent);
                    for kept in &booking.versions {
                        let row = rules::log_row(*parent, kept, traveller.0, traveller.1);
                        self.out.rows.push(row);
                    }
                    self.out.touch(traveller.0, &[parent.id].into());
                }
            }
        }
    }

    fn queue_children(&mut self, key: SourceKey) {
        let listed = self.children.get(&key).into_iter().flatten().copied();
        let children: Vec<_> = listed.chain(self.new_children(key)).collect();
        self.queue.extend(children);
    }

    /// Children linked in this very batch.
    fn new_children(&self, key: SourceKey) -> impl Iterator<Item = SourceKey> {
        let from = (key, SourceKey::new(SourceKind::Operator, Uuid::nil()));
        let new = self
            .out
            .links
            .range(from..)
            .take_while(move |(parent, _)| *parent == key);
        new.map(|(_, child)| *child)
    }
}

fn booking(id: Uuid) -> SourceKey {
    SourceKey::new(SourceKind::Booking, id)
}

fn targets_of(sighting: &Sighting) -> impl Iterator<Item = SourceKey> + use<> {
    let departure = sighting
        .departure
        .map(|id| SourceKey::new(SourceKind::Departure, id));
    departure.into_iter().chain(sighting.booking.map(booking))
}
