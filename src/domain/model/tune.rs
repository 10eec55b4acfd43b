//! Choosing λ and the weight of popularity by what hides in a hold-out, not by taste.

use serde::{Deserialize, Serialize};

use super::co_counts::CoCounts;
use super::ease::{Ease, Untrainable};
use super::interactions::Interactions;
use super::ranking::{self, Quality};

/// λ that are tried: about 10 to 50 suit a few hundred items, 250 to 300 thousands.
pub const LAMBDAS: [f64; 6] = [1.0, 10.0, 50.0, 100.0, 300.0, 1_000.0];
/// Weights of popularity that are tried.
pub const WEIGHTS: [f64; 4] = [0.0, 0.05, 0.1, 0.3];

/// What is chosen before training.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    /// λ: how many people must agree before two items go together; above 0.
    pub lambda: f64,
    /// Weight of the popularity prior, whose values are in [0, 1].
    pub popularity: f64,
}

/// One try.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Try {
    /// With which parameters.
    pub parameters: Parameters,
    /// How good the lists of new items were.
    pub quality: Quality,
}

/// The counts of a table.
#[must_use]
pub fn counts(table: &Interactions) -> CoCounts {
    let mut counts = CoCounts::new(table.items());
    for row in table.rows() {
        counts.add(row.iter().map(|(item, _)| *item));
    }
    counts
}

/// How good a model's lists of new items are: what a user has already is no candidate. Users without any history are
/// left out: their lists are popularity alone, whatever the model.
#[must_use]
pub fn judge(model: &Ease, train: &Interactions, fresh: &Interactions) -> Quality {
    let warm = fresh.filtered(|user, _| !train.row(user).is_empty());
    ranking::quality(&warm, |user| {
        let own = || train.row(user).iter().map(|(item, _)| *item);
        let mut scores = as_f64(&model.scores(own()));
        ranking::mask(&mut scores, own());
        scores
    })
}

/// Tries every pair of parameters: trains on `train`, judges by `fresh`, which has nothing that the same user has in
/// `train`.
///
/// # Errors
///
/// [`Untrainable`], when no λ can be trained with these items.
pub fn tries(
    train: &Interactions,
    fresh: &Interactions,
    popularity: &[f64],
    lambdas: &[f64],
    weights: &[f64],
) -> Result<Vec<Try>, Untrainable> {
    let counts = counts(train);
    let mut tries = Vec::with_capacity(lambdas.len() * weights.len());
    for lambda in lambdas {
        let mut model = Ease::train(&counts, *lambda)?;
        for weight in weights {
            model = model.with_popularity(popularity, *weight);
            tries.push(Try {
                parameters: Parameters {
                    lambda: *lambda,
                    popularity: *weight,
                },
                quality: judge(&model, train, fresh),
            });
        }
    }
    Ok(tries)
}

/// The try with the best NDCG at 10; of equal ones the first.
#[must_use]
pub fn best(tries: &[Try]) -> Option<Try> {
    let better = |best: Option<Try>, one: &Try| match best {
        Some(best) if best.quality.ndcg_10 >= one.quality.ndcg_10 => Some(best),
        _ => Some(*one),
    };
    tries.iter().fold(None, better)
}

/// Scores in millionths as numbers to rank by; exact, because scores are far below 2^53.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "far below two to the 53rd")]
pub fn as_f64(scores: &[i64]) -> Vec<f64> {
    scores.iter().map(|score| *score as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Users of two tastes: items 0 to 5 or 6 to 11, each user all but one, which is what hides.
    fn planted() -> (Interactions, Interactions) {
        let of = |user: u32| {
            let side = (user % 2) * 6;
            let hidden = side + (user / 2) % 6;
            let rest = (side..side + 6).filter(move |item| *item != hidden);
            (rest.collect::<Vec<u32>>(), vec![hidden])
        };
        let (train, fresh): (Vec<_>, Vec<_>) = (0..120).map(of).unzip();
        (
            Interactions::count(12, train),
            Interactions::count(12, fresh),
        )
    }

    #[test]
    fn planted_taste_is_found_and_popularity_cannot_find_it() {
        let (train, fresh) = planted();
        let popularity = super::super::popularity::share(&train);
        let tries = tries(&train, &fresh, &popularity, &[1.0, 10.0], &[0.0, 0.1]).unwrap();
        assert_eq!(tries.len(), 4);
        let best = best(&tries).unwrap();
        assert!((best.quality.ndcg_10 - 1.0).abs() < 1e-9, "{best:?}");
        let popular = ranking::quality(&fresh, |user| {
            let mut scores = popularity.clone();
            ranking::mask(&mut scores, train.row(user).iter().map(|(item, _)| *item));
            scores
        });
        assert!(popular.ndcg_10 < 0.75, "{popular:?}");
    }

    #[test]
    fn of_equal_tries_the_first_is_taken() {
        let one = |lambda, ndcg_10| Try {
            parameters: Parameters {
                lambda,
                popularity: 0.0,
            },
            quality: Quality {
                ndcg_10,
                ..Quality::default()
            },
        };
        let found = best(&[one(1.0, 0.1), one(2.0, 0.3), one(3.0, 0.3)]).unwrap();
        assert!((found.parameters.lambda - 2.0).abs() < f64::EPSILON);
        assert_eq!(best(&[]), None);
    }
}
