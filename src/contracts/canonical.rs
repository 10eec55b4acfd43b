//! Canonical events: the row of a context's `domain_events`, taken apart into versions of the rows it speaks about.
//!
//! All of them have the event's `occurred_at` as their version. What stands around the payload wins over what
//! the payload says of tenant and time. Items of a list that name no row are counted as unattributable.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::columns::{Column, EVENT_COLUMNS};
use super::events::{EventContract, Part, Says, When};
use super::refusal::{Fault, Reason};
use super::registry;
use super::values::{self, carry, has};
use super::versions::{Told, reaches, version};
use crate::domain::source::{Field, Fields, Flags, SourceKey, Value};

type Object = Map<String, Json>;

/// Most rows that one list may speak of.
const ITEMS_MAX: usize = 1_000;
const PLACE: &str = "data.new";
const PAYLOAD: &str = "data.new.payload";

/// What a canonical event told.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) tenant_id: Uuid,
    pub(super) contract: &'static EventContract,
    pub(super) told: Told,
}

/// Reads the row of a canonical event.
pub(super) fn read(row: &Object) -> Result<Event, Fault> {
    let payload = row
        .get("payload")
        .and_then(Json::as_object)
        .ok_or_else(|| {
            values::fault(
                Reason::NotAnObject,
                PLACE,
                "payload",
                "is no object; send the event's fields",
            )
        })?;
    let contract = contract(row, payload)?;
    check_schema_version(row, payload)?;
    if let Some(column) = frame("event_id") {
        values::id(column, row, PLACE)?;
    }
    let tenant_id = tenant(row, payload)?;
    let occurred_at = occurred_at(row, payload)?;
    let mut reading = Reading {
        contract,
        payload,
        occurred_at,
        told: Told::default(),
    };
    for part in contract.parts {
        reading.part(part)?;
    }
    Ok(Event {
        tenant_id,
        contract,
        told: reading.told,
    })
}

/// One of the fields around a payload, from the row, else from the payload.
pub(super) fn framed<'a>(name: &str, row: &'a Object, payload: &'a Object) -> Option<&'a Json> {
    let present = |object: &'a Object| object.get(name).filter(|json| !json.is_null());
    present(row).or_else(|| present(payload))
}

fn frame(name: &str) -> Option<&'static Column> {
    EVENT_COLUMNS.iter().find(|column| column.name == name)
}

/// Which of the two objects a field around the payload is taken from.
fn holder<'a>(name: &str, row: &'a Object, payload: &'a Object) -> (&'a Object, &'static str) {
    if row.get(name).is_some_and(|json| !json.is_null()) {
        (row, PLACE)
    } else {
        (payload, PAYLOAD)
    }
}

fn contract(row: &Object, payload: &Object) -> Result<&'static EventContract, Fault> {
    let name = framed("event_type", row, payload).and_then(Json::as_str);
    name.and_then(registry::event).ok_or_else(|| {
        let wrong = "is no event type that is known; redeliver it after an upgrade that knows it";
        values::fault(Reason::UnknownEventType, PLACE, "event_type", wrong)
    })
}

/// Additive changes keep the major number, so `1`, `"1"` and `"1.4"` are known; absent means 1.
fn check_schema_version(row: &Object, payload: &Object) -> Result<(), Fault> {
    let known = match framed("schema_version", row, payload) {
        None => true,
        Some(Json::Number(number)) => number.as_str() == "1" || number.as_str() == "1.0",
        Some(Json::String(text)) => {
            let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
            major == "1"
                && minor.len() < 8
                && minor
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'.')
        }
        Some(_) => false,
    };
    if known {
        return Ok(());
    }
    let wrong = "is no version that is known (1 is); re-drive it after an upgrade that knows it";
    Err(values::fault(
        Reason::UnknownSchemaVersion,
        PLACE,
        "schema_version",
        wrong,
    ))
}

