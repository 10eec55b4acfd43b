//! The most frequent of several values: ties go to the latest, then to the least.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::Datelike;
use uuid::Uuid;

use crate::domain::fold::CustomerState;
use crate::domain::fold::journey::{Journey, Outcome};
use crate::domain::insight::{BoardingPlace, Favourite};

/// How many favourites a list names.
const LISTED: usize = 3;
/// Fewer observations say nothing.
const ENOUGH: u32 = 2;

/// What a person tends to choose.
pub(super) struct Favourites {
    pub(super) seat_position: Option<Favourite<String>>,
    pub(super) seat_label: Option<Favourite<String>>,
    pub(super) place: Option<Favourite<BoardingPlace>>,
    pub(super) tours: Vec<Favourite<Uuid>>,
    pub(super) regions: Vec<Favourite<String>>,
    pub(super) months: Vec<Favourite<u32>>,
    pub(super) party_size: Option<Favourite<i64>>,
    pub(super) sales_channel: Option<Favourite<String>>,
}

/// Over trips, and over kept bookings where a booker chooses.
pub(super) fn of(state: &CustomerState) -> Favourites {
    let trips: Vec<&Journey> = state
        .journeys
        .iter()
        .filter(|j| j.outcome == Outcome::Trip)
        .collect();
    let over_trips = || trips.iter().copied();
    let kept = || state.bookings.iter().filter(|b| b.fate.kept());
    Favourites {
        seat_position: first(rank(
            over_trips().map(|j| (j.seat_position.clone(), j.start_date)),
        )),
        seat_label: first(rank(
            over_trips().map(|j| (j.seat_label.clone(), j.start_date)),
        )),
        place: first(rank(over_trips().map(|j| (j.place, j.start_date)))),
        tours: rank(over_trips().map(|j| (j.template_id, j.start_date))),
        regions: rank(over_trips().map(|j| (j.region.clone(), j.start_date))),
        months: rank(over_trips().map(|j| (j.start_date.map(|day| day.month()), j.start_date))),
        party_size: first(rank(kept().map(|b| (b.passenger_count, b.booked)))),
        sales_channel: first(rank(kept().map(|b| (b.sales_channel.clone(), b.booked)))),
    }
}

fn first<T>(ranked: Vec<Favourite<T>>) -> Option<Favourite<T>> {
    ranked.into_iter().next()
}

fn rank<T: Ord, K: Ord + Copy>(seen: impl Iterator<Item = (Option<T>, K)>) -> Vec<Favourite<T>> {
    let mut counts: BTreeMap<T, (u32, Option<K>)> = BTreeMap::new();
    let mut all = 0;
    for (value, when) in seen {
        let Some(value) = value else { continue };
        let entry = counts.entry(value).or_default();
        entry.0 += 1;
        entry.1 = entry.1.max(Some(when));
        all += 1;
    }
    if all < ENOUGH {
        return Vec::new();
    }
    let mut ranked: Vec<_> = counts.into_iter().collect();
    ranked.sort_by_key(|(_, (count, when))| Reverse((*count, *when)));
    let ranked = ranked
        .into_iter()
        .take(LISTED)
        .map(|(value, (count, _))| Favourite {
            value,
            share: f64::from(count) / f64::from(all),
            based_on: all,
        });
    ranked.collect()
}

#[cfg(test)]
mod tests {
    use super::rank;

    #[test]
    fn ties_go_to_the_latest_and_then_to_the_least() {
        let seen = [("b", 1), ("a", 1), ("c", 2), ("c", 0), ("a", 3)];
        let ranked = rank(seen.into_iter().map(|(value, when)| (Some(value), when)));
        let values: Vec<_> = ranked.iter().map(|one| one.value).collect();
        assert_eq!(values, ["a", "c", "b"]);
        assert_eq!(ranked.iter().map(|one| one.based_on).max(), Some(5));
    }

    #[test]
    fn one_observation_is_no_preference() {
        assert!(rank([(Some("a"), 1), (None, 2)].into_iter()).is_empty());
    }
}
