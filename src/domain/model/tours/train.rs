//! Training: λ from the year before last, the back-test from the last year, the model from everything.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::TourModel;
use super::{extras, season};
use crate::domain::model::co_counts::CoCounts;
use crate::domain::model::ease::{Ease, ITEMS_MAX};
use crate::domain::model::histories::Histories;
use crate::domain::model::history::{DAY, History, Minutes, Trip};
use crate::domain::model::interactions::Interactions;
use crate::domain::model::ranking::{self, Quality};
use crate::domain::model::tune::{self, Parameters, Try};
use crate::domain::model::{also_booked, popularity};

/// A tour that fewer people travelled is none to learn from.
pub const TRAVELLERS_MIN: u32 = 5;
/// So many people with another tour than before are needed to judge a model.
pub const JUDGED_MIN: u32 = 30;
/// Pairs kept of each tour.
const ALSO: usize = 10;
/// Lists of at most so many people are judged, evenly spread over all: the standard error of what is measured is below
/// .005 then, and every try would otherwise make a list for everybody.
const JUDGED_MAX: usize = 10_000;
const YEAR: Minutes = 365 * DAY;
/// What holds where the past is too short to choose from.
const UNTUNED: Parameters = Parameters {
    lambda: 50.0,
    popularity: 0.1,
};

/// How a training went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// How many people travelled at all.
    pub travellers: u32,
    /// How many tours there are to learn from.
    pub tours: u32,
    /// The parameters.
    pub parameters: Parameters,
    /// What they were chosen from; empty where the past is too short.
    pub tries: Vec<Try>,
    /// Tours of the last year that were new to their traveller: lists of this model, trained without that year.
    pub model: Quality,
    /// The same by popularity alone.
    pub popularity: Quality,
    /// All tours of the last year, by what their traveller had travelled most before.
    pub book_again: Quality,
}

impl Report {
    /// Enough people to judge by, and better lists than popularity gives.
    #[must_use]
    pub fn beats_popularity(&self) -> bool {
        self.model.users >= JUDGED_MIN && self.model.ndcg_10 > self.popularity.ndcg_10
    }
}

/// Why there is no model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untrainable {
    /// Fewer than two tours with enough travellers.
    #[error("{0} tours have {TRAVELLERS_MIN} travellers, two are needed")]
    TooFewTours(usize),
    /// The numbers have no solution.
    #[error(transparent)]
    Unsolvable(#[from] crate::domain::model::ease::Untrainable),
}

/// When each person first knew of travelling which tour, in the order of the histories.
struct Taken {
    tours: Vec<Uuid>,
    rows: Vec<Vec<(u32, Minutes)>>,
}

/// Learns from everybody's trips that were known of by `until`.
///
/// # Errors
///
/// [`Untrainable`].
pub fn train(histories: &Histories, until: Minutes) -> Result<(TourModel, Report), Untrainable> {
    let taken = Taken::of(histories, until);
    if taken.tours.len() < 2 {
        return Err(Untrainable::TooFewTours(taken.tours.len()));
    }
    let (cut, earlier) = (until - YEAR, until - 2 * YEAR);
    let (parameters, tries) = taken.chosen(earlier, cut)?;
    let (model, by_popularity, book_again) = taken.back_test(cut, until, parameters)?;
    let counts = tune::counts(&taken.between(Minutes::MIN, until));
    let recent = popularity::share(&taken.between(cut, until));
    let ease = Ease::train(&counts, parameters.lambda)?;
    let ease = ease.with_popularity(&recent, parameters.popularity);
    let report = Report {
        travellers: u32::try_from(counts.people()).unwrap_or(u32::MAX),
        tours: ease.items(),
        parameters,
        tries,
        model,
        popularity: by_popularity,
        book_again,
    };
    let model = TourModel {
        also: also(&counts),
        months: taken.months(histories, until),
        repeats: taken.repeats(),
        popularity: recent,
        extras: extras::rules(histories, until),
        lead_days: lead_days(histories, until),
        ease,
        tours: taken.tours,
    };
    Ok((model, report))
}

