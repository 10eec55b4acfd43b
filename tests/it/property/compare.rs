//! Says where two insights differ, by path, so that failures of one kind can be told from another.

use customer_intelligence::domain::insight::{Insight, Revenue};
use serde_json::{Value, json};

use super::oracle::Verdict;

/// The first place where the fold and the oracle differ; floats may differ in the last digits.
pub(super) fn differs(insight: Option<&Insight>, verdict: Option<&Verdict>) -> Option<String> {
    let (insight, verdict) = match (insight, verdict) {
        (None, None) => return None,
        (Some(insight), Some(verdict)) => (insight, verdict),
        (insight, _) => {
            let (code, oracle) = if insight.is_some() {
                ("shown", "none")
            } else {
                ("none", "shown")
            };
            return Some(format!("known: fold {code}, oracle {oracle}"));
        }
    };
    let same = insight.person_profile_id == verdict.person
        && insight.behavior == verdict.behavior
        && insight.feedback == verdict.feedback
        && insight.standing == verdict.standing;
    if same {
        return None;
    }
    let mut behavior = insight.behavior.clone();
    let mut wanted = verdict.behavior.clone();
    without_zeros(&mut behavior.revenue);
    without_zeros(&mut wanted.revenue);
    let fold = json!({
        "person": insight.person_profile_id,
        "behavior": behavior,
        "feedback": insight.feedback,
        "standing": insight.standing,
    });
    let oracle = json!({
        "person": verdict.person,
        "behavior": wanted,
        "feedback": verdict.feedback,
        "standing": verdict.standing,
    });
    walk("", &fold, &oracle)
}

/// A currency that occurred with nothing in it is the same as one that did not occur.
fn without_zeros(revenue: &mut Revenue) {
    for purse in [
        &mut revenue.lifetime,
        &mut revenue.realised,
        &mut revenue.upcoming,
        &mut revenue.paid,
        &mut revenue.outstanding,
        &mut revenue.credit,
        &mut revenue.onboard,
        &mut revenue.open_reservations,
    ] {
        purse.0.retain(|_, cents| *cents != 0);
    }
}

/// The kind of a difference: its path, without what stood there.
pub(super) fn kind(difference: &str) -> &str {
    difference.split(": ").next().unwrap_or(difference)
}

fn walk(path: &str, fold: &Value, oracle: &Value) -> Option<String> {
    match (fold, oracle) {
        (Value::Object(left), Value::Object(right)) => {
            let names = left.keys().chain(right.keys());
            let null = Value::Null;
            let at = |side: &serde_json::Map<String, Value>, name: &str| {
                side.get(name).cloned().unwrap_or(null.clone())
            };
            let mut each = names.filter_map(|name| {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                walk(&path, &at(left, name), &at(right, name))
            });
            each.next()
        }
        (Value::Number(left), Value::Number(right)) if close(left.as_f64(), right.as_f64()) => None,
        (left, right) if left == right => None,
        (left, right) => Some(format!("{path}: fold {left}, oracle {right}")),
    }
}

fn close(left: Option<f64>, right: Option<f64>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => (left - right).abs() <= 1e-12 * left.abs().max(1.0),
        _ => false,
    }
}
