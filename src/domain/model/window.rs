//! Looking back from an earlier instant: what was known then, and what came of it.
//!
//! Everything at a cut is taken from histories cut off there; what came of it from histories cut off at the window's end.

use chrono::{DateTime, TimeDelta, Utc};

use super::churn::{Typical, bookings};
use super::dropout::{Customers, Dropout, Family, Fitted, Prior, Summary};
use super::facts::{FEATURES, Facts, Usual, WEEK, gap, occasion_days};
use super::history::{History, minutes};
use super::logistic::Row;
use super::renewal::{self, Renewal};
use super::spend::{Spend, Spent};

/// What is believed of the tenant's customers before any was seen: rates about once a year, widely spread.
const PRIOR: Prior = Prior::Weak {
    r: 2.0,
    alpha: 104.0,
};
/// Fewer repeat buyers than this say nothing about spending.
const SPENDERS: usize = 50;
/// Fewer finished gaps than this say nothing about the usual one.
const GAPS: usize = 20;

/// What everybody together was like at an instant.
#[derive(Debug, Clone)]
pub(super) struct Crowd {
    pub(super) usual: Usual,
    pub(super) coming: Fitted,
    pub(super) booking: Fitted,
    pub(super) spend: Option<Spend>,
    pub(super) spenders: Vec<Spent>,
    pub(super) typical_value: f64,
    pub(super) renewal: Renewal,
}

/// A person at risk at a cut, and what came of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    pub(super) row: Row<FEATURES>,
    /// What the model of buying says.
    pub(super) buys: f64,
    pub(super) summary: Summary,
    pub(super) silent_days: f64,
    /// Came within the horizon.
    pub(super) back: bool,
    /// What was foretold and what was spent within a year, or the horizon if that is shorter; units of currency.
    pub(super) value: Option<(f64, f64)>,
    /// What was spent per day so far, for as many days: the naive forecast.
    pub(super) naive_value: f64,
}

impl Crowd {
    /// Learns from what was known at an instant; histories know nothing later.
    pub(super) fn at(known: &[History], now: DateTime<Utc>) -> Self {
        let today = minutes(now);
        let days: Vec<Vec<i64>> = known
            .iter()
            .map(|history| occasion_days(&history.occasions(), today))
            .filter(|days| !days.is_empty())
            .collect();
        let today = today.div_euclid(super::history::DAY);
        let usual = usual(known, &days, now);
        let mut coming = Customers::default();
        for days in &days {
            coming.extend(summary(days, today));
        }
        let booked: Vec<(Summary, Option<Spent>)> = known
            .iter()
            .filter_map(|history| bookings(history, minutes(now)))
            .collect();
        let mut booking = Customers::default();
        booking.extend(booked.iter().map(|one| one.0));
        let spenders: Vec<Spent> = booked.iter().filter_map(|one| one.1).collect();
        let repeat = spenders.iter().filter(|one| one.purchases > 1).count();
        let gaps = days
            .iter()
            .flat_map(|days| renewal::gaps_of(days, today, usual));
        Self {
            coming: Dropout::fit(Family::MbgNbd, &coming, PRIOR),
            booking: Dropout::fit(Family::MbgNbd, &booking, PRIOR),
            spend: (repeat >= SPENDERS).then(|| Spend::fit(&spenders).0),
            typical_value: mean(spenders.iter().map(|one| one.mean)),
            renewal: Renewal::fit(gaps.collect()),
            spenders,
            usual,
        }
    }

    /// The persons at risk at an instant: who came before and has nothing to come. `then` is what came of it.
    pub(super) fn cases(
        &self,
        known: &[History],
        then: &[History],
        now: DateTime<Utc>,
        horizon: f64,
    ) -> Vec<Case> {
        let pairs = known.iter().zip(then);
        let at_risk = pairs.filter(|(known, _)| known.upcoming(now).is_none());
        at_risk
            .filter_map(|(known, then)| self.case(known, then, now, horizon))
            .collect()
    }

