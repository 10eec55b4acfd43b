//! The life of one booking in Commerce: what becomes of it after the checkout, and every way it can end.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::World;
use super::checkout::{ancillary, checkout};
use super::demand::Wish;
use super::ledger::{euros, time};
use super::payment::{pay, pay_rest, payment};

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
    pub(super) payments: Vec<Uuid>,
    pub(super) confirmed_at: DateTime<Utc>,
}

/// A traveller on a booking.
#[derive(Clone, Debug)]
pub(super) struct Passenger {
    pub(super) id: Uuid,
    pub(super) person: Option<usize>,
    pub(super) ticket: Uuid,
    pub(super) seat: String,
    pub(super) position: Option<String>,
    pub(super) category: &'static str,
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
