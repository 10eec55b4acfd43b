//! EASE: which items go with which, from pair counts alone, in closed form (Steck, "Embarrassingly shallow
//! autoencoders for sparse data", 2019).
//!
//! With G the pair counts and P the inverse of G + λ·1, the weight from a taken item i to an item j is −P(i,j) / P(j,j),
//! and 0 from an item to itself. A score is the sum of the weights of what a person took plus a little popularity, so
//! its reasons are its summands. Weights are whole millionths: sums are exact in any order, and the last bits in which
//! processors differ are gone. What is stored is about items; nobody's history is in it.

use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::cholesky::llt::{factor, inverse};
use faer::{Mat, Par, Spec};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::co_counts::CoCounts;

/// More items need more memory than this is worth: 3 matrices of `8 · ITEMS_MAX²` bytes while training.
pub const ITEMS_MAX: usize = 4_000;

/// Scores and weights are whole numbers of this size.
const MILLION: f64 = 1e6;

/// Why there is no model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Untrainable {
    /// Fewer than two items.
    #[error("there are fewer than two items")]
    TooFew,
    /// More than [`ITEMS_MAX`].
    #[error("there are {0} items, at most {ITEMS_MAX} can be trained")]
    TooMany(usize),
    /// λ is not above 0, or a weight is no number.
    #[error("the counts with this λ have no inverse")]
    Singular,
}

/// A trained model over items `0..items`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ease {
    items: u32,
    /// Row i holds what having taken i adds to every item, in millionths.
    weights: Vec<i32>,
    /// What popularity adds, in millionths.
    popularity: Vec<i32>,
}

impl Ease {
    /// Trains on pair counts, as yet without popularity.
    ///
    /// # Errors
    ///
    /// [`Untrainable`], by the number of items and λ.
    pub fn train(counts: &CoCounts, lambda: f64) -> Result<Self, Untrainable> {
        let items = counts.items();
        if items < 2 {
            return Err(Untrainable::TooFew);
        }
        if items > ITEMS_MAX {
            return Err(Untrainable::TooMany(items));
        }
        let inverse = inverted(counts, lambda)?;
        Ok(Self {
            items: u32::try_from(items).map_err(|_too_many| Untrainable::TooMany(items))?,
            weights: weights(&inverse),
            popularity: vec![0; items],
        })
    }

    /// The same with a prior: `popularity` in [0, 1] by item (missing ones are 0), times `weight`.
    #[must_use]
    pub fn with_popularity(self, popularity: &[f64], weight: f64) -> Self {
        let of_all = popularity.iter().copied().chain(std::iter::repeat(0.0));
        let prior = of_all.map(|share| millionths(share * weight));
        Self {
            popularity: prior.take(self.items as usize).collect(),
            ..self
        }
    }

    /// How many items it knows.
    #[must_use]
    pub const fn items(&self) -> u32 {
        self.items
    }

    /// The scores of all items for a person who took these, in millionths.
    #[must_use]
    pub fn scores(&self, taken: impl IntoIterator<Item = u32>) -> Vec<i64> {
        let mut scores: Vec<i64> = self.popularity.iter().map(|one| i64::from(*one)).collect();
        for item in taken {
            for (score, weight) in scores.iter_mut().zip(self.row(item)) {
                *score += i64::from(*weight);
            }
        }
        scores
    }

    /// What each taken item adds to the score of `item`, the most first, in millionths; only what speaks for it.
    #[must_use]
    pub fn reasons(&self, taken: impl IntoIterator<Item = u32>, item: u32) -> Vec<(u32, i32)> {
        let add = |from: u32| Some((from, *self.row(from).get(item as usize)?));
        let mut reasons: Vec<(u32, i32)> = taken.into_iter().filter_map(add).collect();
        reasons.retain(|(_, weight)| *weight > 0);
        reasons.sort_unstable_by_key(|(from, weight)| (std::cmp::Reverse(*weight), *from));
        reasons
    }

    /// What popularity alone adds to an item, in millionths.
    #[must_use]
    pub fn popularity(&self, item: u32) -> i32 {
        self.popularity.get(item as usize).copied().unwrap_or(0)
    }

    /// What having taken an item adds to every item; nothing for items it does not know.
    fn row(&self, item: u32) -> &[i32] {
        let (item, items) = (item as usize, self.items as usize);
        let known = self.weights.get(item * items..(item + 1) * items);
        known.unwrap_or(&[])
    }
}

