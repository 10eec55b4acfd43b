//! The identity of a version's content: SHA-256 over its canonical JSON.
//!
//! Canonical means: the platform's column names in order of their bytes, values as they were normalised, no
//! white space. Equal content has equal bytes however it was spelled and whichever shape brought it.

use std::fmt::Write as _;

use chrono::SecondsFormat;
use sha2::{Digest as _, Sha256};

use super::names::platform_name;
use crate::domain::source::{ContentHash, Field, Flags, SourceKind, Value};

/// The hash of what a version carries, with its flags.
pub(super) fn content_hash(
    kind: SourceKind,
    fields: &[(Field, Value)],
    flags: Flags,
) -> ContentHash {
    ContentHash::new(&Sha256::digest(canonical_json(kind, fields)), flags)
}

fn canonical_json(kind: SourceKind, fields: &[(Field, Value)]) -> String {
    let mut named: Vec<(&str, &Value)> = fields
        .iter()
        .map(|(field, value)| (platform_name(kind, *field), value))
        .collect();
    named.sort_unstable_by_key(|(name, _)| *name);
    let mut json = String::with_capacity(32 * named.len() + 2);
    json.push('{');
    for (index, (name, value)) in named.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        string(&mut json, name);
        json.push(':');
        write(&mut json, value);
    }
    json.push('}');
    json
}

fn write(json: &mut String, value: &Value) {
    match value {
        Value::Null => json.push_str("null"),
        Value::Bool(true) => json.push_str("true"),
        Value::Bool(false) => json.push_str("false"),
        Value::Int(number) => display(json, format_args!("{number}")),
        Value::Cents(cents) => {
            let sign = if *cents < 0 { "-" } else { "" };
            let cents = cents.unsigned_abs();
            display(
                json,
                format_args!("{sign}{}.{:02}", cents / 100, cents % 100),
            );
        }
        Value::Id(id) => display(json, format_args!("\"{id}\"")),
        Value::At(at) => string(json, &at.to_rfc3339_opts(SecondsFormat::Micros, true)),
        Value::Day(day) => display(json, format_args!("\"{day}\"")),
        Value::Text(text) => string(json, text),
        Value::Words(words) => {
            json.push('[');
            for (index, word) in words.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                string(json, word);
            }
            json.push(']');
        }
    }
}

fn string(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            control if control < ' ' => display(json, format_args!("\\u{:04x}", control as u32)),
            plain => json.push(plain),
        }
    }
    json.push('"');
}

fn display(json: &mut String, text: std::fmt::Arguments<'_>) {
    // A String takes every write.
    json.write_fmt(text).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDate};
    use uuid::Uuid;

    use super::{canonical_json, content_hash};
    use crate::domain::source::{Field, Flags, SourceKind, Value};

    #[test]
    fn canonical_json_has_sorted_platform_names_and_normalised_values() {
        let fields = vec![
            (Field::Person, Value::Id(Uuid::from_u128(1))),
            (Field::Status, Value::Text("A\"\\\n".to_owned())),
            (Field::PassengerCount, Value::Int(-4)),
            (Field::Total, Value::Cents(-5)),
            (Field::Deposit, Value::Cents(123_450)),
            (Field::Refund, Value::Null),
            (Field::BookedAt, Value::At(DateTime::UNIX_EPOCH)),
            (Field::DoorPickup, Value::Bool(true)),
            (
                Field::Tags,
                Value::Words(vec!["x".to_owned(), "ü".to_owned()]),
            ),
            (
                Field::StartDate,
                Value::Day(NaiveDate::from_ymd_opt(2026, 1, 2).unwrap()),
            ),
        ];
        insta::assert_snapshot!(canonical_json(SourceKind::Booking, &fields), @r#"{"booked_at":"1970-01-01T00:00:00.000000Z","booker_profile_id":"00000000-0000-0000-0000-000000000001","deposit_amount":1234.50,"is_door_pickup":true,"passenger_count":-4,"refund_amount":null,"start_date":"2026-01-02","status":"A\"\\\u000a","tags":["x","ü"],"total_amount":-0.05}"#);
    }

    #[test]
    fn flags_change_the_hash_and_leave_its_content() {
        let fields = vec![(Field::Status, Value::Null)];
        let live = content_hash(SourceKind::Booking, &fields, Flags::default());
        let old = Flags {
            superseded: true,
            ..Flags::default()
        };
        let superseded = content_hash(SourceKind::Booking, &fields, old);
        assert_ne!(live, superseded);
        assert_eq!(live.content(), superseded.content());
    }
}
