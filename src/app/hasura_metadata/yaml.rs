//! YAML text as an engineer would write it by hand: block style, two spaces, long text as a literal block.
//!
//! Only what Hasura's metadata needs. Absent on purpose: anchors, flow style, dates, floats, comments inside a document,
//! and a hash map's order: keys come out as they were put in, so that the same input gives the same bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

/// A value of a metadata file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Yaml {
    /// Keys in the order they are written.
    Map(Vec<(String, Self)>),
    /// A block sequence.
    List(Vec<Self>),
    /// A string; quoted where a plain one would be read as something else.
    Text(String),
    /// A string of several lines, written as a literal block.
    Block(String),
    /// A whole number.
    Number(u32),
    /// A flag.
    Flag(bool),
}

/// A mapping of literal keys.
pub(super) fn map<const N: usize>(entries: [(&str, Yaml); N]) -> Yaml {
    Yaml::Map(entries.map(|(key, value)| (key.to_owned(), value)).into())
}

/// A string.
pub(super) fn text(value: impl Into<String>) -> Yaml {
    Yaml::Text(value.into())
}

/// A list of strings.
pub(super) fn texts<'a>(values: impl IntoIterator<Item = &'a str>) -> Yaml {
    Yaml::List(values.into_iter().map(text).collect())
}

/// What the Hasura CLI reads as the content of another file, relative to this one.
pub(super) fn include(path: &str) -> Yaml {
    text(format!("!include {path}"))
}

impl Yaml {
    /// The document, ending in a line break.
    pub(super) fn document(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out.trim_start_matches('\n').to_owned()
    }

    /// The same value for Hasura's API.
    pub(super) fn json(&self) -> Value {
        match self {
            Self::Map(entries) => {
                // Sorted here, so that the text does not hang on a feature that some dependency turns on.
                let sorted: BTreeMap<_, _> = entries
                    .iter()
                    .map(|(key, value)| (key.clone(), value.json()))
                    .collect();
                sorted.into_iter().collect()
            }
            Self::List(items) => items.iter().map(Self::json).collect(),
            Self::Text(text) | Self::Block(text) => Value::from(text.as_str()),
            Self::Number(number) => Value::from(*number),
            Self::Flag(flag) => Value::from(*flag),
        }
    }

    /// Writes a value after its key or dash: on the same line when it is one word, else on lines of its own.
    fn write(&self, out: &mut String, indent: usize) {
        match self {
            Self::Map(entries) if entries.is_empty() => out.push_str(" {}\n"),
            Self::List(items) if items.is_empty() => out.push_str(" []\n"),
            Self::Map(entries) => {
                out.push('\n');
                for (key, value) in entries {
                    pad(out, indent);
                    entry(out, key, value, indent);
                }
            }
            Self::List(items) => {
                out.push('\n');
                for item in items {
                    pad(out, indent);
                    out.push('-');
                    match item {
                        Self::Map(entries) if !entries.is_empty() => {
                            first_on_dash_line(out, entries, indent + 2);
                        }
                        other => other.write(out, indent + 2),
                    }
                }
            }
            Self::Block(lines) => block(out, lines, indent),
            scalar => line(out, &scalar.scalar()),
        }
    }

    fn scalar(&self) -> String {
        match self {
            Self::Text(value) if is_plain(value) => value.clone(),
            Self::Text(value) => Value::from(value.as_str()).to_string(),
            Self::Number(value) => value.to_string(),
            Self::Flag(value) => value.to_string(),
            Self::Map(_) | Self::List(_) | Self::Block(_) => String::new(),
        }
    }
}

fn entry(out: &mut String, key: &str, value: &Yaml, indent: usize) {
    out.push_str(&text(key).scalar());
    out.push(':');
    value.write(out, indent + 2);
}

fn first_on_dash_line(out: &mut String, entries: &[(String, Yaml)], indent: usize) {
    for (at, (key, value)) in entries.iter().enumerate() {
        if at == 0 {
            out.push(' ');
        } else {
            pad(out, indent);
        }
        entry(out, key, value, indent);
    }
}

fn block(out: &mut String, lines: &str, indent: usize) {
    line(out, "|");
    for text in lines.lines() {
        if !text.is_empty() {
            pad(out, indent);
            out.push_str(text);
        }
        out.push('\n');
    }
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

fn line(out: &mut String, value: &str) {
    // Writing to a String cannot fail.
    let _infallible = writeln!(out, " {value}");
}

/// Whether a plain scalar is read back as the same string by YAML 1.1 and 1.2 alike.
fn is_plain(value: &str) -> bool {
    const WORDS: [&str; 11] = [
        "true", "false", "null", "yes", "no", "on", "off", "y", "n", "~", "nan",
    ];
    let mut chars = value.chars();
    let starts = chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || "$_".contains(c));
    let goes_on = chars.all(|c| c.is_ascii_alphanumeric() || "_-./$".contains(c));
    starts && goes_on && !WORDS.contains(&value.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_reads_as_written_by_hand() {
        let value = map([
            (
                "table",
                map([("name", text("bookings")), ("schema", text("commerce"))]),
            ),
            (
                "remote_relationships",
                Yaml::List(vec![map([
                    ("name", text("customer_insight")),
                    ("lhs_fields", texts(["id"])),
                    ("arguments", map([("person_profile_id", text("$id"))])),
                ])]),
            ),
            ("filter", Yaml::Map(vec![])),
            (
                "schema",
                Yaml::Block("schema {\n  query: Query\n}\n".into()),
            ),
        ]);
        let expected = "\
table:
  name: bookings
  schema: commerce
remote_relationships:
  - name: customer_insight
    lhs_fields:
      - id
    arguments:
      person_profile_id: $id
filter: {}
schema: |
  schema {
    query: Query
  }
";
        assert_eq!(value.document(), expected);
    }

    #[test]
    fn every_value_is_read_back_as_itself_by_an_ordinary_yaml_reader() {
        let words = [
            "yes",
            "No",
            "~",
            "",
            "1",
            "1.5",
            "0x1",
            "a: b",
            "- a",
            "*",
            "!include a.yaml",
            "#",
            "a #b",
            "true",
            "$id",
            "{{CI}}",
            "2026-01-01",
            "a\"b\\c",
            "ä",
            "nan",
            ".5",
            "null",
            " a",
            "a ",
        ];
        let value = map([
            ("words", texts(words)),
            (
                "nested",
                Yaml::List(vec![
                    Yaml::List(vec![text("a"), Yaml::Number(7)]),
                    Yaml::Flag(true),
                ]),
            ),
            ("block", Yaml::Block("one\n  two\n\nthree\n".into())),
            ("empty", Yaml::List(vec![])),
        ]);
        let read: Value = serde_norway::from_str(&value.document()).unwrap();
        let expected = serde_json::json!({
            "words": words,
            "nested": [["a", 7], true],
            "block": "one\n  two\n\nthree\n",
            "empty": [],
        });
        assert_eq!(read, expected);
        assert_eq!(value.json(), expected);
    }
}