/// When a trip was known of: when its seat was first heard of, at the latest on its first day.
fn known(trip: &Trip) -> Minutes {
    trip.start - trip.ahead.max(0)
}

fn also(counts: &CoCounts) -> Vec<Vec<also_booked::Also>> {
    let each = 0..counts.items();
    each.map(|item| also_booked::also(counts, item, ALSO))
        .collect()
}

impl Taken {
    fn of(histories: &Histories, until: Minutes) -> Self {
        let mut travellers: BTreeMap<Uuid, u32> = BTreeMap::new();
        let trips = |history: &History| -> Vec<(Uuid, Minutes)> {
            let told = history.trips.iter().filter(|trip| known(trip) <= until);
            let tours = told.filter_map(|trip| Some((history.tour(trip.tour?)?, known(trip))));
            tours.collect()
        };
        for history in histories.iter() {
            let own: BTreeSet<Uuid> = trips(&history).into_iter().map(|(tour, _)| tour).collect();
            for tour in own {
                *travellers.entry(tour).or_default() += 1;
            }
        }
        let mut common: Vec<(Uuid, u32)> = travellers
            .into_iter()
            .filter(|(_, n)| *n >= TRAVELLERS_MIN)
            .collect();
        if common.len() > ITEMS_MAX {
            common.sort_by_key(|(tour, n)| (std::cmp::Reverse(*n), *tour));
            common.truncate(ITEMS_MAX);
        }
        let mut tours: Vec<Uuid> = common.into_iter().map(|(tour, _)| tour).collect();
        tours.sort_unstable();
        let rows = histories.iter().map(|history| {
            let own = trips(&history).into_iter();
            own.filter_map(|(tour, at)| {
                let place = tours.binary_search(&tour).ok()?;
                Some((u32::try_from(place).ok()?, at))
            })
            .collect()
        });
        Self {
            rows: rows.collect(),
            tours,
        }
    }

    /// What was known of within a time, the end included.
    fn between(&self, from: Minutes, to: Minutes) -> Interactions {
        let within = |at: Minutes| at > from && at <= to;
        let rows = self.rows.iter().map(|row| {
            let known = row.iter().filter(|(_, at)| within(*at));
            known.map(|(tour, _)| *tour).collect::<Vec<u32>>()
        });
        Interactions::count(self.tours.len(), rows)
    }

    /// Parameters by what was new between two instants.
    fn chosen(&self, from: Minutes, to: Minutes) -> Result<(Parameters, Vec<Try>), Untrainable> {
        let seen = self.between(Minutes::MIN, from);
        let fresh = new_in(&self.between(from, to), &seen);
        let popularity = popularity::share(&seen);
        let (lambdas, weights) = (&tune::LAMBDAS, &tune::WEIGHTS);
        let warm = fresh.filtered(|person, _| !seen.row(person).is_empty());
        let warm = spread(&warm, JUDGED_MAX);
        if warm.rows().filter(|row| !row.is_empty()).count() < JUDGED_MIN as usize {
            return Ok((UNTUNED, Vec::new()));
        }
        let tries = tune::tries(&seen, &warm, &popularity, lambdas, weights)?;
        let best = tune::best(&tries).map_or(UNTUNED, |best| best.parameters);
        Ok((best, tries))
    }

    /// How good lists would have been: the model's, those of popularity, and own habits.
    fn back_test(
        &self,
        cut: Minutes,
        until: Minutes,
        parameters: Parameters,
    ) -> Result<(Quality, Quality, Quality), Untrainable> {
        let seen = self.between(Minutes::MIN, cut);
        let later = self.between(cut, until);
        let later = later.filtered(|person, _| !seen.row(person).is_empty());
        let later = spread(&later, JUDGED_MAX);
        let fresh = new_in(&later, &seen);
        let popular = popularity::share(&self.between(cut - YEAR, cut));
        let ease = Ease::train(&tune::counts(&seen), parameters.lambda)?;
        let ease = ease.with_popularity(&popular, parameters.popularity);
        let model = tune::judge(&ease, &seen, &fresh);
        let popularity = ranking::quality(&fresh, |person| {
            let mut scores = popular.clone();
            ranking::mask(&mut scores, seen.row(person).iter().map(|(tour, _)| *tour));
            scores
        });
        let again = ranking::quality(&later, |person| {
            crate::domain::model::again::scores(seen.row(person), &popular)
        });
        Ok((model, popularity, again))
    }

