//! The life of one booking in Commerce: checkout, payments, tickets, and every way it can end.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::World;
use super::demand::{Traveller, Wish};
use super::ledger::{euros, time};
use super::people::introduce;
use super::seats::Taste;

/// A booking under way.
#[derive(Clone, Debug)]
pub(super) struct Booking {
    pub(super) id: Uuid,
    pub(super) wish: Wish,
    pub(super) passengers: Vec<Passenger>,
    /// Agreed total, in cents.
    pub(super) total: i64,
    /// Received so far, in cents.
    pub(super) paid: i64,
    payments: Vec<Uuid>,
    pub(super) confirmed_at: DateTime<Utc>,
}

/// A traveller on a booking.
#[derive(Clone, Debug)]
pub(super) struct Passenger {
    pub(super) id: Uuid,
    pub(super) person: Option<usize>,
    pub(super) ticket: Uuid,
    pub(super) seat: String,
    position: Option<String>,
    category: &'static str,
    pub(super) stop: usize,
    pub(super) fare: i64,
    pub(super) active: bool,
}

/// How a booking ends when the operator does not call the departure off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Fate {
    #[default]
    Travels,
    TravelsAndGetsMoneyBack,
    NeverPays,
    PassengerCancels,
    DispatcherCancels,
    Rebooks,
    OneStaysAtHome,
    NobodyShows,
}

/// Writes one booking from the checkout to its end.
pub(super) fn make(world: &mut World, wish: Wish) {
    let Some(departure) = world.catalogue.departures.get(wish.departure) else {
        return;
    };
    if departure.seats.left() < wish.travellers.len()
        || departure.called_off.is_some_and(|at| at <= wish.at)
    {
        return;
    }
    let (start, called_off) = (time(departure.start, 5, 0), departure.called_off);
    let fate = fate(world, &wish);
    if !wish.agency && world.ledger.chance(0.06) {
        super::odd::abandoned_checkout(world, &wish);
    }
    let Some(mut booking) = checkout(world, wish, None) else {
        return;
    };
    if fate == Fate::NeverPays && called_off.is_none() {
        let at = booking.wish.at + TimeDelta::days(3);
        return cancel(world, &mut booking, at.min(start), "SYSTEM", 0);
    }
    pay(world, &mut booking, start);
    super::talk::open(world, &booking);
    let days = (start - booking.confirmed_at).num_days();
    let exit = start - TimeDelta::days(world.ledger.between(1, (days - 1).clamp(1, 90)));
    let exit = exit.max(booking.confirmed_at + TimeDelta::hours(2));
    if let Some(at) = called_off {
        let at = at.max(booking.confirmed_at + TimeDelta::hours(2));
        pay_rest(world, &mut booking, start);
        return cancel(world, &mut booking, at, "OPERATOR", 0);
    }
    let fee = booking.total * fee_percent((start - exit).num_days()) / 100;
    let cancels = matches!(fate, Fate::PassengerCancels | Fate::DispatcherCancels);
    if cancels && (start - exit).num_days() < 23 {
        pay_rest(world, &mut booking, start);
    }
    match fate {
        Fate::PassengerCancels => cancel(world, &mut booking, exit, "PASSENGER", fee),
        Fate::DispatcherCancels => cancel(world, &mut booking, exit, "DISPATCHER", fee / 2),
        Fate::Rebooks => rebook(world, &mut booking, exit),
        _ => {
            if fate == Fate::OneStaysAtHome {
                cancel_one(world, &mut booking, exit);
            }
            later_extras(world, &mut booking, exit);
            super::trip::travel(world, &booking, fate == Fate::NobodyShows);
            if fate == Fate::TravelsAndGetsMoneyBack {
                goodwill(world, &booking);
            }
        }
    }
}

fn fate(world: &mut World, wish: &Wish) -> Fate {
    match world.ledger.between(0, 999) {
        0..=24 => Fate::NeverPays,
        25..=69 => Fate::PassengerCancels,
        70..=84 => Fate::DispatcherCancels,
        85..=104 if !wish.agency => Fate::Rebooks,
        105..=134 if wish.travellers.len() > 1 => Fate::OneStaysAtHome,
        135..=149 => Fate::NobodyShows,
        150..=161 => Fate::TravelsAndGetsMoneyBack,
        _ => Fate::Travels,
    }
}

