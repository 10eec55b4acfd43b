//! Row changes: `data.old` and `data.new` are both evidence of what the row was.
//!
//! Absent on purpose: the operation as evidence. Only DELETE means more than "so it was at that version".

use chrono::{DateTime, Utc};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::columns::{Happens, Op, TableContract};
use super::refusal::{Fault, Reason};
use super::values::{self, carry};
use super::versions::{Told, flagged, reaches_nobody, version};
use crate::domain::source::{Field, Fields, Flags, SourceKey, SourceKind, Value, Version};

type Object = Map<String, Json>;

/// What a row change told.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) tenant_id: Uuid,
    pub(super) told: Told,
    /// The domain event it amounts to.
    pub(super) event: Option<&'static str>,
    /// `data.old` could be read; else it is as if it had not been sent.
    pub(super) old_used: bool,
}

/// Reads a row change of a table with rows of that kind.
pub(super) fn read(
    contract: &'static TableContract,
    kind: SourceKind,
    op: Op,
    old: Option<&Object>,
    new: Option<&Object>,
) -> Result<Change, Fault> {
    if op == Op::Delete {
        return delete(contract, kind, old);
    }
    let new = new.ok_or_else(|| nothing(op, "data.new"))?;
    let live = row(contract, new, "data.new").map_err(|fault| incomplete(op, fault))?;
    let before = match old {
        Some(old) => {
            same_row(contract, &live, old)?;
            // An old row that cannot be read is no reason to refuse the row that replaced it.
            row(contract, old, "data.old").ok()
        }
        None => None,
    };
    let event = announced(contract, op, before.as_ref(), &live);
    let old_used = before.is_some();
    Ok(Change {
        tenant_id: live.tenant_id,
        told: versions(kind, before, live),
        event,
        old_used,
    })
}

fn versions(kind: SourceKind, before: Option<Row>, live: Row) -> Told {
    let mut told = Told {
        rounded: live.rounded,
        ..Told::default()
    };
    let same_instant = before.as_ref().is_some_and(|row| row.at == live.at);
    let live = live.into_version(kind, Flags::default());
    if let Some(before) = before {
        told.rounded += before.rounded;
        let flags = Flags {
            superseded: same_instant,
            ..Flags::default()
        };
        let before = before.into_version(kind, flags);
        // A change of columns that are not carried leaves one version, not one that supersedes itself.
        let unchanged = same_instant && before.fields == live.fields;
        if !unchanged {
            told.versions.push(before);
        }
    }
    told.versions.push(live);
    keep_if_it_reaches_somebody(kind, &mut told);
    told
}

fn delete(
    contract: &'static TableContract,
    kind: SourceKind,
    old: Option<&Object>,
) -> Result<Change, Fault> {
    let old = old.ok_or_else(|| nothing(Op::Delete, "data.old"))?;
    let row = row(contract, old, "data.old")?;
    let tenant_id = row.tenant_id;
    let mut told = Told::default();
    if kind.can_be_deleted() {
        told.rounded = row.rounded;
        let last = row.into_version(kind, Flags::default());
        let end = flagged(
            &last,
            Flags {
                tombstone: true,
                ..Flags::default()
            },
        );
        told.versions = vec![last, end];
        keep_if_it_reaches_somebody(kind, &mut told);
    }
    Ok(Change {
        tenant_id,
        told,
        event: None,
        old_used: true,
    })
}

/// Drops and counts a fact with no reference at all; one that has just lost its reference is kept.
fn keep_if_it_reaches_somebody(kind: SourceKind, told: &mut Told) {
    if told
        .versions
        .iter()
        .all(|version| reaches_nobody(kind, &version.fields))
    {
        told.versions.clear();
        told.unattributable += 1;
    }
}

/// One readable row.
#[derive(Debug)]
struct Row {
    tenant_id: Uuid,
    id: Uuid,
    at: DateTime<Utc>,
    fields: Fields,
    rounded: u32,
}

impl Row {
    fn into_version(self, kind: SourceKind, flags: Flags) -> Version {
        version(SourceKey::new(kind, self.id), self.at, self.fields, flags)
    }
}

