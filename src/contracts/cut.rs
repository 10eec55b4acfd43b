//! What is kept of a delivery: the envelope with allow-listed columns only, under their present names.
//!
//! Only what was read is kept, so a value that stands where it does not belong never passes the door.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value as Json};

use super::canonical::framed;
use super::columns::{Column, ColumnType, EVENT_COLUMNS, TableContract};
use super::events::EventContract;
use super::values;

type Object = Map<String, Json>;

/// A part of a delivery that is kept, borrowed from it.
#[derive(Debug)]
pub(super) enum Kept<'a> {
    Whole(&'a Json),
    Text(&'a str),
    Object(Vec<(&'a str, Self)>),
    List(Vec<Self>),
}

impl Serialize for Kept<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Whole(json) => json.serialize(to),
            Self::Text(text) => text.serialize(to),
            Self::List(items) => to.collect_seq(items),
            Self::Object(entries) => {
                let mut map = to.serialize_map(Some(entries.len()))?;
                for (name, value) in entries {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

/// The allow-listed columns of a row; adds to the number of those that were not.
pub(super) fn row<'a>(contract: &TableContract, object: &'a Object, dropped: &mut u32) -> Kept<'a> {
    let mut entries = Vec::with_capacity(contract.columns.len());
    columns(contract.columns, object, &mut entries);
    count_dropped(object, entries.len(), dropped);
    Kept::Object(entries)
}

/// The row of a canonical event: what frames it, and the payload cut by the event's own contract.
pub(super) fn event<'a>(
    contract: &'static EventContract,
    row: &'a Object,
    payload: &'a Object,
    dropped: &mut u32,
) -> Kept<'a> {
    let mut entries = Vec::with_capacity(EVENT_COLUMNS.len());
    let mut from_payload = 0;
    for column in EVENT_COLUMNS {
        match column.name {
            "payload" => {}
            "event_type" => entries.push((column.name, Kept::Text(contract.name))),
            // Outside the payload only: the row's own id.
            "event_id" => {
                entries.extend(
                    row.get("event_id")
                        .map(|json| (column.name, Kept::Whole(json))),
                );
            }
            name => {
                entries.extend(
                    framed(name, row, payload).map(|json| (column.name, Kept::Whole(json))),
                );
            }
        }
        from_payload += usize::from(column.name != "payload" && payload.contains_key(column.name));
    }
    let known = EVENT_COLUMNS
        .iter()
        .filter(|column| row.contains_key(column.name))
        .count();
    count_dropped(row, known, dropped);
    let mut inner = Vec::new();
    fields(contract, payload, &mut inner, dropped);
    count_dropped(payload, inner.len() + from_payload, dropped);
    entries.push(("payload", Kept::Object(inner)));
    Kept::Object(entries)
}

/// The payload's contract fields.
fn fields<'a>(
    contract: &'static EventContract,
    payload: &'a Object,
    entries: &mut Vec<(&'a str, Kept<'a>)>,
    dropped: &mut u32,
) {
    columns(contract.control, payload, entries);
    for part in contract.parts {
        columns(part.shared, payload, entries);
        let Some(list) = part.list else {
            columns(std::slice::from_ref(&part.id), payload, entries);
            columns(part.columns, payload, entries);
            continue;
        };
        let Some(Json::Array(items)) = payload.get(list) else {
            continue;
        };
        let kept = items.iter().map(|item| match item.as_object() {
            None => Kept::Whole(item),
            Some(item) => {
                let mut inner = Vec::with_capacity(part.columns.len() + 1);
                columns(std::slice::from_ref(&part.id), item, &mut inner);
                columns(part.columns, item, &mut inner);
                count_dropped(item, inner.len(), dropped);
                Kept::Object(inner)
            }
        });
        entries.push((list, Kept::List(kept.collect())));
    }
}

fn columns<'a>(columns: &[Column], object: &'a Object, entries: &mut Vec<(&'a str, Kept<'a>)>) {
    for column in columns {
        if column.ty == ColumnType::Payload || entries.iter().any(|(name, _)| *name == column.name)
        {
            continue;
        }
        if let Some(json) = values::find(column, object) {
            entries.push((column.name, Kept::Whole(json)));
        }
    }
}

fn count_dropped(object: &Object, kept: usize, dropped: &mut u32) {
    let extra = object.len().saturating_sub(kept);
    *dropped = dropped.saturating_add(u32::try_from(extra).unwrap_or(u32::MAX));
}