const fn fee_percent(days_before: i64) -> i64 {
    match days_before {
        ..=6 => 80,
        7..=14 => 60,
        15..=29 => 40,
        _ => 15,
    }
}

/// Booking, passengers and checkout ancillaries, waiting for payment.
fn checkout(world: &mut World, wish: Wish, replaces: Option<Uuid>) -> Option<Booking> {
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

fn ancillary(
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

/// Deposit, tickets, and the rest four weeks before; everything at once when it is short.
fn pay(world: &mut World, booking: &mut Booking, start: DateTime<Utc>) {
    let at = booking.wish.at;
    let wait = if world.ledger.chance(0.6) {
        world.ledger.between(1, 20)
    } else {
        world.ledger.between(60, 2_800)
    };
    let first = at + TimeDelta::minutes(wait);
    let first = first
        .min(start - TimeDelta::hours(20))
        .max(at + TimeDelta::minutes(1));
    let short = (start - at).num_days() < 30;
    let amount = if short {
        booking.total
    } else {
        booking.total / 5
    };
    let kind = if short { "FINAL_PAYMENT" } else { "DEPOSIT" };
    payment(world, booking, (at, first), kind, amount);
    let status = if short { "FULLY_PAID" } else { "DEPOSIT_PAID" };
    world.ledger.update(
        "commerce.bookings",
        first,
        booking.id,
        json!({ "status": status }),
    );
    booking.confirmed_at = first;
    for passenger in &booking.passengers {
        world.ledger.insert(
            "commerce.tickets",
            first,
            passenger.ticket,
            json!({
                "booking_id": booking.id, "passenger_id": passenger.id, "status": "ACTIVE",
                "qr_hash": passenger.ticket.simple().to_string(),
            }),
        );
    }
}

/// The rest, unless it was paid at once; booked by whoever is still on the booking.
pub(super) fn pay_rest(world: &mut World, booking: &mut Booking, start: DateTime<Utc>) {
    let rest = booking.total - booking.paid;
    if rest <= 0 {
        return;
    }
    let due = start - TimeDelta::days(28) + TimeDelta::hours(world.ledger.between(1, 100));
    let due = due.max(booking.confirmed_at + TimeDelta::hours(1));
    payment(
        world,
        booking,
        (due - TimeDelta::minutes(30), due),
        "FINAL_PAYMENT",
        rest,
    );
    world.ledger.update(
        "commerce.bookings",
        due,
        booking.id,
        json!({ "status": "FULLY_PAID" }),
    );
}

fn payment(
    world: &mut World,
    booking: &mut Booking,
    (asked, received): (DateTime<Utc>, DateTime<Utc>),
    kind: &str,
    amount: i64,
) {
    let id = world.ledger.id("payment");
    let method = world
        .ledger
        .pick(&["CARD", "PAYPAL", "SEPA", "BANK_TRANSFER"]);
    world.ledger.insert("commerce.payments", asked, id, json!({
        "booking_id": booking.id, "payment_type": kind, "status": "PENDING", "amount": euros(amount),
        "currency": "EUR", "payment_method": method,
    }));
    world.ledger.update(
        "commerce.payments",
        received,
        id,
        json!({ "status": "COMPLETED", "received_at": received }),
    );
    if received <= world.ledger.now {
        booking.paid += amount;
        booking.payments.push(id);
    }
}

/// The whole booking is cancelled; what was paid above the fee goes back.
fn cancel(world: &mut World, booking: &mut Booking, at: DateTime<Utc>, by: &str, fee: i64) {
    let fee = fee.min(booking.paid);
    let refund = booking.paid - fee;
    let known = by != "SYSTEM";
    let set = json!({
        "status": "CANCELLED", "cancelled_by": by,
        "cancellation_fee": known.then(|| euros(fee)), "refund_amount": known.then(|| euros(refund)),
    });
    world
        .ledger
        .update("commerce.bookings", at, booking.id, set);
    if refund > 0 && world.ledger.chance(0.6) {
        let settled = at + TimeDelta::days(world.ledger.between(2, 9));
        world.ledger.update(
            "commerce.bookings",
            settled,
            booking.id,
            json!({ "status": "REFUNDED" }),
        );
        if fee == 0 {
            for payment in &booking.payments {
                world.ledger.update(
                    "commerce.payments",
                    settled,
                    *payment,
                    json!({ "status": "REFUNDED" }),
                );
            }
        }
    }
    for passenger in &booking.passengers {
        if booking.paid > 0 {
            world.ledger.update(
                "commerce.tickets",
                at,
                passenger.ticket,
                json!({ "status": "VOIDED" }),
            );
        }
    }
}

/// One traveller stays at home: a fee is kept, the total shrinks.
fn cancel_one(world: &mut World, booking: &mut Booking, at: DateTime<Utc>) {
    let Some(passenger) = booking.passengers.last_mut() else {
        return;
    };
    let fee = passenger.fee();
    passenger.active = false;
    let set = json!({ "status": "CANCELLED", "cancellation_fee": euros(fee) });
    world
        .ledger
        .update("commerce.passengers", at, passenger.id, set);
    world.ledger.update(
        "commerce.tickets",
        at,
        passenger.ticket,
        json!({ "status": "VOIDED" }),
    );
    booking.total -= passenger.fare;
    let count = booking.passengers.iter().filter(|p| p.active).count();
    let set = json!({ "total_amount": euros(booking.total), "passenger_count": count });
    world
        .ledger
        .update("commerce.bookings", at, booking.id, set);
}

impl Passenger {
    const fn fee(&self) -> i64 {
        self.fare / 4
    }
}

/// The same people on another date: a new booking replaces this one, without a fee.
fn rebook(world: &mut World, booking: &mut Booking, at: DateTime<Utc>) {
    let old = booking.wish.departure;
    let free = |index: &usize| {
        world.catalogue.departures.get(*index).is_some_and(|d| {
            d.called_off.is_none()
                && time(d.start, 0, 0) > at + TimeDelta::days(7)
                && d.seats.left() >= booking.passengers.len()
        })
    };
    let Some(departure) = (old + 1..old + 30).find(free) else {
        return;
    };
    let Some(start) = world
        .catalogue
        .departures
        .get(departure)
        .map(|d| time(d.start, 5, 0))
    else {
        return;
    };
    let wish = Wish {
        at,
        departure,
        ..booking.wish.clone()
    };
    let Some(mut next) = checkout(world, wish, Some(booking.id)) else {
        return;
    };
    pay(world, &mut next, start);
    cancel(world, booking, at + TimeDelta::minutes(5), "PASSENGER", 0);
    super::trip::travel(world, &next, false);
}

/// Bought after booking, paid on its own; never part of the booking's total.
fn later_extras(world: &mut World, booking: &mut Booking, at: DateTime<Utc>) {
    if world.ledger.chance(0.1) {
        let kind = world.ledger.pick(&["EXCURSION", "SEAT_UPGRADE", "MEAL"]);
        let amount = world.ledger.between(12, 60) * 100;
        ancillary(
            world,
            booking.id,
            at,
            (kind, "Nachgebucht", 1, amount),
            "POST_BOOKING",
        );
        let paid = booking.paid;
        payment(
            world,
            booking,
            (at, at + TimeDelta::minutes(4)),
            "ANCILLARY",
            amount,
        );
        booking.paid = paid;
    }
}

/// A complaint after the trip: part of the price goes back.
fn goodwill(world: &mut World, booking: &Booking) {
    let Some(departure) = world.catalogue.departures.get(booking.wish.departure) else {
        return;
    };
    let at = time(departure.end, 15, 0) + TimeDelta::days(world.ledger.between(5, 14));
    let set: Value = json!({ "status": "REFUNDED", "refund_amount": euros(booking.total / 5) });
    world
        .ledger
        .update("commerce.bookings", at, booking.id, set);
}