fn tenant(row: &Object, payload: &Object) -> Result<Uuid, Fault> {
    let (object, place) = holder("tenant_id", row, payload);
    let id = frame("tenant_id").map_or(Ok(None), |column| values::id(column, object, place))?;
    id.filter(|id| !id.is_nil()).ok_or_else(|| {
        let wrong = "names no tenant; write the event with its tenant";
        values::fault(Reason::MissingTenant, PLACE, "tenant_id", wrong)
    })
}

fn occurred_at(row: &Object, payload: &Object) -> Result<DateTime<Utc>, Fault> {
    let (object, place) = holder("occurred_at", row, payload);
    match frame("occurred_at") {
        Some(column) if object.get(column.name).is_some_and(|json| !json.is_null()) => {
            values::instant(column, object, place)
        }
        _ => {
            let wrong =
                "is missing, so nothing says when it happened; write the event with its time";
            Err(values::fault(
                Reason::MissingVersion,
                PLACE,
                "occurred_at",
                wrong,
            ))
        }
    }
}

struct Reading<'a> {
    contract: &'static EventContract,
    payload: &'a Object,
    occurred_at: DateTime<Utc>,
    told: Told,
}

impl Reading<'_> {
    fn part(&mut self, part: &'static Part) -> Result<(), Fault> {
        match part.list {
            None => self.single(part),
            Some(list) => self.each(part, list),
        }
    }

    fn single(&mut self, part: &'static Part) -> Result<(), Fault> {
        // Everything is read, also of parts that do not apply: what passes the door has passed its type.
        let (mut fields, rounded) = self.fields(part.columns, self.payload, PAYLOAD)?;
        let id = values::id(&part.id, self.payload, PAYLOAD)?;
        self.steer(part, &mut fields)?;
        let applies = match part.when {
            When::Subject => true,
            When::ScopeFull => !self.partial()?,
            When::Named => id.is_some(),
            When::Told | When::ScopePartial => id.is_some() && !fields.is_empty(),
        };
        if !applies {
            return Ok(());
        }
        let id = id.ok_or_else(|| missing(part.id.name))?;
        self.told.rounded += rounded;
        self.push(part, id, fields);
        Ok(())
    }

    fn each(&mut self, part: &'static Part, list: &'static str) -> Result<(), Fault> {
        let wrong = |reason, wrong| values::fault(reason, PAYLOAD, list, wrong);
        let items = match self.payload.get(list) {
            None | Some(Json::Null) => &[],
            Some(Json::Array(items)) => items.as_slice(),
            Some(_) => return Err(wrong(Reason::WrongType, "is no list; send a JSON array")),
        };
        if items.len() > ITEMS_MAX {
            return Err(wrong(Reason::OutOfRange, "has more than 1,000 entries"));
        }
        let (shared, rounded) = self.fields(part.shared, self.payload, PAYLOAD)?;
        if part.when == When::ScopePartial {
            return self.some_passengers(part, list, items, &shared, rounded);
        }
        for item in items {
            let item = item
                .as_object()
                .filter(|_| !values::is_mask(item))
                .ok_or_else(|| wrong(Reason::WrongType, "has an entry that is no object"))?;
            let (mut fields, rounded) = self.fields(part.columns, item, list)?;
            self.told.rounded += rounded;
            match values::id(&part.id, item, list)? {
                Some(id) => {
                    fields.extend(shared.iter().cloned());
                    self.push(part, id, fields);
                }
                None => self.told.unattributable += 1,
            }
        }
        Ok(())
    }

    /// One version for each passenger that is cancelled. A fee of several is shared out to the hundredth,
    /// what is left over to the least ids, so that the booking's value counts the fee once.
    fn some_passengers(
        &mut self,
        part: &'static Part,
        list: &'static str,
        items: &[Json],
        shared: &Fields,
        rounded: u32,
    ) -> Result<(), Fault> {
        let ids = items
            .iter()
            .map(|item| match values::read(&part.id, item, list)? {
                (Value::Id(id), _) => Ok(id),
                _ => Err(missing(list)),
            });
        let mut ids = ids.collect::<Result<Vec<Uuid>, Fault>>()?;
        if !self.partial()? {
            return Ok(());
        }
        ids.sort_unstable();
        ids.dedup();
        let Ok(count @ 1..) = i64::try_from(ids.len()) else {
            return Err(missing(list));
        };
        self.told.rounded += rounded;
        for (place, id) in (0_i64..).zip(ids) {
            let share = |value: &Value| match value {
                Value::Cents(fee) => {
                    let left_over = i64::from(place < fee.rem_euclid(count));
                    Value::Cents(fee.div_euclid(count) + left_over)
                }
                other => other.clone(),
            };
            let fields = shared
                .iter()
                .map(|(field, value)| (*field, share(value)))
                .collect();
            self.push(part, id, fields);
        }
        Ok(())
    }

    fn fields(
        &self,
        columns: &[Column],
        object: &Object,
        place: &str,
    ) -> Result<(Fields, u32), Fault> {
        let mut fields = Fields::with_capacity(columns.len() + 3);
        let rounded = carry(
            columns,
            object,
            self.contract.null_is_value,
            place,
            &mut fields,
        )?;
        Ok((fields, rounded))
    }

    fn push(&mut self, part: &Part, id: Uuid, mut fields: Fields) {
        for (field, says) in part.says {
            if !has(&fields, *field) {
                let value = match says {
                    Says::Word(word) => Value::Text((*word).to_owned()),
                    Says::OccurredAt => Value::At(self.occurred_at),
                };
                fields.push((*field, value));
            }
        }
        if !reaches(part.kind, &fields) {
            self.told.unattributable += 1;
            return;
        }
        let flags = Flags {
            canonical: true,
            ..Flags::default()
        };
        let source = SourceKey::new(part.kind, id);
        self.told
            .versions
            .push(version(source, self.occurred_at, fields, flags));
    }

    fn control(&self, name: &str) -> Result<Option<String>, Fault> {
        let Some(column) = self
            .contract
            .control
            .iter()
            .find(|column| column.name == name)
        else {
            return Ok(None);
        };
        match values::find(column, self.payload) {
            None | Some(Json::Null) => Ok(None),
            Some(json) => match values::read(column, json, PAYLOAD)? {
                (Value::Text(word), _) => Ok(Some(word)),
                _ => Ok(None),
            },
        }
    }

    /// Whether a cancellation is of some passengers only; without a scope it is of the booking.
    fn partial(&self) -> Result<bool, Fault> {
        match self.control("scope")?.as_deref() {
            None | Some("FULL") => Ok(false),
            Some("PARTIAL") => Ok(true),
            Some(_) => Err(values::fault(
                Reason::WrongType,
                PAYLOAD,
                "scope",
                "is neither FULL nor PARTIAL",
            )),
        }
    }

    /// What the kind of change to a profile says by itself.
    fn steer(&self, part: &Part, fields: &mut Fields) -> Result<(), Fault> {
        match self.control("change_type")?.as_deref() {
            Some("REDACTED") if !has(fields, Field::RedactedAt) => {
                fields.retain(|(field, _)| *field != Field::RedactedAt);
                fields.push((Field::RedactedAt, Value::At(self.occurred_at)));
                Ok(())
            }
            Some("MERGED") if !has(fields, Field::MergedInto) => {
                let survivor = part
                    .columns
                    .iter()
                    .find(|c| c.field == Some(Field::MergedInto));
                Err(missing(
                    survivor.map_or("merged_into_id", |column| column.name),
                ))
            }
            _ => Ok(()),
        }
    }
}

fn missing(column: &str) -> Fault {
    let wrong = "is missing, so the event is about no row; write it with its id";
    values::fault(Reason::MissingId, PAYLOAD, column, wrong)
}
