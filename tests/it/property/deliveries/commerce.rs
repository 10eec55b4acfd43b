//! Commerce's canonical events in place of its row changes.

use uuid::Uuid;

use super::super::dice::Dice;
use super::super::world::{Change, Col, Row, Table, World};
use super::canonical::{Event, Form, as_of, part};
use super::spell;
use super::wire::{Object, array};

const SCHEMA: &str = "commerce";

/// `created_at` is read only while `booked_at` is not known; the events that first show a booking carry it.
const BOOKING: Form = Form {
    schema: SCHEMA,
    name: "BookingConfirmed",
    id: "booking_id",
    fields: &[
        "booker_profile_id",
        "tour_offering_id",
        "booked_at",
        "channel",
        "reseller_id",
        "passenger_count",
        "total_amount",
        "deposit_amount",
        "currency",
    ],
    must: &["booked_at"],
    implied: &[("status", "DEPOSIT_PAID")],
    unread: &["reference_number", "created_at"],
};

const FULLY_PAID: Form = Form {
    name: "BookingFullyPaid",
    fields: &["booker_profile_id", "total_amount", "currency"],
    must: &[],
    implied: &[("status", "FULLY_PAID")],
    unread: &["reference_number"],
    ..BOOKING
};

const CANCELLED: Form = Form {
    name: "BookingCancelled",
    fields: &[
        "booker_profile_id",
        "cancelled_by",
        "cancellation_fee",
        "refund_amount",
        "currency",
    ],
    implied: &[("status", "CANCELLED")],
    ..FULLY_PAID
};

const REFUNDED: Form = Form {
    name: "BookingRefunded",
    fields: &["booker_profile_id", "refund_amount", "currency"],
    implied: &[("status", "REFUNDED")],
    ..FULLY_PAID
};

const COMPLETED: Form = Form {
    name: "BookingCompleted",
    fields: &["booker_profile_id", "tour_offering_id"],
    implied: &[("status", "COMPLETED")],
    ..FULLY_PAID
};

const NO_SHOW: Form = Form {
    name: "BookingNoShow",
    fields: &["booker_profile_id"],
    implied: &[("status", "NO_SHOW")],
    ..FULLY_PAID
};

pub(super) fn booking(world: &World, change: &Change, new: &Row, dice: &mut Dice) -> Option<Event> {
    let form = match new.text("status")? {
        "DEPOSIT_PAID" => BOOKING,
        "FULLY_PAID" => FULLY_PAID,
        "CANCELLED" => CANCELLED,
        "REFUNDED" => REFUNDED,
        "COMPLETED" => COMPLETED,
        "NO_SHOW" => NO_SHOW,
        _ => return None,
    };
    let mut event = form.tell(change, dice)?;
    match form.name {
        "BookingConfirmed" => {
            tour(world, new.id("tour_offering_id"), &mut event, dice);
            travellers(world, change.id, &mut event, dice);
            extras(world, change.id, new, &mut event, dice);
        }
        "BookingCompleted" => travellers(world, change.id, &mut event, dice),
        "BookingCancelled" if dice.chance(50) => event.add("scope", "\"FULL\""),
        _ => {}
    }
    Some(event)
}

/// The tour, by the way, as it was at that moment.
fn tour(world: &World, offering: Option<Uuid>, event: &mut Event, dice: &mut Dice) {
    let Some(row) = as_of(world, Table::Offerings, offering, event.at) else {
        return;
    };
    event.add_id("tour_offering_id", offering);
    for (column, name) in [
        ("tour_departure_id", "tour_departure_id"),
        ("tour_template_id", "tour_template_id"),
        ("title", "tour_title"),
        ("start_date", "start_date"),
        ("end_date", "end_date"),
    ] {
        event.add(name, spell(&row.0[column], dice));
    }
}

/// Who travels, as it was at that moment.
fn travellers(world: &World, booking: Uuid, event: &mut Event, dice: &mut Dice) {
    let same = |name: &'static str| (name, name);
    let columns = [
        "person_profile_id",
        "boarding_point_id",
        "is_door_pickup",
        "seat_label",
    ]
    .map(same);
    let mut passengers = Vec::new();
    for (table, id) in world.rows.keys().filter(|key| key.0 == Table::Passengers) {
        let Some(row) = as_of(world, *table, Some(*id), event.at) else {
            continue;
        };
        if row.id("booking_id") == Some(booking) && !row.is("status", "CANCELLED") {
            let mut object = Object::default();
            object.id("passenger_id", *id);
            passengers.push(part(row, &columns, object, dice));
        }
    }
    if !passengers.is_empty() && dice.chance(80) {
        event.add("passengers", array(&passengers));
    }
}

/// What was bought in the checkout, in the booking's currency.
fn extras(world: &World, booking: Uuid, new: &Row, event: &mut Event, dice: &mut Dice) {
    let columns = [
        ("type", "type"),
        ("quantity", "quantity"),
        ("total_amount", "amount"),
    ];
    let mut extras = Vec::new();
    for (table, id) in world.rows.keys().filter(|key| key.0 == Table::Ancillaries) {
        let Some(row) = as_of(world, *table, Some(*id), event.at) else {
            continue;
        };
        let in_checkout =
            row.is("purchase_phase", "CHECKOUT") && row.id("booking_id") == Some(booking);
        if in_checkout && row.0["currency"] == new.0["currency"] {
            let mut object = Object::default();
            object.id("ancillary_id", *id);
            extras.push(part(row, &columns, object, dice));
        }
    }
    if !extras.is_empty() {
        event.add("currency", spell(&new.0["currency"], dice));
        event.add("ancillaries", array(&extras));
    }
}

