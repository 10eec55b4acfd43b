//! What follows from a row beside log rows: who was seen where, what replaces what, whose profile ends,
//! and who must be looked at again because something about nobody changed.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::view::View;
use super::{Engine, ErasureCause, Need, booking};
use crate::domain::fold::fate::CONFIRMING;
use crate::domain::source::{Field, SourceKey, SourceKind, Value};
use crate::resolve::dossier::{Dossier, Kept, Sighting};
use crate::resolve::rules;

/// Persons, each with the booking over which they are concerned, if it is over one.
type Affected = BTreeSet<(Uuid, Option<Uuid>)>;

impl Engine {
    pub(super) fn note_profile(&mut self, key: SourceKey) {
        let Some(profile) = self
            .dossiers
            .get(&key)
            .filter(|_| key.kind == SourceKind::PersonProfile)
        else {
            return;
        };
        self.out
            .profiles
            .insert(key.id, profile.id(Field::MergedInto));
        let alone = |kept: &&Kept| kept.id(Field::MergedInto).is_none();
        let gone = profile.versions.iter().filter(alone).find_map(|kept| {
            let redacted = kept
                .fields
                .iter()
                .any(|(field, value)| *field == Field::RedactedAt && matches!(value, Value::At(_)));
            match (redacted, kept.flags().tombstone) {
                (true, _) => Some(ErasureCause::Redacted),
                (_, true) => Some(ErasureCause::Deleted),
                _ => None,
            }
        });
        if let Some(cause) = gone {
            self.out.erase.insert(key.id, cause);
        }
    }

    /// Passengers and tickets: the booking they are of, as it stands.
    pub(super) fn booking_of(&self, key: SourceKey) -> Option<Uuid> {
        let dossier = self.dossiers.get(&key)?;
        match key.kind {
            SourceKind::Passenger => dossier.id(Field::Booking).filter(|_| dossier.exists()),
            SourceKind::Ticket => {
                self.told_by(SourceKind::Passenger, dossier.id(Field::Passenger)?)
            }
            _ => None,
        }
    }

    fn told_by(&self, kind: SourceKind, id: Uuid) -> Option<Uuid> {
        self.dossiers.get(&SourceKey::new(kind, id))?.of_booking
    }

    pub(super) fn set_booking(&mut self, key: SourceKey, of_booking: Option<Uuid>) {
        let Some(dossier) = self.dossiers.get_mut(&key) else {
            return;
        };
        if dossier.of_booking != of_booking {
            dossier.of_booking = of_booking;
            self.changed.insert(key);
        }
    }

    /// Boardings: what was seen, as it stands.
    pub(super) fn sighting_of(&self, key: SourceKey) -> Option<Sighting> {
        if key.kind != SourceKind::BoardingEvent {
            return None;
        }
        let dossier = self.dossiers.get(&key).filter(|dossier| dossier.exists())?;
        let status = dossier.text(Field::Status).unwrap_or("BOARDED");
        let booking = match (dossier.id(Field::Passenger), dossier.id(Field::Ticket)) {
            (Some(passenger), _) => self.told_by(SourceKind::Passenger, passenger),
            (None, Some(ticket)) => self.told_by(SourceKind::Ticket, ticket),
            (None, None) => None,
        };
        Some(Sighting {
            departure: dossier.id(Field::Departure),
            booking,
            boarded: status == "BOARDED",
            denied: status == "DENIED",
        })
    }

    /// Bookings: what this one replaces, while it exists and was ever confirmed.
    pub(super) fn replacement_of(&self, key: SourceKey) -> Option<Uuid> {
        let dossier = self
            .dossiers
            .get(&key)
            .filter(|_| key.kind == SourceKind::Booking)?;
        let confirmed = CONFIRMING.iter().any(|state| dossier.ever(state));
        dossier
            .id(Field::Replaces)
            .filter(|_| confirmed && dossier.exists())
    }

