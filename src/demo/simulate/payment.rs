//! Money of a booking: the deposit with its tickets, the rest, and what is paid for extras.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::World;
use super::booking::Booking;
use super::ledger::euros;

/// Deposit, tickets, and the rest four weeks before; everything at once when it is short.
pub(super) fn pay(world: &mut World, booking: &mut Booking, start: DateTime<Utc>) {
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

pub(super) fn payment(
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
