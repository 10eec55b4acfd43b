//! Departures as a traveller knows them: trips, departures missed, seats and boarding points.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::booking::offering_departure;
use super::entity::{Entities, Entity};
use super::fate::Fate;
use super::seat;
use crate::domain::activity::Role;
use crate::domain::insight::BoardingPlace;
use crate::domain::money::Purse;
use crate::domain::reference::{Reference, Surroundings};
use crate::domain::source::{Field, SourceKind};

/// What became of a departure for this person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Outcome {
    /// Travelled.
    Trip,
    /// Missed it.
    NoShow,
    /// Perhaps missed it, but nobody was scanned.
    NotMeasured,
    /// Nothing yet, or not let on.
    Open,
}

/// One departure on which the person has an active seat of a kept booking.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Journey {
    /// The departure.
    pub departure: Uuid,
    /// The booking it is on.
    pub booking_id: Uuid,
    /// When the seat was first heard of.
    pub seen_at: Option<DateTime<Utc>>,
    /// What became of it.
    pub outcome: Outcome,
    /// The offering it was booked as.
    pub offering_id: Uuid,
    /// The tour.
    pub template_id: Option<Uuid>,
    /// The tour as printed.
    pub tour_title: Option<String>,
    /// Where it goes.
    pub region: Option<String>,
    /// First day.
    pub start_date: Option<NaiveDate>,
    /// Last day.
    pub end_date: Option<NaiveDate>,
    /// Such as `WINDOW_MIDDLE`.
    pub seat_position: Option<String>,
    /// As given.
    pub seat_label: Option<String>,
    /// Where the person got on, or is to get on.
    pub place: Option<BoardingPlace>,
}

/// All about travelling.
#[derive(Debug, Default)]
pub struct Travel {
    /// By departure.
    pub journeys: Vec<Journey>,
    /// Spent on board.
    pub onboard: Purse,
    /// The latest fare category is CHILD or INFANT.
    pub minor: bool,
    /// The latest boarding or purchase on board.
    pub last_touch: Option<DateTime<Utc>>,
}

/// A seat: an active passenger row with its kept booking.
struct Seat<'e, 'a> {
    passenger: &'e Entity<'a>,
    offering_id: Uuid,
    fate: Fate,
    around: Surroundings,
}

/// Collects the journeys of a traveller.
#[must_use]
pub fn facts(entities: &Entities<'_>, reference: &Reference) -> Travel {
    let boardings = own_boardings(entities);
    let mut seats: BTreeMap<Uuid, Vec<Seat<'_, '_>>> = BTreeMap::new();
    for passenger in own_passengers(entities).filter(|passenger| passenger.active()) {
        if let Some((departure, seat)) = seat_of(passenger, entities, reference) {
            seats.entry(departure).or_default().push(seat);
        }
    }
    let journeys = seats.iter().filter_map(|(departure, seats)| {
        let none = Vec::new();
        let boardings = boardings.get(departure).unwrap_or(&none);
        journey(*departure, seats, boardings, reference)
    });
    let (onboard, last_sale) = spent_on_board(entities, reference);
    let boarded = boardings
        .values()
        .flatten()
        .filter(|boarding| is(boarding, "BOARDED"));
    let last_boarding = boarded
        .filter_map(|boarding| boarding.at(Field::BoardedAt))
        .max();
    Travel {
        journeys: journeys.collect(),
        onboard,
        minor: minor(entities),
        last_touch: last_boarding.max(last_sale),
    }
}

fn is(boarding: &Entity<'_>, status: &str) -> bool {
    boarding.text(Field::Status).unwrap_or("BOARDED") == status
}

/// The passenger rows that are this person's.
pub fn own_passengers<'e, 'a>(entities: &'e Entities<'a>) -> impl Iterator<Item = &'e Entity<'a>> {
    let passengers = entities.of(SourceKind::Passenger);
    passengers.filter(|one| one.role == Role::Traveller && one.mine() && one.exists())
}

fn seat_of<'e, 'a>(
    passenger: &'e Entity<'a>,
    entities: &Entities<'_>,
    reference: &Reference,
) -> Option<(Uuid, Seat<'e, 'a>)> {
    let booking = entities.get(SourceKind::Booking, passenger.reference(Field::Booking)?)?;
    let fate = Fate::of(booking);
    if !booking.exists() || !fate.kept() {
        return None;
    }
    let departure = offering_departure(booking, reference)?;
    let seat = Seat {
        passenger,
        offering_id: booking.reference(Field::Offering)?,
        fate,
        around: reference
            .surroundings
            .get(&booking.id)
            .copied()
            .unwrap_or_default(),
    };
    Some((departure, seat))
}

/// The passenger a row is about: the one it names, else its ticket's.
fn passenger_of(entity: &Entity<'_>, entities: &Entities<'_>) -> Option<Uuid> {
    entity.reference(Field::Passenger).or_else(|| {
        let ticket = entities.get(SourceKind::Ticket, entity.reference(Field::Ticket)?)?;
        ticket.reference(Field::Passenger)
    })
}

/// It is this person's: through a passenger row of theirs, or by name when it names no passenger.
#[must_use]
pub fn is_own(entity: &Entity<'_>, entities: &Entities<'_>) -> bool {
    let named = entity
        .reference(Field::Passenger)
        .or_else(|| entity.reference(Field::Ticket));
    if named.is_none() {
        return entity.mine();
    }
    let passenger = passenger_of(entity, entities);
    let passenger = passenger.and_then(|id| entities.get(SourceKind::Passenger, id));
    passenger.is_some_and(|one| one.role == Role::Traveller && one.mine() && one.exists())
}

