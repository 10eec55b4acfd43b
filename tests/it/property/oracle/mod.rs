//! The independent model: what the definitions say about a person, computed from the platform's rows.
//!
//! Plain loops over every version a row ever had, written from the definitions and never from the code under
//! test. Absent on purpose: deliveries, arrival, indexes, and anything clever.

mod bookings;
mod money;
mod travel;
mod trips;
mod voice;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use customer_intelligence::domain::insight::{Behavior, Favourite, Feedback, Standing};
use customer_intelligence::domain::money::{Currency, Purse};
use uuid::Uuid;

use super::world::{Row, Table, Ver, World};
use bookings::Deal;

/// What the oracle says about one person.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    pub(super) person: Uuid,
    pub(super) behavior: Behavior,
    pub(super) feedback: Feedback,
    pub(super) standing: Standing,
}

/// All that is known, looked at from one instant.
pub(super) struct Oracle<'a> {
    world: &'a World,
    quarantine_days: i64,
    zone: Tz,
    currency: String,
    today: NaiveDate,
    /// Rows that exist, with the values of their latest version.
    alive: BTreeMap<(Table, Uuid), &'a Row>,
    deals: Vec<Deal<'a>>,
}

impl<'a> Oracle<'a> {
    pub(super) fn new(world: &'a World, quarantine_days: i64, now: DateTime<Utc>) -> Self {
        let mut alive = BTreeMap::new();
        for (key, versions) in &world.rows {
            let last = versions.last().expect("a row has a version");
            if !(last.tombstone && key.0.can_end()) {
                alive.insert(*key, &*last.row);
            }
        }
        let operator = alive.get(&(Table::Operators, world.tenant)).copied();
        let zone = operator
            .and_then(|row| row.text("time_zone"))
            .unwrap_or("Europe/Berlin");
        let zone: Tz = zone.parse().expect("a zone");
        let currency = operator
            .and_then(|row| row.text("default_currency"))
            .unwrap_or("EUR");
        let mut oracle = Self {
            world,
            quarantine_days,
            zone,
            currency: currency.to_owned(),
            today: now.with_timezone(&zone).date_naive(),
            alive,
            deals: Vec::new(),
        };
        oracle.deals = oracle.all_deals();
        oracle
    }

    /// The insight that is shown for this id; for a merged person it is the survivor's.
    pub(super) fn verdict(&self, person: Uuid) -> Option<Verdict> {
        if self.is_erased(person) || !self.has_profile(person) {
            return None;
        }
        let root = self.root(person);
        if self.is_erased(root) {
            return None;
        }
        if !self.has_profile(root) {
            return Some(self.judge(person, &BTreeSet::from([person])));
        }
        let everybody = self
            .world
            .rows
            .keys()
            .filter(|(table, _)| *table == Table::Profiles);
        let members = everybody
            .map(|(_, id)| *id)
            .filter(|id| self.root(*id) == root);
        Some(self.judge(root, &members.collect()))
    }

    fn judge(&self, person: Uuid, members: &BTreeSet<Uuid>) -> Verdict {
        let mut behavior = self.blank();
        self.judge_bookings(members, &mut behavior);
        self.judge_money(members, &mut behavior);
        self.judge_travel(members, &mut behavior);
        self.judge_voice(members, &mut behavior);
        let mut feedback = self.judge_feedback(members);
        let standing = self.judge_standing(person, members);
        behavior.last_activity_at = self.last_activity(members);
        let has_feedback = !self.own_feedback(members).is_empty();
        let present = [
            behavior.confirmed_bookings > 0,
            behavior.trips > 0,
            behavior.messages > 0,
            has_feedback,
            standing.marketing_consent.is_some(),
        ];
        let present = present.into_iter().filter(|it| *it).count();
        behavior.profile_completeness = f64::from(u32::try_from(present).unwrap()) / 5.0;
        if standing.profiling_objection {
            // Whoever objects is not concluded about.
            let facts = behavior;
            let unknown = self.blank();
            behavior = Behavior {
                preferred_seat_position: unknown.preferred_seat_position,
                preferred_seat_label: unknown.preferred_seat_label,
                preferred_boarding_point: unknown.preferred_boarding_point,
                favourite_tours: unknown.favourite_tours,
                favourite_regions: unknown.favourite_regions,
                favourite_months: unknown.favourite_months,
                favourite_party_size: unknown.favourite_party_size,
                favourite_sales_channel: unknown.favourite_sales_channel,
                ..facts
            };
            feedback = Feedback::default();
        }
        Verdict {
            person,
            behavior,
            feedback,
            standing,
        }
    }

    /// The end of the latest `merged_into_id`s; of a cycle its least id.
    fn root(&self, person: Uuid) -> Uuid {
        let mut path = vec![person];
        loop {
            let here = *path.last().unwrap();
            let Some(next) = self
                .last_profile(here)
                .and_then(|row| row.id("merged_into_id"))
            else {
                return here;
            };
            if let Some(start) = path.iter().position(|seen| *seen == next) {
                return *path[start..].iter().min().unwrap();
            }
            path.push(next);
        }
    }

