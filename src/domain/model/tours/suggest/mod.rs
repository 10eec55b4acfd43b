//! The lists for one person at an instant: "you may like" (new tours), and "book again" (own ones).
//!
//! A score blends what fellow travellers took (EASE), how well the region fits where the person went, and how well a
//! departure fits when they went. Only what can be booked is suggested, with seats for the usual party, and nothing that
//! is booked already. A person without trips gets what is popular at the time of the year. At most two tours of a
//! region stand in a list.

mod candidate;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use uuid::Uuid;

use self::candidate::{Candidate, Ground, diverse};
use super::catalogue::{Catalogue, Departure};
use super::model::TourModel;
use super::season::{self, Seasons};
use crate::domain::model::history::{DAY, History, Minutes, TripOutcome};

/// Weight of the region beside the taste, whose scores are about 0 to 1.
const REGION: f64 = 0.05;
/// Weight of the season.
const SEASON: f64 = 0.05;
/// A new tour inherits so much of what its neighbours in the region score.
const INHERITED: f64 = 0.5;
/// For strangers a popular tour counts so much at any time of the year.
const ANY_TIME: f64 = 0.2;
/// Reasons that are told.
const REASONS: usize = 2;

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    /// Tours that are new to the person.
    YouMayLike,
    /// Tours the person travelled.
    BookAgain,
}

/// Why a tour is suggested.
#[derive(Debug, Clone, PartialEq)]
pub enum Why {
    /// Because of tours that the person travelled so often: those that speak for it most, with their share of the score.
    Travelled(Vec<Because>),
    /// The person travelled it so often.
    Again {
        /// How often.
        times: u32,
    },
    /// Nobody travelled it yet; it goes where the person went so often.
    NewInRegion {
        /// Where.
        region: String,
        /// How often.
        times: u32,
    },
    /// Many travel it.
    Popular {
        /// In this month, that of the departure, 1 to 12; none when at other times.
        month: Option<u32>,
    },
}

impl Why {
    /// As programs are told.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Travelled(_) => "TRAVELLED_SIMILAR",
            Self::Again { .. } => "BOOK_AGAIN",
            Self::NewInRegion { .. } => "NEW_IN_REGION",
            Self::Popular { .. } => "POPULAR_IN_SEASON",
        }
    }
}

/// A tour that speaks for another one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Because {
    /// Which the person travelled.
    pub tour: Uuid,
    /// How often.
    pub times: u32,
    /// What it adds to the score.
    pub adds: f64,
}

/// One suggestion.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// In which list.
    pub list: List,
    /// Which tour.
    pub tour: Uuid,
    /// The departure that fits best.
    pub departure: Departure,
    /// What the list is ordered by; to be compared within a list only.
    pub score: f64,
    /// Why.
    pub why: Why,
}

/// What is known of a person's travelling by an instant.
struct Traveller<'h> {
    /// Tours with how often, past and to come.
    tours: BTreeMap<Uuid, u32>,
    /// Regions with how often.
    regions: BTreeMap<&'h str, u32>,
    /// First days of trips.
    days: Vec<NaiveDate>,
    /// What they say about the days of a year.
    seasons: Seasons,
    /// Tours of departures to come, and of kept bookings that have not ended.
    booked: BTreeSet<Uuid>,
    /// Seats that the person usually needs.
    seats: i64,
}