    /// Tells booking and departure what was seen; who is concerned by a change is looked at again.
    pub(super) fn push_sighting(&mut self, key: SourceKey) {
        let new = self.sighting_of(key);
        let Some(dossier) = self.dossiers.get_mut(&key).filter(|d| d.sighting != new) else {
            return;
        };
        let old = std::mem::replace(&mut dossier.sighting, new);
        self.changed.insert(key);
        if let Some(departure) = old.and_then(|one| one.departure) {
            self.change(SourceKey::new(SourceKind::Departure, departure), |d| {
                d.members.remove(&key.id);
            });
        }
        if let Some(departure) = new.and_then(|one| one.departure) {
            self.change(SourceKey::new(SourceKind::Departure, departure), |d| {
                d.members.insert(key.id);
            });
        }
        if let Some(of) = old.and_then(|one| one.booking) {
            self.change(booking(of), |d| {
                d.sightings.remove(&key.id);
            });
        }
        let told = new.filter(|one| one.boarded || one.denied);
        if let Some((of, boarded)) = told.and_then(|one| Some((one.booking?, one.boarded))) {
            self.change(booking(of), |d| {
                d.sightings.insert(key.id, boarded);
            });
        }
    }

    /// Tells a booking that another confirmed one replaces it, or no longer does.
    pub(super) fn push_replacement(&mut self, key: SourceKey) {
        let new = self.replacement_of(key);
        let Some(dossier) = self.dossiers.get_mut(&key).filter(|d| d.replaces != new) else {
            return;
        };
        let old = std::mem::replace(&mut dossier.replaces, new);
        self.changed.insert(key);
        for (target, joins) in [(old, false), (new, true)] {
            let Some(target) = target else { continue };
            self.change(booking(target), |d| {
                if joins {
                    d.members.insert(key.id);
                } else {
                    d.members.remove(&key.id);
                }
            });
        }
    }

    /// Changes a dossier; when what it says to the fold changes, so may the insight of its people.
    fn change(&mut self, key: SourceKey, change: impl FnOnce(&mut Dossier)) {
        let Some(dossier) = self.dossiers.get_mut(&key) else {
            return;
        };
        let before = View::of(key.kind, dossier);
        change(dossier);
        self.changed.insert(key);
        if View::of(key.kind, dossier) == before {
            return;
        }
        let persons: Vec<Uuid> = dossier.persons.iter().map(|(person, _)| *person).collect();
        let bookings = self.bookings_of(key);
        for person in persons {
            self.out.touch(person, &bookings);
        }
        if key.kind == SourceKind::Departure {
            self.flipped.insert(key);
            self.queue.insert(key);
        }
    }

    /// Whom a change of a row about nobody concerns, and over which booking; none while that cannot be told yet.
    pub(super) fn affected(&mut self, key: SourceKey, need: &mut Need) -> Option<Affected> {
        let dossier = self.dossiers.get(&key)?;
        let before = self.before.get(&key);
        let changed = before.is_some_and(|before| *before != View::of(key.kind, dossier));
        let mut persons = Affected::new();
        if !changed && !self.flipped.contains(&key) {
            return Some(persons);
        }
        if key.kind == SourceKind::Operator {
            self.out.refold_all = true;
            return Some(persons);
        }
        if !rules::about_nobody(key.kind) {
            return Some(persons);
        }
        let mut level = vec![key];
        let mut complete = true;
        while let Some(at) = level.pop() {
            if !self.has_children(at, need) {
                complete = false;
                continue;
            }
            let listed = self.children.get(&at).into_iter().flatten().copied();
            let children: BTreeSet<_> = listed.chain(self.new_children(at)).collect();
            for child in children {
                if !self.has(child, need) {
                    complete = false;
                    continue;
                }
                if child.kind == SourceKind::TourOffering {
                    level.push(child);
                }
                // Whether anybody was seen on a departure matters to bookings that failed to show only.
                let seen = self.dossiers.get(&child);
                let seen =
                    seen.filter(|child| key.kind != SourceKind::Departure || child.ever("NO_SHOW"));
                let linked = seen.into_iter().flat_map(|child| &child.persons);
                let booking = (child.kind == SourceKind::Booking).then_some(child.id);
                persons.extend(linked.map(|(person, _)| (*person, booking)));
            }
        }
        complete.then_some(persons)
    }
}
