//! Scalars under the names that Hasura gives them: `uuid`, `timestamptz`, `date`, `numeric`, `jsonb`.
//!
//! Each accepts any literal and keeps `None` for one it cannot read: a join must never fail because of a key,
//! so whoever uses the argument decides what an unusable value means.

use async_graphql::{InputValueResult, Name, Number, Scalar, ScalarType, Value};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::domain::metric::MetricValue;

/// A UUID in its usual text form; any other literal is accepted and matches nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UuidScalar(pub Option<Uuid>);

/// A UUID in its usual text form; any other literal is accepted and matches nothing.
#[Scalar(name = "uuid")]
impl ScalarType for UuidScalar {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(text(&value).and_then(|text| text.trim().parse().ok())))
    }

    fn to_value(&self) -> Value {
        self.0
            .map_or(Value::Null, |id| Value::String(id.to_string()))
    }
}

impl From<Uuid> for UuidScalar {
    fn from(id: Uuid) -> Self {
        Self(Some(id))
    }
}

/// An instant. Output is RFC 3339 in UTC; input is RFC 3339 with any offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimestamptzScalar(pub Option<DateTime<Utc>>);

/// An instant. Output is RFC 3339 in UTC; input is RFC 3339 with any offset.
#[Scalar(name = "timestamptz")]
impl ScalarType for TimestamptzScalar {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(text(&value).and_then(instant)))
    }

    fn to_value(&self) -> Value {
        let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        self.0.map_or(Value::Null, |at| Value::String(text(at)))
    }
}

impl From<DateTime<Utc>> for TimestamptzScalar {
    fn from(at: DateTime<Utc>) -> Self {
        Self(Some(at))
    }
}

/// A day in the tenant's time zone, as `2026-05-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateScalar(pub Option<NaiveDate>);

/// A day in the tenant's time zone, as `2026-05-31`.
#[Scalar(name = "date")]
impl ScalarType for DateScalar {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(text(&value).and_then(|text| text.trim().parse().ok())))
    }

    fn to_value(&self) -> Value {
        self.0
            .map_or(Value::Null, |day| Value::String(day.to_string()))
    }
}

impl From<NaiveDate> for DateScalar {
    fn from(day: NaiveDate) -> Self {
        Self(Some(day))
    }
}

/// An amount in whole units of its currency: a JSON number with exactly two decimals, such as `1234.50`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumericScalar(pub Option<Decimal>);

/// An amount in whole units of its currency: a JSON number with exactly two decimals, such as `1234.50`.
#[Scalar(name = "numeric")]
impl ScalarType for NumericScalar {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = match &value {
            Value::Number(number) => Some(number.to_string()),
            other => text(other).map(|text| text.trim().to_owned()),
        };
        Ok(Self(text.and_then(|text| decimal(&text))))
    }

    fn to_value(&self) -> Value {
        let number = |amount: Decimal| {
            let mut amount = amount;
            amount.rescale(2);
            amount.to_string().parse::<Number>().ok()
        };
        self.0.and_then(number).map_or(Value::Null, Value::Number)
    }
}

impl NumericScalar {
    /// An amount from hundredths.
    #[must_use]
    pub fn from_cents(cents: i128) -> Self {
        Self(Decimal::try_from_i128_with_scale(cents, 2).ok())
    }
}

/// A value of any shape. Amounts are numbers with two decimals, as in fields of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonbScalar(pub Value);

/// A value of any shape. Amounts are numbers with two decimals, as in fields of their own.
#[Scalar(name = "jsonb")]
impl ScalarType for JsonbScalar {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(value))
    }

    fn to_value(&self) -> Value {
        self.0.clone()
    }
}

impl From<serde_json::Value> for JsonbScalar {
    fn from(value: serde_json::Value) -> Self {
        // Every JSON value has its like in GraphQL.
        Self(Value::from_json(value).unwrap_or_default())
    }
}

impl From<&MetricValue> for JsonbScalar {
    fn from(value: &MetricValue) -> Self {
        Self(json(value))
    }
}

fn json(value: &MetricValue) -> Value {
    match value {
        MetricValue::Nothing => Value::Null,
        MetricValue::Flag(flag) => Value::Boolean(*flag),
        MetricValue::Count(count) => Value::from(*count),
        MetricValue::Number(number) => Value::from(*number),
        MetricValue::Amount(cents, _) => NumericScalar::from_cents(*cents).to_value(),
        MetricValue::Money(cents, currency) => {
            let amount = NumericScalar::from_cents(*cents).to_value();
            object([
                ("amount", amount),
                ("currency", Value::from(currency.0.as_str())),
            ])
        }
        MetricValue::Word(_) | MetricValue::Id(_) | MetricValue::At(_) | MetricValue::Day(_) => {
            Value::from(value.to_string())
        }
        MetricValue::List(all) => Value::List(all.iter().map(json).collect()),
        MetricValue::Record(parts) => object(parts.iter().map(|(name, part)| (*name, json(part)))),
    }
}

fn object(parts: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let parts = parts
        .into_iter()
        .map(|(name, part)| (Name::new(name), part));
    Value::Object(parts.collect())
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// Reads an instant as RFC 3339 or as PostgreSQL prints it.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z"))
        .ok()
        .map(|at| at.to_utc())
}

fn decimal(text: &str) -> Option<Decimal> {
    text.parse()
        .or_else(|_| Decimal::from_scientific(text))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_accepts_any_literal_and_reads_only_uuids() {
        let id = Uuid::from_u128(7);
        let read = |value: Value| UuidScalar::parse(value).unwrap().0;
        assert_eq!(read(Value::from(id.to_string())), Some(id));
        assert_eq!(read(Value::from("not a uuid")), None);
        assert_eq!(read(Value::from(42)), None);
        assert_eq!(read(Value::from(true)), None);
        assert_eq!(read(Value::List(vec![])), None);
    }

    #[test]
    fn amounts_leave_with_exactly_two_decimals() {
        let written = |cents| NumericScalar::from_cents(cents).to_value().to_string();
        assert_eq!(written(123_450), "1234.50");
        assert_eq!(written(0), "0.00");
        assert_eq!(written(-5), "-0.05");
        assert_eq!(written(9_007_199_254_740_993), "90071992547409.93");
    }

    #[test]
    fn instants_are_read_with_any_offset_and_written_in_utc() {
        let read = |text: &str| TimestamptzScalar::parse(Value::from(text)).unwrap();
        let at = read("2026-03-01T01:30:00.5+02:00");
        assert_eq!(at.to_value(), Value::from("2026-02-28T23:30:00.500Z"));
        assert_eq!(at, read("2026-02-28 23:30:00.5+00"));
        assert_eq!(read("yesterday").0, None);
    }
}
