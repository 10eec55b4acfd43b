//! The language the contracts are written in: columns, tables, and which operations are listened to.
//!
//! Absent on purpose: columns that are not listed. What has no [`Column`] never passes the door.

use crate::domain::source::{Field, SourceKind};

/// What a column's values must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// A uuid in any of PostgreSQL's spellings.
    Uuid,
    /// A boolean, also as the words `true`, `t`, `false`, `f`.
    Bool,
    /// A whole number within bounds, also as a string or with an exponent.
    Int {
        /// Least.
        min: i64,
        /// Greatest.
        max: i64,
    },
    /// An amount, kept as hundredths.
    Money,
    /// A timestamp with any offset.
    At,
    /// A calendar day.
    Day,
    /// A word of an open vocabulary, at most 64 bytes; `known` may be shown in a dead letter.
    Word {
        /// The values that are no surprise.
        known: &'static [&'static str],
    },
    /// A word of a closed vocabulary that numbers rest on: an unknown one would make them wrong.
    Fixed {
        /// All there are.
        known: &'static [&'static str],
    },
    /// A label of a thing (a tour, a stop, a seat), at most 300 characters.
    Label,
    /// Three letters, kept in upper case.
    Currency,
    /// A list of at most 64 words.
    Words,
    /// A canonical event's payload, cut by the contract of its event type.
    Payload,
}

/// One column of a row, or one field of a canonical event's payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name on the platform.
    pub name: &'static str,
    /// Older names that mean the same.
    pub aliases: &'static [&'static str],
    /// Where its value goes; `None` for what frames a version: id, tenant, version, event type.
    pub field: Option<Field>,
    /// What it must look like.
    pub ty: ColumnType,
}

impl Column {
    /// The same column, also known under older names.
    pub(super) const fn aka(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }
}

/// What happened to a row, as Hasura says it. It is no evidence: only DELETE means more than "a version".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// A new row.
    Insert,
    /// A changed row.
    Update,
    /// The end of a row.
    Delete,
    /// Invoked from the console: the row as given.
    Manual,
}

impl Op {
    /// As Hasura writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Manual => "MANUAL",
        }
    }

    /// The operation of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Insert, Self::Update, Self::Delete, Self::Manual];
        all.into_iter().find(|op| op.name() == name)
    }
}

/// When a row change is one of the platform's domain events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happens {
    /// With every delivery.
    Always,
    /// When the row appears.
    Appears,
    /// When the row appears with that word in that field.
    AppearsAs(Field, &'static str),
    /// When `status` becomes that word.
    Becomes(&'static str),
}

/// The contract of one platform table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableContract {
    /// Its PostgreSQL schema, which is the name of the source context.
    pub schema: &'static str,
    /// Its name.
    pub table: &'static str,
    /// Which rows it holds; `None` for `domain_events`, whose rows speak about others.
    pub kind: Option<SourceKind>,
    /// The columns that pass the door: what the event trigger's payload is cut to.
    pub columns: &'static [Column],
    /// The column that names the row.
    pub key: &'static str,
    /// The column that names the tenant.
    pub tenant: &'static str,
    /// The columns that say when the row was so; the first that is not null counts.
    pub version: &'static [&'static str],
    /// The operations its event trigger listens to.
    pub ops: &'static [Op],
    /// The event trigger's name, at most 42 characters.
    pub trigger: &'static str,
    /// The domain events that changes of its rows amount to.
    pub events: &'static [(Happens, &'static str)],
}

