//! How a history is told: Hasura envelopes, some of them canonical events, twice, in any order.
//!
//! A row change is replaced by its canonical event only where the event says all that the row says
//! (see `canonical`). Absent on purpose: anything the platform did not go through.

mod wire;
mod canonical;
mod commerce;
mod elsewhere;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::dice::Dice;
use super::world::{Change, Row, Said, Table, World};
use canonical::Event;
use wire::{Object, instant, spell};

/// Columns that must never be kept; a trigger may cut them or send them all the same.
const DROPPED: [&str; 12] = [
    "first_name",
    "last_name",
    "email",
    "phone",
    "date_of_birth",
    "comment",
    "label",
    "name",
    "reference_number",
    "rendered_content",
    "qr_hash",
    "items",
];

/// One way of telling a world: bodies of deliveries in the order of their arrival.
///
/// What is thrown for a change depends on the change and the seed alone, so that leaving another change out
/// leaves everything else as it was.
pub(super) fn tell(world: &World, seed: u64, percent_canonical: usize) -> Vec<Told> {
    let mut bodies: Vec<Told> = Vec::new();
    for change in &world.changes {
        let mut dice = own_dice(seed, change.id, change.at, u64::from(change.new.is_none()));
        let told = dice.chance(percent_canonical);
        let event = if told {
            canonical::event(world, change, &mut dice)
        } else {
            None
        };
        let id = dice.id();
        for _ in 0..copies(&mut dice) {
            let place = dice.next();
            let body = match &event {
                Some(event) => event_body(world, event, id, &mut dice),
                None => row_body(change, id, &mut dice),
            };
            bodies.push(Told { place, body });
        }
    }
    for said in &world.said {
        let mut dice = own_dice(seed, said.booking, said.at, 2);
        let id = dice.id();
        for _ in 0..copies(&mut dice) {
            let place = dice.next();
            let event = said_event(said, &mut dice);
            bodies.push(Told {
                place,
                body: event_body(world, &event, id, &mut dice),
            });
        }
    }
    bodies.sort();
    bodies
}

/// The plain way: every row change once, in the platform's own order, and what only events say.
pub(super) fn tell_plainly(world: &World) -> Vec<Told> {
    let mut dice = Dice::new(0);
    let mut bodies: Vec<Told> = Vec::new();
    for change in &world.changes {
        let id = dice.id();
        let body = row_body(change, id, &mut dice);
        bodies.push(Told { place: 1, body });
    }
    for said in &world.said {
        let (event, id) = (said_event(said, &mut dice), dice.id());
        bodies.push(Told {
            place: 1,
            body: event_body(world, &event, id, &mut dice),
        });
    }
    bodies
}

/// A delivery, and its place among the others of its telling.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Told {
    place: u64,
    pub(super) body: String,
}

fn own_dice(seed: u64, id: Uuid, at: DateTime<Utc>, what: u64) -> Dice {
    let (high, low) = id.as_u64_pair();
    let micros = at.timestamp_micros().unsigned_abs();
    let mut dice = Dice::new(seed ^ high.rotate_left(7) ^ low ^ micros.rotate_left(20) ^ what);
    dice.next();
    dice
}

/// Mostly once, sometimes again.
fn copies(dice: &mut Dice) -> usize {
    dice.pick(&[1, 1, 1, 1, 1, 1, 2, 3])
}

/// What arrives together: about as many as the seed says, with borders that belong to the deliveries.
pub(super) fn batches(bodies: &[Told], seed: u64) -> impl Iterator<Item = &[Told]> {
    let size = Dice::new(seed).pick(&[1, 3, 20, 1000]);
    bodies.chunk_by(move |_, next| next.place % size != 0)
}

