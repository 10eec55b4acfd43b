//! The canonical events of the other contexts in place of their row changes.

use uuid::Uuid;

use super::super::dice::Dice;
use super::super::world::{Change, Row, Table, World};
use super::canonical::{Event, Form, as_of, constant};
use super::spell;

/// The only event in which null is a value: it always says everything.
pub(super) fn profile(change: &Change, new: &Row, dice: &mut Dice) -> Option<Event> {
    let old_names = dice.chance(30);
    let id = if old_names {
        "passenger_profile_id"
    } else {
        "person_profile_id"
    };
    let name = if old_names {
        "PassengerProfileUpdated"
    } else {
        "PersonProfileUpdated"
    };
    let mut payload = vec![(id, format!("\"{}\"", change.id))];
    let kind = if new.at("pii_redacted_at").is_some() {
        "REDACTED"
    } else if new.id("merged_into_id").is_some() {
        "MERGED"
    } else if change.old.is_none() {
        "CREATED"
    } else {
        "UPDATED"
    };
    payload.push(("change_type", format!("\"{kind}\"")));
    for (column, field) in [
        ("has_email", "has_email"),
        ("has_phone", "has_phone"),
        ("marketing_consent", "marketing_consent"),
        ("marketing_consent_at", "marketing_consent_at"),
        ("profiling_objection_at", "profiling_objection_at"),
        ("locale", "locale"),
        ("merged_into_id", "merged_into_profile_id"),
        ("pii_redacted_at", "pii_redacted_at"),
    ] {
        payload.push((field, spell(new.0.get(column)?, dice)));
    }
    Some(Event {
        schema: "backoffice",
        name,
        at: change.at,
        payload,
    })
}

/// The event tells of the offering's departure too, so it names the offering only where the offering agrees.
pub(super) fn leg(world: &World, change: &Change, new: &Row, dice: &mut Dice) -> Option<Event> {
    const LEG: Form = Form {
        schema: "operations",
        name: "ServiceLegCompleted",
        id: "service_leg_id",
        fields: &[
            "tour_departure_id",
            "leg_type",
            "is_final_leg",
            "scheduled_end",
            "actual_start",
            "actual_end",
        ],
        must: &[],
        implied: &[("status", "COMPLETED")],
        unread: &["scheduled_start", "tour_offering_id"],
    };
    let mut event = LEG.tell(change, dice)?;
    let offering = as_of(
        world,
        Table::Offerings,
        new.id("tour_offering_id"),
        change.at,
    );
    let departure = offering.and_then(|row| row.id("tour_departure_id"));
    if departure.is_some() && departure == new.id("tour_departure_id") {
        event.add_id("tour_offering_id", new.id("tour_offering_id"));
    }
    Some(event)
}

/// The passenger a row of the bus is about for ever, if neither the ticket nor the passenger ever changes.
fn for_ever(world: &World, new: &Row) -> Option<(Uuid, Uuid, Uuid)> {
    let by_ticket = constant(world, Table::Tickets, new.id("ticket_id"), "passenger_id");
    let passenger = new.id("passenger_id").or(by_ticket)?;
    let person = constant(
        world,
        Table::Passengers,
        Some(passenger),
        "person_profile_id",
    )?;
    let booking = constant(world, Table::Passengers, Some(passenger), "booking_id")?;
    Some((passenger, person, booking))
}

/// The event may also name person and booking: it does where they never change.
pub(super) fn boarding(
    world: &World,
    change: &Change,
    new: &Row,
    dice: &mut Dice,
) -> Option<Event> {
    const BOARDING: Form = Form {
        schema: "operations",
        name: "BoardingEventCreated",
        id: "boarding_event_id",
        fields: &[
            "service_leg_id",
            "tour_departure_id",
            "ticket_id",
            "passenger_id",
            "boarding_point_id",
            "seat_label",
            "status",
            "method",
            "is_offline",
            "boarded_at",
            "synced_at",
        ],
        must: &["status", "boarded_at"],
        implied: &[],
        unread: &[],
    };
    let mut event = BOARDING.tell(change, dice)?;
    if let (Some((_, person, booking)), true) = (for_ever(world, new), dice.chance(50)) {
        event.add_id("person_profile_id", Some(person));
        event.add_id("booking_id", Some(booking));
    }
    Some(event)
}