    /// The profile as last told, also that of a cleaned-up duplicate.
    fn last_profile(&self, person: Uuid) -> Option<&'a Row> {
        Some(&*self.world.rows.get(&(Table::Profiles, person))?.last()?.row)
    }

    fn has_profile(&self, person: Uuid) -> bool {
        self.last_profile(person).is_some()
    }

    /// Redacted or deleted at any time, unless merged then: that is the clean-up of a duplicate.
    fn is_erased(&self, person: Uuid) -> bool {
        self.versions(Table::Profiles, person).iter().any(|ver| {
            let gone = ver.tombstone || ver.row.at("pii_redacted_at").is_some();
            gone && ver.row.id("merged_into_id").is_none()
        })
    }

    fn versions(&self, table: Table, id: Uuid) -> &'a [Ver] {
        self.world.rows.get(&(table, id)).map_or(&[], Vec::as_slice)
    }

    /// The row, if it exists.
    fn row(&self, table: Table, id: Option<Uuid>) -> Option<&'a Row> {
        self.alive.get(&(table, id?)).copied()
    }

    /// All existing rows of a table, by id.
    fn table(&self, table: Table) -> impl Iterator<Item = (Uuid, &'a Row)> + '_ {
        let range = (table, Uuid::nil())..=(table, Uuid::max());
        self.alive.range(range).map(|((_, id), row)| (*id, *row))
    }

    fn local_day(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    fn blank(&self) -> Behavior {
        Behavior {
            currency: Currency(self.currency.clone()),
            revenue: customer_intelligence::domain::insight::Revenue::default(),
            confirmed_bookings: 0,
            total_bookings: 0,
            cancelled_bookings: 0,
            called_off_bookings: 0,
            lapsed_bookings: 0,
            rebooked_bookings: 0,
            open_reservations: 0,
            seats_booked: 0,
            average_party_size: None,
            average_booking_value: None,
            average_days_between_bookings: None,
            average_booking_lead_time: None,
            median_booking_lead_time: None,
            booker_kind: None,
            customer_since: None,
            first_booking_at: None,
            last_booking_at: None,
            last_activity_at: None,
            trips_taken: 0,
            day_trips_taken: 0,
            multi_day_trips_taken: 0,
            trips: 0,
            upcoming_trips: 0,
            next_departure: None,
            no_show_count: 0,
            not_measured_departures: 0,
            no_show_bookings: 0,
            preferred_seat_position: None,
            preferred_seat_label: None,
            preferred_boarding_point: None,
            favourite_tours: Vec::new(),
            favourite_regions: Vec::new(),
            favourite_months: Vec::new(),
            favourite_party_size: None,
            favourite_sales_channel: None,
            ancillaries: Vec::new(),
            checkouts_abandoned: 0,
            last_checkout_abandoned_at: None,
            profile_completeness: 0.0,
            messages: 0,
        }
    }

    fn judge_standing(&self, root: Uuid, members: &BTreeSet<Uuid>) -> Standing {
        let profile = self.last_profile(root);
        let consent = profile.and_then(|row| match row.0.get("marketing_consent") {
            Some(super::world::Col::Bool(consent)) => Some(*consent),
            _ => None,
        });
        let objects = |id: &Uuid| {
            let row = self.last_profile(*id);
            row.and_then(|row| row.at("profiling_objection_at"))
                .is_some()
        };
        Standing {
            marketing_consent: consent,
            profiling_objection: members.iter().any(objects),
            locale: profile
                .and_then(|row| row.text("locale"))
                .map(str::to_owned),
            minor: self.is_minor(members),
            ..Standing::default()
        }
    }

    /// By the fare of the own passenger row that changed last.
    fn is_minor(&self, members: &BTreeSet<Uuid>) -> bool {
        let mut latest: Option<(DateTime<Utc>, Uuid, &Row)> = None;
        for (id, row) in self.table(Table::Passengers) {
            if row
                .id("person_profile_id")
                .is_some_and(|person| members.contains(&person))
            {
                let at = self.versions(Table::Passengers, id).last().unwrap().at;
                if latest.is_none_or(|(when, of, _)| (when, of) < (at, id)) {
                    latest = Some((at, id, row));
                }
            }
        }
        latest.is_some_and(|(_, _, row)| {
            row.is("fare_category", "CHILD") || row.is("fare_category", "INFANT")
        })
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).expect("a small number")
}

#[expect(clippy::cast_precision_loss, reason = "small sums")]
fn float(number: i64) -> f64 {
    number as f64
}

fn put(purse: &mut Purse, currency: &str, cents: i64) {
    purse.add(&Currency(currency.to_owned()), i128::from(cents));
}

/// Most frequent first, then by the latest `when`, then the least value; none under two observations.
fn favourites<T: Ord + Clone, W: Ord + Copy>(seen: &[(T, W)]) -> Vec<Favourite<T>> {
    if seen.len() < 2 {
        return Vec::new();
    }
    let mut values: Vec<T> = seen.iter().map(|(value, _)| value.clone()).collect();
    values.sort();
    values.dedup();
    let mut ranked: Vec<(usize, W, T)> = Vec::new();
    for value in values {
        let times: Vec<W> = seen
            .iter()
            .filter(|it| it.0 == value)
            .map(|it| it.1)
            .collect();
        ranked.push((times.len(), *times.iter().max().unwrap(), value));
    }
    ranked.sort_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)).then_with(|| a.2.cmp(&b.2)));
    let all = count(seen.len());
    let share = |times: usize| f64::from(count(times)) / f64::from(all);
    let best = ranked.into_iter().take(3);
    best.map(|(times, _, value)| Favourite {
        value,
        share: share(times),
        based_on: all,
    })
    .collect()
}
