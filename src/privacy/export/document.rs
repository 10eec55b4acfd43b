//! The form of an export: a head and tables, from which JSON and CSV are both written.

use chrono::{DateTime, Utc};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use uuid::Uuid;

/// The format's name.
const FORMAT: &str = "customer-intelligence/export";
/// Rises in its first part when a reader of before would misunderstand, in its second when something is added.
pub(super) const SCHEMA_VERSION: &str = "1.1";

/// A part of an export that can be asked for by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// What the profile says.
    Profile,
    /// What happened, as it is shown.
    Activities,
    /// Every row of the log behind that.
    Log,
    /// Numbers that were derived, each with how.
    Metrics,
    /// What was allowed, and everything that was said about it.
    Consents,
    /// Who read or dealt with the data, and when.
    Access,
    /// What is done with the data, who gets it, how long it is kept.
    Processing,
    /// Which tables hold something, and how much.
    Storage,
}

impl Category {
    /// Every category, in the order of an export.
    pub const ALL: [Self; 8] = [
        Self::Profile,
        Self::Activities,
        Self::Log,
        Self::Metrics,
        Self::Consents,
        Self::Access,
        Self::Processing,
        Self::Storage,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Activities => "activities",
            Self::Log => "log",
            Self::Metrics => "metrics",
            Self::Consents => "consents",
            Self::Access => "access",
            Self::Processing => "processing",
            Self::Storage => "storage",
        }
    }

    /// The category of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// A table: rows of as many values as there are columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name; of CSV the file's.
    pub name: &'static str,
    /// What it belongs to.
    pub category: Category,
    /// Names of the columns.
    pub columns: &'static [&'static str],
    /// The rows.
    pub rows: Vec<Vec<Value>>,
}

/// As a list of objects, in the order of the columns.
impl Serialize for Table {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.rows.iter().map(|row| Row(self.columns, row)))
    }
}

struct Row<'t>(&'static [&'static str], &'t [Value]);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().zip(self.1))
    }
}

/// An export.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Whose customer.
    pub tenant_id: Uuid,
    /// The person after following merges.
    pub person: Uuid,
    /// Profiles that were merged into it.
    pub merged: Vec<Uuid>,
    /// When it was made.
    pub generated_at: DateTime<Utc>,
    /// In which language it explains itself: `de` or `en`.
    pub language: &'static str,
    /// What it holds.
    pub tables: Vec<Table>,
}

impl Document {
    /// The head as names and values.
    pub(super) fn head(&self) -> Vec<(&'static str, Value)> {
        let mut categories: Vec<&str> = Vec::new();
        for table in &self.tables {
            let name = table.category.name();
            if !categories.contains(&name) {
                categories.push(name);
            }
        }
        let id = |id: &Uuid| id.to_string();
        vec![
            ("format", FORMAT.into()),
            ("schema_version", SCHEMA_VERSION.into()),
            ("service_version", env!("CARGO_PKG_VERSION").into()),
            ("generated_at", instant(self.generated_at)),
            ("language", self.language.into()),
            ("tenant_id", id(&self.tenant_id).into()),
            ("person_profile_id", id(&self.person).into()),
            (
                "merged_profile_ids",
                self.merged.iter().map(id).collect::<Vec<_>>().into(),
            ),
            ("categories", categories.into()),
        ]
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        for (name, value) in self.head() {
            map.serialize_entry(name, &value)?;
        }
        for table in &self.tables {
            map.serialize_entry(table.name, table)?;
        }
        map.end()
    }
}

/// An instant as RFC 3339 in UTC.
pub(super) fn instant(at: DateTime<Utc>) -> Value {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
        .into()
}
