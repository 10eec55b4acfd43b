//! Who wants to go where, and when they book: the list of bookings before any of them is written.

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};

use super::catalogue::{Departure, YEARS, first_day};
use super::ledger::{Ledger, time};
use super::people::{Habit, Household, Person, Rhythm};
use super::tours::Pair;

/// A seat on a booking.
#[derive(Clone, Copy, Debug)]
pub(super) enum Traveller {
    /// Index into the people.
    Known(usize),
    /// Somebody without a profile.
    Stranger,
}

/// A booking that will be made.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) at: DateTime<Utc>,
    pub(super) departure: usize,
    pub(super) booker: usize,
    pub(super) travellers: Vec<Traveller>,
    /// Brokered by the agency.
    pub(super) agency: bool,
}

/// All bookings, in the order in which they are made.
pub(super) fn wishes(
    ledger: &mut Ledger,
    people: &[Person],
    households: &[Household],
    departures: &[Departure],
) -> Vec<Wish> {
    let mut out = Vec::new();
    for household in households {
        match (household.habit, household.rhythm) {
            (Habit::Once, _) => out.extend(once(ledger, household, departures)),
            (Habit::Brokered, _) => {}
            (_, Rhythm::Yearly(pair)) => {
                planted(ledger, household, (pair, false), departures, &mut out);
            }
            (_, Rhythm::TwiceAYear(pair)) => {
                planted(ledger, household, (pair, true), departures, &mut out);
            }
            (_, Rhythm::Loose) => yearly(ledger, household, departures, &mut out),
        }
    }
    let loners: Vec<usize> = households
        .iter()
        .filter(|h| h.habit == Habit::Brokered)
        .flat_map(|h| h.members.clone())
        .collect();
    for _ in 0..people.len() / 2 {
        out.extend(brokered(ledger, &loners, departures));
    }
    out.retain(|wish| wish.at <= ledger.now);
    out.sort_by_key(|wish| wish.at);
    out
}

/// The bookings of a household with a rhythm.
fn planted(
    ledger: &mut Ledger,
    household: &Household,
    (pair, twice): (Pair, bool),
    departures: &[Departure],
    out: &mut Vec<Wish>,
) {
    let first = ledger.index(2);
    for year in 0..=household.last_year.min(YEARS.into()) {
        let turns = if twice {
            vec![0, 1]
        } else {
            vec![(first + usize::try_from(year).unwrap_or(0)) % 2]
        };
        for turn in turns {
            let (Some(title), Some(month)) = (pair.titles.get(turn), pair.months.get(turn)) else {
                continue;
            };
            let Some(departure) = of_pair(ledger, (title, *month), departures, year) else {
                continue;
            };
            let travellers = household.members.iter().copied();
            let travellers = travellers.map(Traveller::Known).collect();
            let lead = household.lead_days + ledger.between(-10, 10);
            out.extend(wish(
                ledger, departures, departure, household, travellers, lead,
            ));
        }
    }
}

/// A departure of a year nearest to a month: mostly of the tour they have in mind, else of whatever runs.
fn of_pair(
    ledger: &mut Ledger,
    (title, month): (&str, u32),
    departures: &[Departure],
    year: i64,
) -> Option<usize> {
    let first = first_day(ledger.now);
    let apart = |departure: &Departure| {
        let apart = departure.start.month().abs_diff(month);
        apart.min(12 - apart)
    };
    let strays = ledger.chance(0.1);
    let of_year = departures.iter().enumerate();
    let of_year = of_year.filter(|(_, one)| (one.start - first).num_days() / 365 == year);
    let wanted = |one: &Departure| one.tour.title == title || strays;
    let near: Vec<(u32, usize)> = of_year
        .filter(|(_, one)| wanted(one) && apart(one) <= 2)
        .map(|(place, one)| (apart(one), place))
        .collect();
    let least = near.iter().map(|(apart, _)| *apart).min()?;
    let nearest: Vec<usize> = near
        .into_iter()
        .filter(|(apart, _)| *apart == least)
        .map(|(_, place)| place)
        .collect();
    nearest.get(ledger.index(nearest.len())).copied()
}

