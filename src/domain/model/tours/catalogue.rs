//! What can be booked: tours and their departures, as the operator publishes them. About nobody.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use uuid::Uuid;

/// A tour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tour {
    /// As printed.
    pub title: Option<String>,
    /// Where it goes.
    pub region: Option<String>,
    /// What kind of tour it is.
    pub category: Option<String>,
}

/// One departure of a tour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// As which it is sold.
    pub offering_id: Uuid,
    /// The tour.
    pub template_id: Uuid,
    /// First day.
    pub start: NaiveDate,
    /// On sale: neither sold out, nor called off, nor over.
    pub open: bool,
    /// Seats that are left, where that is known.
    pub seats: Option<i64>,
}

/// Everything of one tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// By template.
    pub tours: BTreeMap<Uuid, Tour>,
    /// By tour, the earliest first.
    departures: BTreeMap<Uuid, Vec<Departure>>,
}

impl Catalogue {
    /// A catalogue of these; the order of the departures does not matter.
    #[must_use]
    pub fn new(tours: BTreeMap<Uuid, Tour>, all: impl IntoIterator<Item = Departure>) -> Self {
        let mut departures: BTreeMap<Uuid, Vec<Departure>> = BTreeMap::new();
        for departure in all {
            departures
                .entry(departure.template_id)
                .or_default()
                .push(departure);
        }
        for of_tour in departures.values_mut() {
            of_tour.sort_by_key(|one| (one.start, one.offering_id));
        }
        Self { tours, departures }
    }

    /// Tours with departures that `seats` people could book from the day after `today` on, the earliest departure first.
    pub fn bookable(
        &self,
        today: NaiveDate,
        seats: i64,
    ) -> impl Iterator<Item = (Uuid, Vec<&Departure>)> {
        self.departures.iter().filter_map(move |(tour, all)| {
            let fits = |one: &&Departure| {
                one.open && one.start > today && one.seats.is_none_or(|left| left >= seats.max(1))
            };
            let open: Vec<&Departure> = all.iter().filter(fits).collect();
            (!open.is_empty()).then_some((*tour, open))
        })
    }

    /// What a tour is called; none where nobody said so.
    #[must_use]
    pub fn title(&self, tour: Uuid) -> Option<&str> {
        self.tours.get(&tour)?.title.as_deref()
    }

    /// Where a tour goes.
    #[must_use]
    pub fn region(&self, tour: Uuid) -> Option<&str> {
        self.tours.get(&tour)?.region.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_sold_out_and_too_small_departures_cannot_be_booked() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 6, day).unwrap();
        let tour = Uuid::from_u128(1);
        let departure = |id, start, open, seats| Departure {
            offering_id: Uuid::from_u128(id),
            template_id: tour,
            start: day(start),
            open,
            seats,
        };
        let catalogue = Catalogue::new(
            BTreeMap::new(),
            [
                departure(1, 20, true, None),
                departure(2, 10, true, None),
                departure(3, 11, false, None),
                departure(4, 12, true, Some(1)),
                departure(5, 13, true, Some(2)),
            ],
        );
        let found: Vec<_> = catalogue.bookable(day(10), 2).collect();
        let (of, open) = &found[0];
        let ids: Vec<u128> = open.iter().map(|one| one.offering_id.as_u128()).collect();
        assert_eq!((*of, ids), (tour, vec![5, 1]));
        assert_eq!(catalogue.bookable(day(20), 1).count(), 0);
    }
}
