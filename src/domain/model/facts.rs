//! What is known of a person at an instant, in numbers that mean something to people: the input of every model here,
//! and of every reason they give.

use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};

use super::dropout::Summary;
use super::history::{Booking, DAY, History, Minutes, TripOutcome, instant, minutes};
use super::logistic::Row;
use super::special::logit;
use crate::domain::derive::is_group;
use crate::domain::fold::booking::Cancellation;

/// Days of a week: the unit of time in which rates are fitted.
pub const WEEK: f64 = 7.0;
/// Days of a year.
pub const YEAR: f64 = 365.0;
/// How many gaps of the tenant's usual length everybody begins with.
const GAPS_BEFORE: f64 = 2.0;
/// How many messages answered as usual everybody begins with.
const MESSAGES_BEFORE: f64 = 4.0;
/// After so many days a message counts half.
const MESSAGE_HALF_LIFE: f64 = 180.0;
/// A message that nobody read for so long was not answered.
const UNREAD_AFTER: Minutes = 3 * DAY;

/// What is usual for the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Usual {
    /// Days between two occasions.
    pub gap_days: f64,
    /// The share of messages that are read.
    pub response: f64,
}

impl Default for Usual {
    /// Before anything is known: once a year, and every other message.
    fn default() -> Self {
        Self {
            gap_days: YEAR,
            response: 0.5,
        }
    }
}

/// What is known of a person who came at least once.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Days on which they booked or were taken along.
    pub occasions: u32,
    /// Days since the last of them.
    pub silent_days: f64,
    /// Days since the first.
    pub known_days: f64,
    /// Usual days between two, drawn towards the tenant's.
    pub rhythm_days: f64,
    /// Spread of the gaps divided by their mean; 1 with fewer than two gaps.
    pub unevenness: f64,
    /// Occasions of the last 365 days, and of the 365 days before.
    pub last_year: u32,
    /// The same a year earlier.
    pub year_before: u32,
    /// Messages that could have been read by now.
    pub asked: u32,
    /// Those that were.
    pub answered: u32,
    /// Decayed share of them, drawn towards the tenant's.
    pub response: f64,
    /// The latest score, 0 to 10.
    pub nps: Option<u8>,
    /// The latest rating, 1 to 5.
    pub rating: Option<u8>,
    /// Confirmed bookings and departures that have come.
    pub promised: u32,
    /// Those cancelled by the customer or missed.
    pub let_down: u32,
    /// Occasions on which they were taken along.
    pub along: u32,
    /// Share of the occasions whose time of the year lies within the horizon.
    pub in_season: f64,
    /// Books for groups.
    pub organiser: bool,
}

/// How many features there are.
pub const FEATURES: usize = 17;
/// Which of them is what the model of buying says, in log-odds.
pub const BUYS: usize = 4;

impl Facts {
    /// What is known of a person at an instant; none when they never came. The horizon is in days.
    #[must_use]
    pub fn at(history: &History, now: DateTime<Utc>, usual: Usual, horizon: f64) -> Option<Self> {
        let now = minutes(now);
        let days = occasion_days(&history.occasions(), now);
        let (first, last) = (*days.first()?, *days.last()?);
        let today = now.div_euclid(DAY);
        let gaps: Vec<f64> = days.windows(2).map(gap).collect();
        let since = |from: i64, to: i64| {
            let of = days
                .iter()
                .filter(|day| (from..to).contains(&(today - **day)));
            count(of.count())
        };
        let (asked, answered, response) = responses(history, now, usual);
        let answers = || history.answers.iter().rev().filter(|one| one.at <= now);
        let (promised, let_down) = promises(history, now);
        let along = history
            .taken()
            .filter(|trip| !trip.own && trip.start <= now);
        Some(Self {
            occasions: count(days.len()),
            silent_days: float(today - last),
            known_days: float(today - first),
            rhythm_days: rhythm(&gaps, usual),
            unevenness: unevenness(&gaps),
            last_year: since(0, 365),
            year_before: since(365, 730),
            asked,
            answered,
            response,
            nps: answers().find_map(|one| one.nps),
            rating: answers().find_map(|one| one.rating),
            promised,
            let_down,
            along: count(along.count()),
            in_season: in_season(&days, today, horizon),
            organiser: history.organiser,
        })
    }

