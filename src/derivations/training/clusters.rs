//! Groups of customers: found anew every four weeks, from the present ones on; in between people are only assigned.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Material, Training};
use crate::domain::model::clusters::model::{Clusters, Customer, Rfm};
use crate::domain::model::histories::Histories;
use crate::domain::model::history::{DAY, Minutes, minutes};
use crate::domain::model::registry::Verdict;
use crate::models::form;

const ALGORITHM: &str = "k-means";
const SEED: u64 = 42;
/// Groups hold so many days.
const KEPT_DAYS: i64 = 28;

pub(super) fn train(material: &Material, champion: Option<&[u8]>) -> Training {
    let now = minutes(material.until);
    let present: Option<Clusters> = champion.and_then(form::decode);
    let (numbers, regions) = looked_at(&material.histories, now);
    let customers: Vec<Customer<'_>> = numbers
        .into_iter()
        .map(|(rfm, region)| Customer {
            rfm,
            region: region
                .and_then(|place| regions.get(place))
                .map(String::as_str),
        })
        .collect();
    let training = |report, artefact, verdict, reason| Training {
        algorithm: ALGORITHM.to_owned(),
        settings: json!({ "features": ["recency", "frequency", "monetary"], "kept_days": KEPT_DAYS }),
        seed: 42,
        window_from: None,
        persons: customers.len(),
        report,
        artefact,
        verdict,
        reason,
    };
    let young = present
        .as_ref()
        .filter(|model| now - model.trained_at() < KEPT_DAYS * DAY);
    if let Some(model) = young {
        let reason = format!("the groups are kept for {KEPT_DAYS} days");
        let artefact = Some(form::encode(model));
        return training(json!({}), artefact, Verdict::BeatenByChampion, reason);
    }
    match Clusters::train(&customers, present.as_ref(), SEED, now) {
        Ok((model, report)) => {
            let names: Vec<&str> = model
                .groups()
                .iter()
                .map(|one| one.name.english.as_str())
                .collect();
            let reason = format!("{} stable groups: {}", names.len(), names.join("; "));
            let report = json!({ "training": report, "groups": model.groups() });
            training(
                report,
                Some(form::encode(&model)),
                Verdict::Promoted,
                reason,
            )
        }
        Err(error) => training(json!({}), None, Verdict::Abstains, error.to_string()),
    }
}

/// Everybody with a booking: their numbers, and the place of the region they travel to most.
fn looked_at(histories: &Histories, now: Minutes) -> (Vec<(Rfm, Option<usize>)>, Vec<String>) {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut numbers = Vec::new();
    for history in histories.iter() {
        let Some(rfm) = Rfm::of(&history, now) else {
            continue;
        };
        let next = places.len();
        let region = history
            .home(now)
            .map(|region| *places.entry(region.to_owned()).or_insert(next));
        numbers.push((rfm, region));
    }
    let mut regions = vec![String::new(); places.len()];
    for (region, place) in places {
        if let Some(name) = regions.get_mut(place) {
            *name = region;
        }
    }
    (numbers, regions)
}