fn row_body(change: &Change, id: Uuid, dice: &mut Dice) -> String {
    let (old, new) = (change.old.as_ref(), change.new.as_ref());
    let op = match (old, new) {
        (None, _) if dice.chance(5) => "MANUAL",
        (None, _) => "INSERT",
        (_, None) => "DELETE",
        _ => "UPDATE",
    };
    let cut = dice.chance(70);
    let (old, new) = (row_json(old, cut, dice), row_json(new, cut, dice));
    let (schema, name) = change.table.name();
    envelope((schema, name), op, (old, new), id, dice)
}

fn row_json(row: Option<&Arc<Row>>, cut: bool, dice: &mut Dice) -> String {
    let Some(row) = row else {
        return "null".to_owned();
    };
    let mut object = Object::default();
    for (name, col) in &row.0 {
        if !(cut && DROPPED.contains(name)) {
            object.raw(name, spell(col, dice));
        }
    }
    object.close(dice)
}

fn event_body(world: &World, event: &Event, id: Uuid, dice: &mut Dice) -> String {
    let mut payload = Object::default();
    payload.id("event_id", id);
    payload.id("tenant_id", world.tenant);
    for (name, json) in &event.payload {
        payload.raw(name, json.clone());
    }
    let mut row = Object::default();
    row.id("event_id", id);
    row.id("tenant_id", world.tenant);
    row.text("event_type", event.name);
    row.raw("schema_version", "1");
    row.text("occurred_at", &instant(event.at, dice));
    let payload = payload.close(dice);
    row.raw("payload", payload);
    let new = row.close(dice);
    envelope(
        (event.schema, "domain_events"),
        "INSERT",
        ("null".to_owned(), new),
        id,
        dice,
    )
}

fn envelope(
    table: (&str, &str),
    op: &str,
    (old, new): (String, String),
    id: Uuid,
    dice: &mut Dice,
) -> String {
    let mut data = Object::default();
    data.raw("old", old);
    data.raw("new", new);
    let mut event = Object::default();
    event.text("op", op);
    let data = data.close(dice);
    event.raw("data", data);
    event.raw("trace_context", "null");
    let session = if dice.chance(50) {
        "null"
    } else {
        "{\"x-hasura-role\":\"admin\"}"
    };
    event.raw("session_variables", session);
    let mut body = Object::default();
    body.id("id", id);
    let zone = dice.pick(&["", "Z"]);
    body.text("created_at", &format!("2026-01-02T03:04:05.678901{zone}"));
    body.raw("delivery_info", "{\"current_retry\":0,\"max_retries\":5}");
    body.raw(
        "table",
        format!("{{\"schema\":\"{}\",\"name\":\"{}\"}}", table.0, table.1),
    );
    body.raw(
        "trigger",
        format!("{{\"name\":\"ci_{}_{}\"}}", table.0, table.1),
    );
    let event = event.close(dice);
    body.raw("event", event);
    body.close(dice)
}

/// What no row says: a no-show that names who came.
fn said_event(said: &Said, dice: &mut Dice) -> Event {
    let mut passengers = Vec::new();
    for (id, boarded) in &said.passengers {
        let mut passenger = Object::default();
        passenger.id("passenger_id", *id);
        passenger.raw("boarded", boarded.to_string());
        passengers.push(passenger.close(dice));
    }
    let payload = vec![
        ("booking_id", format!("\"{}\"", said.booking)),
        ("passengers", wire::array(&passengers)),
    ];
    Event {
        schema: Table::Bookings.name().0,
        name: "BookingNoShow",
        at: said.at,
        payload,
    }
}

#[test]
fn every_delivery_is_json_and_events_stand_in_for_every_table() {
    let mut names = std::collections::BTreeSet::new();
    for seed in 0..300 {
        let history = super::history::history(seed, false);
        let world = World::run(history.tenant, false, &history.commands);
        for told in tell(&world, seed, 90) {
            let body: serde_json::Value = serde_json::from_str(&told.body).unwrap();
            let new = &body["event"]["data"]["new"];
            names.extend(new["event_type"].as_str().map(str::to_owned));
        }
    }
    assert!(names.len() >= 20, "{names:?}");
}
