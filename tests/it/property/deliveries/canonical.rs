//! When a row change may be told by its canonical event instead, and what that event then says.
//!
//! An event is taken only if it is *lossless at that point*: every column that changed (on INSERT: that is not
//! null) is a field of the event with a value, or follows from the event's name, or is one that no insight
//! reads. In an event null says nothing, so nothing that became null is told by one (`PersonProfileUpdated`
//! excepted, where null is a value). Not replaced either: a version that shares its time with another one (the
//! event could not say which of them came first), one whose row ends just after it (the end is ordered by the
//! version that ended), and the return of a row that was gone (the event would leave the older values standing).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::super::dice::Dice;
use super::super::world::{Change, Col, Row, Table, World};
use super::wire::Object;
use super::{commerce, elsewhere};

/// A canonical event.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) schema: &'static str,
    pub(super) name: &'static str,
    pub(super) at: DateTime<Utc>,
    /// Fields and their JSON.
    pub(super) payload: Payload,
}

/// Fields and their JSON.
pub(super) type Payload = Vec<(&'static str, String)>;

/// What an event type can say of the row it is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub(super) schema: &'static str,
    pub(super) name: &'static str,
    /// The field that holds the row's id.
    pub(super) id: &'static str,
    /// Columns that are fields of the event under their own name.
    pub(super) fields: &'static [&'static str],
    /// Of those, the ones it must carry, because without them it would say something else.
    pub(super) must: &'static [&'static str],
    /// Columns whose value follows from the event's name.
    pub(super) implied: &'static [(&'static str, &'static str)],
    /// Columns that no insight reads.
    pub(super) unread: &'static [&'static str],
}

/// The event that says all this change says, if there is one.
pub(super) fn event(world: &World, change: &Change, dice: &mut Dice) -> Option<Event> {
    let new = change.new.as_deref()?;
    let versions = &world.rows[&(change.table, change.id)];
    let alone = change.version == 0 || versions[change.version - 1].at < change.at;
    let ends = versions
        .get(change.version + 1)
        .is_some_and(|next| next.tombstone);
    let returns = change.old.is_none() && change.version > 0;
    if versions[change.version].superseded || !alone || ends || returns {
        return None;
    }
    match change.table {
        Table::Bookings => commerce::booking(world, change, new, dice),
        Table::Passengers => commerce::passenger(world, change, new, dice),
        Table::Payments => commerce::payment(change, dice),
        Table::Ancillaries => commerce::ancillary(change, dice),
        Table::Sessions => commerce::session(change, dice),
        Table::Feedback => commerce::feedback(change, dice),
        Table::Offerings => commerce::offering(world, change, new, dice),
        Table::Profiles => elsewhere::profile(change, new, dice),
        Table::Legs => elsewhere::leg(world, change, new, dice),
        Table::Boardings => elsewhere::boarding(world, change, new, dice),
        Table::Sales => elsewhere::sale(world, change, new, dice),
        Table::Messages => elsewhere::message(world, change, new, dice),
        Table::Conversations => elsewhere::conversation(world, change, new, dice),
        _ => None,
    }
}

impl Form {
    /// The event, if it says all that the change says.
    pub(super) fn tell(&self, change: &Change, dice: &mut Dice) -> Option<Event> {
        let new = change.new.as_deref()?;
        let mut payload = vec![(self.id, format!("\"{}\"", change.id))];
        for (name, word) in self.implied {
            if !new.is(name, word) {
                return None;
            }
        }
        for name in self.must {
            if new.0.get(name).is_none_or(|col| *col == Col::Null) {
                return None;
            }
        }
        for (name, col) in &new.0 {
            if matches!(*name, "id" | "tenant_id" | "updated_at") || self.unread.contains(name) {
                continue;
            }
            let before = change
                .old
                .as_ref()
                .and_then(|old| old.0.get(name))
                .unwrap_or(&Col::Null);
            let changed = before != col;
            let implied = self.implied.iter().any(|(of, _)| of == name);
            let carried = self.fields.contains(name) && *col != Col::Null;
            if changed && !carried && !implied {
                return None;
            }
            // References are never left out: a fact without any could be about nobody.
            let needed = matches!(col, Col::Id(_)) || self.must.contains(name);
            if carried && (changed || needed || dice.chance(60)) {
                payload.push((name, super::spell(col, dice)));
            }
        }
        Some(Event {
            schema: self.schema,
            name: self.name,
            at: change.at,
            payload,
        })
    }
}

impl Event {
    pub(super) fn add(&mut self, name: &'static str, json: impl Into<String>) {
        if self.payload.iter().all(|(known, _)| *known != name) {
            self.payload.push((name, json.into()));
        }
    }

    pub(super) fn add_id(&mut self, name: &'static str, id: Option<Uuid>) {
        if let Some(id) = id {
            self.add(name, format!("\"{id}\""));
        }
    }
}

/// Another row as it stood at that time, if speaking of it then adds nothing: it was there and never goes.
pub(super) fn as_of(
    world: &World,
    table: Table,
    id: Option<Uuid>,
    at: DateTime<Utc>,
) -> Option<&Row> {
    let versions = world.rows.get(&(table, id?))?;
    if versions.iter().any(|ver| ver.tombstone) {
        return None;
    }
    let then = versions.iter().rev().find(|ver| ver.at <= at)?;
    (!then.superseded).then_some(&*then.row)
}

/// The value of that column in all versions of the row, if it never changes and the row never goes.
pub(super) fn constant(
    world: &World,
    table: Table,
    id: Option<Uuid>,
    column: &str,
) -> Option<Uuid> {
    let versions = world.rows.get(&(table, id?))?;
    let first = versions.first()?.row.id(column)?;
    let same = versions
        .iter()
        .all(|ver| !ver.tombstone && ver.row.id(column) == Some(first));
    same.then_some(first)
}

/// An object of those columns of a row that have a value, under their own or another name.
pub(super) fn part(
    row: &Row,
    columns: &[(&'static str, &'static str)],
    mut object: Object,
    dice: &mut Dice,
) -> String {
    for (column, name) in columns {
        match row.0.get(column) {
            Some(Col::Null) | None => {}
            Some(col) => object.col(name, col, dice),
        }
    }
    object.close(dice)
}
