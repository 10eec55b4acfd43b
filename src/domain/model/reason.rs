//! Why somebody is thought to come back or not: numbers first, a sentence in German or English after.

use super::churn::Typical;
use super::dropout::Summary;
use super::facts::{Facts, YEAR};
use crate::domain::metric::Language;

/// How many reasons are given.
const GIVEN: usize = 3;
/// Less than this in log-odds is no reason.
const NOTHING: f64 = 0.02;

/// What something rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "days, counts and scores under their own names")]
pub enum Because {
    /// A departure is to come.
    Upcoming { in_days: i64 },
    /// How long nothing happened, and after how long something usually does.
    Silence { days: i64, usual: i64 },
    /// Came once only.
    Once { days: i64 },
    /// How often lately, and before.
    Trend { last_year: u32, year_before: u32 },
    /// How often in all, and for how long.
    Loyalty { occasions: u32, days: i64 },
    /// How many messages were read.
    Response { answered: u32, asked: u32 },
    /// The latest score, 0 to 10.
    Score { nps: u8 },
    /// The latest rating, 1 to 5.
    Rating { rating: u8 },
    /// Cancelled or missed.
    LetDown { times: u32, of: u32 },
    /// Taken along by others, or booking for them.
    Company {
        along: u32,
        of: u32,
        organiser: bool,
    },
    /// The time of the year.
    Season,
}

/// One reason with its weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reason {
    /// What it is.
    pub because: Because,
    /// What it adds to the log-odds of coming back, beside a typical person: above 0 lowers the risk.
    pub weight: f64,
}

impl Reason {
    /// Whoever has a departure to come, in so many days, is at no risk.
    #[must_use]
    pub const fn upcoming(in_days: i64) -> Self {
        Self {
            because: Because::Upcoming { in_days },
            weight: f64::INFINITY,
        }
    }

    /// Whether it raises the risk.
    #[must_use]
    pub fn raises_risk(&self) -> bool {
        self.weight < 0.0
    }

    /// Its stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.because {
            Because::Upcoming { .. } => "UPCOMING_TRIP",
            Because::Silence { .. } => "SILENCE",
            Because::Once { .. } => "ONE_TIMER",
            Because::Trend { .. } => "TREND",
            Because::Loyalty { .. } => "LOYALTY",
            Because::Response { .. } => "RESPONSE",
            Because::Score { .. } => "NPS",
            Because::Rating { .. } => "RATING",
            Because::LetDown { .. } => "RELIABILITY",
            Because::Company { .. } => "COMPANY",
            Because::Season => "SEASON",
        }
    }

    /// The reason in a few words.
    #[must_use]
    pub fn sentence(&self, language: Language) -> String {
        match language {
            Language::German => self.german(),
            Language::English => self.english(),
        }
    }

    fn german(&self) -> String {
        match self.because {
            Because::Upcoming { in_days } => format!("nächste Abfahrt in {in_days} Tagen"),
            Because::Silence { days, usual } => {
                format!("seit {days} Tagen still, üblicher Rhythmus {usual}")
            }
            Because::Once { days } => format!("kam einmal, vor {days} Tagen"),
            Because::Trend {
                last_year,
                year_before,
            } => {
                format!("{last_year}-mal in den letzten 12 Monaten, {year_before}-mal davor")
            }
            Because::Loyalty { occasions, days } => {
                format!(
                    "kam {occasions}-mal in {} Jahren",
                    years(days).replace('.', ",")
                )
            }
            Because::Response { answered, asked } => {
                format!("las {answered} von {asked} Nachrichten")
            }
            Because::Score { nps } => format!("Weiterempfehlung zuletzt {nps} von 10"),
            Because::Rating { rating } => format!("Bewertung zuletzt {rating} von 5"),
            Because::LetDown { times, of } => {
                format!("{times}-mal storniert oder nicht erschienen, bei {of} Buchungen")
            }
            Because::Company {
                organiser: true, ..
            } => "bucht für Gruppen".to_owned(),
            Because::Company { along, of, .. } => format!("{along} von {of}-mal mitgenommen"),
            Because::Season => "übliche Reisezeit und Vorausschau".to_owned(),
        }
    }

    fn english(&self) -> String {
        match self.because {
            Because::Upcoming { in_days } => format!("next departure in {in_days} days"),
            Because::Silence { days, usual } => {
                format!("silent for {days} days, usual rhythm {usual}")
            }
            Because::Once { days } => format!("came once, {days} days ago"),
            Because::Trend {
                last_year,
                year_before,
            } => {
                format!("{last_year} times in the last 12 months, {year_before} before")
            }
            Because::Loyalty { occasions, days } => {
                format!("came {occasions} times in {} years", years(days))
            }
            Because::Response { answered, asked } => format!("read {answered} of {asked} messages"),
            Because::Score { nps } => format!("would recommend us, last asked: {nps} of 10"),
            Because::Rating { rating } => format!("last rating {rating} of 5"),
            Because::LetDown { times, of } => {
                format!("cancelled or missed {times} times, of {of} bookings")
            }
            Because::Company {
                organiser: true, ..
            } => "books for groups".to_owned(),
            Because::Company { along, of, .. } => format!("taken along {along} of {of} times"),
            Because::Season => "usual season and horizon".to_owned(),
        }
    }
}

