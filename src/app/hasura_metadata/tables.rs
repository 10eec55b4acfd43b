//! The platform's tables: which changes are delivered with which columns, and where an insight hangs.

use super::files::metadata;
use crate::contracts::{Op, TableContract, allow_list};

use super::joins::{JOINS, Join, permission, relationship};
use super::triggers::event_trigger;
use super::yaml::{Yaml, include, map, text};
use super::{GeneratedFile, SOURCE};

/// A consumed table and its event trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTable {
    /// Schema of the table.
    pub schema: String,
    /// The table.
    pub table: String,
    /// Name of its event trigger: at most 42 characters of `[A-Za-z0-9_-]`.
    pub trigger: String,
    /// Columns that leave the platform.
    pub columns: Vec<String>,
    /// Whether a new row is delivered.
    pub insert: bool,
    /// Whether a changed row is delivered.
    pub update: bool,
    /// Whether a removed row is delivered.
    pub delete: bool,
}

const PERMISSION_NOTES: &str = "\
select_permissions: the least that lets a role follow the relationship. They are yours: keep the ones you have, as long as
they include the join column.";

/// `tables.yaml` and one file for each table.
pub(super) fn files(tables: &[EventTable]) -> Vec<GeneratedFile> {
    let names = tables
        .iter()
        .map(|table| include(&format!("{}_{}.yaml", table.schema, table.table)));
    let folder = format!("databases/{SOURCE}/tables");
    let mut files = vec![metadata(
        &format!("{folder}/tables.yaml"),
        "",
        &Yaml::List(names.collect()),
    )];
    files.extend(tables.iter().map(|table| {
        let join = JOINS
            .iter()
            .find(|join| (join.schema, join.table) == (&table.schema, &table.table));
        let notes = if join.is_some() { PERMISSION_NOTES } else { "" };
        metadata(
            &format!("{folder}/{}_{}.yaml", table.schema, table.table),
            notes,
            &document(table, join),
        )
    }));
    files
}

/// A table as the metadata names it.
pub(super) fn reference(schema: &str, table: &str) -> Yaml {
    map([("name", text(table)), ("schema", text(schema))])
}

fn document(table: &EventTable, join: Option<&Join>) -> Yaml {
    let mut entries = vec![("table".to_owned(), reference(&table.schema, &table.table))];
    if let Some(join) = join {
        entries.push((
            "remote_relationships".to_owned(),
            Yaml::List(vec![relationship(join)]),
        ));
        let permissions = join.readers.iter().map(|reader| permission(join, *reader));
        entries.push((
            "select_permissions".to_owned(),
            Yaml::List(permissions.collect()),
        ));
    }
    entries.push((
        "event_triggers".to_owned(),
        Yaml::List(vec![event_trigger(table)]),
    ));
    Yaml::Map(entries)
}

/// Every table the service has a contract for.
pub fn consumed() -> Vec<EventTable> {
    allow_list().iter().map(EventTable::from).collect()
}

impl From<&TableContract> for EventTable {
    fn from(contract: &TableContract) -> Self {
        Self {
            schema: contract.schema.to_owned(),
            table: contract.table.to_owned(),
            trigger: contract.trigger.to_owned(),
            columns: contract
                .columns
                .iter()
                .map(|column| column.name.to_owned())
                .collect(),
            insert: contract.ops.contains(&Op::Insert),
            update: contract.ops.contains(&Op::Update),
            delete: contract.ops.contains(&Op::Delete),
        }
    }
}
