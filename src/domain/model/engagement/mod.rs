//! The engagement score, 0 to 100: how alive the relation is, from five parts that are each worth a sentence.
//!
//! A part without data is left out and the others weigh more; how much of the weight there was is the coverage. Whether
//! a person will book again is a separate question with a separate answer, and never part of this one.

pub mod words;

use serde::{Deserialize, Serialize};

use super::channel::evidence::Trial;
use super::history::{Answer, DAY, History, Minutes};
use crate::domain::fold::booking::Cancellation;

/// What each part weighs. The version rises with every change by the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// Which version of the tenant's weights; 0 is what holds without any.
    pub version: u32,
    /// In the order of [`Part`].
    pub each: [f64; 5],
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            version: 0,
            each: [35.0, 15.0, 25.0, 20.0, 5.0],
        }
    }
}

/// What is usual for the tenant's customers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Usual {
    /// Median days between two bookings.
    pub gap_days: f64,
    /// Mean success of messages.
    pub response: f64,
    /// The twentieths of customers' response rates, ascending; empty without messages.
    pub response_steps: Vec<f64>,
    /// Mean of what customers say, 0 to 1.
    pub feedback: f64,
}

impl Default for Usual {
    fn default() -> Self {
        Self {
            gap_days: 365.0,
            response: 0.3,
            response_steps: Vec::new(),
            feedback: 0.75,
        }
    }
}

/// A part of the score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// How long ago the last booking or trip is, by the person's own rhythm.
    Rhythm,
    /// More or fewer bookings than the year before.
    Trend,
    /// Whether messages are read and answered.
    Response,
    /// What the person says about trips.
    Feedback,
    /// Whether the person shows up.
    Reliability,
}

/// What a part rests on: the numbers of its sentence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ground {
    /// Days since the last booking or trip, and the days that are usual for this person.
    Rhythm {
        /// Days of silence.
        silent: i64,
        /// The usual gap.
        usual: i64,
    },
    /// Bookings within a year, and within the year before.
    Trend {
        /// In the last 365 days.
        last: u32,
        /// In the 365 days before.
        before: u32,
    },
    /// Messages read or answered, of all that were tried.
    Response {
        /// Read or answered.
        responded: u32,
        /// All.
        tried: u32,
    },
    /// The latest answer.
    Feedback {
        /// "Would you recommend us", 0 to 10.
        nps: Option<u8>,
        /// 1 to 5.
        rating: Option<u8>,
        /// When.
        at: Minutes,
    },
    /// What went wrong, of all trips.
    Reliability {
        /// Departures missed.
        no_shows: u32,
        /// Cancelled within two weeks of the end of the tour.
        late_cancels: u32,
        /// Trips taken or missed.
        trips: u32,
    },
}

/// One part with its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// Which.
    pub part: Part,
    /// 0 to 1.
    pub value: f64,
    /// Its weight among all parts that have data, summing up to 1.
    pub weight: f64,
    /// Why.
    pub ground: Ground,
}

/// The score of a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Engagement {
    /// 0 to 100.
    pub score: f64,
    /// How much of the full weight had data, in (0, 1].
    pub coverage: f64,
    /// The parts that had data.
    pub parts: Vec<Scored>,
    /// Which version of the tenant's weights.
    pub weights_version: u32,
}

