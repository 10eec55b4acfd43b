//! What a group of customers says: recommendation and satisfaction of the tenant, a tour, a region, each with how many
//! people it rests on and how sure it is. Fewer than ten people are not told about.
//!
//! Each person counts once in a group, with the latest score and the latest rating given about it. Absent on purpose: the
//! "NPS of a person", which is nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::histories::Histories;
use super::history::{History, Minutes};
use super::wilson;

/// Fewer people are not told about.
pub const PEOPLE_MIN: u32 = 10;
/// Two-sided 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// Of what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Group {
    /// Everything of the tenant.
    Tenant,
    /// A tour.
    Tour(Uuid),
    /// A region.
    Region(String),
}

/// A figure with its interval at 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The figure itself.
    pub value: f64,
    /// How many people it rests on.
    pub people: u32,
    /// It is at least.
    pub low: f64,
    /// It is at most.
    pub high: f64,
}

/// What a group says; what fewer than ten people said is not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Sentiment {
    /// Percent of promoters (9, 10) minus percent of detractors (0 to 6), -100 to 100.
    pub nps: Option<Figure>,
    /// Share of ratings of 4 and 5, 0 to 1.
    pub csat: Option<Figure>,
}

/// Promoters minus detractors, with the interval by the standard error; none below [`PEOPLE_MIN`].
#[must_use]
pub fn nps(scores: &[u8]) -> Option<Figure> {
    let with = |counts: fn(&&u8) -> bool| people(scores.iter().filter(counts).count());
    let (promoters, detractors) = (with(|score| **score >= 9), with(|score| **score <= 6));
    nps_of(promoters, detractors, people(scores.len()))
}

/// The same of so many promoters (9, 10) and detractors (0 to 6) among so many people.
#[must_use]
pub fn nps_of(promoters: u32, detractors: u32, people: u32) -> Option<Figure> {
    if people < PEOPLE_MIN {
        return None;
    }
    let share = |n: u32| f64::from(n) / f64::from(people);
    let (promoters, detractors) = (share(promoters), share(detractors));
    let value = promoters - detractors;
    let spread = promoters + detractors - value * value;
    let error = libm::sqrt(spread.max(0.0) / f64::from(people));
    Some(Figure {
        value: 100.0 * value,
        people,
        low: (100.0 * (value - Z * error)).max(-100.0),
        high: (100.0 * (value + Z * error)).min(100.0),
    })
}

/// Share of the satisfied (4 and 5), with Wilson's interval; none below [`PEOPLE_MIN`].
#[must_use]
pub fn csat(ratings: &[u8]) -> Option<Figure> {
    let satisfied = ratings.iter().filter(|rating| **rating >= 4).count();
    csat_of(people(satisfied), people(ratings.len()))
}

/// The same of so many satisfied among so many people.
#[must_use]
pub fn csat_of(satisfied: u32, people: u32) -> Option<Figure> {
    if people < PEOPLE_MIN {
        return None;
    }
    let (low, high) = wilson::interval(satisfied, people);
    Some(Figure {
        value: f64::from(satisfied) / f64::from(people),
        people,
        low,
        high,
    })
}

fn people(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// What all groups say by an instant; groups of which nothing can be told are absent.
#[must_use]
pub fn groups(histories: &Histories, now: Minutes) -> BTreeMap<Group, Sentiment> {
    let mut scores: BTreeMap<Group, Vec<u8>> = BTreeMap::new();
    let mut ratings: BTreeMap<Group, Vec<u8>> = BTreeMap::new();
    for history in histories.iter() {
        for (group, (score, rating)) in latest(&history, now) {
            if let Some(score) = score {
                scores.entry(group.clone()).or_default().push(score);
            }
            if let Some(rating) = rating {
                ratings.entry(group).or_default().push(rating);
            }
        }
    }
    let all = scores.keys().chain(ratings.keys()).cloned();
    let of =
        |all: &BTreeMap<Group, Vec<u8>>, group: &Group| all.get(group).cloned().unwrap_or_default();
    let told = all.map(|group| {
        let sentiment = Sentiment {
            nps: nps(&of(&scores, &group)),
            csat: csat(&of(&ratings, &group)),
        };
        (group, sentiment)
    });
    told.filter(|(_, one)| *one != Sentiment::default())
        .collect()
}

/// A person's latest score and rating in every group they said something about.
fn latest(history: &History, now: Minutes) -> BTreeMap<Group, (Option<u8>, Option<u8>)> {
    let mut said: BTreeMap<Group, (Option<u8>, Option<u8>)> = BTreeMap::new();
    // Answers are ordered by time, so the last one stays.
    for answer in history.answers.iter().filter(|one| one.at <= now) {
        let tour = answer.tour.and_then(|place| history.tour(place));
        let region = answer.region.and_then(|place| history.region(place));
        let groups = [
            Some(Group::Tenant),
            tour.map(Group::Tour),
            region.map(|region| Group::Region(region.to_owned())),
        ];
        for group in groups.into_iter().flatten() {
            let (score, rating) = said.entry(group).or_default();
            *score = answer.nps.or(*score);
            *rating = answer.rating.or(*rating);
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::history::Answer;

    #[test]
    fn the_figures_are_those_of_the_definitions() {
        // 6 promoters, 2 passive, 2 detractors.
        let scores = [10, 10, 9, 9, 9, 9, 8, 7, 6, 0];
        let found = nps(&scores).unwrap();
        assert!((found.value - 40.0).abs() < 1e-9);
        let error = 100.0 * (0.8_f64 - 0.16).sqrt() / 10.0_f64.sqrt();
        assert!((found.high - found.value - 1.959_963_984_540_054 * error).abs() < 1e-6);
        assert_eq!(nps(&scores[..9]), None, "nine people are not told about");
        let found = csat(&[5, 5, 5, 4, 4, 4, 4, 4, 3, 1]).unwrap();
        assert!((found.value - 0.8).abs() < 1e-12 && found.low > 0.4 && found.high < 1.0);
    }

    #[test]
    fn each_person_counts_once_with_the_latest_answer() {
        let answer = |at, nps, tour| Answer {
            at,
            nps: Some(nps),
            rating: None,
            tour,
            region: None,
        };
        let history = History {
            answers: vec![
                answer(1, 0, Some(0)),
                answer(2, 10, None),
                answer(9, 0, None),
            ],
            tours: vec![Uuid::from_u128(1)],
            ..History::default()
        };
        let all = vec![history; 10];
        let found = groups(&all.iter().collect(), 5);
        let value = |group: &Group| {
            found
                .get(group)
                .and_then(|one| one.nps)
                .map(|one| one.value)
        };
        assert_eq!(value(&Group::Tenant), Some(100.0));
        assert_eq!(value(&Group::Tour(Uuid::from_u128(1))), Some(-100.0));
        assert_eq!(found.len(), 2);
        assert!(groups(&all[..9].iter().collect(), 5).is_empty());
    }
}
