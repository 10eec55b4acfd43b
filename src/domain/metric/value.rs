//! The value of a metric: comparable, short to read, and a tree that any format can be written from.

use std::fmt;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::ser::{Serialize, SerializeMap, Serializer};
use uuid::Uuid;

use crate::domain::insight::{AncillaryUse, BoardingPlace, BookerKind, Favourite, NextDeparture};
use crate::domain::money::{Currency, Purse};

/// What stands for "not known".
const NONE: &str = "–";

/// A value of a metric.
#[derive(Debug, Clone, PartialEq)]
pub enum MetricValue {
    /// Not known, or nothing that it could be taken from.
    Nothing,
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Count(i64),
    /// A mean, a share, a rate.
    Number(f64),
    /// Hundredths in the tenant's currency: a bare number where it is written as JSON.
    Amount(i128, Currency),
    /// Hundredths in a currency of its own: written with it.
    Money(i128, Currency),
    /// A word or label.
    Word(String),
    /// The id of a tour, stop or offering.
    Id(Uuid),
    /// An instant.
    At(DateTime<Utc>),
    /// A day in the tenant's zone.
    Day(NaiveDate),
    /// Several, most important first.
    List(Vec<Self>),
    /// Parts by the names that they have in the answer; the first names the thing.
    Record(Vec<(&'static str, Self)>),
}

impl MetricValue {
    /// Nothing, none, no: what an empty history has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Nothing | Self::Flag(false) => true,
            Self::Count(count) => *count == 0,
            Self::Number(number) => *number == 0.0,
            Self::Amount(cents, _) | Self::Money(cents, _) => *cents == 0,
            Self::List(all) => all.is_empty(),
            _ => false,
        }
    }

    /// Hundredths as decimal text with two places, such as `1234.50`.
    #[must_use]
    pub fn decimal(cents: i128) -> String {
        let sign = if cents < 0 { "-" } else { "" };
        let magnitude = cents.unsigned_abs();
        format!("{sign}{}.{:02}", magnitude / 100, magnitude % 100)
    }
}

/// Short: `1`, `0.25`, `1234.50 EUR`, `WINDOW_MIDDLE`, `–`.
impl fmt::Display for MetricValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => out.write_str(NONE),
            Self::Flag(flag) => write!(out, "{flag}"),
            Self::Count(count) => write!(out, "{count}"),
            Self::Number(number) => {
                let rounded = format!("{number:.2}");
                let short = rounded.trim_end_matches('0').trim_end_matches('.');
                out.write_str(short)
            }
            Self::Amount(cents, currency) | Self::Money(cents, currency) => {
                write!(out, "{} {}", Self::decimal(*cents), currency.0)
            }
            Self::Word(word) => out.write_str(word),
            Self::Id(id) => write!(out, "{id}"),
            Self::At(at) => out.write_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            Self::Day(day) => write!(out, "{day}"),
            Self::List(all) if all.is_empty() => out.write_str(NONE),
            Self::List(all) => {
                let each: Vec<String> = all.iter().map(ToString::to_string).collect();
                out.write_str(&each.join(", "))
            }
            Self::Record(parts) => {
                let mut known = parts.iter().filter(|(_, part)| *part != Self::Nothing);
                let Some((_, first)) = known.next() else {
                    return out.write_str(NONE);
                };
                let rest: Vec<String> = known.map(|(_, part)| part.to_string()).collect();
                if rest.is_empty() {
                    write!(out, "{first}")
                } else {
                    write!(out, "{first} ({})", rest.join(", "))
                }
            }
        }
    }
}

/// As in the answer, except that hundredths are text, because not every format has exact decimals.
impl Serialize for MetricValue {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => to.serialize_none(),
            Self::Flag(flag) => to.serialize_bool(*flag),
            Self::Count(count) => to.serialize_i64(*count),
            Self::Number(number) => to.serialize_f64(*number),
            Self::Amount(cents, _) => to.serialize_str(&Self::decimal(*cents)),
            Self::Money(cents, currency) => {
                let mut map = to.serialize_map(Some(2))?;
                map.serialize_entry("amount", &Self::decimal(*cents))?;
                map.serialize_entry("currency", &currency.0)?;
                map.end()
            }
            Self::Word(_) | Self::Id(_) | Self::At(_) | Self::Day(_) => {
                to.serialize_str(&self.to_string())
            }
            Self::List(all) => to.collect_seq(all),
            Self::Record(parts) => to.collect_map(parts.iter().map(|(name, part)| (name, part))),
        }
    }
}

