//! Whether, when and for how much somebody comes back: the trained artefact, and what it says of a person.
//!
//! Coming back is a booking of one's own or a trip on somebody else's, within the horizon. Whoever has a departure to
//! come is at no risk. The artefact holds what all have in common and nothing of anybody.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::calibrate::Calibration;
use super::dropout::{Dropout, Summary};
use super::facts::{FEATURES, Facts, Usual, WEEK, YEAR, occasion_days};
use super::history::{DAY, History, Minutes, instant, minutes};
use super::logistic::Logistic;
use super::quality::Quality;
use super::reason::{self, Reason};
use super::renewal::Renewal;
use super::spend::{Spend, Spent};

/// Below this a risk is low, and above its complement high.
const LOW: f64 = 1.0 / 3.0;
/// Days of 36 months.
const THREE_YEARS: f64 = 3.0 * YEAR;

/// Which model speaks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Speaker {
    /// MBG/NBD on how often and how recently.
    Buying,
    /// The logistic model on everything.
    Logistic(Logistic),
}

/// All that is needed to score a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Artefact {
    /// Within so many days somebody comes back or not.
    pub horizon_days: f64,
    /// Who speaks about coming back.
    pub speaker: Speaker,
    /// Makes what they say honest.
    pub calibration: Calibration,
    /// How certain a probability has to be to be decided upon: itself or its complement.
    pub certain_from: f64,
    /// Occasions of any kind, weeks.
    pub coming: Dropout,
    /// Own bookings, weeks.
    pub booking: Dropout,
    /// What a booking is worth, in units of the tenant's currency; none when too few say it.
    pub spend: Option<Spend>,
    /// Mean value of a booking day, for want of better.
    pub typical_value: f64,
    /// What was spent, divided by what was foretold, in the last window.
    pub value_scale: f64,
    /// When people come back.
    pub renewal: Renewal,
    /// What is usual for the tenant.
    pub usual: Usual,
    /// The person in the middle.
    pub typical: Typical,
    /// How good it was in the back-test.
    pub quality: Quality,
    /// Whether the value reckons in what the speaker says about coming back.
    pub reckoned_in: bool,
}

/// The person in the middle, in weeks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Typical {
    /// Occasions after the first.
    pub repeats: u32,
    /// From the first to the last.
    pub recency: f64,
    /// Since the last.
    pub silence: f64,
}

/// How great a risk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Band {
    /// Below a third.
    Low,
    /// Between.
    Medium,
    /// Above two thirds.
    High,
}

/// What may be said with 85 % of all such sayings right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forecast {
    /// Comes back.
    Stays,
    /// Does not.
    Leaves,
    /// Cannot be said.
    Undecided,
}

/// How much a score rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sufficiency {
    /// Never came, so nothing can be said.
    None,
    /// Came once: most of what is said is what is usual.
    Thin,
    /// Came twice: a first rhythm.
    Fair,
    /// Came three times or more.
    Good,
}

/// The risk that somebody does not come back within the horizon.
#[derive(Debug, Clone, PartialEq)]
pub struct Churn {
    /// 0 to 1.
    pub risk: f64,
    /// The same in one word.
    pub band: Band,
    /// What may be said for sure.
    pub forecast: Forecast,
    /// The three things that weigh most, heaviest first.
    pub reasons: Vec<Reason>,
}

/// When somebody comes next, if they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// As likely before as after.
    pub at: DateTime<Utc>,
    /// Nine of ten come later.
    pub from: DateTime<Utc>,
    /// Nine of ten come earlier.
    pub until: DateTime<Utc>,
}

/// What somebody will probably spend, gross.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Value {
    /// Bookings within 12 months.
    pub bookings_12_months: f64,
    /// Hundredths of the tenant's currency within 12 months.
    pub cents_12_months: i64,
    /// The same within 36 months.
    pub cents_36_months: i64,
}

/// All that is said of a person at an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// The risk; none for those who never came.
    pub churn: Option<Churn>,
    /// When they come next; none when nothing can be said.
    pub next: Option<Expected>,
    /// What they will spend; none for those who never booked themselves.
    pub value: Option<Value>,
    /// How much it rests on.
    pub sufficiency: Sufficiency,
}

/// Scores a person at an instant.
#[must_use]
pub fn score(artefact: &Artefact, history: &History, now: DateTime<Utc>) -> Scores {
    let facts = Facts::at(history, now, artefact.usual, artefact.horizon_days);
    let Some(facts) = facts else {
        return Scores {
            churn: at_no_risk(history, now),
            next: None,
            value: None,
            sufficiency: Sufficiency::None,
        };
    };
    let sufficiency = match facts.occasions {
        1 => Sufficiency::Thin,
        2 => Sufficiency::Fair,
        _ => Sufficiency::Good,
    };
    let churn = at_no_risk(history, now);
    Scores {
        churn: churn.or_else(|| Some(artefact.churn(&facts))),
        next: artefact.next(&facts, now),
        value: artefact.value(&facts, history, now),
        sufficiency,
    }
}

/// Whoever has a departure to come.
fn at_no_risk(history: &History, now: DateTime<Utc>) -> Option<Churn> {
    let days = (history.upcoming(now)? - minutes(now))
        .div_euclid(DAY)
        .max(0);
    Some(Churn {
        risk: 0.0,
        band: Band::Low,
        forecast: Forecast::Stays,
        reasons: vec![Reason::upcoming(days)],
    })
}

