//! Reasons in words, German and English.

use super::catalogue::Catalogue;
use super::extras::{Among, Offer, Why as ExtraWhy};
use super::rebook::Prompt;
use super::suggest::{Because, Why};
use crate::domain::metric::Language;
use crate::domain::words;

const MONTHS: [(&str, &str); 12] = [
    ("Januar", "January"),
    ("Februar", "February"),
    ("März", "March"),
    ("April", "April"),
    ("Mai", "May"),
    ("Juni", "June"),
    ("Juli", "July"),
    ("August", "August"),
    ("September", "September"),
    ("Oktober", "October"),
    ("November", "November"),
    ("Dezember", "December"),
];

/// Why a tour is suggested, as a sentence that goes on behind its name.
#[must_use]
pub fn suggested(why: &Why, catalogue: &Catalogue, language: Language) -> String {
    match (why, language) {
        (Why::Travelled(reasons), _) => travelled(reasons, catalogue, language),
        (Why::Again { times }, Language::German) => {
            format!(
                "weil Sie diese Reise schon {} gemacht haben",
                words::times(*times, language)
            )
        }
        (Why::Again { times }, Language::English) => {
            format!(
                "because you travelled this tour {}",
                words::times(*times, language)
            )
        }
        (Why::NewInRegion { region, times }, Language::German) => {
            format!(
                "neu im Programm: {region}, wo Sie schon {} waren",
                words::times(*times, language)
            )
        }
        (Why::NewInRegion { region, times }, Language::English) => {
            format!(
                "new: {region}, where you have been {}",
                words::times(*times, language)
            )
        }
        (Why::Popular { month }, _) => popular(*month, language),
    }
}

fn popular(month: Option<u32>, language: Language) -> String {
    match (month.map(|month| name(month, language)), language) {
        (Some(month), Language::German) => format!("weil viele Gäste im {month} hierhin reisen"),
        (Some(month), Language::English) => format!("because many guests travel here in {month}"),
        (None, Language::German) => "weil viele Gäste diese Reise machen".to_owned(),
        (None, Language::English) => "because many guests travel this tour".to_owned(),
    }
}

fn travelled(reasons: &[Because], catalogue: &Catalogue, language: Language) -> String {
    let each = reasons.iter().map(|one| {
        let unnamed = match language {
            Language::German => "eine ähnliche Reise",
            Language::English => "a similar tour",
        };
        let title = catalogue.title(one.tour).unwrap_or(unnamed);
        match language {
            Language::German => format!("{} mit „{title}“", words::times(one.times, language)),
            Language::English => format!("“{title}” {}", words::times(one.times, language)),
        }
    });
    let each: Vec<String> = each.collect();
    match language {
        Language::German => format!("weil Sie {} gereist sind", each.join(" und ")),
        Language::English => format!("because you travelled {}", each.join(" and ")),
    }
}

/// Why and when to ask about the next season.
#[must_use]
pub fn prompted(prompt: &Prompt, language: Language) -> String {
    use chrono::Datelike;
    let month = name(prompt.season.month(), language);
    let times = words::times(prompt.trips, language);
    match language {
        Language::German => format!(
            "reiste {times} um den {month} und plant meist {} Tage voraus",
            prompt.lead_days
        ),
        Language::English => format!(
            "travelled {times} around {month} and usually plans {} days ahead",
            prompt.lead_days
        ),
    }
}

/// Why an extra is offered.
#[must_use]
pub fn offered(offer: &Offer, catalogue: &Catalogue, language: Language) -> String {
    match (offer.why, language) {
        (ExtraWhy::Habit { with, of }, Language::German) => {
            format!("war bei {with} von {of} Buchungen dabei")
        }
        (ExtraWhy::Habit { with, of }, Language::English) => {
            format!("was part of {with} of {of} bookings")
        }
        (
            ExtraWhy::Others {
                among,
                with,
                of,
                lift,
            },
            Language::German,
        ) => {
            let who = match among {
                Among::Tour(tour) => {
                    format!("auf „{}“", catalogue.title(tour).unwrap_or("dieser Reise"))
                }
                Among::Party(1) => "von Alleinreisenden".to_owned(),
                Among::Party(2) => "von Paaren".to_owned(),
                Among::Party(_) => "von Gruppen ab drei".to_owned(),
            };
            format!(
                "{with} von {of} Buchungen {who} haben es, {} so oft wie üblich",
                factor(lift, ',')
            )
        }
        (
            ExtraWhy::Others {
                among,
                with,
                of,
                lift,
            },
            Language::English,
        ) => {
            let who = match among {
                Among::Tour(tour) => {
                    format!("on “{}”", catalogue.title(tour).unwrap_or("this tour"))
                }
                Among::Party(1) => "of single travellers".to_owned(),
                Among::Party(2) => "of couples".to_owned(),
                Among::Party(_) => "of parties of three and more".to_owned(),
            };
            format!(
                "{with} of {of} bookings {who} have it, {} as often as usual",
                factor(lift, '.')
            )
        }
    }
}

/// `1,8-mal` or `1.8 times`.
fn factor(lift: f64, point: char) -> String {
    let number = format!("{lift:.1}");
    match point {
        ',' => format!("{}-mal", number.replace('.', ",")),
        _ => format!("{number} times"),
    }
}

fn name(month: u32, language: Language) -> &'static str {
    let (german, english) = MONTHS
        .get((month.max(1) - 1) as usize)
        .copied()
        .unwrap_or_default();
    match language {
        Language::German => german,
        Language::English => english,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::NaiveDate;
    use uuid::Uuid;

    use super::super::catalogue::Tour;
    use super::*;

    fn catalogue() -> Catalogue {
        let tour = Tour {
            title: Some("Nordsee 5-Tage".to_owned()),
            ..Tour::default()
        };
        Catalogue::new(BTreeMap::from([(Uuid::from_u128(1), tour)]), [])
    }

    #[test]
    fn reasons_name_tours_and_how_times() {
        let of = |tour, times| Because {
            tour: Uuid::from_u128(tour),
            times,
            adds: 0.1,
        };
        let why = Why::Travelled(vec![of(1, 2), of(7, 5)]);
        let told = |language| suggested(&why, &catalogue(), language);
        assert_eq!(
            told(Language::German),
            "weil Sie zweimal mit „Nordsee 5-Tage“ und 5-mal mit „eine ähnliche Reise“ gereist sind"
        );
        assert_eq!(
            told(Language::English),
            "because you travelled “Nordsee 5-Tage” twice and “a similar tour” 5 times"
        );
        let month = Why::Popular { month: Some(3) };
        assert_eq!(
            suggested(&month, &catalogue(), Language::German),
            "weil viele Gäste im März hierhin reisen"
        );
    }

    #[test]
    fn extras_and_seasons_say_what_they_rest_on() {
        let offer = Offer {
            extra: "BIKE".to_owned(),
            tour: None,
            why: ExtraWhy::Others {
                among: Among::Tour(Uuid::from_u128(1)),
                with: 20,
                of: 30,
                lift: 2.0,
            },
        };
        assert_eq!(
            offered(&offer, &catalogue(), Language::German),
            "20 von 30 Buchungen auf „Nordsee 5-Tage“ haben es, 2,0-mal so oft wie üblich"
        );
        let day = |month| NaiveDate::from_ymd_opt(2027, month, 10).unwrap();
        let prompt = Prompt {
            from: day(2),
            season: day(5),
            tour: None,
            trips: 3,
            lead_days: 80,
        };
        assert_eq!(
            prompted(&prompt, Language::English),
            "travelled three times around May and usually plans 80 days ahead"
        );
    }
}
