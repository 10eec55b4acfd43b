//! What numbers about trips and departures missed rest on: bookings, seats and boardings of each departure.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Evidence, Facts, Rests, rests};
use crate::domain::fold::booking::{Fate, offering_departure};
use crate::domain::fold::journey::{self, Journey, Outcome};
use crate::domain::metric::{Metric as M, MetricValue};
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

    /// The seats, bookings and boardings of each departure; the departure counts once.
    fn departures<'j>(&self, journeys: impl Iterator<Item = &'j Journey>) -> Evidence {
        let mut found = Evidence::default();
        for journey in journeys {
            found.inputs += 1;
            let rows = self.departure(journey);
            let known: BTreeSet<_> = found.rests.iter().map(|one| one.source).collect();
            let fresh = rows.into_iter().filter(|one| !known.contains(&one.source));
            found.rests.extend(fresh);
        }
        found
    }

    fn departure(&self, journey: &Journey) -> Vec<Rests> {
        let boardings = journey::own_boardings(&self.entities);
        let boardings = boardings.get(&journey.departure);
        let boardings: Vec<Rests> = boardings
            .into_iter()
            .flatten()
            .map(|one| rests(SourceKind::BoardingEvent, one.id, &[A::Boarded]))
            .collect();
        let shown_as: &'static [A] = match (journey.outcome, boardings.is_empty()) {
            (Outcome::Trip, false) => &[A::BookingCompleted],
            (Outcome::Trip, true) => &[A::BookingCompleted, A::BookingNoShow],
            (Outcome::NoShow | Outcome::NotMeasured, _) => &[A::BookingNoShow],
            (Outcome::Open, _) => &[A::BookingConfirmed],
        };
        let mut found = boardings;
        for seat in journey::own_passengers(&self.entities).filter(|seat| seat.active()) {
            let Some(booking) = seat.reference(Field::Booking) else {
                continue;
            };
            if self.departs_on(booking, journey.departure) {
                found.push(rests(SourceKind::Passenger, seat.id, &[]));
                found.push(rests(SourceKind::Booking, booking, shown_as));
            }
        }
        found.sort_by_key(|one| one.source);
        found.dedup_by_key(|one| one.source);
        found
    }

    /// Whether it is a kept booking for that departure.
    fn departs_on(&self, booking: Uuid, departure: Uuid) -> bool {
        let booking = self.entities.get(SourceKind::Booking, booking);
        booking.is_some_and(|booking| {
            booking.exists()
                && Fate::of(booking).kept()
                && offering_departure(booking, self.reference) == Some(departure)
        })
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