impl TableContract {
    /// A table whose rows can end.
    pub(super) const fn rows(
        (schema, table): (&'static str, &'static str),
        trigger: &'static str,
        kind: SourceKind,
        columns: &'static [Column],
    ) -> Self {
        let ops: &'static [Op] = if kind.can_be_deleted() {
            &[Op::Insert, Op::Update, Op::Delete]
        } else {
            &[Op::Insert, Op::Update]
        };
        Self {
            schema,
            table,
            kind: Some(kind),
            columns,
            key: "id",
            tenant: "tenant_id",
            version: &["updated_at"],
            ops,
            trigger,
            events: &[],
        }
    }

    /// The table into which a context writes finished domain events.
    pub(super) const fn domain_events(schema: &'static str, trigger: &'static str) -> Self {
        Self {
            schema,
            table: "domain_events",
            kind: None,
            columns: EVENT_COLUMNS,
            key: "event_id",
            tenant: "tenant_id",
            version: &["occurred_at"],
            ops: &[Op::Insert],
            trigger,
            events: &[],
        }
    }

    pub(super) const fn versioned_by(self, version: &'static [&'static str]) -> Self {
        Self { version, ..self }
    }

    pub(super) const fn tenant_in(self, tenant: &'static str) -> Self {
        Self { tenant, ..self }
    }

    pub(super) const fn announcing(self, events: &'static [(Happens, &'static str)]) -> Self {
        Self { events, ..self }
    }

    /// The column of that name or older name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns
            .iter()
            .find(|column| column.name == name || column.aliases.contains(&name))
    }
}

/// The row of an event around its payload; also the common fields inside a payload.
pub(super) const EVENT_COLUMNS: &[Column] = &[
    frame("event_id", ColumnType::Uuid),
    frame("tenant_id", ColumnType::Uuid),
    frame("event_type", ColumnType::Word { known: &[] }),
    frame("schema_version", ColumnType::Word { known: &["1"] }),
    frame("occurred_at", ColumnType::At),
    frame("payload", ColumnType::Payload),
];

/// `id`.
pub(super) const ID: Column = frame("id", ColumnType::Uuid);
/// `tenant_id`.
pub(super) const TENANT: Column = frame("tenant_id", ColumnType::Uuid);
/// `updated_at`: the version, which is no content.
pub(super) const UPDATED: Column = frame("updated_at", ColumnType::At);
/// `person_profile_id`.
pub(super) const PERSON: Column =
    uuid("person_profile_id", Field::Person).aka(&["passenger_profile_id"]);
/// `booker_profile_id`.
pub(super) const BOOKER: Column = uuid("booker_profile_id", Field::Person);
/// `service_leg_id`.
pub(super) const LEG: Column = uuid("service_leg_id", Field::Leg).aka(&["trip_id"]);

pub(super) const fn frame(name: &'static str, ty: ColumnType) -> Column {
    Column {
        name,
        aliases: &[],
        field: None,
        ty,
    }
}

const fn column(name: &'static str, field: Field, ty: ColumnType) -> Column {
    Column {
        name,
        aliases: &[],
        field: Some(field),
        ty,
    }
}

pub(super) const fn uuid(name: &'static str, field: Field) -> Column {
    column(name, field, ColumnType::Uuid)
}

pub(super) const fn flag(name: &'static str, field: Field) -> Column {
    column(name, field, ColumnType::Bool)
}

/// A PostgreSQL `int` that counts something.
pub(super) const fn count(name: &'static str, field: Field) -> Column {
    int(name, field, i32::MIN as i64, i32::MAX as i64)
}

pub(super) const fn int(name: &'static str, field: Field, min: i64, max: i64) -> Column {
    column(name, field, ColumnType::Int { min, max })
}

pub(super) const fn money(name: &'static str, field: Field) -> Column {
    column(name, field, ColumnType::Money)
}

pub(super) const fn at(name: &'static str, field: Field) -> Column {
    column(name, field, ColumnType::At)
}

pub(super) const fn day(name: &'static str, field: Field) -> Column {
    column(name, field, ColumnType::Day)
}

pub(super) const fn word(name: &'static str, field: Field) -> Column {
    column(name, field, ColumnType::Word { known: &[] })
}

pub(super) const fn one_of(
    name: &'static str,
    field: Field,
    known: &'static [&'static str],
) -> Column {
    column(name, field, ColumnType::Word { known })
}

/// A word that has to be one of these.
pub(super) const fn fixed(
    name: &'static str,
    field: Field,
    known: &'static [&'static str],
) -> Column {
    column(name, field, ColumnType::Fixed { known })
}

pub(super) const fn label(name: &'static str, field: Field) -> Column {
    column(name, field, ColumnType::Label)
}

pub(super) const fn currency(name: &'static str, field: Field) -> Column {
    column(name, field, ColumnType::Currency)
}

pub(super) const fn words(name: &'static str, field: Field) -> Column {
    column(name, field, ColumnType::Words)
}
