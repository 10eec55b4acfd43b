//! JSON as Hasura sends it: numbers re-encoded or as strings, instants with any offset, keys in any order.
//!
//! The same value is spelled differently from one delivery to the next; what it says is the same.

use std::fmt::Write as _;

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use uuid::Uuid;

use super::super::dice::Dice;
use super::super::world::Col;

/// A JSON object in the making.
#[derive(Debug, Default)]
pub(super) struct Object(Vec<(String, String)>);

impl Object {
    /// Adds a member whose value is JSON already.
    pub(super) fn raw(&mut self, name: &str, json: impl Into<String>) {
        self.0.push((name.to_owned(), json.into()));
    }

    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.raw(name, format!("\"{text}\""));
    }

    pub(super) fn id(&mut self, name: &str, id: Uuid) {
        self.text(name, &id.to_string());
    }

    pub(super) fn col(&mut self, name: &str, col: &Col, dice: &mut Dice) {
        self.raw(name, spell(col, dice));
    }

    /// The object, its members in any order.
    pub(super) fn close(mut self, dice: &mut Dice) -> String {
        dice.shuffle(&mut self.0);
        let mut json = String::from("{");
        for (at, (name, value)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(json, "{comma}\"{name}\":{value}").unwrap();
        }
        json.push('}');
        json
    }
}

/// An array of JSON values.
pub(super) fn array(items: &[String]) -> String {
    format!("[{}]", items.join(","))
}

/// One of the spellings of a column's value.
pub(super) fn spell(col: &Col, dice: &mut Dice) -> String {
    match col {
        Col::Null => "null".to_owned(),
        Col::Bool(flag) => flag.to_string(),
        Col::Int(int) => int.to_string(),
        Col::Cents(cents) => number(*cents, dice),
        Col::Id(id) => format!("\"{id}\""),
        Col::At(at) => format!("\"{}\"", instant(*at, dice)),
        Col::Day(day) => format!("\"{day}\""),
        Col::Text(text) => format!("\"{text}\""),
    }
}

/// A `numeric(12,2)`: as the database prints it, as Hasura re-encodes it, or as a string.
fn number(cents: i64, dice: &mut Dice) -> String {
    let plain = format!("{}.{:02}", cents / 100, cents % 100);
    match dice.below(4) {
        0 => plain,
        1 => format!("\"{plain}\""),
        _ => reencoded(cents),
    }
}

/// Hasura's JSON library: a decimal from 0.1 up to 10^7, scientific outside, no trailing zeros but one.
fn reencoded(cents: i64) -> String {
    if cents == 0 {
        return "0.0".to_owned();
    }
    if (10..1_000_000_000).contains(&cents) {
        let decimals = format!("{:02}", cents % 100);
        let decimals = decimals.trim_end_matches('0');
        return format!(
            "{}.{}",
            cents / 100,
            if decimals.is_empty() { "0" } else { decimals }
        );
    }
    let digits = cents.to_string();
    let exponent = i64::try_from(digits.len()).unwrap() - 3;
    let (first, rest) = digits.split_at(1);
    let rest = rest.trim_end_matches('0');
    format!(
        "{first}.{}e{exponent}",
        if rest.is_empty() { "0" } else { rest }
    )
}

/// The instant in some session's time zone, fraction trimmed.
pub(super) fn instant(at: DateTime<Utc>, dice: &mut Dice) -> String {
    let minutes = dice.pick(&[0, 0, 120, -300, 330, 765]);
    let zone = FixedOffset::east_opt(minutes * 60).unwrap();
    let whole = at
        .with_timezone(&zone)
        .to_rfc3339_opts(SecondsFormat::Micros, false);
    let (seconds, zone) = whole.split_at(26);
    let seconds = seconds.trim_end_matches('0').trim_end_matches('.');
    if minutes == 0 && dice.chance(30) {
        format!("{seconds}Z")
    } else {
        format!("{seconds}{zone}")
    }
}

#[test]
fn numbers_are_spelled_as_hasura_spells_them() {
    let spelled = [0, 1, 5, 10, 99, 10_000, 123_456, 1_234_567_890].map(reencoded);
    let wanted = [
        "0.0",
        "1.0e-2",
        "5.0e-2",
        "0.1",
        "0.99",
        "100.0",
        "1234.56",
        "1.23456789e7",
    ];
    assert_eq!(spelled, wanted);
}
