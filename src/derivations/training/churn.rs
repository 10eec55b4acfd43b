//! Whether, when and for how much customers come back: MBG/NBD against a logistic model, judged by a rolling back-test.

use serde_json::json;

use super::{Material, Training};
use crate::domain::model::churn::Artefact;
use crate::domain::model::train::{Settings, train as learn};
use crate::models::form;

pub(super) fn train(material: &Material, champion: Option<&[u8]>) -> Training {
    let settings = Settings {
        horizon_days: material.about.settings.horizon.days(),
        ..Settings::default()
    };
    let champion: Option<Artefact> = champion.and_then(form::decode);
    let histories = material.histories.spread(settings.persons_max);
    let (artefact, report) = learn(&histories, material.until, settings, champion.as_ref());
    let speaks = report.champion.map_or("none", |one| one.name());
    Training {
        algorithm: speaks.to_owned(),
        settings: json!(settings),
        // Nothing is drawn.
        seed: 0,
        window_from: None,
        persons: report.persons as usize,
        verdict: report.verdict,
        reason: report.reason.clone(),
        report: json!(report),
        artefact: artefact.as_ref().map(form::encode),
    }
}
