//! Event triggers as Hasura v2 installs them: `hdb_catalog.event_log`, `hdb_catalog.insert_event_log` and one
//! `notify_hasura_<name>_<OP>` function and trigger for each table and operation.
//!
//! The text follows `Backends/Postgres/DDL/EventTrigger.hs` and `init_pg_source.sql` of Hasura. Absent: invocation logs,
//! cron and one-off events, triggers on replication.

use std::fmt::Write as _;

use sqlx::PgPool;

use super::error::Result;
use super::platform::script;
use super::triggers::TriggerSpec;

/// Hasura's catalogue: the event log, its indexes and the function that writes it.
const CATALOGUE: &str = include_str!("hdb_catalog.sql");

/// Installs the catalogue and the triggers. Running it again replaces them.
pub async fn install(pool: &PgPool, specs: &[TriggerSpec]) -> Result<()> {
    let mut tx = pool.begin().await?;
    script(&mut tx, CATALOGUE).await?;
    for spec in specs {
        for op in spec.operations() {
            script(&mut tx, &trigger_sql(spec, op)).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// The function and trigger of one table and operation, in Hasura's shape.
pub fn trigger_sql(spec: &TriggerSpec, op: &str) -> String {
    let name = format!("notify_hasura_{}_{op}", spec.name);
    let (old, new) = match op {
        "INSERT" => ("NULL".to_owned(), record("NEW", spec)),
        "DELETE" => (record("OLD", spec), "NULL".to_owned()),
        _ => (record("OLD", spec), record("NEW", spec)),
    };
    let call = format!(
        "PERFORM hdb_catalog.insert_event_log(CAST({} AS text), CAST({} AS text), CAST({} AS text), TG_OP, _data);",
        literal(&spec.schema),
        literal(&spec.table),
        literal(&spec.name),
    );
    let (old_row, new_row) = match op {
        "UPDATE" => (row("OLD", spec), row("NEW", spec)),
        _ => ("row((select 1))".to_owned(), "row((select 1))".to_owned()),
    };
    let table = format!("{}.{}", quoted(&spec.schema), quoted(&spec.table));
    let name = quoted(&name);
    format!(
        r"CREATE OR REPLACE FUNCTION hdb_catalog.{name}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  _old record;
  _new record;
  _data json;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    _old := {old_row};
    _new := {new_row};
  ELSE
    _old := row((select 1));
    _new := row((select 1));
  END IF;
  _data := json_build_object('old', {old}, 'new', {new});
  BEGIN
    IF (TG_OP <> 'UPDATE') OR (_old <> _new) THEN
      {call}
    END IF;
  EXCEPTION WHEN undefined_function THEN
    IF (TG_OP <> 'UPDATE') OR (_old *<> _new) THEN
      {call}
    END IF;
  END;
  RETURN NULL;
END;
$$;
DROP TRIGGER IF EXISTS {name} ON {table};
CREATE TRIGGER {name} AFTER {op} ON {table} FOR EACH ROW EXECUTE FUNCTION hdb_catalog.{name}();"
    )
}

/// `row_to_json((SELECT "e" FROM (SELECT NEW."a", NEW."b") AS "e"))`: the delivered columns.
fn record(of: &str, spec: &TriggerSpec) -> String {
    let columns = list(of, spec.columns.iter().map(String::as_str));
    format!(r#"row_to_json((SELECT "e" FROM (SELECT {columns}) AS "e"))"#)
}

/// `row(OLD."a", OLD."b")`: the columns whose change makes an UPDATE an event.
fn row(of: &str, spec: &TriggerSpec) -> String {
    format!("row({})", list(of, spec.listened()))
}

fn list<'a>(of: &str, columns: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for (index, column) in columns.enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        // Writing to a String cannot fail.
        let _infallible = write!(out, "{separator}{of}.{}", quoted(column));
    }
    out
}

fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