    fn case(
        &self,
        known: &History,
        then: &History,
        now: DateTime<Utc>,
        horizon: f64,
    ) -> Option<Case> {
        let facts = Facts::at(known, now, self.usual, horizon)?;
        let summary = facts.summary();
        let buys = self.coming.model.buys_within(summary, horizon / WEEK);
        let cut = minutes(now);
        let back = then.occasions().iter().any(|at| *at > cut);
        let days = horizon.min(super::facts::YEAR);
        Some(Case {
            row: facts.row(buys),
            buys,
            summary,
            silent_days: facts.silent_days,
            back,
            value: self.value(known, then, now, days),
            naive_value: naive(known, now, days),
        })
    }

    fn value(
        &self,
        known: &History,
        then: &History,
        now: DateTime<Utc>,
        days: f64,
    ) -> Option<(f64, f64)> {
        let (summary, spent) = bookings(known, minutes(now))?;
        let none = Spent {
            purchases: 0,
            mean: 0.0,
        };
        let spend = self.spend.filter(|spend| spend.q > 1.0);
        let worth = spend.map_or(self.typical_value, |spend| {
            spend.expected(spent.unwrap_or(none))
        });
        let foretold = self.booking.model.expected(summary, days / WEEK) * worth;
        let (from, until) = (minutes(now), minutes(now + whole_days(days)?));
        let came = then
            .kept()
            .filter(|one| one.booked > from && one.booked <= until);
        Some((foretold, came.filter_map(|one| one.value).map(units).sum()))
    }
}

/// Everybody cut off at an instant.
pub(super) fn known_at(histories: &[History], cut: DateTime<Utc>) -> Vec<History> {
    histories.iter().map(|one| one.before(cut)).collect()
}

/// Days as a span of time.
pub(super) fn whole_days(days: f64) -> Option<TimeDelta> {
    #[expect(clippy::cast_possible_truncation, reason = "a few years at most")]
    TimeDelta::try_days(days.round() as i64)
}

/// The person in the middle of these.
pub(super) fn typical(cases: &[Case]) -> Typical {
    let middle = |of: fn(&Case) -> f64| {
        let mut all: Vec<f64> = cases.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or_default()
    };
    let mut repeats: Vec<u32> = cases.iter().map(|case| case.summary.repeats).collect();
    repeats.sort_unstable();
    Typical {
        repeats: repeats.get(repeats.len() / 2).copied().unwrap_or_default(),
        recency: middle(|case| case.summary.recency),
        silence: middle(|case| case.summary.age - case.summary.recency),
    }
}

fn usual(known: &[History], days: &[Vec<i64>], now: DateTime<Utc>) -> Usual {
    let otherwise = Usual::default();
    let mut gaps: Vec<f64> = days
        .iter()
        .flat_map(|days| days.windows(2))
        .map(gap)
        .collect();
    gaps.sort_by(f64::total_cmp);
    let middle = gaps.get(gaps.len() / 2).copied();
    let sent = known.iter().flat_map(|one| one.messages.iter());
    let sent = sent.filter(|one| !one.inbound && one.at <= minutes(now));
    let (all, read) = sent.fold((0.0, 0.0), |(all, read), one| {
        (all + 1.0, read + f64::from(u8::from(one.read.is_some())))
    });
    Usual {
        gap_days: middle
            .filter(|_| gaps.len() >= GAPS)
            .map_or(otherwise.gap_days, |days| days.clamp(90.0, 730.0)),
        // Drawn towards one half by two messages.
        response: (read + 1.0) / (all + 2.0),
    }
}

fn summary(days: &[i64], today: i64) -> Option<Summary> {
    let (first, last) = (*days.first()?, *days.last()?);
    let weeks = |days: i64| i32::try_from(days).map_or(0.0, f64::from) / WEEK;
    Some(Summary {
        repeats: u32::try_from(days.len() - 1).unwrap_or(u32::MAX),
        recency: weeks(last - first),
        age: weeks(today - first),
    })
}

fn naive(known: &History, now: DateTime<Utc>, days: f64) -> f64 {
    let Some((summary, _)) = bookings(known, minutes(now)) else {
        return 0.0;
    };
    let sum: f64 = known.kept().filter_map(|one| one.value).map(units).sum();
    sum / (summary.age * WEEK).max(days) * days
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53 cents")]
fn units(cents: i64) -> f64 {
    cents as f64 / 100.0
}

pub(super) fn mean(all: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = all.fold((0.0, 0.0), |(sum, n), one| (sum + one, n + 1.0));
    if n > 0.0 { sum / n } else { 0.0 }
}