/// The score at an instant; none when no part has data. `trials` are the person's messages as channels see them.
#[must_use]
pub fn engagement(
    history: &History,
    trials: &[Trial],
    usual: &Usual,
    weights: &Weights,
    now: Minutes,
) -> Option<Engagement> {
    let found = [
        (Part::Rhythm, rhythm(history, usual, now)),
        (Part::Trend, trend(history, now)),
        (Part::Response, response(trials, usual, now)),
        (Part::Feedback, feedback(&history.answers, usual, now)),
        (Part::Reliability, reliability(history, now)),
    ];
    let known = found.into_iter().zip(weights.each);
    let known = known.filter_map(|((part, found), weight)| {
        let (value, ground) = found?;
        (weight > 0.0).then_some((part, value, ground, weight))
    });
    let known: Vec<_> = known.collect();
    let covered: f64 = known.iter().map(|(.., weight)| weight).sum();
    let whole: f64 = weights.each.iter().filter(|weight| **weight > 0.0).sum();
    if covered <= 0.0 {
        return None;
    }
    let parts: Vec<Scored> = known
        .into_iter()
        .map(|(part, value, ground, weight)| Scored {
            part,
            value,
            weight: weight / covered,
            ground,
        })
        .collect();
    let sum: f64 = parts.iter().map(|one| one.value * one.weight).sum();
    Some(Engagement {
        score: (100.0 * sum).clamp(0.0, 100.0),
        coverage: covered / whole,
        parts,
        weights_version: weights.version,
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "minutes of a lifetime fit a double"
)]
fn days(minutes: Minutes) -> f64 {
    minutes as f64 / DAY as f64
}

/// Half for every usual gap of silence.
fn rhythm(history: &History, usual: &Usual, now: Minutes) -> Option<(f64, Ground)> {
    let booked: Vec<Minutes> = history
        .kept()
        .map(|one| one.booked)
        .filter(|at| *at <= now)
        .collect();
    let travelled = history.taken().map(|trip| trip.end() + DAY);
    let travelled = travelled.filter(|at| *at <= now).max();
    let last = booked.last().copied().max(travelled)?;
    let gap = own_gap(&booked, usual);
    let silent = days(now - last).max(0.0);
    let ground = Ground::Rhythm {
        silent: whole(silent),
        usual: whole(gap),
    };
    Some((libm::exp2(-silent / gap), ground))
}

/// The mean gap between bookings, drawn towards the tenant's median as by two gaps more.
#[must_use]
pub fn own_gap(booked: &[Minutes], usual: &Usual) -> f64 {
    let gaps = booked
        .windows(2)
        .filter_map(|two| Some(two.last()? - two.first()?));
    let (sum, n) = gaps.fold((0.0, 0.0), |(sum, n), gap| (sum + days(gap), n + 1.0));
    ((sum + 2.0 * usual.gap_days) / (n + 2.0)).clamp(90.0, 730.0)
}

#[expect(clippy::cast_possible_truncation, reason = "days of a lifetime")]
fn whole(days: f64) -> i64 {
    days.round() as i64
}

fn trend(history: &History, now: Minutes) -> Option<(f64, Ground)> {
    const YEAR: Minutes = 365 * DAY;
    history.kept().find(|one| one.booked <= now)?;
    let within = |from: Minutes, to: Minutes| {
        let booked = history
            .kept()
            .filter(|one| one.booked > from && one.booked <= to);
        u32::try_from(booked.count()).unwrap_or(u32::MAX)
    };
    let (last, before) = (within(now - YEAR, now), within(now - 2 * YEAR, now - YEAR));
    let value = 0.5 + 0.25 * (f64::from(last) - f64::from(before));
    Some((value.clamp(0.0, 1.0), Ground::Trend { last, before }))
}

/// The person's own rate, drawn towards the tenant's, by where it stands among the tenant's customers.
fn response(trials: &[Trial], usual: &Usual, now: Minutes) -> Option<(f64, Ground)> {
    if trials.is_empty() {
        return None;
    }
    let rate = drawn(decayed(trials, now), usual.response);
    let below = usual.response_steps.iter().filter(|step| **step < rate);
    let steps = usual.response_steps.len();
    let value = if steps == 0 {
        rate
    } else {
        count(below.count()) / count(steps)
    };
    let responded = trials.iter().filter(|one| one.success > 0.0).count();
    let ground = Ground::Response {
        responded: u32::try_from(responded).unwrap_or(u32::MAX),
        tried: u32::try_from(trials.len()).unwrap_or(u32::MAX),
    };
    Some((value, ground))
}

/// Successes and tries, halved every half year.
#[must_use]
pub(super) fn decayed(trials: &[Trial], now: Minutes) -> (f64, f64) {
    let each = trials.iter().map(|one| {
        let weight = libm::exp2(-days(now - one.at).max(0.0) / 180.0);
        (weight * one.success, weight)
    });
    each.fold((0.0, 0.0), |(won, all), (w, a)| (won + w, all + a))
}

/// A rate of successes and tries, drawn towards the usual one as by four messages.
#[must_use]
pub(super) fn drawn((won, tried): (f64, f64), usual: f64) -> f64 {
    (won + 4.0 * usual) / (tried + 4.0)
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn count(n: usize) -> f64 {
    n as f64
}

/// What was said, halved every year, drawn towards what the tenant's customers say as by one answer.
fn feedback(answers: &[Answer], usual: &Usual, now: Minutes) -> Option<(f64, Ground)> {
    let given = || answers.iter().filter(|one| one.at <= now);
    let latest = given().max_by_key(|one| one.at)?;
    let each = given().filter_map(|one| {
        let weight = libm::exp2(-days(now - one.at) / 365.0);
        Some((weight * said(one)?, weight))
    });
    let (sum, all) = each.fold((0.0, 0.0), |(sum, all), (s, a)| (sum + s, all + a));
    let ground = Ground::Feedback {
        nps: latest.nps,
        rating: latest.rating,
        at: latest.at,
    };
    Some((
        ((sum + usual.feedback) / (all + 1.0)).clamp(0.0, 1.0),
        ground,
    ))
}

/// One answer as 0 to 1: the mean of score and rating where both were given.
#[must_use]
pub fn said(answer: &Answer) -> Option<f64> {
    let nps = answer.nps.map(|score| f64::from(score.min(10)) / 10.0);
    let rating = answer
        .rating
        .map(|rating| (f64::from(rating.clamp(1, 5)) - 1.0) / 4.0);
    match (nps, rating) {
        (Some(nps), Some(rating)) => Some(f64::midpoint(nps, rating)),
        (one, other) => one.or(other),
    }
}

fn reliability(history: &History, now: Minutes) -> Option<(f64, Ground)> {
    use super::history::TripOutcome::{NoShow, Taken};
    const LATE: Minutes = 14 * DAY;
    let over = || history.trips.iter().filter(|trip| trip.end() + DAY <= now);
    let with = |outcome| {
        let trips = over().filter(|trip| trip.outcome == outcome);
        u32::try_from(trips.count()).unwrap_or(u32::MAX)
    };
    let (taken, no_shows) = (with(Taken), with(NoShow));
    let late = history.bookings.iter().filter(|one| {
        let by_customer = one
            .cancelled
            .filter(|cancelled| cancelled.why == Cancellation::ByCustomer && cancelled.at <= now);
        by_customer
            .zip(one.end)
            .is_some_and(|(cancelled, end)| end - cancelled.at < LATE)
    });
    let late_cancels = u32::try_from(late.count()).unwrap_or(u32::MAX);
    let trips = taken + no_shows;
    if trips + late_cancels == 0 {
        return None;
    }
    let wrong = f64::from(no_shows + late_cancels);
    let value = 1.0 - wrong / (f64::from(trips) + 2.0);
    let ground = Ground::Reliability {
        no_shows,
        late_cancels,
        trips,
    };
    Some((value.clamp(0.0, 1.0), ground))
}

#[cfg(test)]
mod tests;
