//! Who wants to go where, and when they book: the list of bookings before any of them is written.

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};

use super::catalogue::{Departure, first_day};
use super::ledger::{Ledger, time};
use super::people::{Habit, Household, Person};

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
        match household.habit {
            Habit::Once => out.extend(once(ledger, household, departures)),
            Habit::Organiser => yearly(ledger, household, departures, Some(people), &mut out),
            Habit::Regular | Habit::Family => yearly(ledger, household, departures, None, &mut out),
        }
    }
    let loners: Vec<usize> = households
        .iter()
        .filter(|h| h.habit == Habit::Once)
        .flat_map(|h| h.members.clone())
        .collect();
    for _ in 0..people.len() * 7 / 4 {
        out.extend(brokered(ledger, &loners, departures));
    }
    out.retain(|wish| wish.at <= ledger.now);
    out.sort_by_key(|wish| wish.at);
    out
}

/// The bookings of a household that comes back.
fn yearly(
    ledger: &mut Ledger,
    household: &Household,
    departures: &[Departure],
    guests: Option<&[Person]>,
    out: &mut Vec<Wish>,
) {
    let mut chosen = Vec::new();
    for year in 0..=3_i64 {
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
            let mut travellers: Vec<_> = household
                .members
                .iter()
                .copied()
                .map(Traveller::Known)
                .collect();
            if let Some(people) = guests {
                travellers.extend(party(ledger, people));
            }
            let lead = household.lead_days + ledger.between(-10, 20);
            out.extend(wish(
                ledger, departures, departure, household, travellers, lead,
            ));
        }
    }
}

/// A club: known and unknown guests.
fn party(ledger: &mut Ledger, people: &[Person]) -> Vec<Traveller> {
    let size = ledger.between(9, 22);
    (0..size)
        .map(|_| {
            let known = ledger.chance(0.6);
            let guest = 1 + ledger.index(people.len().saturating_sub(1));
            if known {
                Traveller::Known(guest)
            } else {
                Traveller::Stranger
            }
        })
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
