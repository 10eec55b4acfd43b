//! What the trips say together: how many, where the person sits, gets on and likes to go.

use chrono::{Datelike as _, NaiveDate};
use customer_intelligence::domain::insight::{Behavior, BoardingPlace};
use uuid::Uuid;

use super::super::world::{Row, Table};
use super::travel::{Boarding, Seat};
use super::{Oracle, count, favourites};

/// A departure with its two speakers: the own boardings, earliest first, and the least passenger row.
#[derive(Debug, Clone)]
pub(super) struct Trip<'a, 'o> {
    pub(super) boarded: Vec<Boarding<'a>>,
    pub(super) speaker: Seat<'a, 'o>,
}

impl Trip<'_, '_> {
    pub(super) fn start(&self) -> Option<NaiveDate> {
        self.speaker.offering.1.day("start_date")
    }

    fn end(&self) -> Option<NaiveDate> {
        self.speaker.offering.1.day("end_date")
    }
}

/// Where a passenger gets on, as booked.
fn place(passenger: &Row) -> Option<BoardingPlace> {
    if passenger.flag("is_door_pickup") {
        return Some(BoardingPlace::DoorPickup);
    }
    passenger.id("boarding_point_id").map(BoardingPlace::Stop)
}

impl<'a> Oracle<'a> {
    pub(super) fn judge_trips(&self, trips: &[Trip<'a, '_>], out: &mut Behavior) {
        out.trips = count(trips.len());
        for trip in trips
            .iter()
            .filter(|trip| trip.end().is_some_and(|end| end < self.today))
        {
            out.trips_taken += 1;
            if trip.start() == trip.end() {
                out.day_trips_taken += 1;
            } else {
                out.multi_day_trips_taken += 1;
            }
        }
        let positions = observe(trips, seat_position);
        let labels = observe(trips, seat_label);
        let places = observe(trips, |trip| self.boarding_place(trip));
        out.preferred_seat_position = favourites(&positions).into_iter().next();
        out.preferred_seat_label = favourites(&labels).into_iter().next();
        out.preferred_boarding_point = favourites(&places).into_iter().next();
        let tour = |trip: &Trip<'a, '_>| trip.speaker.offering.1.id("tour_template_id");
        out.favourite_tours = favourites(&observe(trips, tour));
        out.favourite_regions = favourites(&observe(trips, |trip| self.region(trip)));
        let month = |trip: &Trip<'a, '_>| trip.start().map(|start| start.month());
        out.favourite_months = favourites(&observe(trips, month));
    }

    fn region(&self, trip: &Trip<'a, '_>) -> Option<String> {
        let offering = trip.speaker.offering.1;
        let of_tour = || {
            self.row(Table::Templates, offering.id("tour_template_id"))?
                .text("region")
        };
        offering.text("region").or_else(of_tour).map(str::to_owned)
    }

    pub(super) fn boarding_place(&self, trip: &Trip<'a, '_>) -> Option<BoardingPlace> {
        let kind = |leg: Option<Uuid>| self.row(Table::Legs, leg)?.text("leg_type");
        let picks_up = |boarding: &&Boarding<'a>| {
            kind(boarding.2.id("service_leg_id")).is_none_or(|kind| kind == "PICKUP")
        };
        let first = trip.boarded.iter().find(picks_up);
        let point = first.and_then(|(_, _, row)| row.id("boarding_point_id"));
        point
            .map(BoardingPlace::Stop)
            .or_else(|| place(trip.speaker.row))
    }
}

/// One observation for each trip that has a value, with its start.
fn observe<'a, 'o, T>(
    trips: &[Trip<'a, 'o>],
    value: impl Fn(&Trip<'a, 'o>) -> Option<T>,
) -> Vec<(T, Option<NaiveDate>)> {
    trips
        .iter()
        .filter_map(|trip| Some((value(trip)?, trip.start())))
        .collect()
}

fn seat_label(trip: &Trip<'_, '_>) -> Option<String> {
    let boarded = trip
        .boarded
        .first()
        .and_then(|(_, _, row)| row.text("seat_label"));
    boarded
        .or(trip.speaker.row.text("seat_label"))
        .map(str::to_owned)
}

fn seat_position(trip: &Trip<'_, '_>) -> Option<String> {
    let boarded = trip
        .boarded
        .first()
        .and_then(|(_, _, row)| row.text("seat_label"));
    let booked = trip.speaker.row;
    let known = booked.text("seat_position").map(str::to_owned);
    boarded
        .and_then(read_seat)
        .or(known)
        .or_else(|| read_seat(booked.text("seat_label")?))
}

/// `^0*[1-9][0-9]?[A-Da-d]$`: row 1-4 front, 5-9 middle, 10 and more rear; A and D window, B and C aisle.
fn read_seat(label: &str) -> Option<String> {
    let digits = label.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let [letter] = label.strip_prefix(digits)?.chars().collect::<Vec<char>>()[..] else {
        return None;
    };
    let side = match letter.to_ascii_uppercase() {
        'A' | 'D' => "WINDOW",
        'B' | 'C' => "AISLE",
        _ => return None,
    };
    let row = digits.trim_start_matches('0');
    if row.is_empty() || row.len() > 2 || !row.chars().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let depth = match row.parse::<u32>().ok()? {
        1..=4 => "FRONT",
        5..=9 => "MIDDLE",
        _ => "REAR",
    };
    Some(format!("{side}_{depth}"))
}