impl<'h> Traveller<'h> {
    fn of(history: &'h History, now: Minutes) -> Self {
        let mut found = Self {
            tours: BTreeMap::new(),
            regions: BTreeMap::new(),
            days: Vec::new(),
            seasons: Seasons::default(),
            booked: BTreeSet::new(),
            seats: seats(history),
        };
        let known = history
            .trips
            .iter()
            .filter(|trip| trip.start - trip.ahead.max(0) <= now);
        for trip in known.filter(|trip| trip.outcome != TripOutcome::NoShow) {
            let tour = trip.tour.and_then(|place| history.tour(place));
            if trip.end() + DAY > now {
                found.booked.extend(tour);
            }
            if let Some(tour) = tour {
                *found.tours.entry(tour).or_default() += 1;
            }
            if let Some(region) = trip.region.and_then(|place| history.region(place)) {
                *found.regions.entry(region).or_default() += 1;
            }
            found.days.extend(season::day(trip.start));
        }
        let kept = history.kept().filter(|one| one.booked <= now);
        let to_come = kept.filter(|one| one.end.is_some_and(|end| end + DAY > now));
        let tours = to_come.filter_map(|one| history.tour(one.tour?));
        found.booked.extend(tours);
        found.seasons = Seasons::of(&found.days);
        found
    }

    fn region_fit(&self, region: Option<&str>) -> f64 {
        let all: u32 = self.regions.values().sum();
        let here = region.and_then(|region| self.regions.get(region));
        f64::from(here.copied().unwrap_or(0)) / f64::from(all + 1)
    }

    fn times(&self, tour: Uuid) -> u32 {
        self.tours.get(&tour).copied().unwrap_or(0)
    }
}

/// The median party of the kept bookings, at least 1.
fn seats(history: &History) -> i64 {
    let mut parties: Vec<u16> = history.kept().filter_map(|one| one.party).collect();
    parties.sort_unstable();
    parties
        .get(parties.len() / 2)
        .copied()
        .unwrap_or(1)
        .max(1)
        .into()
}

/// Both lists, at most `first` tours each, the best first; of equal ones the least id.
#[must_use]
pub fn suggest(
    model: &TourModel,
    catalogue: &Catalogue,
    history: &History,
    (now, today): (Minutes, NaiveDate),
    first: usize,
) -> Vec<Suggestion> {
    let traveller = Traveller::of(history, now);
    let taste = Taste::of(model, &traveller);
    let mut fresh = Vec::new();
    let mut again = Vec::new();
    for (tour, departures) in catalogue.bookable(today, traveller.seats) {
        if traveller.booked.contains(&tour) {
            continue;
        }
        if traveller.times(tour) > 0 {
            again.extend(own(tour, &departures, &traveller));
        } else {
            fresh.extend(taste.rated(catalogue, tour, &departures));
        }
    }
    let lists = [(List::YouMayLike, fresh), (List::BookAgain, again)];
    let chosen = lists
        .into_iter()
        .flat_map(|(list, all)| diverse(all, catalogue, first).map(move |one| (list, one)));
    let told = chosen.map(|(list, one)| Suggestion {
        list,
        tour: one.tour,
        departure: one.departure.clone(),
        score: one.score,
        why: match one.ground {
            Ground::Taste(number) => taste.because(number),
            Ground::Told(why) => why,
        },
    });
    told.collect()
}

/// The departure that fits the person's seasons best, the earliest of equal ones, with its fit.
fn fitting<'d>(departures: &[&'d Departure], seasons: &Seasons) -> Option<(&'d Departure, f64)> {
    let fits = departures.iter().map(|one| (*one, seasons.fit(one.start)));
    fits.reduce(|best, one| if one.1 > best.1 { one } else { best })
}

fn own<'c>(
    tour: Uuid,
    departures: &[&'c Departure],
    traveller: &Traveller<'_>,
) -> Option<Candidate<'c>> {
    let (departure, fit) = fitting(departures, &traveller.seasons)?;
    let times = traveller.times(tour);
    Some(Candidate {
        tour,
        departure,
        // The fit is below one time, so that it only orders tours travelled equally often.
        score: f64::from(times) + fit / 2.0,
        ground: Ground::Told(Why::Again { times }),
    })
}

/// A person's scores of all tours the model knows.
struct Taste<'a> {
    model: &'a TourModel,
    traveller: &'a Traveller<'a>,
    own: Vec<u32>,
    scores: Vec<i64>,
}

