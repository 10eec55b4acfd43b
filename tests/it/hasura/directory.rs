//! The metadata directory as the Hasura CLI reads it: every `!include` followed, one JSON value at the end.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The committed directory.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("hasura")
}

/// One file of the metadata folder, with what it includes in place.
pub(crate) fn metadata(file: &str) -> Value {
    load(&root().join("metadata").join(file))
}

/// The tables of the one source.
pub(crate) fn tables() -> Vec<Value> {
    let databases = metadata("databases/databases.yaml");
    assert_eq!(databases.as_array().map(Vec::len), Some(1), "one source");
    assert_eq!(databases[0]["name"], "default");
    list(&databases[0]["tables"]).to_vec()
}

/// The one remote schema.
pub(crate) fn remote_schema() -> Value {
    let schemas = metadata("remote_schemas.yaml");
    assert_eq!(
        schemas.as_array().map(Vec::len),
        Some(1),
        "one remote schema"
    );
    schemas[0].clone()
}

/// A list, or an empty one where the key is missing.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A string that must be there.
pub(crate) fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no string"))
}

/// `schema.table` of a table's entry or reference.
pub(crate) fn qualified(table: &Value) -> String {
    format!("{}.{}", text(&table["schema"]), text(&table["name"]))
}

/// Every file under a folder, relative to it, sorted.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(
                    path.strip_prefix(folder)
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .to_owned(),
                );
            }
        }
    }
    found.sort();
    found
}

fn load(path: &Path) -> Value {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let value =
        serde_norway::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    included(value, path.parent().unwrap())
}

fn included(value: Value, folder: &Path) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix("!include ") {
            Some(file) => load(&folder.join(file)),
            None => Value::String(text),
        },
        Value::Array(items) => items
            .into_iter()
            .map(|item| included(item, folder))
            .collect(),
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| (key, included(value, folder)))
            .collect(),
        other => other,
    }
}