    /// By tour and month how many people travelled; months of fewer than five are empty.
    fn months(&self, histories: &Histories, until: Minutes) -> Vec<[u32; 12]> {
        let mut months = vec![[0_u32; 12]; self.tours.len()];
        for history in histories.iter() {
            let trips = history.trips.iter().filter(|trip| known(trip) <= until);
            let own: BTreeSet<(usize, u32)> = trips
                .filter_map(|trip| {
                    let tour = history.tour(trip.tour?)?;
                    let month = season::day(trip.start)?.month0();
                    Some((self.tours.binary_search(&tour).ok()?, month))
                })
                .collect();
            for (tour, month) in own {
                let of_tour = months.get_mut(tour);
                if let Some(n) = of_tour.and_then(|of| of.get_mut(month as usize)) {
                    *n += 1;
                }
            }
        }
        for n in months.iter_mut().flatten().filter(|n| **n < TRAVELLERS_MIN) {
            *n = 0;
        }
        months
    }

    /// By tour the share of its travellers who travelled it more than once.
    fn repeats(&self) -> Vec<f64> {
        let mut all = vec![(0_u32, 0_u32); self.tours.len()];
        let table = self.between(Minutes::MIN, Minutes::MAX);
        for (tour, times) in table.rows().flatten() {
            if let Some((travellers, again)) = all.get_mut(*tour as usize) {
                *travellers += 1;
                *again += u32::from(*times > 1);
            }
        }
        let share = |(all, again): (u32, u32)| f64::from(again) / f64::from(all.max(1));
        all.into_iter().map(share).collect()
    }
}

/// What people took that they had not taken before.
fn new_in(later: &Interactions, before: &Interactions) -> Interactions {
    later.filtered(|person, tour| {
        let row = before.row(person);
        row.binary_search_by_key(&tour, |(tour, _)| *tour).is_err()
    })
}

/// Every k-th of those who took something, so that at most `most` remain; the others took nothing.
fn spread(table: &Interactions, most: usize) -> Interactions {
    let taken: Vec<bool> = table.rows().map(|row| !row.is_empty()).collect();
    let all = taken.iter().filter(|some| **some).count();
    let step = all.div_ceil(most.max(1)).max(1);
    let mut place = 0_usize;
    let chosen: Vec<bool> = taken
        .into_iter()
        .map(|some| {
            place += usize::from(some);
            some && (place - 1).is_multiple_of(step)
        })
        .collect();
    table.filtered(|person, _| chosen.get(person).copied().unwrap_or(false))
}

/// Median days between the first word of a seat and the first day; 90 where nobody was told of in advance.
fn lead_days(histories: &Histories, until: Minutes) -> f64 {
    const UNKNOWN: f64 = 90.0;
    let trips = histories.iter().flat_map(|history| history.trips);
    let ahead = trips.filter(|trip| known(trip) <= until && trip.ahead > 0);
    let mut days: Vec<i64> = ahead.map(|trip| trip.ahead / DAY).collect();
    days.sort_unstable();
    let middle = days.get(days.len() / 2);
    #[expect(clippy::cast_precision_loss, reason = "days")]
    middle.map_or(UNKNOWN, |days| *days as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_are_judged_are_spread_over_all_who_took_something() {
        let rows: Vec<Vec<u32>> = (0..100)
            .map(|n| if n % 2 == 0 { vec![0, 1] } else { Vec::new() })
            .collect();
        let table = Interactions::count(2, rows);
        let some = spread(&table, 20);
        let chosen: Vec<usize> = (0..100).filter(|n| !some.row(*n).is_empty()).collect();
        let wanted: Vec<usize> = (0..17).map(|n| n * 6).collect();
        assert_eq!(chosen, wanted, "every third of fifty");
        assert_eq!(spread(&table, 50), table);
    }
}
