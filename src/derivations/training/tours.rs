//! Tours: trained from everybody's trips, let speak when its lists are better than those of popularity.

use serde_json::json;

use super::{Material, Training};
use crate::domain::model::history::minutes;
use crate::domain::model::registry::Verdict;
use crate::domain::model::tours::train::{self, JUDGED_MIN};
use crate::models::form;

const ALGORITHM: &str = "ease";

pub(super) fn train(material: &Material, _champion: Option<&[u8]>) -> Training {
    let abstaining = |persons, report, reason| Training {
        algorithm: ALGORITHM.to_owned(),
        settings: json!({}),
        seed: 0,
        window_from: None,
        persons,
        report,
        artefact: None,
        verdict: Verdict::Abstains,
        reason,
    };
    let (model, report) = match train::train(&material.histories, minutes(material.until)) {
        Ok(trained) => trained,
        Err(error) => return abstaining(0, json!({}), error.to_string()),
    };
    let persons = report.travellers as usize;
    let told = serde_json::to_value(&report).unwrap_or_default();
    if report.model.users < JUDGED_MIN {
        let reason = format!(
            "{} travellers took another tour in the last year, {JUDGED_MIN} are needed to judge",
            report.model.users
        );
        return abstaining(persons, told, reason);
    }
    let wins = report.beats_popularity();
    let reason = format!(
        "NDCG@10 {:.4} of tours that were new, popularity {:.4}, over {} travellers",
        report.model.ndcg_10, report.popularity.ndcg_10, report.model.users
    );
    Training {
        algorithm: ALGORITHM.to_owned(),
        settings: serde_json::to_value(report.parameters).unwrap_or_default(),
        seed: 0,
        window_from: None,
        persons,
        report: told,
        artefact: Some(form::encode(&model)),
        verdict: if wins {
            Verdict::Promoted
        } else {
            Verdict::BeatenByBaseline
        },
        reason,
    }
}
