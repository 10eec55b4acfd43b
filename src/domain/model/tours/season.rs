//! Seasons: how near two days of the year are, and whether somebody has a season of their own.

use chrono::{Datelike, NaiveDate};

use crate::domain::model::history::{DAY, Minutes, Trip, instant};

const YEAR: f64 = 365.25;
/// So many days apart, two days of the year have nothing to do with each other any more.
const APART: f64 = 60.0;

/// The calendar day of a trip's first day.
#[must_use]
pub fn day(start: Minutes) -> Option<NaiveDate> {
    // Noon of the day is the same date in every zone that coaches cross.
    Some(instant(start + DAY / 2)?.date_naive())
}

/// Days between two days of the year, whichever way round is shorter: 0 to 182.
#[must_use]
pub fn between(a: NaiveDate, b: NaiveDate) -> f64 {
    apart(a.ordinal(), b.ordinal())
}

fn apart(a: u32, b: u32) -> f64 {
    let off = (f64::from(a) - f64::from(b)).abs();
    off.min(YEAR - off)
}

/// How well each day of the year fits those on which somebody travelled: worked out once for all departures.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seasons(Vec<f64>);

impl Seasons {
    /// Those of somebody who travelled on these days.
    #[must_use]
    pub fn of(trips: &[NaiveDate]) -> Self {
        let near = |day: u32, trip: &NaiveDate| (1.0 - apart(day, trip.ordinal()) / APART).max(0.0);
        let fit = |day| {
            let sum: f64 = trips.iter().map(|trip| near(day, trip)).sum();
            sum / count(trips.len().max(1))
        };
        Self((0..=366).map(fit).collect())
    }

    /// How well a day fits, 0 to 1: the mean nearness; 0 where nobody travelled.
    #[must_use]
    pub fn fit(&self, day: NaiveDate) -> f64 {
        self.0.get(day.ordinal() as usize).copied().unwrap_or(0.0)
    }
}

/// The middle of the days of the year, and how concentrated they are (the length of the mean vector, 0 to 1).
#[must_use]
pub fn middle(days: &[NaiveDate]) -> Option<(u32, f64)> {
    use std::f64::consts::TAU;
    if days.is_empty() {
        return None;
    }
    let angle = |day: &NaiveDate| f64::from(day.ordinal0()) / YEAR * TAU;
    let sum = |part: fn(f64) -> f64| days.iter().map(|day| part(angle(day))).sum::<f64>();
    let n = count(days.len());
    let (x, y) = (sum(libm::cos) / n, sum(libm::sin) / n);
    let turned = libm::atan2(y, x) / TAU * YEAR;
    let at = if turned < 0.0 { turned + YEAR } else { turned };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a day of the year"
    )]
    let ordinal = (at.round() as u32 + 1).min(365);
    Some((ordinal, libm::sqrt(x * x + y * y)))
}

/// The days on which somebody's trips began, by `now`.
#[must_use]
pub fn days<'t>(trips: impl Iterator<Item = &'t Trip>) -> Vec<NaiveDate> {
    trips.filter_map(|trip| day(trip.start)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "trips of one person")]
fn count(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn new_years_eve_is_near_new_year() {
        assert!(between(at(2025, 12, 31), at(2026, 1, 1)) < 2.0);
        assert!((between(at(2026, 1, 1), at(2026, 7, 2)) - 182.0).abs() < 1.0);
        let (ordinal, concentrated) = middle(&[at(2024, 12, 27), at(2026, 1, 5)]).unwrap();
        assert!(ordinal == 365 || ordinal <= 2, "{ordinal}");
        assert!(concentrated > 0.99);
    }

    #[test]
    fn who_travels_at_any_time_has_no_season() {
        let all: Vec<NaiveDate> = (1..=12).map(|month| at(2026, month, 15)).collect();
        assert!(middle(&all).unwrap().1 < 0.02);
        assert_eq!(middle(&[]), None);
    }

    #[test]
    fn a_day_fits_by_its_nearness() {
        let mays = [at(2024, 5, 10), at(2025, 5, 10)];
        let leap_day = 1.0 / 60.0;
        assert!((Seasons::of(&mays).fit(at(2026, 5, 10)) - 1.0).abs() < leap_day);
        assert!((Seasons::of(&mays).fit(at(2026, 6, 9)) - 0.5).abs() < 0.02);
        assert!(Seasons::of(&mays).fit(at(2026, 11, 1)).abs() < 1e-9);
        assert!(Seasons::of(&[]).fit(at(2026, 5, 10)).abs() < 1e-9);
    }
}
