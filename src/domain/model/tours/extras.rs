//! Extras: which ones people on a tour, or parties of a size, take more often than everybody does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::model::histories::Histories;
use crate::domain::model::history::{Booking, DAY, History, Minutes};
use crate::domain::model::wilson;

/// So many bookings are needed.
pub const LEAST: u32 = 20;
/// So many of them must have the extra, so that nobody in particular is told about.
pub const TAKERS: u32 = 5;
/// So much more often than everybody.
pub const LIFT: f64 = 1.2;
/// The own habit: on so large a share of at least two bookings.
const HABIT: f64 = 0.5;

/// Of which bookings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Among {
    /// Of a tour.
    Tour(Uuid),
    /// Of parties of one, of two, and of three or more.
    Party(u8),
}

/// An extra that these take more often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Of which bookings.
    pub among: Among,
    /// The platform's open type name.
    pub extra: String,
    /// How many have it.
    pub with: u32,
    /// Of how many.
    pub of: u32,
    /// What the share is at least (Wilson's lower bound).
    pub at_least: f64,
    /// Their share divided by everybody's.
    pub lift: f64,
}

/// An extra worth offering.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// The platform's open type name.
    pub extra: String,
    /// Of which tour the booking is that it would go with.
    pub tour: Option<Uuid>,
    /// Why.
    pub why: Why,
}

/// Why an extra is worth offering.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Why {
    /// The person took it so often, of so many bookings.
    Habit {
        /// With it.
        with: u32,
        /// All.
        of: u32,
    },
    /// Others do.
    Others {
        /// Of which bookings.
        among: Among,
        /// With it.
        with: u32,
        /// All of these.
        of: u32,
        /// Their share divided by everybody's.
        lift: f64,
    },
}

/// The bucket of a party.
#[must_use]
pub fn party(size: u16) -> u8 {
    u8::try_from(size.clamp(1, 3)).unwrap_or(3)
}

/// The rules that all kept bookings of these histories give that were made by an instant, the surest first.
#[must_use]
pub fn rules(histories: &Histories, until: Minutes) -> Vec<Rule> {
    let mut of: BTreeMap<Among, u32> = BTreeMap::new();
    let mut with: BTreeMap<(Among, String), u32> = BTreeMap::new();
    let mut everybody: BTreeMap<String, u32> = BTreeMap::new();
    let mut all = 0_u32;
    for history in histories.iter() {
        for booking in history.kept().filter(|one| one.booked <= until) {
            all += 1;
            let among = among(&history, booking);
            let extras = || {
                booking
                    .extras
                    .iter()
                    .filter_map(|place| history.extra(*place))
            };
            for extra in extras() {
                *everybody.entry(extra.to_owned()).or_default() += 1;
            }
            for among in among {
                *of.entry(among).or_default() += 1;
                for extra in extras() {
                    *with.entry((among, extra.to_owned())).or_default() += 1;
                }
            }
        }
    }
    let mut rules: Vec<Rule> = with
        .into_iter()
        .filter_map(|((among, extra), with)| {
            let of = of.get(&among).copied()?;
            let usual = f64::from(*everybody.get(&extra)?) / f64::from(all);
            let lift = f64::from(with) / f64::from(of) / usual;
            let counts = of >= LEAST && with >= TAKERS && lift >= LIFT;
            counts.then(|| Rule {
                among,
                at_least: wilson::at_least(with, of),
                extra,
                with,
                of,
                lift,
            })
        })
        .collect();
    rules.sort_by(|a, b| {
        let surer = b.at_least.total_cmp(&a.at_least);
        surer.then_with(|| (a.among, &a.extra).cmp(&(b.among, &b.extra)))
    });
    rules
}

fn among(history: &History, booking: &Booking) -> impl Iterator<Item = Among> + use<> {
    let tour = booking.tour.and_then(|place| history.tour(place));
    let party = booking.party.map(|size| Among::Party(party(size)));
    tour.map(Among::Tour).into_iter().chain(party)
}

