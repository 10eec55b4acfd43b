//! What the platform sends becomes versions of its rows: fixtures, both shapes alike, and hostile deliveries.

mod fixtures;
mod shapes;
mod spelling;
mod hostile;
mod refused;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use customer_intelligence::contracts::{self, Decoded, Delivery, Refusal};
use serde_json::{Value, json};

/// Every fixture of the folder, by its name `<context>/<table>.<op>[.<case>]`.
static FIXTURES: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut found = BTreeMap::new();
    for context in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        for file in std::fs::read_dir(context.path())
            .unwrap()
            .map(Result::unwrap)
        {
            let path = file.path();
            let case = path.file_stem().unwrap().to_str().unwrap();
            let name = format!("{}/{case}", context.file_name().to_str().unwrap());
            let text = std::fs::read(&path).unwrap();
            found.insert(name, serde_json::from_slice(&text).unwrap());
        }
    }
    assert!(found.len() > 100, "the fixtures were found");
    found
});

fn fixture(name: &str) -> Value {
    FIXTURES
        .get(name)
        .unwrap_or_else(|| panic!("no fixture {name}"))
        .clone()
}

fn read(body: &Value) -> Result<Delivery, Refusal> {
    contracts::read(body.to_string().as_bytes())
}

fn decode(body: &Value) -> Result<Decoded, Refusal> {
    contracts::decode(body.to_string().as_bytes())
}

/// An envelope as Hasura sends it.
fn envelope(table: &str, op: &str, old: &Value, new: &Value) -> Value {
    let (schema, name) = table.split_once('.').unwrap();
    json!({
        "id": "85558393-c75d-4d2f-9c15-e80591b83894",
        "table": {"schema": schema, "name": name},
        "trigger": {"name": format!("ci_{schema}_{name}")},
        "event": {"op": op, "data": {"old": old, "new": new}},
    })
}
