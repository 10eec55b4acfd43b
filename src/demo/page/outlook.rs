//! What the models say of a person, each with its reasons: whether they come back, how to reach them, what to offer.
//!
//! What they abstain from is said as such; nothing here is a guess of the page's own.

#![expect(
    clippy::indexing_slicing,
    reason = "reading a JSON value by key gives null, it never panics"
)]

use maud::{Markup, html};
use serde_json::Value;

use super::layout::{fact, reasoned};
use super::{format, labels};

/// Whether they come back, when and for how much; how alive the relation is; which group they are of.
pub(super) fn forecast(insight: &Value) -> Markup {
    let told = &insight["forecast"];
    let value = &told["predicted_value"];
    let currency = insight["behavior_aggregate"]["currency"].as_str();
    let risk = match told["churn_band"].as_str() {
        Some(band) => labels::risk(band),
        None => format::NONE,
    };
    let basis = match told["churn_risk"].as_f64() {
        Some(_) => format!(
            "{}, dass in {} Monaten nichts kommt · {}",
            format::percent(&told["churn_risk"]),
            months(&told["horizon_days"]),
            labels::sufficiency(told["sufficiency"].as_str().unwrap_or_default())
        ),
        None => "keine Aussage: zu wenig bekannt, oder sie ist nicht erlaubt".to_owned(),
    };
    let next = &told["next_booking"];
    let between = if next.is_null() {
        String::new()
    } else {
        format!(
            "etwa; mit 80\u{a0}% zwischen {} und {}",
            format::day(&next["from"]),
            format::day(&next["until"])
        )
    };
    let (score, group) = (&insight["engagement_score"], &insight["cluster"]);
    html! {
        dl {
            (reasoned("Abwanderungsrisiko", risk, &basis, &because(sentences(&told["reasons"], "sentence"))))
            (fact("Nächste Buchung, falls sie kommt", &format::day(&next["expected_at"]), &between))
            (fact("Erwarteter Umsatz, 12 Monate", &format::money(&value["value_12_months"], currency), ""))
            (fact("Erwarteter Umsatz, 36 Monate", &format::money(&value["value_36_months"], currency), ""))
            (reasoned("Bindung (0–100)", &format::decimal(&score["score"], 0), &coverage(&score["coverage"]), &because(sentences(&score["parts"], "reason"))))
            (fact("Kundengruppe", &format::text(&group["name_de"]), ""))
        }
    }
}

/// By which channel.
pub(super) fn channel(insight: &Value) -> Markup {
    let told = &insight["channel_preference"];
    let name = |key: &str| told[key].as_str().map_or(format::NONE, labels::detail);
    let sure = match told["confidence"].as_f64() {
        Some(_) => format!("mit {} der beste", format::percent(&told["confidence"])),
        None => String::new(),
    };
    let why = told["reason"].as_str().into_iter().map(str::to_owned);
    html! {
        dl {
            (fact("Gewünscht", name("stated_channel"), ""))
            (reasoned("Gelernt", name("learned_channel"), &sure, &because(why.collect())))
        }
    }
}

/// What to offer: tours that are new to them, and tours to book again.
pub(super) fn offers(insight: &Value) -> Markup {
    let none = Vec::new();
    let tours = insight["recommendations"].as_array().unwrap_or(&none);
    html! {
        @if tours.is_empty() { p.fresh { "Zurzeit keine Empfehlung." } } @else {
            ul.offers {
                @for tour in tours {
                    li {
                        strong { (format::text(&tour["title"])) } " ab " (format::day(&tour["start_date"]))
                        small { (labels::list(tour["list"].as_str().unwrap_or_default())) " · " (format::text(&tour["reason"])) }
                    }
                }
            }
        }
    }
}

/// Sentences, folded away beneath what they explain.
fn because(sentences: Vec<String>) -> Markup {
    html! {
        @if !sentences.is_empty() {
            details.why {
                summary { "Warum?" }
                @for sentence in sentences { p { (sentence) } }
            }
        }
    }
}

fn sentences(all: &Value, key: &str) -> Vec<String> {
    let each = all.as_array().into_iter().flatten();
    each.filter_map(|one| one[key].as_str())
        .map(str::to_owned)
        .collect()
}

fn coverage(share: &Value) -> String {
    if share.is_null() {
        String::new()
    } else {
        format!("{} der Bausteine haben Daten", format::percent(share))
    }
}

/// Months of so many days, to the nearest.
fn months(days: &Value) -> String {
    const DAYS_A_MONTH: f64 = 30.44;
    let months = days.as_f64().map(|days| days / DAYS_A_MONTH);
    months.map_or(format::NONE.to_owned(), |months| format!("{months:.0}"))
}
