//! One person beside one tour: whether they would like it.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::model::TourModel;
use super::suggest::Because;
use crate::domain::model::history::{DAY, History, Minutes, TripOutcome};

/// Reasons that are told.
const REASONS: usize = 2;

/// How much a person would like a tour, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Fan {
    /// What the tours that the person travelled add up to.
    pub score: f64,
    /// Those that add most.
    pub because: Vec<Because>,
}

/// None for whoever travelled the tour or has it booked, and where nothing speaks for it.
#[must_use]
pub fn fan(model: &TourModel, history: &History, tour: Uuid, now: Minutes) -> Option<Fan> {
    let number = model.number(tour)?;
    let known = history.trips.iter().filter(|trip| {
        trip.outcome != TripOutcome::NoShow && trip.start - trip.ahead.max(0) <= now
    });
    let mut own: BTreeMap<Uuid, u32> = BTreeMap::new();
    for of in known.filter_map(|trip| history.tour(trip.tour?)) {
        *own.entry(of).or_default() += 1;
    }
    let to_come = history
        .kept()
        .filter(|one| one.end.is_some_and(|end| end + DAY > now));
    let mut booked = to_come.filter_map(|one| history.tour(one.tour?));
    if own.contains_key(&tour) || booked.any(|of| of == tour) {
        return None;
    }
    let numbers = || own.keys().filter_map(|tour| model.number(*tour));
    let reasons = model.ease().reasons(numbers(), number);
    let each = reasons.into_iter().filter_map(|(from, adds)| {
        let tour = model.tour(from)?;
        Some(Because {
            tour,
            times: own.get(&tour).copied().unwrap_or(1),
            adds: f64::from(adds) / 1e6,
        })
    });
    let because: Vec<Because> = each.take(REASONS).collect();
    let alone = i64::from(model.ease().popularity(number));
    let all = model.ease().scores(numbers());
    let score = all.get(number as usize).copied().unwrap_or(0) - alone;
    #[expect(clippy::cast_precision_loss, reason = "far below two to the 53rd")]
    let score = score as f64 / 1e6;
    (score > 0.0 && !because.is_empty()).then_some(Fan { score, because })
}
