//! Rows of the platform that are missing or outdated here, as envelopes that `backfill` takes.
//!
//! Only columns of the allow-list are ever read from the platform. What could not be taken in at all (it reaches
//! nobody, or no contract understands it) is no gap: bringing it in again would change nothing.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use super::super::backfill::query;
use crate::contracts::{self, TableContract};

/// A table of the platform as it is there.
pub(super) struct SourceTable {
    pub(super) contract: &'static TableContract,
    /// Columns of the allow-list that the platform has.
    pub(super) columns: Vec<String>,
}

impl SourceTable {
    /// `schema.table`, from the contract.
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.contract.schema, self.contract.table)
    }

    /// An expression for the version of a row.
    pub(super) fn version(&self) -> Option<String> {
        let there = self.contract.version.iter().filter(|name| self.has(name));
        let there: Vec<&str> = there.copied().collect();
        (!there.is_empty()).then(|| format!("coalesce({})::timestamptz", there.join(", ")))
    }

    pub(super) fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name == column)
    }
}

/// The tables that are listened to and hold rows, as far as the platform has them.
pub(super) async fn tables(source: &PgPool) -> anyhow::Result<(Vec<SourceTable>, Vec<String>)> {
    let rows = query(
        "select n.nspname::text as schema_name, c.relname::text as table_name, a.attname::text as column_name
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid
         where n.nspname in ('backoffice', 'commerce', 'operations', 'communications')
           and a.attnum > 0 and not a.attisdropped"
            .to_owned(),
    )
    .fetch_all(source)
    .await
    .context("the platform's tables cannot be listed")?;
    let mut found: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for row in rows {
        let table = (row.try_get("schema_name")?, row.try_get("table_name")?);
        found
            .entry(table)
            .or_default()
            .push(row.try_get("column_name")?);
    }
    let (mut there, mut missing) = (Vec::new(), Vec::new());
    for contract in contracts::allow_list() {
        if contract.kind.is_none() {
            continue;
        }
        let table = (contract.schema.to_owned(), contract.table.to_owned());
        match found.remove(&table) {
            Some(mut columns) => {
                columns.retain(|name| contract.column(name).is_some());
                there.push(SourceTable { contract, columns });
            }
            None => missing.push(format!("{}.{}", contract.schema, contract.table)),
        }
    }
    Ok((there, missing))
}

/// A row that is missing or outdated here, as an envelope.
pub(super) struct Lacking {
    pub(super) id: Uuid,
    envelope: Value,
}

/// Of these rows those that could be taken in; `missing` tells those that are not known here at all.
pub(super) async fn lacking(
    source: &PgPool,
    table: &SourceTable,
    ids: &[Uuid],
    missing: impl Fn(Uuid) -> bool,
) -> anyhow::Result<Vec<Lacking>> {
    let (contract, key) = (table.contract, table.contract.key);
    let pairs = table
        .columns
        .iter()
        .map(|name| format!("'{name}', t.{name}"));
    let pairs = pairs.collect::<Vec<_>>().join(", ");
    let statement = format!(
        "select t.{key} as id, jsonb_build_object({pairs})::text as row from {} t
         where t.{key} = any ($1) order by t.{key}",
        table.name()
    );
    let rows = query(statement).bind(ids).fetch_all(source).await;
    let rows = rows.with_context(|| format!("{} cannot be read", table.name()))?;
    let mut lacking = Vec::new();
    for row in rows {
        let id: Uuid = row.try_get("id")?;
        let text: String = row.try_get("row")?;
        let new: Value = serde_json::from_str(&text)?;
        // Nobody is to be told again of a person who was redacted before being known.
        let redacted = new.get("pii_redacted_at").is_some_and(|at| !at.is_null());
        if redacted && missing(id) {
            continue;
        }
        let envelope = envelope(contract, id, &new);
        let taken = contracts::decode(envelope.to_string().as_bytes());
        if taken.is_ok_and(|decoded| !decoded.versions.is_empty()) {
            lacking.push(Lacking { id, envelope });
        }
    }
    Ok(lacking)
}

/// As Hasura would send the row when somebody invoked the trigger by hand.
fn envelope(contract: &TableContract, id: Uuid, new: &Value) -> Value {
    let event_id = Uuid::new_v5(&id, new.to_string().as_bytes());
    json!({
        "id": format!("gap-{event_id}"),
        "table": { "schema": contract.schema, "name": contract.table },
        "trigger": { "name": contract.trigger },
        "event": { "op": "MANUAL", "data": { "old": null, "new": new } },
    })
}

/// The file of `--export-gap`.
pub(super) struct Export {
    file: BufWriter<File>,
    pub(super) lines: u64,
}

impl Export {
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let file = File::create(path).with_context(|| format!("{shown} cannot be written"))?;
        Ok(Self {
            file: BufWriter::new(file),
            lines: 0,
        })
    }

    pub(super) fn write(&mut self, lacking: &Lacking) -> anyhow::Result<()> {
        self.lines += 1;
        writeln!(self.file, "{}", lacking.envelope).context("the file of --export-gap")
    }

    pub(super) fn end(mut self) -> anyhow::Result<u64> {
        self.file.flush().context("the file of --export-gap")?;
        Ok(self.lines)
    }
}
