//! The history of a person as the models see it: small, free of time and of names, kept inside the insight.
//!
//! A function of the folded state alone, so that a stored one can be scored at any instant without folding again, and
//! cut off at an earlier instant for back-tests. Absent on purpose: agencies, minors and those who object to profiling,
//! of whom nothing is learnt and whom nothing is foretold.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, NaiveDate, TimeZone, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::facts::organises;
use super::message::{Message, Messages, Route};
use crate::domain::fold::CustomerState;
use crate::domain::fold::booking::{BookingFact, Cancellation};
use crate::domain::fold::journey::{Journey, Outcome};
use crate::domain::fold::voice::Ways;
use crate::domain::insight::BookerKind;

/// Whoever has more bookings than this is no traveller, whatever their bookings say.
const BOOKINGS_MAX: usize = 500;
/// A day in minutes.
pub const DAY: Minutes = 1_440;

/// An instant in whole minutes since 1970, UTC. A calendar day is its midnight in the tenant's zone.
pub type Minutes = i64;

/// The minute an instant lies in.
#[must_use]
pub fn minutes(at: DateTime<Utc>) -> Minutes {
    at.timestamp().div_euclid(60)
}

/// The instant at which a minute begins.
#[must_use]
pub fn instant(minutes: Minutes) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(minutes.checked_mul(60)?, 0)
}

/// When and why a booking came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancelled {
    /// The earliest version that shows it.
    pub at: Minutes,
    /// Who or what ended it.
    pub why: Cancellation,
}

/// A confirmed booking as booker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// When it was made.
    pub booked: Minutes,
    /// How it ended early; none when it was kept.
    pub cancelled: Option<Cancelled>,
    /// Nobody of it appeared.
    pub no_show: bool,
    /// What it is worth, hundredths of the tenant's currency; none in another currency.
    pub value: Option<i64>,
    /// Place of the tour's template in [`History::tour`].
    pub tour: Option<u16>,
    /// The tour's last day.
    pub end: Option<Minutes>,
    /// Seats.
    pub party: Option<u16>,
    /// Place of the sales channel in [`History::sales_channel`].
    pub sales_channel: Option<u16>,
    /// Places of the kinds of its extras in [`History::extra`], each once.
    pub extras: Vec<u16>,
}

/// A departure on which the person has a seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trip {
    /// The first day.
    pub start: Minutes,
    /// Days from the first to the last, 0 for a day trip.
    pub nights: u16,
    /// How many minutes before the first day the seat was first heard of; negative when only afterwards.
    pub ahead: Minutes,
    /// What became of it.
    pub outcome: TripOutcome,
    /// On a booking of their own, as opposed to having been taken along.
    pub own: bool,
    /// Place of the tour's template in [`History::tour`].
    pub tour: Option<u16>,
    /// Place of the region in [`History::region`].
    pub region: Option<u16>,
}

/// What became of a departure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TripOutcome {
    /// Travelled.
    Taken,
    /// Missed it.
    NoShow,
    /// Not known, or yet to come.
    Open,
}

/// An answer to a question about a trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// When it was given.
    pub at: Minutes,
    /// "Would you recommend us", 0 to 10.
    pub nps: Option<u8>,
    /// Satisfaction, 1 to 5.
    pub rating: Option<u8>,
    /// Place of the tour it is about in [`History::tour`].
    pub tour: Option<u16>,
    /// Place of its region in [`History::region`].
    pub region: Option<u16>,
}

/// What the models know of one person. Lists are ordered by time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Confirmed bookings as booker, by the instant of booking.
    pub bookings: Vec<Booking>,
    /// Departures as traveller, by their first day.
    pub trips: Vec<Trip>,
    /// Messages that count, in both directions.
    pub messages: Messages,
    /// What was said about trips.
    pub answers: Vec<Answer>,
    /// The median party is 8 or more.
    pub organiser: bool,
    /// How the person can be reached.
    pub ways: Ways,
    pub(super) tours: Vec<Uuid>,
    pub(super) regions: Vec<String>,
    pub(super) sales_channels: Vec<String>,
    pub(super) extras: Vec<String>,
}