/// The bookings of a household that comes back as it happens, or of a club.
fn yearly(
    ledger: &mut Ledger,
    household: &Household,
    departures: &[Departure],
    out: &mut Vec<Wish>,
) {
    let mut chosen = Vec::new();
    for year in 0..=i64::from(YEARS) {
        if year > household.last_year {
            break;
        }
        let trips = i64::from(household.trips) + i64::from(ledger.chance(household.extra));
        for _ in 0..trips {
            let Some(departure) = choose(ledger, household, departures, year) else {
                continue;
            };
            if chosen.contains(&departure) {
                continue;
            }
            chosen.push(departure);
            let travellers = party(ledger, household);
            let lead = household.lead_days + ledger.between(-10, 20);
            out.extend(wish(
                ledger, departures, departure, household, travellers, lead,
            ));
        }
    }
}

/// The household; of a club most of its members, and guests whom nobody knows.
fn party(ledger: &mut Ledger, household: &Household) -> Vec<Traveller> {
    let members = household.members.iter().copied();
    if household.habit != Habit::Organiser {
        return members.map(Traveller::Known).collect();
    }
    let organiser = household.members.first().copied();
    let come: Vec<usize> = members
        .filter(|member| Some(*member) == organiser || ledger.chance(0.75))
        .collect();
    let guests = ledger.between(2, 9);
    let guests = (0..guests).map(|_| Traveller::Stranger);
    come.into_iter()
        .map(Traveller::Known)
        .chain(guests)
        .collect()
}

/// A departure of the given year near the month they like, mostly in the region they like.
fn choose(
    ledger: &mut Ledger,
    household: &Household,
    departures: &[Departure],
    year: i64,
) -> Option<usize> {
    let first = first_day(ledger.now);
    let in_year = |d: &Departure| (d.start - first).num_days() / 365 == year;
    let near = |d: &Departure| {
        let apart = d.start.month().abs_diff(household.month);
        apart.min(12 - apart) <= 1
    };
    let all: Vec<_> = (0..departures.len())
        .filter(|i| departures.get(*i).is_some_and(in_year))
        .collect();
    let near: Vec<_> = all
        .iter()
        .copied()
        .filter(|i| departures.get(*i).is_some_and(near))
        .collect();
    let liked = |i: &usize| {
        departures
            .get(*i)
            .is_some_and(|d| d.tour.region == household.region)
    };
    let liked: Vec<_> = all.iter().copied().filter(liked).collect();
    let list = match ledger.between(0, 9) {
        0..=4 if !liked.is_empty() => liked,
        0..=8 if !near.is_empty() => near,
        _ => all,
    };
    let index = ledger.index(list.len());
    list.get(index).copied()
}

fn once(ledger: &mut Ledger, household: &Household, departures: &[Departure]) -> Option<Wish> {
    let departure = ledger.index(departures.len());
    let travellers = household
        .members
        .iter()
        .copied()
        .map(Traveller::Known)
        .collect();
    wish(
        ledger,
        departures,
        departure,
        household,
        travellers,
        household.lead_days,
    )
}

fn wish(
    ledger: &mut Ledger,
    departures: &[Departure],
    departure: usize,
    household: &Household,
    travellers: Vec<Traveller>,
    lead_days: i64,
) -> Option<Wish> {
    let booker = *household.members.first()?;
    let at = booked_at(ledger, departures.get(departure)?, lead_days);
    Some(Wish {
        at,
        departure,
        booker,
        travellers,
        agency: false,
    })
}

/// One of the agency's bookings.
fn brokered(ledger: &mut Ledger, loners: &[usize], departures: &[Departure]) -> Option<Wish> {
    let departure = ledger.index(departures.len());
    let lead = ledger.between(4, 220);
    let at = booked_at(ledger, departures.get(departure)?, lead);
    let size = 1 + usize::from(ledger.chance(0.35));
    let travellers = (0..size)
        .map(
            |_| match (ledger.chance(0.25), loners.get(ledger.index(loners.len()))) {
                (true, Some(loner)) => Traveller::Known(*loner),
                _ => Traveller::Stranger,
            },
        )
        .collect();
    Some(Wish {
        at,
        departure,
        booker: 0,
        travellers,
        agency: true,
    })
}

/// In daytime, not before the history begins and not after the day before the departure.
fn booked_at(ledger: &mut Ledger, departure: &Departure, lead_days: i64) -> DateTime<Utc> {
    let day = departure.start - TimeDelta::days(lead_days.max(2));
    let (hour, minute) = (ledger.between(7, 20), ledger.between(0, 59));
    let opening = first_day(ledger.now) + TimeDelta::days(ledger.between(1, 12));
    time(
        day.max(opening).min(departure.start - TimeDelta::days(2)),
        hour,
        minute,
    )
}
