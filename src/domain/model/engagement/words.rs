//! The parts of the score in words, German and English.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{Ground, Part, Scored};
use crate::domain::metric::Language;
use crate::domain::model::history::{Minutes, instant};
use crate::domain::words::{ago, many, times};

impl Part {
    /// Its name in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rhythm => "RHYTHM",
            Self::Trend => "TREND",
            Self::Response => "RESPONSE",
            Self::Feedback => "FEEDBACK",
            Self::Reliability => "RELIABILITY",
        }
    }
}

/// A day as people write it.
#[must_use]
pub fn day(at: Minutes, zone: Tz, language: Language) -> String {
    let at: Option<DateTime<Utc>> = instant(at);
    at.map_or_else(String::new, |at| {
        let day = at.with_timezone(&zone).date_naive();
        match language {
            Language::German => day.format("%d.%m.%Y").to_string(),
            Language::English => day.to_string(),
        }
    })
}

impl Scored {
    /// What it rests on, in one sentence without a full stop.
    #[must_use]
    pub fn told(&self, zone: Tz, language: Language) -> String {
        let german = language == Language::German;
        match self.ground {
            Ground::Rhythm { silent, usual } if german => {
                let silent = ago(silent, language);
                format!("letzte Buchung oder Reise {silent}, üblich sind {usual} Tage")
            }
            Ground::Rhythm { silent, usual } => {
                format!(
                    "last booking or trip {}, usual gap {usual}",
                    ago(silent, language)
                )
            }
            Ground::Trend { last, before } if german => {
                let last = many(last.into(), ("Buchung", "Buchungen"));
                format!("{last} in 12 Monaten, {before} in den 12 Monaten davor")
            }
            Ground::Trend { last, before } => {
                let last = many(last.into(), ("booking", "bookings"));
                format!("{last} in 12 months, {before} in the 12 before")
            }
            Ground::Response { responded, tried } if german => {
                format!("{responded} von {tried} Nachrichten gelesen oder beantwortet")
            }
            Ground::Response { responded, tried } => {
                format!("read or answered {responded} of {tried} messages")
            }
            Ground::Feedback { nps, rating, at } => {
                feedback((nps, rating), &day(at, zone, language), german)
            }
            Ground::Reliability {
                no_shows,
                late_cancels,
                trips,
            } if german => {
                let [missed, late] = [no_shows, late_cancels].map(|n| times(n, language));
                let trips = many(trips.into(), ("Reise", "Reisen"));
                format!("{missed} nicht erschienen, {late} spät storniert bei {trips}")
            }
            Ground::Reliability {
                no_shows,
                late_cancels,
                trips,
            } => {
                let missed = many(no_shows.into(), ("no-show", "no-shows"));
                let late = many(
                    late_cancels.into(),
                    ("late cancellation", "late cancellations"),
                );
                format!(
                    "{missed} and {late} in {}",
                    many(trips.into(), ("trip", "trips"))
                )
            }
        }
    }
}

fn feedback((nps, rating): (Option<u8>, Option<u8>), day: &str, german: bool) -> String {
    let nps = nps.map(|score| format!("NPS {score}"));
    let rating = rating.map(|stars| {
        if german {
            format!("Bewertung {stars} von 5")
        } else {
            format!("rating {stars} of 5")
        }
    });
    let said: Vec<String> = nps.into_iter().chain(rating).collect();
    let on = if german { "am" } else { "on" };
    format!("{} {on} {day}", said.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_one_sentence_in_both_languages() {
        let told = |ground, language| {
            let scored = Scored {
                part: Part::Rhythm,
                value: 0.5,
                weight: 1.0,
                ground,
            };
            scored.told(chrono_tz::Europe::Berlin, language)
        };
        let rhythm = Ground::Rhythm {
            silent: 212,
            usual: 330,
        };
        assert_eq!(
            told(rhythm, Language::English),
            "last booking or trip 212 days ago, usual gap 330"
        );
        let said = Ground::Feedback {
            nps: Some(9),
            rating: Some(4),
            // 2025-10-02T22:30:00Z is the next day in Berlin.
            at: 29_324_070,
        };
        assert_eq!(
            told(said, Language::German),
            "NPS 9, Bewertung 4 von 5 am 03.10.2025"
        );
        let others = [
            Ground::Trend { last: 2, before: 1 },
            Ground::Response {
                responded: 5,
                tried: 7,
            },
            Ground::Reliability {
                no_shows: 1,
                late_cancels: 0,
                trips: 8,
            },
        ];
        for ground in others {
            assert_ne!(
                told(ground, Language::German),
                told(ground, Language::English)
            );
        }
    }
}