impl History {
    /// What the models may know of a person; none for agencies, minors, and whoever objects to profiling.
    #[must_use]
    pub fn of(state: &CustomerState, kind: Option<BookerKind>) -> Option<Self> {
        let standing = &state.standing;
        let agency = kind == Some(BookerKind::Agency) || state.bookings.len() > BOOKINGS_MAX;
        if agency || !standing.profiling_allowed() {
            return None;
        }
        let mut history = Self {
            organiser: kind == Some(BookerKind::GroupOrganiser),
            messages: Messages::of(&state.talk),
            ways: state.ways,
            ..Self::default()
        };
        let confirmed = state.bookings.iter().filter(|one| one.fate.confirmed);
        let bookings = confirmed.filter_map(|fact| history.booking(fact, state));
        history.bookings = bookings.collect();
        history.bookings.sort_by_key(|one| one.booked);
        let trips = state.journeys.iter();
        let trips = trips.filter_map(|journey| history.trip(journey, state));
        history.trips = trips.collect();
        history.trips.sort_by_key(|one| one.start);
        let answers = state.answers.iter().map(|told| Answer {
            at: minutes(told.at),
            nps: told.nps.and_then(|score| u8::try_from(score).ok()),
            rating: told.rating.and_then(|rating| u8::try_from(rating).ok()),
            tour: place(&mut history.tours, told.template_id.as_ref()),
            region: place(&mut history.regions, told.region.as_ref()),
        });
        history.answers = answers.collect();
        Some(history)
    }

    /// A history of nothing but bookings, which come sorted by their instants.
    #[must_use]
    pub fn of_bookings(bookings: Vec<Booking>) -> Self {
        Self {
            bookings,
            ..Self::default()
        }
    }

    fn booking(&mut self, fact: &BookingFact, state: &CustomerState) -> Option<Booking> {
        let own_currency = fact.currency == state.operator.currency;
        let value = i64::try_from(fact.value).ok();
        let booked = minutes(fact.booked?);
        let cancelled = fact.cancellation.map(|why| Cancelled {
            at: fact.cancelled_at.map_or(booked, minutes),
            why,
        });
        Some(Booking {
            booked,
            cancelled,
            no_show: fact.no_show,
            value: value.filter(|_| own_currency),
            tour: place(&mut self.tours, fact.template_id.as_ref()),
            end: fact.end_date.and_then(|day| midnight(day, state)),
            party: fact.passenger_count.and_then(|n| u16::try_from(n).ok()),
            sales_channel: place(&mut self.sales_channels, fact.sales_channel.as_ref()),
            extras: self.extras(fact),
        })
    }

    fn extras(&mut self, fact: &BookingFact) -> Vec<u16> {
        let kinds: BTreeSet<&String> = fact
            .ancillaries
            .iter()
            .map(|one| &one.ancillary_type)
            .collect();
        let places = kinds.into_iter();
        places
            .filter_map(|kind| place(&mut self.extras, Some(kind)))
            .collect()
    }

    fn trip(&mut self, journey: &Journey, state: &CustomerState) -> Option<Trip> {
        let start = midnight(journey.start_date?, state)?;
        let nights = journey.end_date.zip(journey.start_date);
        let nights = nights.map_or(0, |(end, start)| (end - start).num_days());
        Some(Trip {
            start,
            nights: u16::try_from(nights).unwrap_or_default(),
            ahead: journey.seen_at.map_or(0, |seen| start - minutes(seen)),
            outcome: match journey.outcome {
                Outcome::Trip => TripOutcome::Taken,
                Outcome::NoShow => TripOutcome::NoShow,
                Outcome::NotMeasured | Outcome::Open => TripOutcome::Open,
            },
            own: state
                .bookings
                .iter()
                .any(|one| one.id == journey.booking_id),
            tour: place(&mut self.tours, journey.template_id.as_ref()),
            region: place(&mut self.regions, journey.region.as_ref()),
        })
    }

    /// The same as it was known at an earlier instant: later bookings, trips, cancellations and words are not there.
    ///
    /// A trip that had not ended by then is open; what a booking is worth stays as it came to be.
    #[must_use]
    pub fn before(&self, cut: DateTime<Utc>) -> Self {
        let cut = minutes(cut);
        let bookings = self.bookings.iter().filter(|one| one.booked <= cut);
        let bookings: Vec<Booking> = bookings.map(|one| one.before(cut)).collect();
        let trips = self.trips.iter().filter(|one| one.known_by(cut));
        Self {
            organiser: organises(&bookings),
            bookings,
            trips: trips.map(|one| one.before(cut)).collect(),
            messages: self.messages.before(cut),
            answers: self
                .answers
                .iter()
                .copied()
                .filter(|one| one.at <= cut)
                .collect(),
            ..self.clone()
        }
    }

    /// Bookings that were kept, as far as this history knows.
    pub fn kept(&self) -> impl DoubleEndedIterator<Item = &Booking> + Clone {
        self.bookings.iter().filter(|one| one.cancelled.is_none())
    }

    /// Trips that took place.
    pub fn taken(&self) -> impl DoubleEndedIterator<Item = &Trip> + Clone {
        let trips = self.trips.iter();
        trips.filter(|one| one.outcome == TripOutcome::Taken)
    }

