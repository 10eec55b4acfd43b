//! The reason of a number, folded away beneath it: what it means, how many observations, which activities.

#![expect(
    clippy::indexing_slicing,
    reason = "reading a JSON value by key gives null, it never panics"
)]

use maud::{Markup, html};
use serde_json::Value;

use super::{format, labels};

/// The reason that the answer gives for a metric; nothing where it gives none.
pub(super) fn reason(insight: &Value, metric: &str) -> Markup {
    let why = &insight[format!("why_{metric}").as_str()];
    let Some(formula) = why["formula"].as_str() else {
        return html! {};
    };
    let none = Vec::new();
    let activities = why["activities"].as_array().unwrap_or(&none);
    let total = why["total"].as_u64().unwrap_or_default();
    html! {
        details.why {
            summary { "Warum?" }
            p { (formula) }
            p { (rests_on(why["inputs"].as_u64().unwrap_or_default())) }
            @if !activities.is_empty() {
                ol { @for one in activities { (activity(insight, why, one)) } }
            }
            @if total > activities.len() as u64 {
                p { "Gezeigt sind die letzten " (activities.len()) " von " (total) " Ereignissen." }
            }
        }
    }
}

fn rests_on(inputs: u64) -> String {
    match inputs {
        0 => "Dazu liegt nichts vor.".to_owned(),
        1 => "Ruht auf einer Beobachtung.".to_owned(),
        many => format!("Ruht auf {many} Beobachtungen."),
    }
}

/// A line that leads to the activity where the timeline below shows it.
fn activity(insight: &Value, why: &Value, one: &Value) -> Markup {
    let id = one["id"].as_str().unwrap_or_default();
    let contributions = why["contributions"].as_array();
    let adds = contributions.and_then(|all| {
        let own = all.iter().find(|adds| adds["activity_id"] == one["id"])?;
        own["text"].as_str()
    });
    let shown = insight["activities"]["nodes"].as_array();
    let shown = shown.is_some_and(|nodes| nodes.iter().any(|node| node["id"] == one["id"]));
    let what = labels::activity(one["kind"].as_str().unwrap_or(format::NONE));
    let when = format::day(&one["occurred_at"]);
    html! {
        li {
            @if shown { a href=(format!("#{id}")) { (when) " " (what) } } @else { (when) " " (what) }
            @if let Some(tour) = one["tour_title"].as_str() { " · " (tour) }
            @if let Some(adds) = adds { " · " (adds) }
        }
    }
}
