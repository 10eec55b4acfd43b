//! Tables as CSV (RFC 4180): one file a table, UTF-8 with a byte order mark, because spreadsheets guess wrong without.

use serde_json::Value;

use super::document::{Document, Table};

const MARK: &str = "\u{feff}";

/// The files of an export by name, the head among them.
#[must_use]
pub fn write(document: &Document) -> Vec<(String, String)> {
    let head = Table {
        name: "export",
        category: super::Category::Storage,
        columns: &["name", "value"],
        rows: document
            .head()
            .into_iter()
            .map(|(name, value)| vec![name.into(), value])
            .collect(),
    };
    let tables = std::iter::once(&head).chain(&document.tables);
    tables
        .map(|table| (format!("{}.csv", table.name), text(table)))
        .collect()
}

fn text(table: &Table) -> String {
    let mut text = String::from(MARK);
    line(
        &mut text,
        table.columns.iter().map(|name| (*name).to_owned()),
    );
    for row in &table.rows {
        line(&mut text, row.iter().map(cell));
    }
    text
}

fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            text.push(',');
        }
        if cell.contains(['"', ',', '\n', '\r']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(&cell);
        }
    }
    text.push_str("\r\n");
}

/// Text that a spreadsheet would take for a formula gets an apostrophe before it.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => {
            let number = text.parse::<f64>().is_ok();
            if text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !number {
                format!("'{text}")
            } else {
                text.clone()
            }
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        for (value, written) in [
            (Value::Null, ""),
            ("Berlin, \"ZOB\"".into(), "\"Berlin, \"\"ZOB\"\"\""),
            ("=1+1".into(), "'=1+1"),
            ("-12.50".into(), "-12.50"),
            (true.into(), "true"),
            (serde_json::json!({"a": 1}), "\"{\"\"a\"\":1}\""),
        ] {
            let mut text = String::new();
            line(&mut text, std::iter::once(cell(&value)));
            assert_eq!(text, format!("{written}\r\n"), "{value}");
        }
    }
}
