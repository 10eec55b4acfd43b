//! The trip itself: final payment, boardings (often synced hours late), onboard sales, and how the booking is closed.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::World;
use super::booking::{Booking, Passenger};
use super::ledger::{euros, time};
use super::payment::pay_rest;

/// Where and when a departure is boarded.
struct Boarding {
    departure: Uuid,
    leg: Uuid,
    point: Option<Uuid>,
    at: DateTime<Utc>,
    synced: DateTime<Utc>,
}

/// Pays, boards and closes a booking that is kept.
pub(super) fn travel(world: &mut World, booking: &Booking, nobody_shows: bool) {
    let mut booking = booking.clone();
    let Some(departure) = world.catalogue.departures.get(booking.wish.departure) else {
        return;
    };
    let (start, end) = (time(departure.start, 5, 0), time(departure.end, 20, 0));
    pay_rest(world, &mut booking, start);
    let mut boarded = 0_u32;
    if !nobody_shows {
        for passenger in booking.passengers.iter().filter(|p| p.active) {
            if !world.ledger.chance(0.015) {
                board(world, &booking, passenger);
                boarded += 1;
            }
        }
    }
    super::talk::around_the_trip(world, &booking, start, end);
    if boarded > 0 {
        let at = end + TimeDelta::hours(24);
        world.ledger.update(
            "commerce.bookings",
            at,
            booking.id,
            json!({ "status": "COMPLETED" }),
        );
        super::talk::feedback(world, &booking, at);
    } else {
        let at = end + TimeDelta::hours(48);
        world.ledger.update(
            "commerce.bookings",
            at,
            booking.id,
            json!({ "status": "NO_SHOW" }),
        );
        if world.ledger.chance(0.2) {
            contradict(world, &booking, at);
        }
    }
}

/// A boarding that was synced only after the no-show was declared.
fn contradict(world: &mut World, booking: &Booking, declared: DateTime<Utc>) {
    let Some(passenger) = booking.passengers.first() else {
        return;
    };
    let Some(mut boarding) = boarding(world, booking, passenger) else {
        return;
    };
    boarding.synced = declared + TimeDelta::hours(3);
    write(world, passenger, &boarding, "BOARDED");
}

fn boarding(world: &mut World, booking: &Booking, passenger: &Passenger) -> Option<Boarding> {
    let departure = world.catalogue.departures.get(booking.wish.departure)?;
    if !departure.scans {
        return None;
    }
    let own = departure
        .pickups
        .iter()
        .find(|(_, stop)| *stop == passenger.stop);
    let (leg, stop) = own.or_else(|| departure.pickups.first()).copied()?;
    let (id, late, start) = (departure.id, departure.sync_hours, departure.start);
    let at = time(start, 5, 0) + TimeDelta::minutes(world.ledger.between(0, 75));
    let wait = if late > 0 {
        late * 60 + world.ledger.between(0, 20)
    } else {
        0
    };
    let synced = at + TimeDelta::minutes(wait) + TimeDelta::seconds(world.ledger.between(1, 50));
    let point = world.catalogue.points.get(stop).map(|p| p.id);
    Some(Boarding {
        departure: id,
        leg,
        point,
        at,
        synced,
    })
}

fn board(world: &mut World, booking: &Booking, passenger: &Passenger) {
    let Some(boarding) = boarding(world, booking, passenger) else {
        return;
    };
    if world.ledger.chance(0.006) {
        write(world, passenger, &boarding, "DENIED");
        return;
    }
    write(world, passenger, &boarding, "BOARDED");
    if world.ledger.chance(0.1) {
        sale(world, passenger, &boarding);
    }
}

fn write(world: &mut World, passenger: &Passenger, boarding: &Boarding, status: &str) {
    let id = world.ledger.id("boarding_event");
    let by_ticket = world.ledger.chance(0.6);
    let offline = boarding.synced - boarding.at > TimeDelta::hours(1);
    let method = if world.ledger.chance(0.9) {
        "QR"
    } else {
        "MANUAL"
    };
    world.ledger.insert("operations.boarding_events", boarding.synced, id, json!({
        "service_leg_id": boarding.leg, "tour_departure_id": boarding.departure, "ticket_id": passenger.ticket,
        "passenger_id": (!by_ticket).then_some(passenger.id), "boarding_point_id": boarding.point,
        "seat_label": passenger.seat, "status": status, "method": method, "is_offline": offline,
        "boarded_at": boarding.at, "synced_at": boarding.synced,
    }));
}

fn sale(world: &mut World, passenger: &Passenger, boarding: &Boarding) {
    let id = world.ledger.id("onboard_sale");
    let at = boarding.at + TimeDelta::minutes(world.ledger.between(60, 600));
    let synced = boarding.synced.max(at) + TimeDelta::minutes(1);
    let (item, cents) = world.ledger.pick(&[
        ("Kaffee", 250),
        ("Bockwurst", 400),
        ("Piccolo", 550),
        ("Reiseführer", 1_290),
    ]);
    let by_ticket = world.ledger.chance(0.85);
    let method = world.ledger.pick(&["CASH", "CASH", "CARD"]);
    world.ledger.insert("operations.onboard_sales", synced, id, json!({
        "service_leg_id": boarding.leg, "tour_departure_id": boarding.departure,
        "ticket_id": by_ticket.then_some(passenger.ticket), "seat_label": passenger.seat,
        "items": [{ "name": item, "quantity": 1 }], "total_amount": euros(cents), "currency": "EUR",
        "payment_method": method, "sold_at": at, "synced_at": synced,
    }));
}