/// The inverse of the counts with λ on the diagonal; its lower triangle is what is right.
fn inverted(counts: &CoCounts, lambda: f64) -> Result<Mat<f64>, Untrainable> {
    let n = counts.items();
    let mut factor = Mat::from_fn(n, n, |row, column| {
        if row < column {
            return 0.0;
        }
        let both = f64::from(counts.both(row, column));
        if row == column { both + lambda } else { both }
    });
    // One thread, so that sums are always taken in the same order.
    let alone = Par::Seq;
    let needed = StackReq::any_of(&[
        factor::cholesky_in_place_scratch::<f64>(n, alone, Spec::default()),
        inverse::inverse_scratch::<f64>(n, alone),
    ]);
    let mut room = MemBuffer::new(needed);
    let stack = MemStack::new(&mut room);
    factor::cholesky_in_place(
        factor.as_mut(),
        factor::LltRegularization::default(),
        alone,
        stack,
        Spec::default(),
    )
    .map_err(|_not_definite| Untrainable::Singular)?;
    let mut inverse = Mat::zeros(n, n);
    inverse::inverse(inverse.as_mut(), factor.as_ref(), alone, stack);
    Ok(inverse)
}

fn weights(inverse: &Mat<f64>) -> Vec<i32> {
    let n = inverse.nrows();
    let lower = |a: usize, b: usize| *inverse.get(a.max(b), a.min(b));
    let diagonal: Vec<f64> = (0..n).map(|item| lower(item, item)).collect();
    let mut weights = Vec::with_capacity(n * n);
    for from in 0..n {
        let row = diagonal.iter().enumerate().map(|(to, own)| {
            let weight = -lower(from, to) / own;
            if from == to { 0 } else { millionths(weight) }
        });
        weights.extend(row);
    }
    weights
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "weights are far below two thousand, and larger ones are cut there"
)]
fn millionths(weight: f64) -> i32 {
    (weight * MILLION).round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(items: usize, people: &[&[u32]]) -> CoCounts {
        let mut counts = CoCounts::new(items);
        for taken in people {
            counts.add(taken.iter().copied());
        }
        counts
    }

    #[test]
    fn weights_are_those_of_the_closed_form() {
        // G + 2·1 of two items taken together by 2 of 3: [[5, 2], [2, 4]], inverse [[4, -2], [-2, 5]] / 16.
        let counts = counted(2, &[&[0, 1], &[0, 1], &[0]]);
        let model = Ease::train(&counts, 2.0).unwrap();
        assert_eq!(model.scores([0]), [0, 400_000]);
        assert_eq!(model.scores([1]), [500_000, 0]);
        assert_eq!(model.reasons([0, 1], 1), [(0, 400_000)]);
    }

    #[test]
    fn a_score_is_exactly_the_sum_of_its_reasons_and_popularity() {
        let counts = counted(4, &[&[0, 1, 2], &[0, 1], &[2, 3], &[0, 2, 3], &[1, 3]]);
        let model = Ease::train(&counts, 2.0).unwrap();
        let model = model.with_popularity(&[1.0, 0.5, 0.25], 0.1);
        let taken = [0, 1];
        let scores = model.scores(taken);
        for (item, score) in (0_u32..).zip(&scores) {
            let each = taken.iter().map(|from| model.scores([*from]));
            let parts: i64 = each.map(|alone| alone[item as usize]).sum();
            let prior = i64::from(model.popularity(item));
            assert_eq!(*score, parts - prior, "the prior counts once");
        }
        assert_eq!(model.popularity(3), 0);
        assert_eq!(model.scores([]), [100_000, 50_000, 25_000, 0]);
        assert_eq!(
            model.scores([77]),
            model.scores([]),
            "an unknown item adds nothing"
        );
    }

    #[test]
    fn trained_twice_it_is_the_same_to_the_byte() {
        let people: Vec<Vec<u32>> = (0_u32..200)
            .map(|person| {
                (0..40)
                    .filter(|item| (person * 31 + item * 17) % 7 < 2)
                    .collect()
            })
            .collect();
        let people: Vec<&[u32]> = people.iter().map(Vec::as_slice).collect();
        let backwards: Vec<&[u32]> = people.iter().rev().copied().collect();
        let bytes = |people: &[&[u32]]| {
            let model = Ease::train(&counted(40, people), 2.0).unwrap();
            postcard::to_stdvec(&model.with_popularity(&[0.5; 40], 0.1)).unwrap()
        };
        assert_eq!(bytes(&people), bytes(&backwards));
    }

    #[test]
    fn what_cannot_be_trained_says_why() {
        let train = |counts: &CoCounts, lambda| Ease::train(counts, lambda).unwrap_err();
        assert_eq!(train(&CoCounts::new(1), 1.0), Untrainable::TooFew);
        assert_eq!(
            train(&CoCounts::new(4_001), 1.0),
            Untrainable::TooMany(4_001)
        );
        assert_eq!(train(&CoCounts::new(3), 0.0), Untrainable::Singular);
    }
}
