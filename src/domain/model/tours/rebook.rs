//! The right moment to ask somebody whether they want to travel again: ahead of their season by as much as they plan.

use chrono::{Datelike, Days, NaiveDate};
use uuid::Uuid;

use super::model::TourModel;
use super::season;
use crate::domain::model::history::{DAY, History, Minutes, Trip};

/// Trips within so many days of the same day of the year are of one season.
const SEASON: f64 = 45.0;
/// So concentrated two or more trips must be to be a habit.
const CONCENTRATED: f64 = 0.6;
/// After a single trip only tours that so many travel again.
const REPEATED: f64 = 0.15;
/// Asked so many days before the usual time of booking.
const EARLIER: f64 = 14.0;
/// Own lead times are drawn towards the tenant's as by so many more.
const LEAD_PRIOR: f64 = 2.0;

/// When to ask, and about what.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prompt {
    /// From this day on.
    pub from: NaiveDate,
    /// The day around which the person would travel.
    pub season: NaiveDate,
    /// The tour of that season, where there was one.
    pub tour: Option<Uuid>,
    /// How many trips speak for the season.
    pub trips: u32,
    /// Days that the person usually plans ahead.
    pub lead_days: u32,
}

/// The next prompt; none without a season of their own, or when that season is booked already.
#[must_use]
pub fn prompt(
    model: &TourModel,
    history: &History,
    (now, today): (Minutes, NaiveDate),
) -> Option<Prompt> {
    let over = history.taken().filter(|trip| trip.end() + DAY <= now);
    let trips: Vec<&Trip> = over.collect();
    let (ordinal, of_season) = habit(&trips).or_else(|| single(model, history, &trips))?;
    let lead = lead(model, &trips);
    let season = next(ordinal, today)?;
    let booked = history
        .trips
        .iter()
        .filter(|trip| trip.start - trip.ahead.max(0) <= now && trip.start + DAY > now);
    if season::days(booked).iter().any(|day| near(*day, season)) {
        return None;
    }
    let latest = of_season.iter().max_by_key(|trip| trip.start)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "days ahead, never negative"
    )]
    let (lead_days, before) = (lead.round() as u32, (lead + EARLIER).round() as u64);
    Some(Prompt {
        from: season.checked_sub_days(Days::new(before))?,
        season,
        tour: latest.tour.and_then(|place| history.tour(place)),
        trips: u32::try_from(of_season.len()).unwrap_or(u32::MAX),
        lead_days,
    })
}

fn near(day: NaiveDate, season: NaiveDate) -> bool {
    (day - season).num_days().abs() <= 45
}

/// Two or more trips around the same day of the year.
fn habit<'t>(trips: &[&'t Trip]) -> Option<(u32, Vec<&'t Trip>)> {
    let days = season::days(trips.iter().copied());
    let (ordinal, concentrated) = season::middle(&days)?;
    if concentrated < CONCENTRATED {
        return None;
    }
    let middle = NaiveDate::from_yo_opt(days.first()?.year(), ordinal)?;
    let of_season = trips.iter().copied().filter(|trip| {
        season::day(trip.start).is_some_and(|day| season::between(day, middle) <= SEASON)
    });
    let of_season: Vec<&Trip> = of_season.collect();
    (of_season.len() >= 2).then_some((ordinal, of_season))
}

/// One trip, on a tour that many travel again.
fn single<'t>(
    model: &TourModel,
    history: &History,
    trips: &[&'t Trip],
) -> Option<(u32, Vec<&'t Trip>)> {
    let [trip] = trips else { return None };
    let tour = history.tour(trip.tour?)?;
    let day = season::day(trip.start)?;
    (model.repeat_share(tour) >= REPEATED).then(|| (day.ordinal().min(365), vec![*trip]))
}

/// The next such day of the year.
fn next(ordinal: u32, today: NaiveDate) -> Option<NaiveDate> {
    let years = [today.year(), today.year() + 1];
    let mut days = years
        .into_iter()
        .filter_map(|year| NaiveDate::from_yo_opt(year, ordinal));
    days.find(|day| *day > today)
}

/// Mean days ahead, drawn towards the tenant's median.
fn lead(model: &TourModel, trips: &[&Trip]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "days")]
    let ahead = trips
        .iter()
        .filter(|trip| trip.ahead > 0)
        .map(|trip| (trip.ahead / DAY) as f64);
    let (sum, n) = ahead.fold((0.0, 0.0), |(sum, n), days| (sum + days, n + 1.0));
    (sum + LEAD_PRIOR * model.lead_days()) / (n + LEAD_PRIOR)
}
