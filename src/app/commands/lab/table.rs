//! Small CSV files: a line of names, then values. Quotes around a value are taken off; a comma within quotes stays.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, bail};

/// A file's rows under its names.
#[derive(Debug)]
pub(super) struct Table {
    name: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads a file; one whose name ends in `.gz` is unpacked on the way.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| format!("{name} cannot be opened"))?;
        let packed = path.extension().is_some_and(|extension| extension == "gz");
        let content: Box<dyn Read> = if packed {
            Box::new(flate2::read::MultiGzDecoder::new(file))
        } else {
            Box::new(file)
        };
        Self::parse(name, BufReader::new(content))
    }

    fn parse(name: String, content: impl BufRead) -> anyhow::Result<Self> {
        let mut lines = content.lines();
        let Some(first) = lines.next() else {
            bail!("{name} is empty: its first line names the columns");
        };
        let first = first.with_context(|| format!("{name} cannot be read"))?;
        let columns = cells(first.trim_start_matches('\u{feff}'));
        let mut rows = Vec::new();
        for (at, line) in lines.enumerate() {
            let line = line.with_context(|| format!("{name} cannot be read"))?;
            if line.trim().is_empty() {
                continue;
            }
            let row = cells(&line);
            if row.len() != columns.len() {
                bail!(
                    "{name}, line {}: {} values under {} names",
                    at + 2,
                    row.len(),
                    columns.len()
                );
            }
            rows.push(row);
        }
        Ok(Self {
            name,
            columns,
            rows,
        })
    }

    /// What the file is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The names, in the order of the file.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The place of a column, whatever the case of its name.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.columns
            .iter()
            .position(|column| column.eq_ignore_ascii_case(name))
    }

    /// The place of the first of these names that is there; without any, `otherwise`.
    pub(super) fn column_or(&self, names: &[&str], otherwise: usize) -> anyhow::Result<usize> {
        if let Some(found) = names.iter().find_map(|name| self.column(name)) {
            return Ok(found);
        }
        if otherwise >= self.columns.len() {
            bail!("{} has no column {}", self.name, names.join(" or "));
        }
        Ok(otherwise)
    }

    /// The values of a column as they stand.
    pub(super) fn texts(&self, column: usize) -> impl Iterator<Item = &str> {
        self.rows
            .iter()
            .map(move |row| row.get(column).map_or("", String::as_str))
    }

    /// The values of a column as finite numbers.
    pub(super) fn numbers(&self, column: usize) -> anyhow::Result<Vec<f64>> {
        let name = self.columns.get(column).map_or("", String::as_str);
        let number = |(at, text): (usize, &str)| {
            let number: f64 = text.trim().parse().ok().filter(|n: &f64| n.is_finite())?;
            Some((at, number))
        };
        let mut numbers = Vec::with_capacity(self.rows.len());
        for (at, text) in self.texts(column).enumerate() {
            let Some((_, value)) = number((at, text)) else {
                bail!(
                    "{}, row {}: {name} is {text:?}, which is no number",
                    self.name,
                    at + 1
                );
            };
            numbers.push(value);
        }
        Ok(numbers)
    }
}

/// The values of a line.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for letter in line.trim_end_matches('\r').chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            _ => {
                if let Some(cell) = cells.last_mut() {
                    cell.push(letter);
                }
            }
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> anyhow::Result<Table> {
        Table::parse("test.csv".to_owned(), text.as_bytes())
    }

    #[test]
    fn names_lead_to_values_whatever_their_case_and_quotes() {
        let table = table("\u{feff}User,\"Item, long\"\r\n1,\"a,b\"\r\n\r\n2,c\r\n").unwrap();
        assert_eq!(table.columns(), ["User", "Item, long"]);
        assert_eq!(table.column("user"), Some(0));
        assert_eq!(table.column_or(&["item"], 1).unwrap(), 1);
        assert_eq!(table.texts(1).collect::<Vec<_>>(), ["a,b", "c"]);
        assert_eq!(table.numbers(0).unwrap(), [1.0, 2.0]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let wrong = |text: &str| table(text).unwrap_err().to_string();
        assert!(wrong("").contains("empty"));
        assert!(wrong("a,b\n1\n").contains("line 2"));
        let table = table("a\nx\n").unwrap();
        let told = table.numbers(0).unwrap_err().to_string();
        assert!(told.contains("row 1") && told.contains("\"x\""), "{told}");
        assert!(table.column_or(&["b"], 1).is_err());
    }
}
