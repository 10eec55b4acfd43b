//! What a dead letter shows of a delivery: names, JSON types, and values only where none can be personal.
//!
//! A value is shown when its column is on the allow-list, is a uuid, number, boolean, timestamp or word of a known
//! vocabulary, and the value really is one. Everything else becomes `{"$type": "string"}`. Without a contract
//! nothing says what is harmless, so nothing is kept.

use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::canonical::framed;
use super::columns::{Column, ColumnType, EVENT_COLUMNS, TableContract};
use super::envelope::{Envelope, is_plain};
use super::events::EventContract;
use super::refusal::{Fault, Refusal};
use super::registry;
use super::values::{self, MASK};

type Object = Map<String, Json>;

/// The currencies that are no surprise where coaches go.
const CURRENCIES: [&str; 13] = [
    "EUR", "CHF", "GBP", "USD", "CZK", "PLN", "HUF", "DKK", "SEK", "NOK", "RON", "BGN", "TRY",
];
/// Longest number that is shown.
const NUMBER_BYTES_MAX: usize = 40;
/// Longest exponent that is shown, sign included.
const EXPONENT_BYTES_MAX: usize = 3;
/// Most keys of one object that are shown.
const KEYS_MAX: usize = 200;

/// The refusal of a delivery whose body is JSON.
pub(super) fn refusal(root: &Json, fault: Fault) -> Refusal {
    let envelope = Envelope::of(root);
    let contract = envelope.contract();
    Refusal {
        tenant_id: tenant(&envelope, contract),
        event_id: envelope.event_id.map(str::to_owned),
        table: envelope.table_name(),
        trigger: envelope.trigger.map(str::to_owned),
        reason: fault.reason,
        detail: fault.detail,
        envelope: contract.map(|contract| shown(&envelope, contract)),
    }
}

/// The refusal of a body that is no JSON: nothing is known of it.
pub(super) fn nameless(fault: Fault) -> Refusal {
    Refusal {
        tenant_id: None,
        event_id: None,
        table: None,
        trigger: None,
        reason: fault.reason,
        detail: fault.detail,
        envelope: None,
    }
}

fn tenant(envelope: &Envelope<'_>, contract: Option<&TableContract>) -> Option<Uuid> {
    let column = contract.map_or("tenant_id", |contract| contract.tenant);
    let nowhere = Object::new();
    let named = |row: &Json| {
        let row = row.as_object()?;
        let payload = row
            .get("payload")
            .and_then(Json::as_object)
            .unwrap_or(&nowhere);
        let id = framed(column, row, payload)?.as_str()?;
        Uuid::try_parse(id.trim()).ok().filter(|id| !id.is_nil())
    };
    [envelope.new, envelope.old]
        .into_iter()
        .flatten()
        .find_map(named)
}

fn shown(envelope: &Envelope<'_>, contract: &TableContract) -> Json {
    let row = |json: Option<&Json>| match json {
        None => Json::Null,
        Some(Json::Object(object)) if contract.kind.is_none() => event(object),
        Some(Json::Object(object)) => object_of(object, contract.columns),
        Some(json) => mask(json),
    };
    let op = envelope
        .op
        .filter(|op| super::columns::Op::from_name(op).is_some());
    json!({
        "id": envelope.event_id,
        "table": {"schema": contract.schema, "name": contract.table},
        "trigger": {"name": envelope.trigger},
        "event": {"op": op, "data": {"old": row(envelope.old), "new": row(envelope.new)}},
    })
}

fn event(row: &Object) -> Json {
    let mut shown = object_of(row, EVENT_COLUMNS);
    let payload = row.get("payload").and_then(Json::as_object);
    let nowhere = Object::new();
    let name = framed("event_type", row, payload.unwrap_or(&nowhere)).and_then(Json::as_str);
    let contract = name.and_then(registry::event);
    if let (Some(contract), Some(shown)) = (contract, shown.as_object_mut()) {
        shown.insert("event_type".to_owned(), Json::from(contract.name));
        if let Some(payload) = payload {
            shown.insert("payload".to_owned(), payload_of(payload, contract));
        }
    }
    shown
}

fn payload_of(payload: &Object, contract: &EventContract) -> Json {
    let mut columns: Vec<Column> = EVENT_COLUMNS.to_vec();
    columns.extend(contract.control);
    for part in contract.parts {
        columns.extend(part.shared);
        if part.list.is_none() {
            columns.push(part.id);
            columns.extend(part.columns);
        }
    }
    let mut shown = object_of(payload, &columns);
    for part in contract.parts {
        let (Some(list), Some(shown)) = (part.list, shown.as_object_mut()) else {
            continue;
        };
        let Some(Json::Array(items)) = payload.get(list) else {
            continue;
        };
        let mut inner = part.columns.to_vec();
        inner.push(part.id);
        let items = items.iter().take(KEYS_MAX).map(|item| match item {
            Json::Object(item) => object_of(item, &inner),
            item => value_of(item, &part.id),
        });
        shown.insert(list.to_owned(), items.collect());
    }
    shown
}

fn object_of(object: &Object, columns: &[Column]) -> Json {
    let mut shown = Object::new();
    for (number, (name, json)) in object.iter().take(KEYS_MAX).enumerate() {
        let column = columns
            .iter()
            .find(|c| c.name == name || c.aliases.contains(&name.as_str()));
        let value = column.map_or_else(|| mask(json), |column| value_of(json, column));
        // A key that is no identifier might be data.
        let name = if is_plain(name) {
            name.clone()
        } else {
            format!("?{number}")
        };
        shown.insert(name, value);
    }
    Json::Object(shown)
}

fn value_of(json: &Json, column: &Column) -> Json {
    let harmless = match column.ty {
        ColumnType::Uuid
        | ColumnType::Bool
        | ColumnType::Int { .. }
        | ColumnType::Money
        | ColumnType::At
        | ColumnType::Day => values::read(column, json, "").is_ok(),
        ColumnType::Word { known } | ColumnType::Fixed { known } => {
            json.as_str().is_some_and(|word| known.contains(&word))
        }
        ColumnType::Currency => json.as_str().is_some_and(|code| CURRENCIES.contains(&code)),
        ColumnType::Label | ColumnType::Words | ColumnType::Payload => false,
    };
    // A version number is a number, whatever it is.
    let harmless = harmless || (column.name == "schema_version" && json.is_number());
    if harmless && storable(json) {
        json.clone()
    } else {
        mask(json)
    }
}

/// Whether PostgreSQL's jsonb takes it: it expands exponents, however large, before it refuses them.
fn storable(json: &Json) -> bool {
    let Json::Number(number) = json else {
        return true;
    };
    let text = number.as_str();
    let exponent = text
        .split_once(['e', 'E'])
        .map_or("", |(_, exponent)| exponent);
    text.len() <= NUMBER_BYTES_MAX && exponent.len() <= EXPONENT_BYTES_MAX
}

fn mask(json: &Json) -> Json {
    let ty = match json {
        Json::Null => return Json::Null,
        Json::Object(_) if values::is_mask(json) => return json.clone(),
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    };
    let mut mask = Object::new();
    mask.insert(MASK.to_owned(), Json::from(ty));
    Json::Object(mask)
}