impl<T> From<Option<T>> for MetricValue
where
    Self: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Self::from)
    }
}

macro_rules! from {
    ($($of:ty => |$it:ident| $made:expr;)*) => {
        $(impl From<$of> for MetricValue {
            fn from($it: $of) -> Self {
                $made
            }
        })*
    };
}

from! {
    bool => |flag| Self::Flag(flag);
    u32 => |count| Self::Count(count.into());
    u64 => |count| Self::Count(i64::try_from(count).unwrap_or(i64::MAX));
    i64 => |count| Self::Count(count);
    f64 => |number| Self::Number(number);
    String => |word| Self::Word(word);
    &str => |word| Self::Word(word.to_owned());
    &String => |word| Self::Word(word.clone());
    Uuid => |id| Self::Id(id);
    DateTime<Utc> => |at| Self::At(at);
    NaiveDate => |day| Self::Day(day);
    &Purse => |purse| Self::List(purse.0.iter().map(|(of, cents)| Self::Money(*cents, of.clone())).collect());
    BookerKind => |kind| Self::from(match kind {
        BookerKind::Agency => "AGENCY",
        BookerKind::GroupOrganiser => "GROUP_ORGANISER",
        BookerKind::Private => "PRIVATE",
    });
    &Favourite<BoardingPlace> => |place| Self::Record(vec![
        ("kind", Self::from(match place.value {
            BoardingPlace::Stop(_) => "STOP",
            BoardingPlace::DoorPickup => "DOOR_PICKUP",
        })),
        ("id", stop(Some(place.value))),
        ("share", place.share.into()),
        ("based_on", place.based_on.into()),
    ]);
    &NextDeparture => |next| Self::Record(vec![
        ("start_date", next.start_date.into()),
        ("end_date", next.end_date.into()),
        ("tour_title", next.tour_title.clone().into()),
        ("tour_offering_id", next.offering_id.into()),
        ("boarding_point", stop(next.boarding)),
        ("door_pickup", next.boarding.map(|place| place == BoardingPlace::DoorPickup).into()),
    ]);
    &AncillaryUse => |habit| Self::Record(vec![
        ("ancillary_type", Self::from(&habit.ancillary_type)),
        ("bookings", habit.bookings.into()),
        ("attach_rate", habit.attach_rate.into()),
        ("amounts", Self::from(&habit.amounts)),
    ]);
}

fn stop(place: Option<BoardingPlace>) -> MetricValue {
    match place {
        Some(BoardingPlace::Stop(id)) => MetricValue::Id(id),
        _ => MetricValue::Nothing,
    }
}

/// Favourites under the name that their values have in the answer.
pub(super) fn favourites<T>(name: &'static str, all: &[Favourite<T>]) -> MetricValue
where
    T: Clone,
    MetricValue: From<T>,
{
    let each = all.iter().map(|one| {
        MetricValue::Record(vec![
            (name, one.value.clone().into()),
            ("share", one.share.into()),
            ("based_on", one.based_on.into()),
        ])
    });
    MetricValue::List(each.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_short_to_read() {
        let euro = || Currency("EUR".to_owned());
        let favourite = Favourite {
            value: "Tirol".to_owned(),
            share: 0.5,
            based_on: 4,
        };
        for (value, text) in [
            (MetricValue::Nothing, "–"),
            (MetricValue::from(3_u32), "3"),
            (MetricValue::from(1.0 / 3.0), "0.33"),
            (MetricValue::from(2.0), "2"),
            (MetricValue::Amount(123_450, euro()), "1234.50 EUR"),
            (MetricValue::Amount(-5, euro()), "-0.05 EUR"),
            (MetricValue::List(vec![]), "–"),
            (favourites("region", &[favourite]), "Tirol (0.5, 4)"),
        ] {
            assert_eq!(value.to_string(), text);
        }
    }

    #[test]
    fn written_as_json_amounts_stay_exact() {
        let of = |value: MetricValue| serde_json::to_string(&value).unwrap();
        let mut purse = Purse::default();
        purse.add(&Currency("CHF".to_owned()), 9_007_199_254_740_993);
        assert_eq!(
            of(MetricValue::from(&purse)),
            r#"[{"amount":"90071992547409.93","currency":"CHF"}]"#
        );
        assert_eq!(of(MetricValue::Nothing), "null");
        assert_eq!(of(MetricValue::from("WINDOW_MIDDLE")), r#""WINDOW_MIDDLE""#);
        assert_eq!(
            of(MetricValue::Record(vec![("share", 0.5.into())])),
            r#"{"share":0.5}"#
        );
    }
}