impl Artefact {
    fn churn(&self, facts: &Facts) -> Churn {
        let back = self.comes_back(facts);
        let risk = 1.0 - back;
        let band = match risk {
            risk if risk < LOW => Band::Low,
            risk if risk > 1.0 - LOW => Band::High,
            _ => Band::Medium,
        };
        let forecast = match back {
            back if back.max(risk) < self.certain_from => Forecast::Undecided,
            back if back >= 0.5 => Forecast::Stays,
            _ => Forecast::Leaves,
        };
        Churn {
            risk,
            band,
            forecast,
            reasons: self.reasons(facts),
        }
    }

    /// The calibrated probability of coming back within the horizon.
    #[must_use]
    pub fn comes_back(&self, facts: &Facts) -> f64 {
        let buys = self.buys(facts.summary());
        let said = match &self.speaker {
            Speaker::Buying => buys,
            Speaker::Logistic(model) => model.probability(&facts.row(buys)),
        };
        self.calibration.of(said).clamp(0.0, 1.0)
    }

    fn buys(&self, summary: Summary) -> f64 {
        self.coming.buys_within(summary, self.horizon_days / WEEK)
    }

    fn reasons(&self, facts: &Facts) -> Vec<Reason> {
        match &self.speaker {
            Speaker::Buying => {
                let of = |summary| super::special::logit(self.buys(summary));
                reason::of_buying(facts, self.typical, of)
            }
            Speaker::Logistic(model) => {
                let row: [f64; FEATURES] = facts.row(self.buys(facts.summary()));
                let terms: Vec<f64> = model.terms(&row).collect();
                reason::of_terms(facts, &terms)
            }
        }
    }

    fn next(&self, facts: &Facts, now: DateTime<Utc>) -> Option<Expected> {
        let days = self
            .renewal
            .expected(facts.silent_days, facts.rhythm_days)?;
        let today = minutes(now).div_euclid(DAY);
        let [from, at, until] = days.map(|days| {
            #[expect(clippy::cast_possible_truncation, reason = "days of a few years")]
            let ahead = (days - facts.silent_days).round() as Minutes;
            instant((today + ahead) * DAY)
        });
        Some(Expected {
            at: at?,
            from: from?,
            until: until?,
        })
    }

    /// What the person will spend on bookings of their own.
    fn value(&self, facts: &Facts, history: &History, now: DateTime<Utc>) -> Option<Value> {
        let (summary, spent) = bookings(history, minutes(now))?;
        let coming = if self.reckoned_in {
            reckoned_in(self.comes_back(facts), self.buys(facts.summary()))
        } else {
            1.0
        };
        let scale = self.value_scale * coming;
        let worth = self.worth(spent);
        let within = |days: f64| self.booking.expected(summary, days / WEEK) * scale;
        let cents = |days: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "far below 2^63 cents")]
            let cents = (within(days) * worth * 100.0).round() as i64;
            cents
        };
        Some(Value {
            bookings_12_months: within(YEAR),
            cents_12_months: cents(YEAR),
            cents_36_months: cents(THREE_YEARS),
        })
    }

    /// The expected value of a day on which such a person books.
    #[must_use]
    pub fn worth(&self, spent: Option<Spent>) -> f64 {
        let none = Spent {
            purchases: 0,
            mean: 0.0,
        };
        let spend = self.spend.filter(|spend| spend.q > 1.0);
        spend.map_or(self.typical_value, |spend| {
            spend.expected(spent.unwrap_or(none))
        })
    }
}

/// How many times as much is to be expected of somebody who comes `back` with this probability, by the champion, when the
/// model of buying, which the expectation is made of, says `buys`.
#[must_use]
pub fn reckoned_in(back: f64, buys: f64) -> f64 {
    back / buys.max(1e-9)
}

/// Own bookings up to an instant, by the day: how often and how recently (weeks), and what a day was worth. None for
/// those who never booked.
#[must_use]
pub fn bookings(history: &History, now: Minutes) -> Option<(Summary, Option<Spent>)> {
    let kept = || history.kept().filter(|one| one.booked <= now);
    let booked: Vec<Minutes> = kept().map(|one| one.booked).collect();
    let days = occasion_days(&booked, now);
    let (first, last) = (*days.first()?, *days.last()?);
    let today = now.div_euclid(DAY);
    let weeks = |days: i64| i32::try_from(days).map_or(0.0, f64::from) / WEEK;
    let summary = Summary {
        repeats: u32::try_from(days.len() - 1).unwrap_or(u32::MAX),
        recency: weeks(last - first),
        age: weeks(today - first),
    };
    let valued = || kept().filter(|one| one.value.is_some());
    let booked: Vec<Minutes> = valued().map(|one| one.booked).collect();
    let purchases = u32::try_from(occasion_days(&booked, now).len()).unwrap_or(u32::MAX);
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53 cents")]
    let sum = valued().filter_map(|one| one.value).sum::<i64>() as f64 / 100.0;
    let spent = (purchases > 0 && sum > 0.0).then(|| Spent {
        purchases,
        mean: sum / f64::from(purchases),
    });
    Some((summary, spent))
}
