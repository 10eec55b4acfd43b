//! Conversations on all four channels, contacts that are linked late or never, replies, and feedback after the trip.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::World;
use super::booking::Booking;

/// Opens the accounts of all four channels.
pub(super) const CHANNELS: &[&str] = &["WHATSAPP", "EMAIL", "WEBCHAT", "SMS"];

/// The booking's conversation, with the confirmation.
pub(super) fn open(world: &mut World, booking: &Booking) {
    if booking.wish.agency {
        return;
    }
    let at = booking.confirmed_at;
    let Some(contact) = contact(world, booking.wish.booker, at) else {
        return;
    };
    let id = world.ledger.id("conversation");
    world.ledger.insert(
        "communications.conversations",
        at,
        id,
        json!({
            "contact_id": contact, "booking_id": booking.id, "status": "OPEN",
            "opened_at": at, "last_message_at": at,
        }),
    );
    world.conversations.insert(booking.id, id);
    outbound(
        world,
        booking.wish.booker,
        id,
        at + TimeDelta::seconds(20),
        "BOOKING_CONFIRMED",
    );
    if world.ledger.chance(0.25) {
        let asked = at + TimeDelta::hours(world.ledger.between(2, 200));
        inbound(world, booking.wish.booker, id, asked);
        let done = asked + TimeDelta::minutes(world.ledger.between(10, 900));
        world.ledger.update(
            "communications.conversations",
            done,
            id,
            json!({
                "status": "RESOLVED", "last_message_at": asked, "resolved_at": done,
            }),
        );
    }
}

/// The reminder before and the thanks after the trip.
pub(super) fn around_the_trip(
    world: &mut World,
    booking: &Booking,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
) {
    let Some(conversation) = world.conversations.get(&booking.id).copied() else {
        return;
    };
    let reminder =
        (start - TimeDelta::hours(20)).max(booking.confirmed_at + TimeDelta::minutes(10));
    outbound(
        world,
        booking.wish.booker,
        conversation,
        reminder,
        "PRE_TRIP_REMINDER",
    );
    if world.ledger.chance(0.5) {
        outbound(
            world,
            booking.wish.booker,
            conversation,
            end + TimeDelta::hours(25),
            "POST_TRIP_REVIEW",
        );
    }
}

/// The contact of a person, made at the first message; one in eight is linked late, one in eighty never.
fn contact(world: &mut World, index: usize, at: DateTime<Utc>) -> Option<Uuid> {
    let person = world.people.get(index)?;
    if let Some(known) = person.contact {
        return Some(known);
    }
    let profile = person.id;
    let id = world.ledger.id("contact");
    let linked = !world.ledger.chance(0.125);
    world.ledger.insert(
        "communications.contacts",
        at,
        id,
        json!({
            "person_profile_id": linked.then_some(profile), "created_at": at,
        }),
    );
    if !linked && world.ledger.chance(0.9) {
        let link = at + TimeDelta::hours(world.ledger.between(1, 240));
        world.ledger.update(
            "communications.contacts",
            link,
            id,
            json!({ "person_profile_id": profile }),
        );
    }
    if let Some(person) = world.people.get_mut(index) {
        person.contact = Some(id);
    }
    Some(id)
}

fn outbound(world: &mut World, index: usize, conversation: Uuid, at: DateTime<Utc>, why: &str) {
    let Some((liked, here, elsewhere)) = world
        .people
        .get(index)
        .map(|p| (p.channel, p.reads, p.reads_elsewhere))
    else {
        return;
    };
    let channel = if world.ledger.chance(0.5) {
        liked
    } else {
        world.ledger.index(CHANNELS.len())
    };
    let Some(account) = world.channels.get(channel).copied() else {
        return;
    };
    let id = world.ledger.id("message");
    world.ledger.insert(
        "communications.messages",
        at,
        id,
        json!({
            "conversation_id": conversation, "channel_account_id": account, "direction": "OUTBOUND",
            "trigger_event": why, "status": "SENT", "sent_at": at,
        }),
    );
    if world.ledger.chance(0.03) {
        world.ledger.update(
            "communications.messages",
            at + TimeDelta::seconds(30),
            id,
            json!({ "status": "FAILED" }),
        );
        return;
    }
    let delivered = at + TimeDelta::seconds(world.ledger.between(1, 90));
    world.ledger.update(
        "communications.messages",
        delivered,
        id,
        json!({
            "status": "DELIVERED", "delivered_at": delivered,
        }),
    );
    let own = liked == channel;
    if world.ledger.chance(if own { here } else { elsewhere }) {
        let read = delivered + TimeDelta::minutes(world.ledger.between(1, 1_200));
        world.ledger.update(
            "communications.messages",
            read,
            id,
            json!({ "status": "READ", "read_at": read }),
        );
        if own && world.ledger.chance(0.5) {
            let reply = read + TimeDelta::minutes(world.ledger.between(1, 60));
            inbound(world, index, conversation, reply);
        }
    }
}

fn inbound(world: &mut World, index: usize, conversation: Uuid, at: DateTime<Utc>) {
    let account = world
        .people
        .get(index)
        .and_then(|p| world.channels.get(p.channel))
        .copied();
    let id = world.ledger.id("message");
    world.ledger.insert(
        "communications.messages",
        at,
        id,
        json!({
            "conversation_id": conversation, "channel_account_id": account, "direction": "INBOUND",
            "status": "RECEIVED", "sent_at": at,
        }),
    );
}

/// A score and stars from every fifth booker, around what the tour deserves.
pub(super) fn feedback(world: &mut World, booking: &Booking, closed: DateTime<Utc>) {
    if booking.wish.agency || !world.ledger.chance(0.22) {
        return;
    }
    let Some(departure) = world.catalogue.departures.get(booking.wish.departure) else {
        return;
    };
    let (departure, liked) = (departure.id, departure.tour.rating);
    let stars = if world.ledger.chance(liked - 3.5) {
        5
    } else {
        world.ledger.between(2, 4)
    };
    let nps = (stars * 2 + world.ledger.between(-1, 0)).clamp(0, 10);
    let at = closed + TimeDelta::hours(world.ledger.between(2, 300));
    let id = world.ledger.id("trip_feedback");
    let named = world.ledger.chance(0.8);
    let person = world.people.get(booking.wish.booker).map(|p| p.id);
    let scored = world.ledger.chance(0.8);
    world.ledger.insert("commerce.trip_feedback", at, id, json!({
        "booking_id": booking.id, "person_profile_id": person.filter(|_| named), "tour_departure_id": departure,
        "nps_score": scored.then_some(nps), "rating": stars, "submitted_at": at,
    }));
}
