//! Why a delivery can never work as it is: what the dead letter says.
//!
//! Absent on purpose: the offending value. A refusal names the column and what is wrong with it, never what
//! stood there, because nobody knows whether it was personal.

use std::fmt;

use uuid::Uuid;

/// Why a delivery was refused; the code is stored and counted, so it never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The body is no JSON.
    NotJson,
    /// Nested more deeply than the parser follows.
    TooDeep,
    /// The body, or a row in it, is no JSON object.
    NotAnObject,
    /// No `event`, or an event without the row it is about.
    MissingEvent,
    /// `op` is none of INSERT, UPDATE, DELETE, MANUAL.
    UnknownOp,
    /// No contract for that table.
    UnknownTable,
    /// No contract for that event type.
    UnknownEventType,
    /// A `schema_version` whose major number is not known.
    UnknownSchemaVersion,
    /// No tenant, or the nil uuid, which is reserved.
    MissingTenant,
    /// No id of the row that the delivery is about.
    MissingId,
    /// No version column: nothing says when this was true.
    MissingVersion,
    /// A value that is not of its column's type.
    WrongType,
    /// A word that is none of a closed vocabulary, such as a booking's state.
    UnknownValue,
    /// A value of the right type that cannot be kept: too large, too long, not finite.
    OutOfRange,
    /// Text that PostgreSQL cannot store: NUL, or half of a surrogate pair.
    UnstorableText,
    /// A manual invocation without id, tenant or version column.
    ManualIncomplete,
    /// `data.old` and `data.new` are of different tenants.
    TenantMismatch,
    /// `data.old` and `data.new` have different ids.
    IdMismatch,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 18] = [
        Self::NotJson,
        Self::TooDeep,
        Self::NotAnObject,
        Self::MissingEvent,
        Self::UnknownOp,
        Self::UnknownTable,
        Self::UnknownEventType,
        Self::UnknownSchemaVersion,
        Self::MissingTenant,
        Self::MissingId,
        Self::MissingVersion,
        Self::WrongType,
        Self::UnknownValue,
        Self::OutOfRange,
        Self::UnstorableText,
        Self::ManualIncomplete,
        Self::TenantMismatch,
        Self::IdMismatch,
    ];

    /// The stable name, as stored in `dead_letter.reason` and used as a metric label.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::TooDeep => "too_deep",
            Self::NotAnObject => "not_an_object",
            Self::MissingEvent => "missing_event",
            Self::UnknownOp => "unknown_op",
            Self::UnknownTable => "unknown_table",
            Self::UnknownEventType => "unknown_event_type",
            Self::UnknownSchemaVersion => "unknown_schema_version",
            Self::MissingTenant => "missing_tenant",
            Self::MissingId => "missing_id",
            Self::MissingVersion => "missing_version",
            Self::WrongType => "wrong_type",
            Self::UnknownValue => "unknown_value",
            Self::OutOfRange => "out_of_range",
            Self::UnstorableText => "unstorable_text",
            Self::ManualIncomplete => "manual_incomplete",
            Self::TenantMismatch => "tenant_mismatch",
            Self::IdMismatch => "id_mismatch",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.code())
    }
}

/// A delivery that can never work as it is: acknowledged, kept as a dead letter, re-drivable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {detail}")]
pub struct Refusal {
    /// Whose delivery it was, where that could be read.
    pub tenant_id: Option<Uuid>,
    /// Hasura's event id, where it has a plain one.
    pub event_id: Option<String>,
    /// `schema.table` as named by the delivery, where both are plain identifiers.
    pub table: Option<String>,
    /// The event trigger as named by the delivery, where it is a plain identifier.
    pub trigger: Option<String>,
    /// The stable reason.
    pub reason: Reason,
    /// What is wrong, in which column, and what to do; never a value.
    pub detail: String,
    /// The envelope with key names and JSON types, values only of allow-listed columns of harmless types;
    /// `None` where no contract says what is harmless.
    pub envelope: Option<serde_json::Value>,
}

/// What is wrong, before it is known whose delivery it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) reason: Reason,
    pub(super) detail: String,
}

impl Fault {
    pub(super) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
        }
    }
}
