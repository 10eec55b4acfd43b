//! The timeline of a person, latest first.

#![expect(
    clippy::indexing_slicing,
    reason = "reading a JSON value by key gives null, it never panics"
)]

use std::collections::BTreeMap;

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
    let taken_over = taken_over(nodes);
    html! {
        section aria-labelledby="verlauf" {
            h2 #verlauf { "Verlauf" }
            @if let Some(day) = &taken_over { p.fresh { "Die Vorgeschichte wurde am " (day) " übernommen." } }
            ol.timeline { @for node in nodes { (entry(node, taken_over.as_deref())) } }
            @if activities["page_info"]["has_next_page"] == true {
                p.fresh { "Gezeigt werden die letzten " (nodes.len()) " Ereignisse." }
            }
        }
    }
}

/// The day on which most of what is shown was told at once, long after it happened.
fn taken_over(nodes: &[Value]) -> Option<String> {
    let told_late = |node: &&Value| node["provenance"] == "LATE";
    let days = nodes
        .iter()
        .filter(told_late)
        .map(|node| format::day(&node["recorded_at"]));
    let mut by_day: BTreeMap<String, usize> = BTreeMap::new();
    days.for_each(|day| *by_day.entry(day).or_default() += 1);
    let (day, told) = by_day.into_iter().max_by_key(|(_, told)| *told)?;
    (told > 2 && told * 2 > nodes.len()).then_some(day)
}

fn entry(node: &Value, taken_over: Option<&str>) -> Markup {
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
        li id=[node["id"].as_str()] {
            time datetime=(occurred) { (format::time(&node["occurred_at"])) }
            strong { (labels::activity(node["kind"].as_str().unwrap_or(format::NONE))) }
            span {
                (words.join(" · "))
                @if let Some(mark) = mark(node, taken_over) { span.late { (mark) } }
            }
        }
    }
}

/// How it came to be known, where that was not as it happened; with the numbers that it changed.
fn mark(node: &Value, taken_over: Option<&str>) -> Option<String> {
    if taken_over == Some(format::day(&node["recorded_at"]).as_str()) {
        return None;
    }
    if let Some(note) = node["late_note"].as_str() {
        let (span, _) = note.split_once(": ").unwrap_or((note, ""));
        let changes = node["changes"].as_array().into_iter().flatten();
        let changes = changes.filter_map(|change| {
            let name = labels::metric(change["metric"].as_str()?)?;
            let value = |side: &str| format::plain(&change[side]);
            Some(format!("{name} {} → {}", value("before"), value("after")))
        });
        let changes: Vec<_> = changes.collect();
        return Some(if changes.is_empty() {
            span.to_owned()
        } else {
            format!("{span}: {}", changes.join(", "))
        });
    }
    match node["provenance"].as_str()? {
        "BACKFILL" => Some("nachgetragen".to_owned()),
        "REPLAY" => Some("erneut zugestellt".to_owned()),
        _ => None,
    }
}
