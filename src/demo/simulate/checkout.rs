//! The checkout: a booking that waits for its payment, with passengers, seats and ancillaries.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::World;
use super::booking::{Booking, Passenger};
use super::demand::{Traveller, Wish};
use super::ledger::{euros, time};
use super::people::introduce;
use super::seats::Taste;

/// Booking, passengers and checkout ancillaries, waiting for payment.
pub(super) fn checkout(world: &mut World, wish: Wish, replaces: Option<Uuid>) -> Option<Booking> {
    let at = wish.at;
    let departure = world.catalogue.departures.get(wish.departure)?;
    let (offering, start) = (departure.offering, time(departure.start, 5, 0));
    let id = world.ledger.id("booking");
    if let Some(booker) = world.people.get_mut(wish.booker) {
        introduce(&mut world.ledger, booker, at);
    }
    let passengers = seats(world, &wish);
    let fares: i64 = passengers.iter().map(|p| p.fare).sum();
    let extras = checkout_extras(world, id, &wish, fares);
    let total = fares + extras;
    let short = (start - at).num_days() < 30;
    let channel = if wish.agency {
        "B2B_AGENCY"
    } else {
        world.ledger.pick(&["WEB", "WEB", "PHONE", "COUNTER"])
    };
    let number = world.ledger.between(100_000, 999_999);
    world.ledger.insert("commerce.bookings", at, id, json!({
        "tour_offering_id": offering, "status": "PENDING_PAYMENT", "reference_number": format!("B-{number}"),
        "booker_profile_id": world.people.get(wish.booker).map(|p| p.id),
        "reseller_id": wish.agency.then_some(world.reseller), "channel": channel,
        "passenger_count": passengers.len(), "replaces_booking_id": replaces, "total_amount": euros(total),
        "deposit_amount": euros(if short { total } else { total / 5 }), "currency": "EUR",
        "booked_at": at, "created_at": at,
    }));
    let booking = Booking {
        id,
        wish,
        passengers,
        total,
        paid: 0,
        payments: Vec::new(),
        confirmed_at: at,
    };
    passenger_rows(world, &booking);
    Some(booking)
}

/// Seats, fares and stops of the travellers.
fn seats(world: &mut World, wish: &Wish) -> Vec<Passenger> {
    let mut out = Vec::new();
    for traveller in &wish.travellers {
        let person = match traveller {
            Traveller::Known(index) => Some(*index),
            Traveller::Stranger => None,
        };
        let known = person.and_then(|index| world.people.get_mut(index));
        let (taste, stop, age) = match known {
            Some(person) => {
                introduce(&mut world.ledger, person, wish.at);
                (person.taste, person.stop, person.age)
            }
            None => (
                Taste {
                    window: world.ledger.chance(0.5),
                    row: 8,
                },
                world.ledger.index(12),
                60,
            ),
        };
        let id = world.ledger.id("passenger");
        let ticket = world.ledger.id("ticket");
        let Some(departure) = world.catalogue.departures.get_mut(wish.departure) else {
            continue;
        };
        let Some(seat) = departure.seats.take(taste) else {
            continue;
        };
        let price = departure.price_cents;
        let (fare, category) = match age {
            ..=2 => (0, "INFANT"),
            3..=13 => (price * 6 / 10, "CHILD"),
            _ => (price, "ADULT"),
        };
        let position = seat.position.filter(|_| world.ledger.chance(0.7));
        let (seat, active) = (seat.label, true);
        out.push(Passenger {
            id,
            person,
            ticket,
            seat,
            position,
            category,
            stop,
            fare,
            active,
        });
    }
    out
}

fn passenger_rows(world: &mut World, booking: &Booking) {
    let at = booking.wish.at;
    for (number, passenger) in booking.passengers.iter().enumerate() {
        let pickup = world.ledger.chance(0.06);
        let person = passenger
            .person
            .and_then(|index| world.people.get(index))
            .map(|p| p.id);
        let late_link = person.is_some() && number > 0 && world.ledger.chance(0.08);
        let point = world.catalogue.points.get(passenger.stop).map(|p| p.id);
        let row = json!({
            "booking_id": booking.id, "person_profile_id": person.filter(|_| !late_link),
            "is_primary_contact": number == 0, "boarding_point_id": point.filter(|_| !pickup),
            "is_door_pickup": pickup, "seat_label": passenger.seat, "seat_position": passenger.position,
            "fare_category": passenger.category, "status": "ACTIVE",
        });
        world
            .ledger
            .insert("commerce.passengers", at, passenger.id, row);
        if late_link {
            let at = at + TimeDelta::hours(world.ledger.between(2, 400));
            world.ledger.update(
                "commerce.passengers",
                at,
                passenger.id,
                json!({ "person_profile_id": person }),
            );
        }
    }
}

/// Ancillaries of the checkout; they are inside the booking's total.
fn checkout_extras(world: &mut World, booking: Uuid, wish: &Wish, fares: i64) -> i64 {
    let count = i64::try_from(wish.travellers.len()).unwrap_or(1);
    let mut sum = 0;
    if world.ledger.chance(0.18) {
        let amount = fares * 5 / 100;
        ancillary(
            world,
            booking,
            wish.at,
            ("INSURANCE", "Reiserücktritt", 1, amount),
            "CHECKOUT",
        );
        sum += amount;
    }
    if world.ledger.chance(0.06) {
        let amount = 1_500 * count;
        ancillary(
            world,
            booking,
            wish.at,
            ("LUGGAGE", "Zusatzkoffer", count, amount),
            "CHECKOUT",
        );
        sum += amount;
    }
    sum
}

pub(super) fn ancillary(
    world: &mut World,
    booking: Uuid,
    at: DateTime<Utc>,
    (kind, label, quantity, amount): (&str, &str, i64, i64),
    phase: &str,
) {
    let id = world.ledger.id("ancillary");
    world.ledger.insert("commerce.ancillaries", at, id, json!({
        "booking_id": booking, "type": kind, "label": label, "quantity": quantity,
        "unit_price": euros(amount / quantity.max(1)), "total_amount": euros(amount), "currency": "EUR",
        "purchase_phase": phase, "status": "ACTIVE", "purchased_at": at,
    }));
}
