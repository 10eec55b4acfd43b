//! Ranked lists and how good they are: recall, precision and NDCG at a length, by one fixed rule for ties.
//!
//! Recall is hits divided by all that was taken, as the reference tables have it; NDCG is binary with base-2 logarithms
//! and the best possible list of the same length as the ideal.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::interactions::Interactions;

/// The best `n` items by score, the best first; of equal scores the least item. Items without a finite score are left out.
#[must_use]
pub fn top(scores: &[f64], n: usize) -> Vec<u32> {
    let mut all: Vec<(u32, f64)> = (0_u32..).zip(scores.iter().copied()).collect();
    all.retain(|(_, score)| score.is_finite());
    if n == 0 || all.is_empty() {
        return Vec::new();
    }
    if n < all.len() {
        all.select_nth_unstable_by(n - 1, better);
        all.truncate(n);
    }
    all.sort_unstable_by(better);
    all.into_iter().map(|(item, _)| item).collect()
}

/// Higher scores first, then lower numbers: no two items are equal, so an unstable sort gives one order.
fn better(a: &(u32, f64), b: &(u32, f64)) -> Ordering {
    b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))
}

/// Takes the items out of the running.
pub fn mask(scores: &mut [f64], items: impl IntoIterator<Item = u32>) {
    for item in items {
        if let Some(score) = scores.get_mut(item as usize) {
            *score = f64::NEG_INFINITY;
        }
    }
}

/// Means over the users that took something in the hold-out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// How many users.
    pub users: u32,
    /// Of what a user took, the share among the first 10.
    pub recall_10: f64,
    /// The same among the first 20.
    pub recall_20: f64,
    /// Of the first 10, the share that the user took.
    pub precision_10: f64,
    /// How high they stand among the first 10, 1 being the best list possible.
    pub ndcg_10: f64,
    /// The same among the first 100.
    pub ndcg_100: f64,
}

/// Longest list that is looked at.
const LONGEST: usize = 100;

/// Scores the list of every user that took something in `test`. `score` gives the scores of all items for a user.
pub fn quality(test: &Interactions, mut score: impl FnMut(usize) -> Vec<f64>) -> Quality {
    let mut sum = Quality::default();
    for (user, taken) in test.rows().enumerate() {
        if taken.is_empty() {
            continue;
        }
        let list = top(&score(user), LONGEST);
        let hits: Vec<bool> = list.iter().map(|item| took(taken, *item)).collect();
        sum.users += 1;
        sum.recall_10 += share(&hits, 10, taken.len());
        sum.recall_20 += share(&hits, 20, taken.len());
        sum.precision_10 += share(&hits, 10, 10);
        sum.ndcg_10 += ndcg(&hits, 10, taken.len());
        sum.ndcg_100 += ndcg(&hits, 100, taken.len());
    }
    let n = f64::from(sum.users.max(1));
    Quality {
        users: sum.users,
        recall_10: sum.recall_10 / n,
        recall_20: sum.recall_20 / n,
        precision_10: sum.precision_10 / n,
        ndcg_10: sum.ndcg_10 / n,
        ndcg_100: sum.ndcg_100 / n,
    }
}

fn took(taken: &[(u32, u32)], item: u32) -> bool {
    taken.binary_search_by_key(&item, |(item, _)| *item).is_ok()
}

/// Hits among the first `k`, divided by `of`.
fn share(hits: &[bool], k: usize, of: usize) -> f64 {
    let found = hits.iter().take(k).filter(|hit| **hit).count();
    as_f64(found) / as_f64(of)
}

fn ndcg(hits: &[bool], k: usize, taken: usize) -> f64 {
    let gain = |place: usize| 1.0 / libm::log2(as_f64(place + 2));
    let found = hits.iter().take(k).enumerate().filter(|(_, hit)| **hit);
    let found: f64 = found.map(|(place, _)| gain(place)).sum();
    let ideal: f64 = (0..k.min(taken)).map(gain).sum();
    found / ideal
}

#[expect(clippy::cast_precision_loss, reason = "lengths of lists fit a double")]
fn as_f64(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_scores_the_least_item_comes_first() {
        let scores = [0.5, 0.9, 0.5, f64::NEG_INFINITY, 0.9];
        assert_eq!(top(&scores, 10), [1, 4, 0, 2]);
        assert_eq!(top(&scores, 3), [1, 4, 0]);
        assert_eq!(top(&scores, 0), [0_u32; 0]);
        let mut masked = scores;
        mask(&mut masked, [1, 4, 9]);
        assert_eq!(top(&masked, 2), [0, 2]);
    }

    #[test]
    fn a_list_is_judged_by_hits_and_their_places() {
        // The second user took nothing and does not count.
        let test = Interactions::count(4, [vec![1, 3], vec![]]);
        let found = quality(&test, |_| vec![0.9, 0.8, 0.7, 0.1]);
        assert_eq!((found.users, found.recall_10), (1, 1.0));
        assert!((found.precision_10 - 0.2).abs() < 1e-12);
        // Hits at places 2 and 4 of a list whose ideal has them at 1 and 2.
        let log = |x: f64| x.log2();
        let expected = (1.0 / log(3.0) + 1.0 / log(5.0)) / (1.0 + 1.0 / log(3.0));
        assert!((found.ndcg_10 - expected).abs() < 1e-12);
    }

    #[test]
    fn the_best_list_has_ndcg_one_however_many_were_taken() {
        let taken: Vec<u32> = (0..30).collect();
        let test = Interactions::count(40, [taken]);
        let best = |_| (0..40).map(|item| -f64::from(item)).collect();
        let found = quality(&test, best);
        assert!((found.ndcg_10 - 1.0).abs() < 1e-12 && (found.ndcg_100 - 1.0).abs() < 1e-12);
        assert!((found.recall_10 - 1.0 / 3.0).abs() < 1e-12);
    }
}