/// A passenger's fare is not told again by the event, and who is a child goes by the row that was told last:
/// so only where all have the same fare.
pub(super) fn passenger(
    world: &World,
    change: &Change,
    new: &Row,
    dice: &mut Dice,
) -> Option<Event> {
    const PASSENGER: Form = Form {
        schema: SCHEMA,
        name: "PassengerCancelled",
        id: "passenger_id",
        fields: &["booking_id", "person_profile_id", "cancellation_fee"],
        must: &[],
        implied: &[("status", "CANCELLED")],
        unread: &["first_name", "is_primary_contact"],
    };
    let passengers = world
        .rows
        .iter()
        .filter(|(key, _)| key.0 == Table::Passengers);
    let mut fares = passengers
        .flat_map(|(_, all)| all)
        .map(|ver| &ver.row.0["fare_category"]);
    let first = fares.next();
    if fares.any(|fare| Some(fare) != first) {
        return None;
    }
    let mut event = PASSENGER.tell(change, dice)?;
    let moved = change.old.as_ref().is_none_or(|old| {
        ["booking_id", "person_profile_id"]
            .iter()
            .any(|name| old.0.get(name) != new.0.get(name))
    });
    if moved || dice.chance(50) {
        return Some(event);
    }
    event.name = "BookingCancelled";
    event
        .payload
        .retain(|(name, _)| *name == "cancellation_fee");
    event.add_id("booking_id", new.id("booking_id"));
    event.add("scope", "\"PARTIAL\"");
    event.add("cancelled_passenger_ids", format!("[\"{}\"]", change.id));
    Some(event)
}

pub(super) fn payment(change: &Change, dice: &mut Dice) -> Option<Event> {
    const PAYMENT: Form = Form {
        schema: SCHEMA,
        name: "PaymentReceived",
        id: "payment_id",
        fields: &[
            "booking_id",
            "payment_type",
            "amount",
            "currency",
            "payment_method",
            "received_at",
        ],
        must: &["received_at"],
        implied: &[("status", "COMPLETED")],
        unread: &[],
    };
    let mut event = PAYMENT.tell(change, dice)?;
    event.name = dice.pick(&["PaymentReceived", "PaymentCompleted"]);
    Some(event)
}

/// Only the purchase itself: an ancillary of unknown state is active.
pub(super) fn ancillary(change: &Change, dice: &mut Dice) -> Option<Event> {
    const ANCILLARY: Form = Form {
        schema: SCHEMA,
        name: "AncillaryPurchased",
        id: "ancillary_id",
        fields: &[
            "booking_id",
            "passenger_id",
            "catalog_item_id",
            "type",
            "quantity",
            "unit_price",
            "total_amount",
            "currency",
            "purchase_phase",
            "purchased_at",
        ],
        must: &["purchased_at"],
        implied: &[("status", "ACTIVE")],
        unread: &["label"],
    };
    if change.old.is_some() {
        None
    } else {
        ANCILLARY.tell(change, dice)
    }
}

pub(super) fn session(change: &Change, dice: &mut Dice) -> Option<Event> {
    const SESSION: Form = Form {
        schema: SCHEMA,
        name: "CheckoutAbandoned",
        id: "checkout_session_id",
        fields: &[
            "tour_offering_id",
            "booker_profile_id",
            "step",
            "passenger_count",
            "cart_amount",
            "currency",
            "started_at",
            "expires_at",
        ],
        // Without anybody such an event is dropped, as the platform wants it.
        must: &["booker_profile_id"],
        implied: &[("status", "EXPIRED")],
        unread: &[],
    };
    // What a row says while it names nobody is not kept, so its end must be what this change tells.
    let was = change
        .old
        .as_ref()
        .is_some_and(|old| old.is("status", "EXPIRED"));
    if was {
        None
    } else {
        SESSION.tell(change, dice)
    }
}

pub(super) fn feedback(change: &Change, dice: &mut Dice) -> Option<Event> {
    const FEEDBACK: Form = Form {
        schema: SCHEMA,
        name: "TripFeedbackSubmitted",
        id: "feedback_id",
        fields: &[
            "booking_id",
            "person_profile_id",
            "tour_departure_id",
            "nps_score",
            "rating",
            "submitted_at",
        ],
        must: &["submitted_at"],
        implied: &[],
        unread: &["comment"],
    };
    // What was given namelessly and for no booking is not kept, so a later change cannot build on it.
    if change.old.is_some() {
        None
    } else {
        FEEDBACK.tell(change, dice)
    }
}

/// The event names the tour as well, so its region is told only where the tour has that region itself.
pub(super) fn offering(
    world: &World,
    change: &Change,
    new: &Row,
    dice: &mut Dice,
) -> Option<Event> {
    const OFFERING: Form = Form {
        schema: SCHEMA,
        name: "TourDeparturePublished",
        id: "tour_offering_id",
        fields: &[
            "tour_departure_id",
            "tour_template_id",
            "region",
            "start_date",
            "end_date",
        ],
        must: &["tour_template_id"],
        implied: &[],
        unread: &[
            "title",
            "list_price",
            "currency",
            "seats_available",
            "status",
        ],
    };
    let template = as_of(
        world,
        Table::Templates,
        new.id("tour_template_id"),
        change.at,
    );
    let region = new.0.get("region").filter(|region| **region != Col::Null);
    if region.is_some() && template.and_then(|row| row.0.get("region")) != region {
        return None;
    }
    let mut event = OFFERING.tell(change, dice)?;
    event.add(
        dice.pick(&["title", "tour_title"]),
        spell(&new.0["title"], dice),
    );
    event.name = dice.pick(&["TourDeparturePublished", "TripPublished"]);
    Some(event)
}
