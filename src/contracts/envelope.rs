//! The envelope of a Hasura event trigger, read leniently: unknown keys and their order do not matter,
//! `created_at`, `session_variables`, `trace_context` and `delivery_info` are not looked at.
//!
//! The bare body of a canonical event (`event_type`, `tenant_id`, `payload` at the top) is read as its row.

use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::columns::{Op, TableContract};
use super::cut::{self, Kept};
use super::events::EventContract;
use super::letter;
use super::refusal::{Fault, Reason, Refusal};
use super::values;
use super::versions::Told;
use super::{Decoded, canonical, registry, rows};

type Object = Map<String, Json>;

/// A delivery that passed: what the inbox keeps until it is folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Whose row it is.
    pub tenant_id: Uuid,
    /// Hasura's event id, where it has a plain one; redeliveries have the same.
    pub event_id: Option<String>,
    /// The event trigger's name, empty where it has no plain one.
    pub trigger: String,
    /// `schema.table`.
    pub table: String,
    /// The domain event it is or amounts to, under its present name.
    pub event_name: Option<String>,
    /// The envelope as JSON, cut to allow-listed columns.
    pub cut: Vec<u8>,
    /// How many columns and fields were not on the allow-list.
    pub dropped_columns: u32,
}

/// Reads a delivery at the door. What is let in decodes, to the same versions.
pub fn read(body: &[u8]) -> Result<Delivery, Refusal> {
    let root = parse(body)?;
    let reading = interpret(&root).map_err(|fault| letter::refusal(&root, fault))?;
    let (cut, dropped_columns) = reading
        .cut()
        .map_err(|fault| letter::refusal(&root, fault))?;
    Ok(Delivery {
        tenant_id: reading.tenant_id,
        event_id: reading.envelope.event_id.map(str::to_owned),
        trigger: reading.envelope.trigger.unwrap_or_default().to_owned(),
        table: format!("{}.{}", reading.contract.schema, reading.contract.table),
        event_name: reading.event_name().map(str::to_owned),
        cut,
        dropped_columns,
    })
}

/// Decodes what [`read`] kept, into versions of rows.
pub fn decode(cut: &[u8]) -> Result<Decoded, Refusal> {
    let root = parse(cut)?;
    let reading = interpret(&root).map_err(|fault| letter::refusal(&root, fault))?;
    Ok(Decoded {
        tenant_id: reading.tenant_id,
        contract: reading.contract,
        event_name: reading.event_name().map(str::to_owned),
        versions: reading.told.versions,
        rounded: reading.told.rounded,
        unattributable: reading.told.unattributable,
    })
}

fn parse(body: &[u8]) -> Result<Json, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        let words = error.to_string();
        let at = format!("line {} column {}", error.line(), error.column());
        let fault = if words.contains("recursion limit") {
            Fault::new(
                Reason::TooDeep,
                format!("nested more than 127 levels deep at {at}"),
            )
        } else if words.contains("surrogate") || words.contains("hex escape") {
            let wrong = "half of a surrogate pair, which PostgreSQL cannot store";
            Fault::new(Reason::UnstorableText, format!("{wrong}, at {at}"))
        } else {
            Fault::new(
                Reason::NotJson,
                format!("no JSON from {at} on; send Hasura's own body"),
            )
        };
        letter::nameless(fault)
    })
}

/// The parts of an envelope that matter.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Envelope<'a> {
    pub(super) event_id: Option<&'a str>,
    pub(super) trigger: Option<&'a str>,
    pub(super) schema: Option<&'a str>,
    pub(super) table: Option<&'a str>,
    pub(super) op: Option<&'a str>,
    pub(super) old: Option<&'a Json>,
    pub(super) new: Option<&'a Json>,
}

impl<'a> Envelope<'a> {
    /// Finds what there is; refuses nothing.
    pub(super) fn of(root: &'a Json) -> Self {
        if root.get("event").is_none() && root.get("payload").is_some() {
            return Self::bare(root);
        }
        let event = root.get("event");
        let data = event.and_then(|event| event.get("data"));
        let row = |name| {
            data.and_then(|data| data.get(name))
                .filter(|row| !row.is_null())
        };
        Self {
            event_id: text(root.get("id")).filter(|id| is_plain(id)),
            trigger: text(root.get("trigger").and_then(|trigger| trigger.get("name")))
                .filter(|name| is_plain(name)),
            schema: text(root.get("table").and_then(|table| table.get("schema"))),
            table: text(root.get("table").and_then(|table| table.get("name"))),
            op: text(event.and_then(|event| event.get("op"))),
            old: row("old"),
            new: row("new"),
        }
    }

    fn bare(root: &'a Json) -> Self {
        let event = text(root.get("event_type")).and_then(registry::event);
        Self {
            event_id: text(root.get("event_id")).filter(|id| is_plain(id)),
            trigger: None,
            schema: Some(event.map_or("commerce", |event| event.schema)),
            table: Some("domain_events"),
            op: Some(Op::Insert.name()),
            old: None,
            new: Some(root),
        }
    }

    pub(super) fn contract(&self) -> Option<&'static TableContract> {
        registry::table(self.schema?, self.table?)
    }

    /// `schema.table`, where both are plain identifiers.
    pub(super) fn table_name(&self) -> Option<String> {
        let (schema, table) = (self.schema?, self.table?);
        (is_plain(schema) && is_plain(table)).then(|| format!("{schema}.{table}"))
    }
}