/// Extras for the next booking to come that does not have them: the person's own habits first, then what others do.
#[must_use]
pub fn offers(rules: &[Rule], history: &History, now: Minutes, first: usize) -> Vec<Offer> {
    let to_come = history.kept().filter(|one| one.booked <= now);
    let to_come = to_come.filter(|one| one.end.is_some_and(|end| end + DAY > now));
    let Some(next) = to_come.min_by_key(|one| one.end) else {
        return Vec::new();
    };
    let has = |extra: &str| {
        next.extras
            .iter()
            .any(|place| history.extra(*place) == Some(extra))
    };
    let tour = next.tour.and_then(|place| history.tour(place));
    let own = habits(history, next).into_iter();
    let own = own.map(|(extra, with, of)| (extra.to_owned(), Why::Habit { with, of }));
    let others = rules
        .iter()
        .filter(|rule| among(history, next).any(|one| one == rule.among));
    let others = others.map(|rule| {
        let why = Why::Others {
            among: rule.among,
            with: rule.with,
            of: rule.of,
            lift: rule.lift,
        };
        (rule.extra.clone(), why)
    });
    let mut offers: Vec<Offer> = Vec::new();
    for (extra, why) in own.chain(others) {
        if !has(&extra) && offers.iter().all(|one| one.extra != extra) {
            offers.push(Offer { extra, tour, why });
        }
    }
    offers.truncate(first);
    offers
}

/// Extras that at least half of the other kept bookings have, at least two of them; the most frequent first.
fn habits<'h>(history: &'h History, next: &Booking) -> Vec<(&'h str, u32, u32)> {
    let before = || history.kept().filter(|one| one.booked < next.booked);
    let of = u32::try_from(before().count()).unwrap_or(u32::MAX);
    let mut with: BTreeMap<&str, u32> = BTreeMap::new();
    for place in before().flat_map(|one| &one.extras) {
        if let Some(extra) = history.extra(*place) {
            *with.entry(extra).or_default() += 1;
        }
    }
    let mut found: Vec<(&str, u32, u32)> = with
        .into_iter()
        .filter(|(_, with)| *with >= 2 && f64::from(*with) / f64::from(of) >= HABIT)
        .map(|(extra, with)| (extra, with, of))
        .collect();
    found.sort_by_key(|(_, with, _)| std::cmp::Reverse(*with));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Minutes = 29_000_000;

    fn history(bookings: &[(i64, u16, &[u16])]) -> History {
        let each = bookings.iter().map(|(days, tour, extras)| Booking {
            booked: NOW - days * DAY,
            cancelled: None,
            no_show: false,
            value: None,
            tour: Some(*tour),
            end: Some(NOW - days * DAY + 60 * DAY),
            party: Some(2),
            sales_channel: None,
            extras: extras.to_vec(),
        });
        History {
            bookings: each.collect(),
            tours: vec![Uuid::from_u128(1), Uuid::from_u128(2)],
            extras: vec!["BIKE".to_owned(), "LUGGAGE".to_owned()],
            ..History::default()
        }
    }

    fn many() -> Vec<History> {
        let with = (0..20).map(|_| history(&[(300, 0, &[0])]));
        let without = (0..10).map(|_| history(&[(300, 0, &[])]));
        let elsewhere = (0..30).map(|_| history(&[(300, 1, &[1])]));
        with.chain(without).chain(elsewhere).collect()
    }

    #[test]
    fn an_extra_that_goes_with_a_tour_is_found_with_its_lift() {
        let rules = rules(&many().iter().collect(), NOW);
        let bike = rules.iter().find(|one| one.extra == "BIKE").unwrap();
        assert_eq!(bike.among, Among::Tour(Uuid::from_u128(1)));
        assert_eq!((bike.with, bike.of), (20, 30));
        assert!(
            (bike.lift - 2.0).abs() < 1e-9,
            "two thirds beside one third"
        );
        assert!(
            rules.iter().all(|one| one.among != Among::Party(2)),
            "parties of two are everybody"
        );
    }

    #[test]
    fn the_next_booking_is_offered_what_it_lacks_own_habits_first() {
        let rules = rules(&many().iter().collect(), NOW);
        let regular = history(&[(500, 1, &[1]), (200, 1, &[1]), (10, 0, &[])]);
        let offers = offers(&rules, &regular, NOW, 5);
        let told: Vec<&str> = offers.iter().map(|one| one.extra.as_str()).collect();
        assert_eq!(told, ["LUGGAGE", "BIKE"]);
        assert_eq!(offers[0].why, Why::Habit { with: 2, of: 2 });
        assert_eq!(offers[1].tour, Some(Uuid::from_u128(1)));
        let has_it = history(&[(10, 0, &[0])]);
        assert!(super::offers(&rules, &has_it, NOW, 5).is_empty());
        let nothing_to_come = history(&[(200, 0, &[])]);
        assert!(super::offers(&rules, &nothing_to_come, NOW, 5).is_empty());
    }
}
