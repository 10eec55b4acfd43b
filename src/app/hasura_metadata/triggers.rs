//! Event triggers: which changes are delivered, with which columns, how often it is tried.
//!
//! Not invocable by hand: the console would send the whole row, with the columns that must stay. An event in Hasura's log
//! can be redelivered all the same.

use super::remote_schema::secret;
use super::tables::EventTable;
use super::yaml::{Yaml, map, text, texts};

/// The version of a row: it changes with every write, also one that touches only columns we must not see.
const VERSION_COLUMN: &str = "updated_at";

/// The event trigger of a table.
pub(super) fn event_trigger(table: &EventTable) -> Yaml {
    let payload = || texts(table.columns.iter().map(String::as_str));
    let listened = table
        .columns
        .iter()
        .map(String::as_str)
        .filter(|column| *column != VERSION_COLUMN);
    let operation = |columns| map([("columns", columns), ("payload", payload())]);
    let mut definition = vec![("enable_manual".to_owned(), Yaml::Flag(false))];
    if table.insert {
        definition.push(("insert".to_owned(), operation(text("*"))));
    }
    if table.update {
        definition.push(("update".to_owned(), operation(texts(listened))));
    }
    if table.delete {
        definition.push(("delete".to_owned(), operation(text("*"))));
    }
    map([
        ("name", text(table.trigger.as_str())),
        ("definition", Yaml::Map(definition)),
        ("retry_conf", retries()),
        ("webhook_from_env", text("CI_WEBHOOK_URL")),
        ("headers", secret("CI_WEBHOOK_SECRET")),
    ])
}

/// Hasura retries at a constant pace and then gives up for good, so the pace must outlast an outage in which nobody answers:
/// 2,880 tries 30 s apart are a day. While we answer 503 with Retry-After it goes on without end.
fn retries() -> Yaml {
    map([
        ("num_retries", Yaml::Number(2_880)),
        ("interval_sec", Yaml::Number(30)),
        ("timeout_sec", Yaml::Number(30)),
    ])
}
