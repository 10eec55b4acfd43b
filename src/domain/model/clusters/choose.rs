//! How many groups: as many as come out again in other samples, and of those the most distinct.
//!
//! The silhouette alone always says two, which is of no use to anybody who wants to speak to groups. So: 3 to 8 groups,
//! each of at least 2 % of the people, found again in bootstrap samples with a mean adjusted Rand index of at least .8;
//! of those with four and more the largest silhouette, and the present number when it is as good within .01.

use serde::{Deserialize, Serialize};

use super::agreement::adjusted_rand;
use super::fit::{self, Fit};
use super::points::{Points, nearest};
use super::silhouette::{drawn, silhouette};
use crate::domain::model::seed::Seed;

/// Numbers of groups that are tried.
pub const TRIED: std::ops::RangeInclusive<usize> = 3..=8;
/// How often a number has to come out again on average.
pub const STABLE: f64 = 0.8;
/// The least share of the people in a group.
pub const LEAST_SHARE: f64 = 0.02;
/// Numbers of groups that are preferred when they are stable.
const WANTED: usize = 4;
/// Another silhouette is better from here on.
const BETTER: f64 = 0.01;
/// How many bootstrap samples.
const SAMPLES: u64 = 8;
/// The choice looks at so many people.
const LOOKED_AT: usize = fit::SAMPLE;
/// From how many places the fit of a bootstrap sample starts.
const STARTS: u32 = 5;

/// One number of groups and how it fared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Try {
    /// How many groups.
    pub k: u32,
    /// Sum of the squared distances to the middles.
    pub inertia: f64,
    /// How distinct the groups are.
    pub silhouette: f64,
    /// Mean adjusted Rand index of bootstrap samples.
    pub stability: f64,
    /// The least of them.
    pub stability_min: f64,
    /// Share of the people in the smallest group.
    pub smallest: f64,
}

impl Try {
    fn stands(&self) -> bool {
        self.stability >= STABLE && self.smallest >= LEAST_SHARE
    }
}

/// Tries every number of groups on (a sample of) scaled points.
#[must_use]
pub fn tries(points: &Points, seed: u64) -> Vec<Try> {
    let places = drawn(points.len(), LOOKED_AT, &mut Seed::new(seed));
    let sample = points.at(&places);
    TRIED
        .filter_map(|k| {
            let fit = fit::best(&sample, k, fit::STARTS, seed)?;
            let stability = stability(&sample, &fit, k, seed);
            let smallest = fit::sizes(&fit.labels, k).into_iter().min();
            #[expect(clippy::cast_precision_loss, reason = "at most ten thousand")]
            let all = sample.len() as f64;
            Some(Try {
                k: u32::try_from(k).ok()?,
                inertia: fit.inertia,
                silhouette: silhouette(&sample, &fit.labels, k, seed),
                stability: stability.0,
                stability_min: stability.1,
                smallest: f64::from(smallest.unwrap_or(0)) / all,
            })
        })
        .collect()
}

/// Mean and least agreement with fits of samples drawn with replacement, each asked for everybody's group.
fn stability(points: &Points, base: &Fit, k: usize, seed: u64) -> (f64, f64) {
    let mut sum = 0.0;
    let mut least = f64::INFINITY;
    let mut n = 0.0;
    for turn in 0..SAMPLES {
        let mut draw = Seed::new(seed ^ (turn + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let places: Vec<usize> = (0..points.len())
            .map(|_| draw.below(points.len()))
            .collect();
        let Some(again) = fit::best(&points.at(&places), k, STARTS, draw.bits()) else {
            continue;
        };
        let labels = points.iter().map(|point| nearest(point, &again.centres).0);
        let labels: Vec<u32> = labels
            .filter_map(|label| u32::try_from(label).ok())
            .collect();
        let found = adjusted_rand(&base.labels, &labels);
        sum += found;
        least = least.min(found);
        n += 1.0;
    }
    (if n > 0.0 { sum / n } else { 0.0 }, least.min(1.0))
}

/// The number of groups by the rule above; none when no number stands.
#[must_use]
pub fn chosen(tries: &[Try], present: Option<u32>) -> Option<u32> {
    let standing: Vec<&Try> = tries.iter().filter(|one| one.stands()).collect();
    let wanted = |one: &&&Try| one.k as usize >= WANTED;
    let any = standing.iter().any(|one| wanted(&one));
    let mut candidates = standing.iter().filter(|one| !any || wanted(one));
    let best = candidates.clone().max_by(|a, b| {
        let distinct = a.silhouette.total_cmp(&b.silhouette);
        distinct.then(b.k.cmp(&a.k))
    })?;
    let present = candidates.find(|one| Some(one.k) == present);
    let kept = present.filter(|one| one.silhouette >= best.silhouette - BETTER);
    Some(kept.unwrap_or(best).k)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(k: u32, silhouette: f64, stability: f64) -> Try {
        Try {
            k,
            inertia: 1.0,
            silhouette,
            stability,
            stability_min: stability,
            smallest: 0.1,
        }
    }

    #[test]
    fn four_and_more_are_preferred_and_the_present_number_kept_when_as_good() {
        let tries = [
            one(3, 0.339, 0.936),
            one(4, 0.336, 0.869),
            one(5, 0.330, 0.895),
            one(6, 0.335, 0.7),
        ];
        assert_eq!(chosen(&tries, None), Some(4));
        assert_eq!(chosen(&tries, Some(5)), Some(5), "within .01");
        assert_eq!(chosen(&tries, Some(6)), Some(4), "not stable any more");
        assert_eq!(
            chosen(&tries[..1], None),
            Some(3),
            "three, when nothing larger stands"
        );
        assert_eq!(chosen(&[one(4, 0.5, 0.79)], None), None);
        let small = Try {
            smallest: 0.01,
            ..one(4, 0.5, 0.9)
        };
        assert_eq!(chosen(&[small], None), None);
    }

    #[test]
    fn five_planted_groups_are_five() {
        let mut seed = Seed::new(11);
        let mut points = Points::new(2);
        for (x, y) in [(0.0, 0.0), (9.0, 0.0), (0.0, 9.0), (9.0, 9.0), (20.0, 4.0)] {
            for _ in 0..60 {
                points.push(&[x + seed.share(), y + seed.share()]);
            }
        }
        assert_eq!(chosen(&tries(&points, 1), None), Some(5));
    }
}