/// An envelope that was understood.
#[derive(Debug)]
struct Reading<'a> {
    envelope: Envelope<'a>,
    contract: &'static TableContract,
    tenant_id: Uuid,
    op: Op,
    old: Option<&'a Object>,
    new: Option<&'a Object>,
    event: Option<&'static EventContract>,
    amounts_to: Option<&'static str>,
    told: Told,
}

fn interpret(root: &Json) -> Result<Reading<'_>, Fault> {
    if !root.is_object() {
        return Err(Fault::new(
            Reason::NotAnObject,
            "the body is no JSON object; send Hasura's own body",
        ));
    }
    let envelope = Envelope::of(root);
    if envelope.old.is_none() && envelope.new.is_none() {
        let wrong = "event.data names no row, neither new nor old; send Hasura's own body";
        return Err(Fault::new(Reason::MissingEvent, wrong));
    }
    let contract = envelope.contract().ok_or_else(|| {
        let wrong = "has no contract here; take the event trigger off that table";
        Fault::new(Reason::UnknownTable, format!("the table {wrong}"))
    })?;
    let op = envelope.op.and_then(Op::from_name).ok_or_else(|| {
        Fault::new(
            Reason::UnknownOp,
            "event.op is none of INSERT, UPDATE, DELETE, MANUAL",
        )
    })?;
    let old = object(envelope.old, "data.old")?;
    let new = object(envelope.new, "data.new")?;
    let mut reading = Reading {
        envelope,
        contract,
        tenant_id: Uuid::nil(),
        op,
        old,
        new,
        event: None,
        amounts_to: None,
        told: Told::default(),
    };
    match contract.kind {
        Some(kind) => {
            let change = rows::read(contract, kind, op, old, new)?;
            reading.tenant_id = change.tenant_id;
            reading.amounts_to = change.event;
            reading.told = change.told;
            reading.new = new.filter(|_| op != Op::Delete);
            reading.old = old.filter(|_| change.old_used);
        }
        None => reading.canonical()?,
    }
    Ok(reading)
}

impl Reading<'_> {
    /// A context's own record of events may be tidied up: only a row that is there says anything.
    fn canonical(&mut self) -> Result<(), Fault> {
        let row = if self.op == Op::Delete {
            self.old
        } else {
            self.new
        };
        let row = row.ok_or_else(|| {
            let wrong = format!(
                "the row that {} is about is empty; redeliver the event",
                self.op.name()
            );
            Fault::new(Reason::MissingEvent, wrong)
        })?;
        let event = canonical::read(row)?;
        self.tenant_id = event.tenant_id;
        self.event = Some(event.contract);
        if self.op == Op::Delete {
            self.new = None;
        } else {
            self.told = event.told;
            self.old = None;
        }
        Ok(())
    }

    fn event_name(&self) -> Option<&'static str> {
        match (self.event, self.op) {
            (Some(event), Op::Insert | Op::Update | Op::Manual) => Some(event.name),
            (Some(_), Op::Delete) => None,
            (None, _) => self.amounts_to,
        }
    }

    /// The envelope again, cut to what was read.
    fn cut(&self) -> Result<(Vec<u8>, u32), Fault> {
        let mut dropped = 0;
        let mut data = Vec::with_capacity(2);
        for (name, object) in [("old", self.old), ("new", self.new)] {
            if let Some(object) = object {
                data.push((name, self.kept(object, &mut dropped)));
            }
        }
        let mut root = Vec::with_capacity(4);
        root.extend(self.envelope.event_id.map(|id| ("id", Kept::Text(id))));
        let table = vec![
            ("schema", Kept::Text(self.contract.schema)),
            ("name", Kept::Text(self.contract.table)),
        ];
        root.push(("table", Kept::Object(table)));
        root.extend(
            self.envelope
                .trigger
                .map(|name| ("trigger", Kept::Object(vec![("name", Kept::Text(name))]))),
        );
        let event = vec![
            ("op", Kept::Text(self.op.name())),
            ("data", Kept::Object(data)),
        ];
        root.push(("event", Kept::Object(event)));
        let bytes = serde_json::to_vec(&Kept::Object(root)).map_err(|_unwritable| {
            Fault::new(
                Reason::NotJson,
                "the envelope cannot be written again as JSON",
            )
        })?;
        Ok((bytes, dropped))
    }

    fn kept<'b>(&self, object: &'b Object, dropped: &mut u32) -> Kept<'b> {
        let payload = object.get("payload").and_then(Json::as_object);
        match (self.event, payload) {
            (Some(event), Some(payload)) => cut::event(event, object, payload, dropped),
            _ => cut::row(self.contract, object, dropped),
        }
    }
}

fn object<'a>(row: Option<&'a Json>, place: &str) -> Result<Option<&'a Object>, Fault> {
    match row {
        None => Ok(None),
        Some(json @ Json::Object(object)) if !values::is_mask(json) => Ok(Some(object)),
        Some(_) => Err(Fault::new(
            Reason::NotAnObject,
            format!("{place} is no object; send the row"),
        )),
    }
}

fn text(json: Option<&Json>) -> Option<&str> {
    json.and_then(Json::as_str)
}

/// An identifier or id without room for anything personal in it.
pub(super) fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}