fn row(contract: &TableContract, object: &Object, place: &str) -> Result<Row, Fault> {
    let tenant_id = frame_id(contract, contract.tenant, object, place)?;
    let tenant_id = tenant_id.filter(|id| !id.is_nil()).ok_or_else(|| {
        let wrong = "names no tenant; add the column to the event trigger's payload";
        values::fault(Reason::MissingTenant, place, contract.tenant, wrong)
    })?;
    let id = frame_id(contract, contract.key, object, place)?.ok_or_else(|| {
        let wrong = "is missing; add the column to the event trigger's payload";
        values::fault(Reason::MissingId, place, contract.key, wrong)
    })?;
    let at = version_at(contract, object, place)?;
    let mut fields = Fields::with_capacity(contract.columns.len());
    let rounded = carry(contract.columns, object, true, place, &mut fields)?;
    Ok(Row {
        tenant_id,
        id,
        at,
        fields,
        rounded,
    })
}

fn frame_id(
    contract: &TableContract,
    name: &str,
    object: &Object,
    place: &str,
) -> Result<Option<Uuid>, Fault> {
    contract
        .column(name)
        .map_or(Ok(None), |column| values::id(column, object, place))
}

fn version_at(
    contract: &TableContract,
    object: &Object,
    place: &str,
) -> Result<DateTime<Utc>, Fault> {
    let mut columns = contract
        .version
        .iter()
        .filter_map(|name| contract.column(name));
    let column =
        columns.find(|column| values::find(column, object).is_some_and(|at| !at.is_null()));
    let Some(column) = column else {
        let wrong =
            "is missing, so nothing says when the row was so; add the column to the payload";
        return Err(values::fault(
            Reason::MissingVersion,
            place,
            &contract.version.join(" or "),
            wrong,
        ));
    };
    values::instant(column, object, place)
}

fn same_row(contract: &TableContract, live: &Row, old: &Object) -> Result<(), Fault> {
    let of = |name| frame_id(contract, name, old, "data.old").ok().flatten();
    let differs = |name: &str, wrong, reason| Err(values::fault(reason, "data.old", name, wrong));
    if of(contract.tenant).is_some_and(|tenant| tenant != live.tenant_id) {
        let wrong = "differs from data.new; a row never moves to another tenant";
        return differs(contract.tenant, wrong, Reason::TenantMismatch);
    }
    if of(contract.key).is_some_and(|id| id != live.id) {
        let wrong = "differs from data.new; a row never changes its id";
        return differs(contract.key, wrong, Reason::IdMismatch);
    }
    Ok(())
}

fn announced(
    contract: &'static TableContract,
    op: Op,
    before: Option<&Row>,
    live: &Row,
) -> Option<&'static str> {
    let says = |row: &Row, field: Field, expected: &str| {
        let value = row.fields.iter().find(|(name, _)| *name == field);
        matches!(value, Some((_, Value::Text(text))) if text == expected)
    };
    let happens = |happens: Happens| match happens {
        Happens::Always => true,
        Happens::Appears => op == Op::Insert,
        Happens::AppearsAs(field, expected) => op == Op::Insert && says(live, field, expected),
        Happens::Becomes(status) => {
            says(live, Field::Status, status)
                && !before.is_some_and(|row| says(row, Field::Status, status))
        }
    };
    contract
        .events
        .iter()
        .find(|(when, _)| happens(*when))
        .map(|(_, name)| *name)
}

fn nothing(op: Op, place: &str) -> Fault {
    let reason = if op == Op::Manual {
        Reason::ManualIncomplete
    } else {
        Reason::MissingEvent
    };
    Fault::new(
        reason,
        format!(
            "{place} is empty, but {} is about it; redeliver the event",
            op.name()
        ),
    )
}

fn incomplete(op: Op, fault: Fault) -> Fault {
    let lacks = [
        Reason::MissingId,
        Reason::MissingTenant,
        Reason::MissingVersion,
    ];
    if op == Op::Manual && lacks.contains(&fault.reason) {
        Fault {
            reason: Reason::ManualIncomplete,
            ..fault
        }
    } else {
        fault
    }
}
