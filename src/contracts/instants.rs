//! Instants and days as PostgreSQL prints them into JSON, and as event producers write them.
//!
//! Absent on purpose: a guess. A timestamp without an offset could be any hour of the day, so it is refused.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// Why a text is not the instant or day asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    /// Not written as one.
    NotOne,
    /// Date and time without an offset from UTC.
    NoOffset,
    /// `infinity`, `-infinity`.
    NotFinite,
}

/// Microseconds of a second, the precision that is kept; further digits are cut off.
const FRACTION_DIGITS: usize = 6;
/// PostgreSQL's own limit is 15:59:59.
const OFFSET_HOURS_MAX: u32 = 15;

/// An instant: `T` or space between date and time, seconds and fraction optional, any offset
/// (`Z`, `+02`, `+0200`, `+02:00`, `+05:53:28`).
pub(super) fn instant(text: &str) -> Result<DateTime<Utc>, Unfit> {
    let text = text.trim();
    finite(text)?;
    let date = day(text.get(..10).ok_or(Unfit::NotOne)?)?;
    let rest = match text.get(10..11) {
        Some("T" | "t" | " ") => text.get(11..).unwrap_or_default(),
        _ => return Err(Unfit::NotOne),
    };
    let zone_at = rest.find(['Z', 'z', '+', '-']);
    let (clock, zone) = rest.split_at(zone_at.unwrap_or(rest.len()));
    let naive = time(date, clock.trim_end()).ok_or(Unfit::NotOne)?;
    if zone.is_empty() {
        return Err(Unfit::NoOffset);
    }
    let ahead = offset(zone).ok_or(Unfit::NotOne)?;
    naive
        .and_utc()
        .checked_sub_signed(ahead)
        .ok_or(Unfit::NotOne)
}

/// A calendar day, `2026-01-31`.
pub(super) fn day(text: &str) -> Result<NaiveDate, Unfit> {
    let text = text.trim();
    finite(text)?;
    let mut parts = text.splitn(3, '-');
    let mut next = |digits: usize| digits_of(parts.next()?, digits);
    let date = (|| {
        let (year, month, day) = (next(4)?, next(2)?, next(2)?);
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
    })();
    date.ok_or(Unfit::NotOne)
}

fn finite(text: &str) -> Result<(), Unfit> {
    let word = text.strip_prefix('-').unwrap_or(text);
    if word.eq_ignore_ascii_case("infinity") {
        Err(Unfit::NotFinite)
    } else {
        Ok(())
    }
}

fn time(date: NaiveDate, text: &str) -> Option<chrono::NaiveDateTime> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.split(':');
    let hour = digits_of(parts.next()?, 2)?;
    let minute = digits_of(parts.next()?, 2)?;
    let second = parts.next().map_or(Some(0), |part| digits_of(part, 2))?;
    if parts.next().is_some() || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let micros = fraction
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(FRACTION_DIGITS)
        .fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    date.and_hms_micro_opt(hour, minute, second, micros)
}

fn offset(zone: &str) -> Option<TimeDelta> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(TimeDelta::zero());
    }
    let behind = zone.starts_with('-');
    let digits = zone.get(1..)?;
    let (hours, minutes, seconds) = if let Some((hours, rest)) = digits.split_once(':') {
        let (minutes, seconds) = rest.split_once(':').unwrap_or((rest, "00"));
        (hours, minutes, seconds)
    } else {
        (
            digits.get(..2)?,
            if digits.len() == 2 {
                "00"
            } else {
                digits.get(2..)?
            },
            "00",
        )
    };
    let (hours, minutes) = (digits_of(hours, 2)?, digits_of(minutes, 2)?);
    let seconds = digits_of(seconds, 2)?;
    if hours > OFFSET_HOURS_MAX || minutes > 59 || seconds > 59 {
        return None;
    }
    let ahead = TimeDelta::seconds(i64::from(hours * 3600 + minutes * 60 + seconds));
    Some(if behind { -ahead } else { ahead })
}

fn digits_of(text: &str, count: usize) -> Option<u32> {
    let plain = text.len() == count && text.bytes().all(|digit| digit.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::{Unfit, day, instant};

    #[test]
    fn an_instant_is_the_same_in_every_offset_and_spelling() {
        for text in [
            "2026-01-02T01:04:05.678901+00:00",
            "2026-01-02T01:04:05.678901Z",
            "2026-01-02 01:04:05.678901+00",
            "2026-01-02t10:04:05.678901+09:00",
            "2026-01-01T20:04:05.678901-0500",
            "2026-01-01 20:04:05.678901 -05",
            "2026-01-02T01:04:05.678901999Z",
            "2026-01-02T06:57:33.678901+05:53:28",
        ] {
            let micros = instant(text).map(|at| at.timestamp_micros());
            assert_eq!(micros, Ok(1_767_315_845_678_901), "{text}");
        }
        let whole = instant("2026-01-02T01:04Z").map(|at| at.timestamp());
        assert_eq!(whole, Ok(1_767_315_840));
    }

    #[test]
    fn what_is_no_instant_is_refused_with_the_reason() {
        assert_eq!(instant("infinity"), Err(Unfit::NotFinite));
        assert_eq!(instant("-Infinity"), Err(Unfit::NotFinite));
        assert_eq!(instant("2026-01-02T03:04:05.6"), Err(Unfit::NoOffset));
        for text in [
            "",
            "2026",
            "2026-01-02",
            "2026-02-30T00:00:00Z",
            "2026-01-02T25:00:00Z",
            "2026-01-02T00:00:00+99:00",
            "2026-01-02T00:00:00+1",
            "2026-01-02T00:00:00.x1Z",
            "2026-01-02T00:00:00:00Z",
            "0044-03-15 12:00:00+00 BC",
            "12026-01-02T00:00:00Z",
            "２026-01-02T00:00:00Z",
            "1767315840",
        ] {
            assert_eq!(instant(text), Err(Unfit::NotOne), "{text}");
        }
    }

    #[test]
    fn a_day_is_a_date_and_nothing_more() {
        assert_eq!(
            day("2026-02-28").map(|day| day.to_string()),
            Ok("2026-02-28".to_owned())
        );
        assert_eq!(day("infinity"), Err(Unfit::NotFinite));
        for text in [
            "2026-2-8",
            "2026-02-29",
            "2026-02-28T00:00:00Z",
            "28.02.2026",
            "",
        ] {
            assert_eq!(day(text), Err(Unfit::NotOne), "{text}");
        }
    }
}
