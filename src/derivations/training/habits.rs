//! What is usual for the tenant in channels and engagement: counted, so there is nothing to win against.

use serde_json::json;

use super::{Material, Training};
use crate::domain::model::habits::{Habits, TRIALS_MIN};
use crate::domain::model::history::minutes;
use crate::domain::model::registry::Verdict;
use crate::models::form;

pub(super) fn train(material: &Material, _champion: Option<&[u8]>) -> Training {
    let about = &material.about;
    let (habits, report) = Habits::learn(
        &material.histories,
        &about.accounts,
        about.time_zone,
        about.settings.weights,
        minutes(material.until),
    );
    let tried: u32 = report.trials.values().sum();
    let enough = tried >= TRIALS_MIN || report.gaps >= TRIALS_MIN;
    let reason = format!(
        "{tried} messages and bookings on {} channels, {} gaps between bookings, {} answers",
        report.trials.len(),
        report.gaps,
        report.answers
    );
    let channels: serde_json::Map<String, serde_json::Value> = habits
        .rates
        .iter()
        .map(|(channel, rate)| (channel.name().to_owned(), json!(rate)))
        .collect();
    Training {
        algorithm: "beta-binomial".to_owned(),
        settings: json!({ "weights": habits.weights }),
        seed: 0,
        window_from: None,
        persons: report.customers as usize,
        report: json!({ "customers": report.customers, "channel_rates": channels, "usual": habits.usual }),
        artefact: enough.then(|| form::encode(&habits)),
        verdict: if enough {
            Verdict::Promoted
        } else {
            Verdict::Abstains
        },
        reason,
    }
}
