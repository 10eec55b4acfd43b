//! The stored model of a tenant's tours: weights between tours, seasons, who comes back, what goes with what.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::extras::Rule;
use crate::domain::model::also_booked::Also;
use crate::domain::model::ease::Ease;

/// What was learned about tours. Everything in it is about tours; pairs and rules are from five people on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TourModel {
    /// The tours by number, ascending.
    pub(super) tours: Vec<Uuid>,
    /// Which go with which.
    pub(super) ease: Ease,
    /// By tour: how many people travelled it, by month of the first day; fewer than five people are none.
    pub(super) months: Vec<[u32; 12]>,
    /// By tour: how popular it was in the last year, 1 being the most popular one.
    pub(super) popularity: Vec<f64>,
    /// By tour: the share of its travellers who travelled it again.
    pub(super) repeats: Vec<f64>,
    /// By tour: what its travellers travelled as well, the surest first.
    pub(super) also: Vec<Vec<Also>>,
    /// Extras that go with tours or parties.
    pub(super) extras: Vec<Rule>,
    /// Median days between the first word of a seat and the first day.
    pub(super) lead_days: f64,
}

/// A tour beside another one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlsoBooked {
    /// The other tour.
    pub tour: Uuid,
    /// The figures.
    pub figures: Also,
}

impl TourModel {
    /// The number of a tour.
    #[must_use]
    pub fn number(&self, tour: Uuid) -> Option<u32> {
        let place = self.tours.binary_search(&tour).ok()?;
        u32::try_from(place).ok()
    }

    /// The tour of a number.
    #[must_use]
    pub fn tour(&self, number: u32) -> Option<Uuid> {
        self.tours.get(number as usize).copied()
    }

    /// All tours it knows.
    #[must_use]
    pub fn tours(&self) -> &[Uuid] {
        &self.tours
    }

    /// The weights between tours.
    #[must_use]
    pub const fn ease(&self) -> &Ease {
        &self.ease
    }

    /// "Who travelled this also travelled": the surest first; none of tours that five people never shared.
    #[must_use]
    pub fn also_booked(&self, tour: Uuid) -> Vec<AlsoBooked> {
        let of_tour = self
            .number(tour)
            .and_then(|number| self.also.get(number as usize));
        let each = of_tour.into_iter().flatten().filter_map(|figures| {
            Some(AlsoBooked {
                tour: self.tour(figures.item)?,
                figures: *figures,
            })
        });
        each.collect()
    }

    /// The share of a tour's travellers who travelled it again; 0 of a tour it does not know.
    #[must_use]
    pub fn repeat_share(&self, tour: Uuid) -> f64 {
        let number = self.number(tour);
        let share = number.and_then(|number| self.repeats.get(number as usize));
        share.copied().unwrap_or(0.0)
    }

    /// How popular a tour was in the last year, 1 being the most popular one.
    #[must_use]
    pub fn popularity(&self, number: u32) -> f64 {
        self.popularity.get(number as usize).copied().unwrap_or(0.0)
    }

    /// How much of a tour's travelling falls into a month (1 to 12) and its neighbours, as a share of all of it.
    #[must_use]
    pub fn season(&self, number: u32, month: u32) -> f64 {
        let Some(months) = self.months.get(number as usize) else {
            return 0.0;
        };
        let all: u32 = months.iter().sum();
        let at = |off: u32| {
            months
                .get(((month + off) % 12) as usize)
                .copied()
                .unwrap_or(0)
        };
        // Months count from 0 here: the month itself is one back, so its neighbours are two back and none.
        let near = at(10) + at(11) + at(0);
        if all == 0 {
            0.0
        } else {
            f64::from(near) / f64::from(all)
        }
    }

    /// Extras that go with tours or parties, the surest first.
    #[must_use]
    pub fn extras(&self) -> &[Rule] {
        &self.extras
    }

    /// Median days from the first word of a seat to the first day.
    #[must_use]
    pub const fn lead_days(&self) -> f64 {
        self.lead_days
    }
}