impl<'a> Taste<'a> {
    fn of(model: &'a TourModel, traveller: &'a Traveller<'a>) -> Self {
        let own = traveller
            .tours
            .keys()
            .filter_map(|tour| model.number(*tour));
        let own: Vec<u32> = own.collect();
        Self {
            scores: model.ease().scores(own.iter().copied()),
            model,
            traveller,
            own,
        }
    }

    fn score(&self, number: u32) -> f64 {
        let score = self.scores.get(number as usize).copied().unwrap_or(0);
        millionth(score)
    }

    fn rated<'c>(
        &self,
        catalogue: &Catalogue,
        tour: Uuid,
        departures: &[&'c Departure],
    ) -> Option<Candidate<'c>> {
        let region = catalogue.region(tour);
        let number = self.model.number(tour);
        if self.traveller.days.is_empty() {
            return self.popular(tour, number?, departures);
        }
        let (departure, season) = fitting(departures, &self.traveller.seasons)?;
        let fit = REGION * self.traveller.region_fit(region) + SEASON * season;
        let (taste, ground) = if let Some(number) = number {
            (self.score(number), Ground::Taste(number))
        } else {
            let new = self.new_in(region?)?;
            (self.inherited(catalogue, tour)?, Ground::Told(new))
        };
        Some(Candidate {
            tour,
            departure,
            score: taste + fit,
            ground,
        })
    }

    /// The tours that speak for this one; without any it is popularity that does.
    fn because(&self, number: u32) -> Why {
        let reasons = self.model.ease().reasons(self.own.iter().copied(), number);
        let told = reasons
            .into_iter()
            .take(REASONS)
            .filter_map(|(from, adds)| {
                let tour = self.model.tour(from)?;
                Some(Because {
                    tour,
                    times: self.traveller.times(tour),
                    adds: millionth(adds.into()),
                })
            });
        let told: Vec<Because> = told.collect();
        if told.is_empty() {
            return Why::Popular { month: None };
        }
        Why::Travelled(told)
    }

    /// What a tour without travellers inherits from those of its region (and kind, where both are known).
    fn inherited(&self, catalogue: &Catalogue, tour: Uuid) -> Option<f64> {
        let own = catalogue.tours.get(&tour)?;
        own.region.as_ref()?;
        let alike = catalogue.tours.iter().filter(|(_, other)| {
            other.region == own.region
                && (own.category.is_none()
                    || other.category.is_none()
                    || other.category == own.category)
        });
        let scores = alike.filter_map(|(tour, _)| Some(self.score(self.model.number(*tour)?)));
        let (sum, n) = scores.fold((0.0, 0.0), |(sum, n), score| (sum + score, n + 1.0));
        (n > 0.0).then(|| INHERITED * sum / n)
    }

    fn new_in(&self, region: &str) -> Option<Why> {
        let times = self.traveller.regions.get(region).copied()?;
        Some(Why::NewInRegion {
            region: region.to_owned(),
            times,
        })
    }

    /// Without any trip: how many travel it, and how many of those around the departure's month.
    fn popular<'c>(
        &self,
        tour: Uuid,
        number: u32,
        departures: &[&'c Departure],
    ) -> Option<Candidate<'c>> {
        let popularity = self.model.popularity(number);
        let rated = departures.iter().map(|one| {
            let season = self.model.season(number, one.start.month());
            (*one, season)
        });
        let (departure, season) =
            rated.reduce(|best, one| if one.1 > best.1 { one } else { best })?;
        (popularity > 0.0).then(|| Candidate {
            tour,
            departure,
            score: popularity * (ANY_TIME + season),
            ground: Ground::Told(Why::Popular {
                month: (season > 0.0).then(|| departure.start.month()),
            }),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below two to the 53rd")]
fn millionth(score: i64) -> f64 {
    score as f64 / 1e6
}

#[cfg(test)]
mod tests;
