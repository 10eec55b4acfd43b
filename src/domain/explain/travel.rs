//! What numbers about trips and departures missed rest on: bookings, seats and boardings of each departure.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::{Aboard, Evidence, Facts, Rests, rests};
use crate::domain::fold::booking::offering_departure;
use crate::domain::fold::entity::Entities;
use crate::domain::fold::fate::Fate;
use crate::domain::fold::journey::{self, Journey, Outcome};
use crate::domain::metric::{Metric as M, MetricValue};
use crate::domain::reference::Reference;
use crate::domain::source::{Field, SourceKind};
use crate::domain::timeline::ActivityKind as A;

impl Facts<'_> {
    pub(super) fn of_travel(&self, metric: M) -> Option<Evidence> {
        let day_trip = |j: &&Journey| j.start_date == j.end_date;
        Some(match metric {
            M::TripsTaken => self.departures(self.ended()),
            M::DayTripsTaken => self.departures(self.ended().filter(day_trip)),
            M::MultiDayTripsTaken => self.departures(self.ended().filter(|j| !day_trip(j))),
            M::UpcomingTrips => self.departures(self.to_come()),
            M::NextDeparture => {
                let next = self.to_come().min_by_key(|j| (j.start_date, j.departure));
                self.departures(next.into_iter())
            }
            M::NoShowCount => self.departures(self.with(Outcome::NoShow)),
            M::NotMeasuredDepartures => self.departures(self.with(Outcome::NotMeasured)),
            M::NoShowRate | M::NoShowRateBasedOn => {
                self.departures(self.trips().chain(self.with(Outcome::NoShow)))
            }
            M::PreferredSeatPosition
            | M::PreferredSeatPositionShare
            | M::PreferredSeatPositionBasedOn => {
                self.departures(self.trips().filter(|j| j.seat_position.is_some()))
            }
            M::PreferredSeatLabel | M::PreferredSeatLabelShare | M::PreferredSeatLabelBasedOn => {
                self.departures(self.trips().filter(|j| j.seat_label.is_some()))
            }
            M::PreferredBoardingPoint => {
                self.departures(self.trips().filter(|j| j.place.is_some()))
            }
            M::FavouriteTours => self.departures(self.trips().filter(|j| j.template_id.is_some())),
            M::FavouriteRegions => self.departures(self.trips().filter(|j| j.region.is_some())),
            M::FavouriteMonths => self.departures(self.trips().filter(|j| j.start_date.is_some())),
            M::IsMinor => self.childhood(),
            _ => return None,
        })
    }

    fn with(&self, outcome: Outcome) -> impl Iterator<Item = &Journey> {
        let journeys = self.state.journeys.iter();
        journeys.filter(move |journey| journey.outcome == outcome)
    }

    fn trips(&self) -> impl Iterator<Item = &Journey> {
        self.with(Outcome::Trip)
    }

    fn ended(&self) -> impl Iterator<Item = &Journey> {
        self.trips()
            .filter(|journey| journey.end_date.is_some_and(|end| end < self.today))
    }

    fn to_come(&self) -> impl Iterator<Item = &Journey> {
        let journeys = self.state.journeys.iter();
        journeys.filter(|journey| journey.start_date.is_some_and(|start| start >= self.today))
    }

    /// All trips, as rows.
    pub(super) fn travelled(&self) -> Vec<Rests> {
        self.departures(self.trips()).rests
    }

    /// Every departure with a seat of the person's, whatever became of it.
    pub(super) fn all_departures(&self) -> Evidence {
        self.departures(self.state.journeys.iter())
    }

    /// The seats, bookings and boardings of each departure; the departure counts once.
    fn departures<'j>(&self, journeys: impl Iterator<Item = &'j Journey>) -> Evidence {
        let mut found = Evidence::default();
        let mut known = BTreeSet::new();
        for journey in journeys {
            found.inputs += 1;
            let rows = self.departure(journey).into_iter();
            found
                .rests
                .extend(rows.filter(|one| known.insert(one.source)));
        }
        found
    }

    fn departure(&self, journey: &Journey) -> Vec<Rests> {
        let Some(aboard) = self.aboard.get(&journey.departure) else {
            return Vec::new();
        };
        let shown_as: &'static [A] = match (journey.outcome, aboard.boardings.is_empty()) {
            (Outcome::Trip, false) => &[A::BookingCompleted],
            (Outcome::Trip, true) => &[A::BookingCompleted, A::BookingNoShow],
            (Outcome::NoShow | Outcome::NotMeasured, _) => &[A::BookingNoShow],
            (Outcome::Open, _) => &[A::BookingConfirmed],
        };
        let boardings = aboard.boardings.iter();
        let boardings =
            boardings.map(|id| rests(SourceKind::BoardingEvent, *id, &[A::Boarded] as &[A]));
        let seats = aboard.seats.iter().flat_map(|(seat, booking)| {
            [
                rests(SourceKind::Passenger, *seat, &[]),
                rests(SourceKind::Booking, *booking, shown_as),
            ]
        });
        boardings.chain(seats).collect()
    }

    /// The seats that say child or infant, with their bookings, which the timeline shows.
    fn childhood(&self) -> Evidence {
        let seats = journey::own_passengers(&self.entities).filter_map(|seat| {
            let fare = seat.text(Field::FareCategory);
            let fare = fare.filter(|fare| matches!(*fare, "CHILD" | "INFANT"))?;
            Some((seat, MetricValue::from(fare)))
        });
        let seats: Vec<_> = seats.collect();
        let rows = seats
            .iter()
            .map(|(seat, fare)| rests(SourceKind::Passenger, seat.id, &[]).giving(fare.clone()));
        let bookings = seats.iter().filter_map(|(seat, _)| {
            let booking = seat.reference(Field::Booking)?;
            Some(rests(SourceKind::Booking, booking, &[A::BookingConfirmed]))
        });
        Evidence::of(rows).and(bookings)
    }
}

/// Own boardings, and own active seats of kept bookings, by departure.
pub(super) fn aboard(entities: &Entities<'_>, reference: &Reference) -> HashMap<Uuid, Aboard> {
    let mut found: HashMap<Uuid, Aboard> = HashMap::new();
    for (departure, boardings) in journey::own_boardings(entities) {
        let of = found.entry(departure).or_default();
        of.boardings = boardings.into_iter().map(|one| one.id).collect();
    }
    for seat in journey::own_passengers(entities).filter(|seat| seat.active()) {
        let booking = seat.reference(Field::Booking);
        let booking = booking.and_then(|id| entities.get(SourceKind::Booking, id));
        let kept = booking.filter(|one| one.exists() && Fate::of(one).kept());
        if let Some((booking, departure)) =
            kept.and_then(|one| Some((one.id, offering_departure(one, reference)?)))
        {
            let of = found.entry(departure).or_default();
            of.seats.push((seat.id, booking));
        }
    }
    found
}