    /// When the person came to the operator of their own accord or was taken along: kept bookings, and trips on
    /// somebody else's booking at their first day. Sorted.
    #[must_use]
    pub fn occasions(&self) -> Vec<Minutes> {
        let along = self.taken().filter(|trip| !trip.own);
        let along = along.map(|trip| trip.start);
        let mut all: Vec<Minutes> = self.kept().map(|one| one.booked).chain(along).collect();
        all.sort_unstable();
        all
    }

    /// The first day of the next departure, or of the tour of a kept booking that has not ended; none when there is
    /// nothing to come. Today's departure is still to come.
    #[must_use]
    pub fn upcoming(&self, now: DateTime<Utc>) -> Option<Minutes> {
        let now = minutes(now);
        let trips = self.trips.iter().map(|trip| trip.start);
        let trips = trips.filter(|start| start + DAY > now);
        let tours = self.kept().filter_map(|one| one.end);
        trips.chain(tours.filter(|end| end + DAY > now)).min()
    }

    /// The tour's template at a place.
    #[must_use]
    pub fn tour(&self, place: u16) -> Option<Uuid> {
        self.tours.get(usize::from(place)).copied()
    }

    /// The region at a place.
    #[must_use]
    pub fn region(&self, place: u16) -> Option<&str> {
        self.regions.get(usize::from(place)).map(String::as_str)
    }

    /// The sales channel at a place.
    #[must_use]
    pub fn sales_channel(&self, place: u16) -> Option<&str> {
        let words = &self.sales_channels;
        words.get(usize::from(place)).map(String::as_str)
    }

    /// The region that most trips by an instant went to, of equally frequent ones the first of the alphabet.
    #[must_use]
    pub fn home(&self, now: Minutes) -> Option<&str> {
        let taken = self.taken().filter(|trip| trip.start <= now);
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        for region in taken.filter_map(|trip| self.region(trip.region?)) {
            *counts.entry(region).or_default() += 1;
        }
        let most = counts.into_iter().rev().max_by_key(|(_, n)| *n);
        most.map(|(region, _)| region)
    }

    /// The kind of extra at a place.
    #[must_use]
    pub fn extra(&self, place: u16) -> Option<&str> {
        self.extras.get(usize::from(place)).map(String::as_str)
    }

    /// The road a message took.
    #[must_use]
    pub fn route(&self, message: &Message) -> Option<&Route> {
        self.messages.route(message)
    }
}

impl Booking {
    fn before(&self, cut: Minutes) -> Self {
        Self {
            cancelled: self.cancelled.filter(|one| one.at <= cut),
            no_show: self.no_show && self.end.is_some_and(|end| end + DAY <= cut),
            ..self.clone()
        }
    }
}

impl Trip {
    /// The last day.
    #[must_use]
    pub fn end(&self) -> Minutes {
        self.start + Minutes::from(self.nights) * DAY
    }

    /// Month of the first day, 1 to 12. Noon of the day is the same date in every zone that coaches cross.
    #[must_use]
    pub fn month(&self) -> Option<u32> {
        Some(instant(self.start + DAY / 2)?.month())
    }

    fn known_by(&self, cut: Minutes) -> bool {
        self.start <= cut || self.start - self.ahead <= cut
    }

    fn before(&self, cut: Minutes) -> Self {
        let over = self.end() + DAY <= cut;
        Self {
            outcome: if over {
                self.outcome
            } else {
                TripOutcome::Open
            },
            ..self.clone()
        }
    }
}

/// The place of a value in a list of those seen so far, which it joins.
fn place<T: Clone + PartialEq>(seen: &mut Vec<T>, value: Option<&T>) -> Option<u16> {
    let value = value?;
    let at = seen.iter().position(|one| one == value);
    let at = at.unwrap_or_else(|| {
        seen.push(value.clone());
        seen.len() - 1
    });
    u16::try_from(at).ok()
}

