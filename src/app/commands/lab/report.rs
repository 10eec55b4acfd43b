//! What a lab run found: parameters and tables, as text for people or as JSON for programs.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::say;

/// A report under construction.
#[derive(Debug, Default)]
pub(super) struct Report {
    title: String,
    parameters: Vec<(&'static str, Value)>,
    tables: Vec<Listing>,
}

/// A table of a report: a name a row, then numbers.
#[derive(Debug)]
pub(super) struct Listing {
    title: &'static str,
    columns: Vec<String>,
    rows: Vec<(String, Vec<Value>)>,
}

impl Listing {
    /// An empty table; the first column names the rows and is not among `columns`.
    pub(super) fn new<C: Into<String>>(
        title: &'static str,
        columns: impl IntoIterator<Item = C>,
    ) -> Self {
        Self {
            title,
            columns: columns.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub(super) fn row<V: Into<Value>>(
        &mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) {
        let values = values.into_iter().map(Into::into).collect();
        self.rows.push((name.into(), values));
    }
}

impl Report {
    pub(super) fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    /// Adds a parameter.
    pub(super) fn parameter(&mut self, name: &'static str, value: impl Into<Value>) {
        self.parameters.push((name, value.into()));
    }

    /// Adds a table.
    pub(super) fn table(&mut self, table: Listing) {
        self.tables.push(table);
    }

    /// Prints it.
    pub(super) fn print(&self, as_json: bool) -> anyhow::Result<()> {
        if as_json {
            return say(&format!("{:#}\n", self.json()));
        }
        say(&self.text()?)
    }

    fn json(&self) -> Value {
        let parameters: Map<String, Value> = self
            .parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let table = |table: &Listing| {
            let rows = table.rows.iter().map(|(name, values)| {
                let mut row = Map::from_iter([("name".to_owned(), json!(name))]);
                row.extend(table.columns.iter().cloned().zip(values.iter().cloned()));
                Value::Object(row)
            });
            (table.title.to_owned(), Value::Array(rows.collect()))
        };
        let tables: Map<String, Value> = self.tables.iter().map(table).collect();
        json!({ "title": self.title, "parameters": parameters, "tables": tables })
    }

    fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = format!("{}\n\n", self.title);
        let names = self.parameters.iter().map(|(name, _)| name.len());
        let width = names.max().unwrap_or(0);
        for (name, value) in &self.parameters {
            writeln!(text, "  {name:<width$}  {}", cell(value))?;
        }
        for table in &self.tables {
            write_table(&mut text, table)?;
        }
        Ok(text)
    }
}

fn write_table(text: &mut String, table: &Listing) -> std::fmt::Result {
    let rows = table.rows.iter().map(|(name, values)| {
        let values = values.iter().map(cell);
        std::iter::once(name.clone()).chain(values).collect()
    });
    let head = std::iter::once(String::new()).chain(table.columns.iter().cloned());
    let lines: Vec<Vec<String>> = std::iter::once(head.collect()).chain(rows).collect();
    let mut widths = vec![0; table.columns.len() + 1];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    writeln!(text, "\n{}", table.title)?;
    for line in &lines {
        let mut cells = line.iter().zip(&widths);
        if let Some((name, width)) = cells.next() {
            write!(text, "  {name:<width$}")?;
        }
        for (cell, width) in cells {
            write!(text, "  {cell:>width$}")?;
        }
        writeln!(text)?;
    }
    Ok(())
}

/// Numbers with at most six digits behind the point, without idle zeros.
fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".to_owned(),
        Value::Number(number) if !number.is_i64() && !number.is_u64() => {
            number.as_f64().map_or_else(
                || number.to_string(),
                |number| {
                    let rounded = format!("{number:.6}");
                    let short = rounded.trim_end_matches('0').trim_end_matches('.');
                    short.to_owned()
                },
            )
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_the_same_as_text_and_as_json() {
        let mut report = Report::new("three users");
        report.parameter("lambda", 300.0);
        report.parameter("items", 7);
        let mut table = Listing::new("hold-out", ["recall"]);
        table.row("popularity", [json!(0.125)]);
        table.row("nothing", [Value::Null]);
        report.table(table);
        let text = report.text().unwrap();
        assert!(text.contains("  lambda  300\n"), "{text}");
        assert!(text.contains("  popularity   0.125\n"), "{text}");
        assert!(text.contains("  nothing          –\n"), "{text}");
        let json = report.json();
        assert_eq!(json["parameters"]["items"], 7);
        assert_eq!(json["tables"]["hold-out"][0]["recall"], 0.125);
    }
}