/// Boardings of this person by departure, earliest first.
#[must_use]
pub fn own_boardings<'e, 'a>(entities: &'e Entities<'a>) -> HashMap<Uuid, Vec<&'e Entity<'a>>> {
    let mut found: HashMap<Uuid, Vec<&Entity<'_>>> = HashMap::new();
    let boardings = entities.of(SourceKind::BoardingEvent);
    for boarding in boardings.filter(|one| one.exists() && is_own(one, entities)) {
        if let Some(departure) = boarding.reference(Field::Departure) {
            found.entry(departure).or_default().push(boarding);
        }
    }
    for boardings in found.values_mut() {
        boardings.sort_by_key(|boarding| (boarding.at(Field::BoardedAt), boarding.id));
    }
    found
}

fn journey(
    departure: Uuid,
    seats: &[Seat<'_, '_>],
    boardings: &[&Entity<'_>],
    reference: &Reference,
) -> Option<Journey> {
    // Passengers come by id, so the first seat is that of the least passenger row.
    let speaker = seats.first()?;
    let offering = reference.offerings.get(&speaker.offering_id)?;
    let outcome = outcome(departure, seats, boardings, reference);
    let boarded = || boardings.iter().filter(|boarding| is(boarding, "BOARDED"));
    let seat_row = boarded().next();
    let given = seat_row.and_then(|boarding| boarding.text(Field::SeatLabel));
    let passenger = speaker.passenger;
    let booked = passenger.text(Field::SeatLabel);
    let position = given.and_then(seat::position);
    let position = position.or_else(|| passenger.text(Field::SeatPosition).map(str::to_owned));
    let point = boarded().find(|boarding| is_pickup(boarding, reference));
    let point = point.and_then(|boarding| boarding.reference(Field::BoardingPoint));
    let first_heard =
        |seat: &Seat<'_, '_>| seat.passenger.versions.first().map(|one| one.version_at);
    Some(Journey {
        departure,
        booking_id: passenger.reference(Field::Booking)?,
        seen_at: seats.iter().filter_map(first_heard).min(),
        outcome,
        offering_id: speaker.offering_id,
        template_id: offering.template_id,
        tour_title: offering.title.clone(),
        region: offering.region.clone(),
        start_date: offering.start_date,
        end_date: offering.end_date,
        seat_position: position.or_else(|| booked.and_then(seat::position)),
        seat_label: given.or(booked).map(str::to_owned),
        place: point
            .map(BoardingPlace::Stop)
            .or_else(|| booked_place(passenger)),
    })
}

fn booked_place(passenger: &Entity<'_>) -> Option<BoardingPlace> {
    if passenger.flag(Field::DoorPickup) == Some(true) {
        return Some(BoardingPlace::DoorPickup);
    }
    passenger
        .reference(Field::BoardingPoint)
        .map(BoardingPlace::Stop)
}

fn is_pickup(boarding: &Entity<'_>, reference: &Reference) -> bool {
    let leg = boarding
        .reference(Field::Leg)
        .and_then(|leg| reference.leg_types.get(&leg));
    leg.is_none_or(|leg_type| leg_type == "PICKUP")
}

fn outcome(
    departure: Uuid,
    seats: &[Seat<'_, '_>],
    boardings: &[&Entity<'_>],
    reference: &Reference,
) -> Outcome {
    let boarded = boardings.iter().any(|boarding| is(boarding, "BOARDED"));
    if boarded {
        return Outcome::Trip;
    }
    if boardings.iter().any(|boarding| is(boarding, "DENIED")) {
        return Outcome::Open;
    }
    let said_absent = |seat: &Seat<'_, '_>| seat.passenger.flag(Field::SaidBoarded) == Some(false);
    let travelled = |seat: &Seat<'_, '_>| {
        seat.fate.completed
            || (seat.fate.failed_to_show && seat.around.boarded && !said_absent(seat))
    };
    if seats.iter().any(travelled) {
        return Outcome::Trip;
    }
    let nobody = |seat: &Seat<'_, '_>| {
        seat.fate.failed_to_show && !seat.around.boarded && !seat.around.denied
    };
    let measured = reference.measured.contains(&departure);
    let missed = |seat: &Seat<'_, '_>| {
        (seat.fate.failed_to_show && said_absent(seat)) || (nobody(seat) && measured)
    };
    if seats.iter().any(missed) {
        return Outcome::NoShow;
    }
    if seats.iter().any(nobody) {
        Outcome::NotMeasured
    } else {
        Outcome::Open
    }
}

fn spent_on_board(
    entities: &Entities<'_>,
    reference: &Reference,
) -> (Purse, Option<DateTime<Utc>>) {
    let mut purse = Purse::default();
    let mut last = None;
    let sales = entities.of(SourceKind::OnboardSale);
    for sale in sales.filter(|sale| sale.exists() && is_own(sale, entities)) {
        let amount = sale.cents(Field::Total).unwrap_or_default();
        purse.add(
            &sale.currency(&reference.operator.currency),
            i128::from(amount),
        );
        last = last.max(sale.at(Field::SoldAt));
    }
    (purse, last)
}

/// The fare category of the latest version among the own passenger rows.
fn minor(entities: &Entities<'_>) -> bool {
    let latest = own_passengers(entities).filter_map(|passenger| {
        let mut live = passenger.live();
        let known = live.find(|known| known.get(Field::FareCategory).is_some())?;
        let category = passenger.text(Field::FareCategory);
        Some((known.place(), passenger.id, category))
    });
    let latest = latest.max_by_key(|(place, id, _)| (*place, *id));
    matches!(latest, Some((_, _, Some("CHILD" | "INFANT"))))
}