/// Reasons from the terms of the logistic model, in the order of its features.
#[must_use]
pub fn of_terms(facts: &Facts, terms: &[f64]) -> Vec<Reason> {
    let sum = |places: std::ops::Range<usize>| terms.get(places).unwrap_or_default().iter().sum();
    let loyalty = sum(6..7) + sum(10..11);
    let parts = [
        (Some(silence(facts)), sum(0..6)),
        (Some(once_or_loyal(facts)), loyalty + sum(7..8)),
        (Some(trend(facts)), sum(8..10)),
        (response(facts), sum(11..12)),
        (facts.nps.map(|nps| Because::Score { nps }), sum(12..13)),
        (
            facts.rating.map(|rating| Because::Rating { rating }),
            sum(13..14),
        ),
        (let_down(facts), sum(14..15)),
        (company(facts), sum(15..16)),
        (Some(Because::Season), sum(16..17)),
    ];
    heaviest(parts)
}

/// Reasons from the model of buying: what is different when one thing is as with the typical person.
#[must_use]
pub fn of_buying(facts: &Facts, typical: Typical, odds: impl Fn(Summary) -> f64) -> Vec<Reason> {
    let own = facts.summary();
    let of = |repeats, recency, silence| Summary {
        repeats,
        recency,
        age: recency + silence,
    };
    let usual_silence = of(own.repeats, own.recency, typical.silence);
    let silent = odds(own) - odds(usual_silence);
    let often = odds(usual_silence) - odds(of(typical.repeats, typical.recency, typical.silence));
    heaviest([
        (Some(silence(facts)), silent),
        (Some(once_or_loyal(facts)), often),
    ])
}

fn heaviest<const N: usize>(parts: [(Option<Because>, f64); N]) -> Vec<Reason> {
    let told = parts.into_iter().filter_map(|(because, weight)| {
        let because = because.filter(|_| weight.abs() >= NOTHING)?;
        Some(Reason { because, weight })
    });
    let mut told: Vec<Reason> = told.collect();
    told.sort_by(|one, other| other.weight.abs().total_cmp(&one.weight.abs()));
    told.truncate(GIVEN);
    told
}

fn silence(facts: &Facts) -> Because {
    Because::Silence {
        days: whole(facts.silent_days),
        usual: whole(facts.rhythm_days),
    }
}

fn once_or_loyal(facts: &Facts) -> Because {
    if facts.occasions == 1 {
        let days = whole(facts.silent_days);
        return Because::Once { days };
    }
    Because::Loyalty {
        occasions: facts.occasions,
        days: whole(facts.known_days),
    }
}

fn trend(facts: &Facts) -> Because {
    Because::Trend {
        last_year: facts.last_year,
        year_before: facts.year_before,
    }
}

fn response(facts: &Facts) -> Option<Because> {
    (facts.asked > 0).then_some(Because::Response {
        answered: facts.answered,
        asked: facts.asked,
    })
}

fn let_down(facts: &Facts) -> Option<Because> {
    (facts.promised > 0).then_some(Because::LetDown {
        times: facts.let_down,
        of: facts.promised,
    })
}

fn company(facts: &Facts) -> Option<Because> {
    (facts.organiser || facts.along > 0).then_some(Because::Company {
        along: facts.along,
        of: facts.occasions,
        organiser: facts.organiser,
    })
}

fn years(days: i64) -> String {
    format!("{:.1}", i32::try_from(days).map_or(0.0, f64::from) / YEAR)
}

#[expect(clippy::cast_possible_truncation, reason = "days of a lifetime")]
fn whole(days: f64) -> i64 {
    days.round() as i64
}