    /// The same in the terms of the models of buying, in weeks.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary {
            repeats: self.occasions.saturating_sub(1),
            recency: (self.known_days - self.silent_days) / WEEK,
            age: self.known_days / WEEK,
        }
    }

    /// The features of the logistic model; `buys` is what the model of buying says.
    #[must_use]
    pub fn row(&self, buys: f64) -> Row<FEATURES> {
        let n = f64::from(self.occasions);
        let overdue = self.silent_days / self.rhythm_days;
        let once = self.occasions == 1;
        [
            libm::log1p(self.silent_days),
            overdue.min(4.0),
            // Little happens before a usual gap has passed, and less and less after it.
            (overdue - 1.0).clamp(0.0, 2.0),
            libm::log(self.rhythm_days),
            logit(buys),
            if once { 0.0 } else { self.unevenness.min(2.0) },
            libm::log(n),
            f64::from(u8::from(once)),
            f64::from(self.last_year.min(4)),
            f64::from(self.year_before.min(4)),
            libm::log1p(self.known_days),
            self.response,
            self.nps.map_or(0.0, |score| f64::from(score) - 8.0),
            self.rating.map_or(0.0, |rating| f64::from(rating) - 4.0),
            f64::from(self.let_down) / (f64::from(self.promised) + 2.0),
            f64::from(self.along) / n + if self.organiser { 1.0 } else { 0.0 },
            self.in_season,
        ]
    }
}

/// The days of occasions up to an instant, each once.
#[must_use]
pub fn occasion_days(occasions: &[Minutes], now: Minutes) -> Vec<i64> {
    let days = occasions.iter().filter(|at| **at <= now);
    let mut days: Vec<i64> = days.map(|at| at.div_euclid(DAY)).collect();
    days.dedup();
    days
}

/// The usual gap, drawn towards the tenant's: between three months and two years.
#[must_use]
pub fn rhythm(gaps: &[f64], usual: Usual) -> f64 {
    let n = f64::from(count(gaps.len()));
    let sum = gaps.iter().sum::<f64>() + GAPS_BEFORE * usual.gap_days;
    (sum / (n + GAPS_BEFORE)).clamp(90.0, 730.0)
}

/// Days between two consecutive days.
#[must_use]
pub fn gap(two: &[i64]) -> f64 {
    match two {
        [earlier, later] => float(later - earlier),
        _ => 0.0,
    }
}

fn unevenness(gaps: &[f64]) -> f64 {
    if gaps.len() < 2 {
        return 1.0;
    }
    let n = f64::from(count(gaps.len()));
    let mean = gaps.iter().sum::<f64>() / n;
    let spread = gaps
        .iter()
        .map(|gap| (gap - mean) * (gap - mean))
        .sum::<f64>()
        / n;
    spread.sqrt() / mean.max(1.0)
}

/// Messages to the person that could have been read, those that were, and the decayed share.
fn responses(history: &History, now: Minutes, usual: Usual) -> (u32, u32, f64) {
    let (mut asked, mut answered) = (0, 0);
    let (mut weight, mut read) = (MESSAGES_BEFORE, MESSAGES_BEFORE * usual.response);
    let sent = history
        .messages
        .iter()
        .filter(|one| !one.inbound && one.at <= now);
    for message in sent {
        let was_read = message.read.is_some_and(|at| at <= now);
        if !was_read && message.at + UNREAD_AFTER > now {
            continue;
        }
        let age = float((now - message.at) / DAY);
        let worth = libm::exp2(-age / MESSAGE_HALF_LIFE);
        asked += 1;
        weight += worth;
        if was_read {
            answered += 1;
            read += worth;
        }
    }
    (asked, answered, read / weight)
}

/// Bookings made and departures that have come, and how many of them came to nothing through the customer.
fn promises(history: &History, now: Minutes) -> (u32, u32) {
    let booked = || history.bookings.iter().filter(|one| one.booked <= now);
    let cancelled = booked().filter_map(|one| one.cancelled);
    let cancelled = cancelled.filter(|one| one.why == Cancellation::ByCustomer);
    let missed = history.trips.iter().filter(|trip| trip.start <= now);
    let missed = missed.filter(|trip| trip.outcome == TripOutcome::NoShow);
    (
        count(booked().count()),
        count(cancelled.count()) + count(missed.count()),
    )
}

/// Everything is in season when the horizon is a year or more.
fn in_season(days: &[i64], today: i64, horizon: f64) -> f64 {
    let year_day = |day: i64| instant(day * DAY).map_or(0, |at| i64::from(at.ordinal0()));
    let from = year_day(today);
    let ahead = days
        .iter()
        .map(|day| (year_day(*day) - from).rem_euclid(365));
    let inside = ahead.filter(|ahead| float(*ahead) <= horizon).count();
    f64::from(count(inside)) / f64::from(count(days.len()).max(1))
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Days and minutes of a lifetime fit a double exactly.
fn float(n: i64) -> f64 {
    i32::try_from(n).map_or(f64::MAX, f64::from)
}

/// Whether the median party of kept bookings is a group, as `domain::derive` has it.
pub(super) fn organises(bookings: &[Booking]) -> bool {
    let kept = bookings.iter().filter(|one| one.cancelled.is_none());
    let mut parties: Vec<i64> = kept.filter_map(|one| one.party.map(i64::from)).collect();
    parties.sort_unstable();
    is_group(&parties)
}
