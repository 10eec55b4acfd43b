//! The timeline of a person, latest first.

#![expect(
    clippy::indexing_slicing,
    reason = "reading a JSON value by key gives null, it never panics"
)]

use maud::{Markup, html};
use serde_json::Value;

use super::{format, labels};

pub(super) fn section(activities: &Value) -> Markup {
    let Some(nodes) = activities["nodes"]
        .as_array()
        .filter(|nodes| !nodes.is_empty())
    else {
        return html! {};
    };
    html! {
        section aria-labelledby="verlauf" {
            h2 #verlauf { "Verlauf" }
            ol.timeline { @for node in nodes { (entry(node)) } }
            @if activities["page_info"]["has_next_page"] == true {
                p.fresh { "Gezeigt werden die letzten " (nodes.len()) " Ereignisse." }
            }
        }
    }
}

fn entry(node: &Value) -> Markup {
    let occurred = node["occurred_at"].as_str().unwrap_or_default();
    let amount = &node["amount"];
    let words = [
        node["tour_title"].as_str().map(str::to_owned),
        node["boarding_point_label"].as_str().map(str::to_owned),
        node["channel"]
            .as_str()
            .map(|code| labels::detail(code).to_owned()),
        node["detail"]
            .as_str()
            .map(|code| labels::detail(code).to_owned()),
        amount
            .is_object()
            .then(|| format::money(&amount["amount"], amount["currency"].as_str())),
    ];
    let words: Vec<_> = words.into_iter().flatten().collect();
    html! {
        li {
            time datetime=(occurred) { (format::time(&node["occurred_at"])) }
            strong { (labels::activity(node["kind"].as_str().unwrap_or(format::NONE))) }
            @if !words.is_empty() { span { (words.join(" · ")) } }
        }
    }
}