/// Midnight of a day in the tenant's zone; where clocks skip it, the day's first hour that exists.
fn midnight(day: NaiveDate, state: &CustomerState) -> Option<Minutes> {
    let hours = (0..24).filter_map(|hour| day.and_hms_opt(hour, 0, 0));
    let zone = state.operator.time_zone;
    let mut instants = hours.filter_map(|local| zone.from_local_datetime(&local).earliest());
    Some(minutes(instants.next()?.with_timezone(&Utc)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fold::voice::Talk;

    const NOON: Minutes = 28_000_000;

    fn at(minutes: Minutes) -> DateTime<Utc> {
        instant(minutes).unwrap()
    }

    fn booking(booked: Minutes, end: Minutes) -> Booking {
        Booking {
            booked,
            cancelled: None,
            no_show: false,
            value: Some(49_900),
            tour: Some(0),
            end: Some(end),
            party: Some(2),
            sales_channel: Some(0),
            extras: vec![0],
        }
    }

    fn trip(start: Minutes, own: bool) -> Trip {
        Trip {
            start,
            nights: 4,
            ahead: 100 * DAY,
            outcome: TripOutcome::Taken,
            own,
            tour: Some(0),
            region: Some(0),
        }
    }

    fn talk(sent: Minutes, read: Option<Minutes>) -> Talk {
        Talk {
            at: at(sent),
            inbound: false,
            delivered: true,
            failed: false,
            read: read.map(at),
            channel: None,
            account: Some(Uuid::from_u128(7)),
        }
    }

    /// Two bookings with their trips, four messages, one answer.
    fn usual() -> History {
        let year = 365 * DAY;
        let starts = [NOON + 100 * DAY, NOON + year];
        History {
            bookings: starts
                .map(|start| booking(start - 100 * DAY, start + 4 * DAY))
                .to_vec(),
            trips: starts.map(|start| trip(start, true)).to_vec(),
            messages: Messages::of(&[
                talk(NOON + year, None),
                talk(NOON, Some(NOON + 90)),
                talk(NOON + 10 * DAY, None),
                talk(NOON + 90 * DAY, Some(NOON + 95 * DAY)),
            ]),
            answers: vec![Answer {
                at: NOON + 110 * DAY,
                nps: Some(9),
                rating: Some(5),
                tour: Some(0),
                region: Some(0),
            }],
            organiser: false,
            ways: Ways::default(),
            tours: vec![Uuid::from_u128(1)],
            regions: vec!["Nordsee".to_owned()],
            sales_channels: vec!["PHONE".to_owned()],
            extras: vec!["SEAT".to_owned()],
        }
    }

    #[test]
    fn a_usual_history_takes_less_than_200_bytes() {
        let bytes = postcard::to_stdvec(&usual()).unwrap();
        assert!(bytes.len() < 200, "{} bytes", bytes.len());
        assert_eq!(postcard::from_bytes::<History>(&bytes).unwrap(), usual());
    }

    #[test]
    fn cut_off_at_an_earlier_instant_it_knows_nothing_of_what_came_later() {
        let seen = usual().before(at(NOON + 92 * DAY));
        assert_eq!((seen.bookings.len(), seen.trips.len()), (1, 1));
        assert_eq!(
            seen.trips[0].outcome,
            TripOutcome::Open,
            "it had not begun yet"
        );
        assert_eq!(seen.upcoming(at(NOON + 92 * DAY)), Some(NOON + 100 * DAY));
        let read: Vec<_> = seen.messages.iter().map(|one| one.read).collect();
        assert_eq!(read, [Some(NOON + 90), None, None]);
        assert!(seen.answers.is_empty());
        let after = usual().before(at(NOON + 10_000 * DAY));
        assert_eq!(after, usual(), "the end of time cuts nothing off");
    }

    #[test]
    fn whoever_organised_a_group_later_had_not_done_so_before() {
        let mut history = usual();
        history.bookings[1].party = Some(30);
        history.organiser = true;
        let then = at(NOON + 92 * DAY);
        assert!(!history.before(then).organiser, "a party of two by then");
        assert!(
            history.before(at(NOON + 10_000 * DAY)).organiser,
            "(2 + 30) / 2"
        );
        history.bookings[0].party = Some(20);
        assert!(history.before(then).organiser);
    }

    #[test]
    fn a_booking_stands_until_it_is_cancelled() {
        let mut history = usual();
        history.bookings[0].cancelled = Some(Cancelled {
            at: NOON + 50 * DAY,
            why: Cancellation::ByCustomer,
        });
        assert_eq!(history.before(at(NOON + 49 * DAY)).kept().count(), 1);
        assert_eq!(history.before(at(NOON + 50 * DAY)).kept().count(), 0);
    }

    #[test]
    fn being_taken_along_is_an_occasion_and_the_own_trip_is_not_a_second_one() {
        let mut history = usual();
        let own = history.occasions();
        assert_eq!(own.len(), 2);
        history.trips[1].own = false;
        assert_eq!(history.occasions().len(), 3);
        history.trips[0].outcome = TripOutcome::NoShow;
        history.trips[0].own = false;
        assert_eq!(history.occasions().len(), 3, "missed, so not taken");
    }

    #[test]
    fn messages_come_back_as_they_were_told() {
        let history = usual();
        let told: Vec<_> = history.messages.iter().collect();
        assert_eq!(told.len(), 4);
        assert_eq!((told[0].at, told[0].read), (NOON, Some(NOON + 90)));
        assert_eq!(told[1].reach, super::super::message::Reach::Delivered);
        let account = Route::Account(Uuid::from_u128(7));
        assert!(told.iter().all(|one| history.route(one) == Some(&account)));
    }
}