/// The event may also name passenger and person: it does where they never change.
pub(super) fn sale(world: &World, change: &Change, new: &Row, dice: &mut Dice) -> Option<Event> {
    const SALE: Form = Form {
        schema: "operations",
        name: "OnboardSaleRecorded",
        id: "onboard_sale_id",
        fields: &[
            "service_leg_id",
            "tour_departure_id",
            "ticket_id",
            "seat_label",
            "total_amount",
            "currency",
            "payment_method",
            "sold_at",
            "synced_at",
        ],
        must: &["sold_at"],
        implied: &[],
        unread: &[],
    };
    let mut event = SALE.tell(change, dice)?;
    if let (Some((passenger, person, _)), true) = (for_ever(world, new), dice.chance(50)) {
        event.add_id("passenger_id", Some(passenger));
        event.add_id("person_profile_id", Some(person));
    }
    Some(event)
}

const DELIVERED: Form = Form {
    schema: "communications",
    name: "MessageDelivered",
    id: "message_id",
    fields: &[
        "conversation_id",
        "channel_account_id",
        "template_id",
        "trigger_event",
        "sent_at",
        "delivered_at",
    ],
    must: &["delivered_at"],
    implied: &[("status", "DELIVERED"), ("direction", "OUTBOUND")],
    unread: &["rendered_content"],
};

const READ: Form = Form {
    name: "MessageRead",
    fields: &[
        "conversation_id",
        "channel_account_id",
        "template_id",
        "trigger_event",
        "sent_at",
        "delivered_at",
        "read_at",
    ],
    must: &["read_at"],
    implied: &[("status", "READ"), ("direction", "OUTBOUND")],
    ..DELIVERED
};

const RECEIVED: Form = Form {
    name: "MessageReceived",
    fields: &["conversation_id", "channel_account_id", "sent_at"],
    must: &["sent_at"],
    implied: &[("status", "RECEIVED"), ("direction", "INBOUND")],
    ..DELIVERED
};

pub(super) fn message(world: &World, change: &Change, new: &Row, dice: &mut Dice) -> Option<Event> {
    let form = match new.text("status")? {
        "DELIVERED" => DELIVERED,
        "READ" => READ,
        "RECEIVED" => RECEIVED,
        _ => return None,
    };
    let mut event = form.tell(change, dice)?;
    let conversation = new.id("conversation_id");
    if let Some(row) = as_of(world, Table::Conversations, conversation, change.at) {
        event.add_id("conversation_id", conversation);
        correspondent(world, row, &mut event);
    }
    Some(event)
}

pub(super) fn conversation(
    world: &World,
    change: &Change,
    new: &Row,
    dice: &mut Dice,
) -> Option<Event> {
    const CONVERSATION: Form = Form {
        schema: "communications",
        name: "ConversationResolved",
        id: "conversation_id",
        fields: &[
            "contact_id",
            "booking_id",
            "service_leg_id",
            "opened_at",
            "resolved_at",
        ],
        must: &["resolved_at"],
        implied: &[("status", "RESOLVED")],
        unread: &[],
    };
    let mut event = CONVERSATION.tell(change, dice)?;
    correspondent(world, new, &mut event);
    Some(event)
}

/// With whom, and whose contact that was at that moment.
fn correspondent(world: &World, conversation: &Row, event: &mut Event) {
    let contact = conversation.id("contact_id");
    event.add_id("contact_id", contact);
    let row = as_of(world, Table::Contacts, contact, event.at);
    event.add_id(
        "person_profile_id",
        row.and_then(|row| row.id("person_profile_id")),
    );
}
