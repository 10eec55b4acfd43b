//! German formats of the values that come out of JSON; null is always "–".

use chrono::{DateTime, NaiveDate};
use chrono_tz::Europe::Berlin;
use serde_json::Value;

/// What stands for "not known".
pub(super) const NONE: &str = "–";

/// An amount with its currency: `1.234,50 €`.
pub(super) fn money(value: &Value, currency: Option<&str>) -> String {
    let symbol = match currency.unwrap_or("EUR") {
        "EUR" => "€",
        other => other,
    };
    number(value).map_or(NONE.into(), |text| {
        format!("{}\u{a0}{symbol}", decimal_text(&text, 2))
    })
}

/// A whole number with points between thousands.
pub(super) fn count(value: &Value) -> String {
    number(value).map_or(NONE.into(), |text| decimal_text(&text, 0))
}

/// A number with that many decimals.
pub(super) fn decimal(value: &Value, digits: usize) -> String {
    let rounded = value.as_f64().map(|n| format!("{n:.digits$}"));
    rounded.map_or(NONE.into(), |text| decimal_text(&text, digits))
}

/// A share as per cent.
pub(super) fn percent(value: &Value) -> String {
    value
        .as_f64()
        .map_or(NONE.into(), |share| format!("{:.0}\u{a0}%", share * 100.0))
}

/// A day: `02.01.2026`.
pub(super) fn day(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return day.format("%d.%m.%Y").to_string();
    }
    instant(value, "%d.%m.%Y")
}

/// An instant in the operator's zone: `02.01.2026, 14:05`.
pub(super) fn time(value: &Value) -> String {
    instant(value, "%d.%m.%Y, %H:%M")
}

fn instant(value: &Value, format: &str) -> String {
    let text = value.as_str().unwrap_or_default();
    DateTime::parse_from_rfc3339(text).map_or(NONE.into(), |at| {
        at.with_timezone(&Berlin).format(format).to_string()
    })
}

/// A text.
pub(super) fn text(value: &Value) -> String {
    value
        .as_str()
        .filter(|t| !t.is_empty())
        .unwrap_or(NONE)
        .to_owned()
}

/// A value of any kind, in short: numbers as Germans write them, everything else as it is.
pub(super) fn plain(value: &Value) -> String {
    match number(value) {
        Some(text) => {
            let digits = text
                .split_once('.')
                .map_or(0, |(_, rest)| rest.len().min(2));
            decimal_text(&text, digits)
        }
        None => text(value),
    }
}

fn number(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if text.parse::<f64>().is_ok() => Some(text.clone()),
        _ => None,
    }
}

/// `-1234.5` → `-1.234,50`.
fn decimal_text(text: &str, digits: usize) -> String {
    let (sign, magnitude) = text
        .strip_prefix('-')
        .map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = magnitude.split_once('.').unwrap_or((magnitude, ""));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    let fraction: String = fraction
        .chars()
        .chain(std::iter::repeat('0'))
        .take(digits)
        .collect();
    let comma = if digits == 0 { "" } else { "," };
    format!("{sign}{grouped}{comma}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_shown_as_germans_write_them() {
        let exact: Value = serde_json::from_str("1234567.50").unwrap();
        assert_eq!(money(&exact, Some("EUR")), "1.234.567,50\u{a0}€");
        assert_eq!(money(&json!(-80), Some("CHF")), "-80,00\u{a0}CHF");
        assert_eq!(count(&json!(12345)), "12.345");
        assert_eq!(decimal(&json!(2.456), 1), "2,5");
        assert_eq!(percent(&json!(0.756)), "76\u{a0}%");
        assert_eq!(day(&json!("2026-01-02")), "02.01.2026");
        assert_eq!(time(&json!("2026-07-02T22:30:00Z")), "03.07.2026, 00:30");
        assert_eq!(text(&json!("")), "–");
        let amount: Value = serde_json::from_str("1234.50").unwrap();
        assert_eq!(plain(&amount), "1.234,50");
        assert_eq!(plain(&json!(1)), "1");
        assert_eq!(plain(&json!("7A")), "7A");
        assert_eq!(plain(&Value::Null), "–");
        for shown in [
            money(&Value::Null, None),
            count(&Value::Null),
            percent(&Value::Null),
            time(&Value::Null),
        ] {
            assert_eq!(shown, "–");
        }
    }
}
