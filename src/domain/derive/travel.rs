//! Which journeys are behind the person and which are to come.

use chrono::NaiveDate;

use crate::domain::fold::CustomerState;
use crate::domain::fold::journey::{Journey, Outcome};
use crate::domain::insight::NextDeparture;

/// Trips whose last day has passed.
pub(super) fn ended(state: &CustomerState, today: NaiveDate) -> Vec<&Journey> {
    let trips = state.journeys.iter().filter(|j| j.outcome == Outcome::Trip);
    trips
        .filter(|j| j.end_date.is_some_and(|end| end < today))
        .collect()
}

/// Departures from today on.
pub(super) fn upcoming(state: &CustomerState, today: NaiveDate) -> impl Iterator<Item = &Journey> {
    let dated = state.journeys.iter();
    dated.filter(move |j| j.start_date.is_some_and(|start| start >= today))
}

/// The first departure to come; of several on one day the one with the least id.
pub(super) fn next_departure(state: &CustomerState, today: NaiveDate) -> Option<NextDeparture> {
    let next = upcoming(state, today).min_by_key(|j| (j.start_date, j.departure))?;
    Some(NextDeparture {
        offering_id: next.offering_id,
        tour_title: next.tour_title.clone(),
        start_date: next.start_date?,
        end_date: next.end_date,
        boarding: next.place,
    })
}
