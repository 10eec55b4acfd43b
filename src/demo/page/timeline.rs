//! The timeline of a person, latest first.

#![expect(
    clippy::indexing_slicing,
    reason = "reading a JSON value by key gives null, it never panics"
)]

use chrono::{DateTime, FixedOffset, TimeDelta};
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
            @if let Some(at) = taken_over { p.fresh { "Die Vorgeschichte wurde am " (at.format("%d.%m.%Y")) " übernommen." } }
            ol.timeline { @for node in nodes { (entry(node, taken_over)) } }
            @if activities["page_info"]["has_next_page"] == true {
                p.fresh { "Gezeigt werden die letzten " (nodes.len()) " Ereignisse." }
            }
        }
    }
}

/// Around which instant most of what is shown was told at once, long after it happened.
fn taken_over(nodes: &[Value]) -> Option<DateTime<FixedOffset>> {
    let told_late = nodes.iter().filter(|node| node["provenance"] == "LATE");
    let mut told: Vec<_> = told_late.filter_map(recorded_at).collect();
    told.sort_unstable();
    let middle = *told.get(told.len() / 2)?;
    let together = told.iter().filter(|at| belongs(**at, middle)).count();
    (together > 2 && together * 2 > nodes.len()).then_some(middle)
}

fn recorded_at(node: &Value) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(node["recorded_at"].as_str()?).ok()
}

fn belongs(at: DateTime<FixedOffset>, middle: DateTime<FixedOffset>) -> bool {
    (at - middle).abs() <= TimeDelta::minutes(10)
}

fn entry(node: &Value, taken_over: Option<DateTime<FixedOffset>>) -> Markup {
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
fn mark(node: &Value, taken_over: Option<DateTime<FixedOffset>>) -> Option<String> {
    let told = recorded_at(node).zip(taken_over);
    if told.is_some_and(|(at, middle)| belongs(at, middle)) {
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
