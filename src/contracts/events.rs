//! The language of canonical events: which rows an event speaks about, and what it says of each.
//!
//! Absent on purpose: an event's own record. An event is only ever versions of rows.

use super::columns::Column;
use crate::domain::source::{Field, SourceKind};

/// The contract of one canonical event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventContract {
    /// The name it is counted and shown under.
    pub name: &'static str,
    /// Older names of the same event.
    pub aliases: &'static [&'static str],
    /// The context that emits it.
    pub schema: &'static str,
    /// Fields that steer which parts apply, carried by none.
    pub control: &'static [Column],
    /// The rows it speaks about; the first is its subject.
    pub parts: &'static [Part],
    /// A null field is a value, as in a row; elsewhere null says nothing.
    pub null_is_value: bool,
}

impl EventContract {
    /// An event emitted by that context.
    pub(super) const fn new(
        schema: &'static str,
        name: &'static str,
        parts: &'static [Part],
    ) -> Self {
        Self {
            name,
            aliases: &[],
            schema,
            control: &[],
            parts,
            null_is_value: false,
        }
    }

    pub(super) const fn aka(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    pub(super) const fn controlled_by(self, control: &'static [Column]) -> Self {
        Self { control, ..self }
    }

    pub(super) const fn with_nulls(self) -> Self {
        Self {
            null_is_value: true,
            ..self
        }
    }
}

/// What an event says about one row, or about each row of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Which rows.
    pub kind: SourceKind,
    /// The field that names the row.
    pub id: Column,
    /// The list that holds one item a row; `None` when the payload itself is about one row.
    pub list: Option<&'static str>,
    /// Fields of the row, in the payload or in the list's items.
    pub columns: &'static [Column],
    /// Fields of the payload that hold for every item of the list.
    pub shared: &'static [Column],
    /// What follows from the event's type, unless a column said otherwise.
    pub says: &'static [(Field, Says)],
    /// Whether the part applies.
    pub when: When,
}

/// What an event's type implies about a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// That word.
    Word(&'static str),
    /// The instant of the event: `occurred_at` is the event's own time.
    OccurredAt,
}

/// When a part of an event applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// It is what the event is about: without an id the event is refused.
    Subject,
    /// When the event names the row.
    Named,
    /// When the event names the row and says something about it.
    Told,
    /// A cancellation of the whole booking; the subject of that event.
    ScopeFull,
    /// A cancellation of some passengers, one version for each.
    ScopePartial,
}

impl Part {
    /// The row that the event is about.
    pub(super) const fn subject(
        kind: SourceKind,
        id: Column,
        columns: &'static [Column],
        says: &'static [(Field, Says)],
    ) -> Self {
        Self {
            kind,
            id,
            list: None,
            columns,
            shared: &[],
            says,
            when: When::Subject,
        }
    }

    /// A row that is told something by the way.
    pub(super) const fn told(kind: SourceKind, id: Column, columns: &'static [Column]) -> Self {
        Self {
            kind,
            id,
            list: None,
            columns,
            shared: &[],
            says: &[],
            when: When::Told,
        }
    }

    /// One row for each item of a list.
    pub(super) const fn each(
        list: &'static str,
        kind: SourceKind,
        id: Column,
        columns: &'static [Column],
        shared: &'static [Column],
    ) -> Self {
        Self {
            kind,
            id,
            list: Some(list),
            columns,
            shared,
            says: &[],
            when: When::Named,
        }
    }

    pub(super) const fn saying(self, says: &'static [(Field, Says)]) -> Self {
        Self { says, ..self }
    }

    pub(super) const fn when(self, when: When) -> Self {
        Self { when, ..self }
    }
}
