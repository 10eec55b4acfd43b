//! Why somebody is thought to come back or not: numbers first, a sentence in German or English after.

use super::churn::Typical;
use super::dropout::Summary;
use super::facts::{Facts, YEAR};
use crate::domain::metric::Language;
use crate::domain::metric::Language::{English as ENGLISH, German as GERMAN};
use crate::domain::words::{self, ago, many, times};

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
    LetDown { missed: u32, of: u32 },
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
            Because::Upcoming { in_days } => {
                format!("nächste Abfahrt in {}", words::days(in_days, GERMAN))
            }
            Because::Silence { days, usual } => {
                let silent = words::days(days, GERMAN);
                format!("seit {silent} still, üblicher Rhythmus {usual}")
            }
            Because::Once { days } => format!("kam einmal, {}", ago(days, GERMAN)),
            Because::Trend {
                last_year,
                year_before,
            } => {
                let [last, before] = [last_year, year_before].map(|n| times(n, GERMAN));
                format!("{last} in den letzten 12 Monaten, {before} in den 12 davor")
            }
            Because::Loyalty { occasions, days } => {
                let often = times(occasions, GERMAN);
                format!("kam {often} in {}", span(days, GERMAN))
            }
            Because::Response { answered, asked } => {
                format!("las {answered} von {asked} Nachrichten")
            }
            Because::Score { nps } => format!("Weiterempfehlung zuletzt {nps} von 10"),
            Because::Rating { rating } => format!("Bewertung zuletzt {rating} von 5"),
            Because::LetDown { missed, of } => {
                let often = times(missed, GERMAN);
                let of = many(of.into(), ("Buchung", "Buchungen"));
                format!("{often} storniert oder nicht erschienen, bei {of}")
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
            Because::Upcoming { in_days } => {
                format!("next departure in {}", words::days(in_days, ENGLISH))
            }
            Because::Silence { days, usual } => {
                let silent = words::days(days, ENGLISH);
                format!("silent for {silent}, usual rhythm {usual}")
            }
            Because::Once { days } => format!("came once, {}", ago(days, ENGLISH)),
            Because::Trend {
                last_year,
                year_before,
            } => {
                let [last, before] = [last_year, year_before].map(|n| times(n, ENGLISH));
                format!("{last} in the last 12 months, {before} in the 12 before")
            }
            Because::Loyalty { occasions, days } => {
                let often = times(occasions, ENGLISH);
                format!("came {often} in {}", span(days, ENGLISH))
            }
            Because::Response { answered, asked } => format!("read {answered} of {asked} messages"),
            Because::Score { nps } => format!("would recommend us, last asked: {nps} of 10"),
            Because::Rating { rating } => format!("last rating {rating} of 5"),
            Because::LetDown { missed, of } => {
                let of = many(of.into(), ("booking", "bookings"));
                format!("cancelled or missed {}, of {of}", times(missed, ENGLISH))
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
        missed: facts.let_down,
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

/// A length of time, in days below a year.
fn span(days: i64, language: Language) -> String {
    let years = i32::try_from(days).map_or(0.0, f64::from) / YEAR;
    match language {
        _ if years < 1.0 => words::days(days, language),
        Language::German => format!("{years:.1} Jahren").replace('.', ","),
        Language::English => format!("{years:.1} years"),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "days of a lifetime")]
fn whole(days: f64) -> i64 {
    days.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_read_as_people_speak() {
        let told = |because| {
            let reason = Reason {
                because,
                weight: 1.0,
            };
            [Language::German, Language::English].map(|language| reason.sentence(language))
        };
        let silent = |days| Because::Silence { days, usual: 340 };
        let cases = [
            (
                silent(412),
                [
                    "seit 412 Tagen still, üblicher Rhythmus 340",
                    "silent for 412 days, usual rhythm 340",
                ],
            ),
            (
                silent(1),
                [
                    "seit einem Tag still, üblicher Rhythmus 340",
                    "silent for a day, usual rhythm 340",
                ],
            ),
            (
                Because::Upcoming { in_days: 0 },
                [
                    "nächste Abfahrt in weniger als einem Tag",
                    "next departure in less than a day",
                ],
            ),
            (
                Because::Loyalty {
                    occasions: 2,
                    days: 40,
                },
                ["kam zweimal in 40 Tagen", "came twice in 40 days"],
            ),
            (
                Because::Loyalty {
                    occasions: 5,
                    days: 1_570,
                },
                ["kam 5-mal in 4,3 Jahren", "came 5 times in 4.3 years"],
            ),
            (
                Because::Trend {
                    last_year: 1,
                    year_before: 0,
                },
                [
                    "einmal in den letzten 12 Monaten, nie in den 12 davor",
                    "once in the last 12 months, never in the 12 before",
                ],
            ),
            (
                Because::LetDown { missed: 1, of: 1 },
                [
                    "einmal storniert oder nicht erschienen, bei 1 Buchung",
                    "cancelled or missed once, of 1 booking",
                ],
            ),
        ];
        for (because, wanted) in cases {
            assert_eq!(told(because), wanted);
        }
    }
}
