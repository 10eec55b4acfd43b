//! What the simulated operator sells: German tours, boarding points, and their dated departures with service legs.

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::ledger::{Ledger, later, time};
use super::tours::{POINTS, TOURS, Tour, is_paired};

/// Years of history: whether somebody came back within fifteen months is told in a back-test, which had to be
/// learned from the fifteen months before it, and by then people's rhythm had to be seen for a few years.
pub(super) const YEARS: i32 = 5;
/// How many departures a year has.
const DEPARTURES_A_YEAR: i64 = 60;

/// A stop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) id: Uuid,
}

/// A dated departure and what the trip needs of it.
#[derive(Clone, Debug)]
pub(super) struct Departure {
    pub(super) offering: Uuid,
    pub(super) id: Uuid,
    pub(super) tour: Tour,
    pub(super) start: NaiveDate,
    pub(super) end: NaiveDate,
    pub(super) price_cents: i64,
    /// When the operator called it off.
    pub(super) called_off: Option<DateTime<Utc>>,
    /// Pickup legs with the index of their stop.
    pub(super) pickups: Vec<(Uuid, usize)>,
    pub(super) seats: super::seats::Seats,
    /// Whether the driver scans tickets at all.
    pub(super) scans: bool,
    /// Hours until the driver's device is online again.
    pub(super) sync_hours: i64,
}

/// Everything on sale.
#[derive(Debug)]
pub(super) struct Catalogue {
    pub(super) points: Vec<Point>,
    pub(super) departures: Vec<Departure>,
}

/// The first day of the simulated history.
pub(super) fn first_day(now: DateTime<Utc>) -> NaiveDate {
    let today = now.date_naive();
    today.with_year(today.year() - YEARS).unwrap_or(today)
}

/// Writes tours, stops, departures and legs; `coaches` scales the seats of each departure.
pub(super) fn open(ledger: &mut Ledger, coaches: usize) -> Catalogue {
    let opening = time(first_day(ledger.now), 6, 0);
    let mut templates = Vec::new();
    for tour in TOURS {
        let id = ledger.id("tour_template");
        let tags = [tour.region.to_lowercase(), tour.category.to_lowercase()];
        ledger.insert(
            "backoffice.tour_templates",
            opening,
            id,
            json!({
                "title": tour.title, "region": tour.region, "category": tour.category,
                "duration_days": tour.days, "tags": tags,
            }),
        );
        templates.push((id, *tour));
    }
    let mut points = Vec::new();
    for (label, zone) in POINTS {
        let id = ledger.id("boarding_point");
        ledger.insert(
            "backoffice.boarding_points",
            opening,
            id,
            json!({ "label": label, "zone_label": zone }),
        );
        points.push(Point { id });
    }
    let mut departures = Vec::new();
    let mut turn = 0_usize;
    let count = DEPARTURES_A_YEAR * i64::from(YEARS) + DEPARTURES_A_YEAR * 9 / 12;
    for number in 0..count {
        let offset = 20 + number * 365 / DEPARTURES_A_YEAR;
        let start = later(first_day(ledger.now), u32::try_from(offset).unwrap_or(0));
        let month = start.month();
        let running: Vec<_> = templates
            .iter()
            .filter(|(_, t)| (t.season.0..=t.season.1).contains(&month))
            .collect();
        // What people come back for departs most often, in turns.
        let often: Vec<_> = running
            .iter()
            .filter(|(_, tour)| is_paired(tour))
            .copied()
            .collect();
        let random = ledger.index(running.len());
        let chosen = match often.get(turn % often.len().max(1)) {
            Some(tour) if ledger.chance(0.65) => {
                turn += 1;
                Some(*tour)
            }
            _ => running.get(random).copied(),
        };
        if let Some((template, tour)) = chosen {
            departures.push(depart(ledger, *template, *tour, start, coaches));
        }
    }
    Catalogue { points, departures }
}

fn depart(
    ledger: &mut Ledger,
    template: Uuid,
    tour: Tour,
    start: NaiveDate,
    coaches: usize,
) -> Departure {
    let (offering, id) = (ledger.id("tour_offering"), ledger.id("tour_departure"));
    let end = later(start, tour.days - 1);
    let price_cents = (tour.price_euros + ledger.between(-2, 6) * 10) * 100;
    let opening = time(first_day(ledger.now), 7, 0);
    let published = (time(start, 8, 0) - TimeDelta::days(ledger.between(280, 340))).max(opening);
    ledger.insert("commerce.tour_offerings", published, offering, json!({
        "tour_departure_id": id, "tour_template_id": template, "title": tour.title, "region": tour.region,
        "start_date": start, "end_date": end, "list_price": super::ledger::euros(price_cents),
        "currency": "EUR", "seats_available": 76 * coaches, "status": "SCHEDULED",
    }));
    let called_off = ledger
        .chance(0.025)
        .then(|| time(start, 10, 30) - TimeDelta::days(18));
    let (at, status) = match called_off {
        Some(at) => (at, "CANCELLED"),
        None => (time(end, 20, 0) + TimeDelta::days(1), "COMPLETED"),
    };
    ledger.update(
        "commerce.tour_offerings",
        at,
        offering,
        json!({ "status": status }),
    );
    let pickups = legs(ledger, offering, id, (start, end), called_off.is_some());
    let numbered = ledger.chance(0.1);
    let seats = super::seats::Seats::new(coaches, numbered);
    let scans = ledger.chance(0.96);
    let sync_hours = if ledger.chance(0.2) {
        ledger.between(4, 40)
    } else {
        0
    };
    Departure {
        offering,
        id,
        tour,
        start,
        end,
        price_cents,
        called_off,
        pickups,
        seats,
        scans,
        sync_hours,
    }
}

/// Four pickups, the drive, and the final leg back.
fn legs(
    ledger: &mut Ledger,
    offering: Uuid,
    departure: Uuid,
    (start, end): (NaiveDate, NaiveDate),
    called_off: bool,
) -> Vec<(Uuid, usize)> {
    let planned = (time(start, 5, 0) - TimeDelta::days(21)).max(time(first_day(ledger.now), 8, 0));
    let first = ledger.index(POINTS.len());
    let mut pickups = Vec::new();
    for number in 0..6_usize {
        let (kind, begin) = match number {
            0..=3 => (
                "PICKUP",
                time(start, 5, 20 * i64::try_from(number).unwrap_or(0)),
            ),
            4 => ("TRANSIT", time(start, 7, 0)),
            _ => ("DROPOFF", time(end, 17, 0)),
        };
        let finish = begin + TimeDelta::minutes(if number < 4 { 15 } else { 180 });
        let id = ledger.id("service_leg");
        ledger.insert(
            "operations.service_legs",
            planned,
            id,
            json!({
                "tour_offering_id": offering, "tour_departure_id": departure, "leg_type": kind,
                "is_final_leg": number == 5, "status": "SCHEDULED",
                "scheduled_start": begin, "scheduled_end": finish,
            }),
        );
        if number < 4 {
            pickups.push((id, (first + number) % POINTS.len()));
        }
        if called_off {
            let at = time(start, 10, 40) - TimeDelta::days(18);
            ledger.update(
                "operations.service_legs",
                at,
                id,
                json!({ "status": "CANCELLED" }),
            );
        } else {
            let delay = TimeDelta::minutes(ledger.between(0, 25));
            ledger.update("operations.service_legs", finish + delay, id, json!({
                "status": "COMPLETED", "actual_start": begin + delay, "actual_end": finish + delay,
            }));
        }
    }
    pickups
}
