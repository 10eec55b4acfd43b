//! Logistic regression with a ridge, by iteratively reweighted least squares.
//!
//! Features are standardised first and the constant is not held down, as in the usual libraries: with `ridge` 1 it is
//! scikit-learn's default (C = 1) on standardised features.

use serde::{Deserialize, Serialize};

use super::special::logistic;

/// One person at one instant: features, all finite.
pub type Row<const N: usize> = [f64; N];

/// Fitted weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Logistic {
    /// Of each feature: its mean, and its spread (1 where it never varies).
    pub scales: Vec<(f64, f64)>,
    /// Of each standardised feature.
    pub weights: Vec<f64>,
    /// Log-odds of the average person.
    pub constant: f64,
}

const STEPS_MAX: u32 = 60;
const ENOUGH: f64 = 1e-10;

impl Logistic {
    /// Fits to rows with their outcomes; `ridge` holds the weights down.
    #[must_use]
    pub fn fit<const N: usize>(rows: &[(Row<N>, bool)], ridge: f64) -> Self {
        let scales = scales(rows);
        let mut model = Self {
            scales,
            weights: vec![0.0; N],
            constant: 0.0,
        };
        let scaled: Vec<(Vec<f64>, bool)> = rows
            .iter()
            .map(|(row, y)| (model.standardised(row), *y))
            .collect();
        for _ in 0..STEPS_MAX {
            let Some(change) = model.newton(&scaled, ridge) else {
                break;
            };
            if change <= ENOUGH {
                break;
            }
        }
        model
    }

    /// The probability.
    #[must_use]
    pub fn probability(&self, row: &[f64]) -> f64 {
        logistic(self.constant + self.terms(row).sum::<f64>())
    }

    /// What each feature adds to the log-odds of the average person.
    pub fn terms(&self, row: &[f64]) -> impl Iterator<Item = f64> {
        let scaled = self.standardised(row);
        let weights = self.weights.clone();
        scaled
            .into_iter()
            .zip(weights)
            .map(|(x, weight)| x * weight)
    }

    /// The mean, in log-odds, of what this model says and of one of its features that is log-odds itself.
    #[must_use]
    pub fn halfway_to(&self, feature: usize) -> Self {
        let mut model = self.clone();
        model.constant /= 2.0;
        for weight in &mut model.weights {
            *weight /= 2.0;
        }
        let weight = model.weights.get_mut(feature);
        if let Some((weight, (mean, spread))) = weight.zip(self.scales.get(feature)) {
            *weight += spread / 2.0;
            model.constant += mean / 2.0;
        }
        model
    }

    fn standardised(&self, row: &[f64]) -> Vec<f64> {
        let scaled = row.iter().zip(&self.scales);
        scaled
            .map(|(x, (mean, spread))| (x - mean) / spread)
            .collect()
    }

    /// One step of Newton's, halved until the fit improves; how far it went, or none when nothing improves.
    fn newton(&mut self, rows: &[(Vec<f64>, bool)], ridge: f64) -> Option<f64> {
        let n = self.weights.len() + 1;
        let mut slope = vec![0.0; n];
        let mut bend = vec![0.0; n * n];
        for (row, y) in rows {
            let p = self.of_scaled(row);
            let (error, weight) = (f64::from(u8::from(*y)) - p, (p * (1.0 - p)).max(1e-12));
            let full = || std::iter::once(1.0).chain(row.iter().copied());
            for (slope, x) in slope.iter_mut().zip(full()) {
                *slope += error * x;
            }
            for (line, x) in bend.chunks_exact_mut(n).zip(full()) {
                for (cell, z) in line.iter_mut().zip(full()) {
                    *cell += weight * x * z;
                }
            }
        }
        for (slope, weight) in slope.iter_mut().skip(1).zip(&self.weights) {
            *slope -= ridge * weight;
        }
        for cell in bend.iter_mut().step_by(n + 1).skip(1) {
            *cell += ridge;
        }
        let way = solve(bend, slope)?;
        let before = self.cost(rows, ridge);
        let mut length = 1.0;
        for _ in 0..30 {
            let next = self.moved(&way, length);
            if next.cost(rows, ridge) <= before {
                *self = next;
                return way.iter().map(|x| (x * length).abs()).reduce(f64::max);
            }
            length /= 2.0;
        }
        None
    }

    fn moved(&self, way: &[f64], length: f64) -> Self {
        let mut next = self.clone();
        next.constant += way.first().copied().unwrap_or_default() * length;
        for (weight, step) in next.weights.iter_mut().zip(way.iter().skip(1)) {
            *weight += step * length;
        }
        next
    }

    fn of_scaled(&self, row: &[f64]) -> f64 {
        let terms = row.iter().zip(&self.weights).map(|(x, weight)| x * weight);
        logistic(self.constant + terms.sum::<f64>())
    }

    fn cost(&self, rows: &[(Vec<f64>, bool)], ridge: f64) -> f64 {
        let one = |(row, y): &(Vec<f64>, bool)| super::quality::surprise((self.of_scaled(row), *y));
        let held = self
            .weights
            .iter()
            .map(|weight| weight * weight)
            .sum::<f64>();
        rows.iter().map(one).sum::<f64>() + ridge / 2.0 * held
    }
}

fn scales<const N: usize>(rows: &[(Row<N>, bool)]) -> Vec<(f64, f64)> {
    let n = f64::from(u32::try_from(rows.len().max(1)).unwrap_or(u32::MAX));
    let feature = |at: usize| rows.iter().filter_map(move |(row, _)| row.get(at).copied());
    let of = |at: usize| {
        let mean = feature(at).sum::<f64>() / n;
        let spread = feature(at).map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        (mean, if spread > 1e-18 { spread.sqrt() } else { 1.0 })
    };
    (0..N).map(of).collect()
}

/// Solves a symmetric positive definite system by Cholesky's decomposition; none when it is not.
#[must_use]
pub fn solve(mut matrix: Vec<f64>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let n = right.len();
    let at = |matrix: &[f64], row: usize, column: usize| matrix.get(row * n + column).copied();
    for row in 0..n {
        for column in 0..=row {
            let mut sum = at(&matrix, row, column)?;
            for k in 0..column {
                sum -= at(&matrix, row, k)? * at(&matrix, column, k)?;
            }
            let value = if row == column {
                Some(sum).filter(|sum| *sum > 0.0)?.sqrt()
            } else {
                sum / at(&matrix, column, column)?
            };
            *matrix.get_mut(row * n + column)? = value;
        }
    }
    for row in 0..n {
        let mut sum = *right.get(row)?;
        for k in 0..row {
            sum -= at(&matrix, row, k)? * right.get(k)?;
        }
        *right.get_mut(row)? = sum / at(&matrix, row, row)?;
    }
    for row in (0..n).rev() {
        let mut sum = *right.get(row)?;
        for k in row + 1..n {
            sum -= at(&matrix, k, row)? * right.get(k)?;
        }
        *right.get_mut(row)? = sum / at(&matrix, row, row)?;
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::super::special::logit;
    use super::*;

    #[test]
    fn a_small_system_is_solved() {
        let found = solve(vec![4.0, 2.0, 2.0, 3.0], vec![10.0, 9.0]).unwrap();
        assert!((found[0] - 1.5).abs() < 1e-12 && (found[1] - 2.0).abs() < 1e-12);
        assert_eq!(solve(vec![1.0, 2.0, 2.0, 1.0], vec![1.0, 1.0]), None);
    }

    #[test]
    fn without_features_it_says_the_base_rate() {
        let rows: Vec<([f64; 1], bool)> = (0..10).map(|n| ([7.0], n < 3)).collect();
        let model = Logistic::fit(&rows, 1.0);
        assert!((model.probability(&[7.0]) - 0.3).abs() < 1e-6);
        assert_eq!(model.weights, [0.0]);
    }

    #[test]
    fn halfway_is_the_mean_in_log_odds() {
        let row = |n: u32| [f64::from(n % 7) - 3.0, f64::from(n % 5)];
        let rows: Vec<([f64; 2], bool)> = (0..200).map(|n| (row(n), n % 11 > n % 7)).collect();
        let model = Logistic::fit(&rows, 1.0);
        let both = model.halfway_to(0);
        for (row, _) in &rows {
            let mean = f64::midpoint(logit(model.probability(row)), row[0]);
            assert!((logit(both.probability(row)) - mean).abs() < 1e-9);
        }
    }

    #[test]
    fn two_groups_get_their_rates_and_separation_stays_finite() {
        let two = |n: u32, split: u32| ([f64::from(n % 2)], n / 2 < split * (1 + n % 2));
        let rows: Vec<([f64; 1], bool)> = (0..200).map(|n| two(n, 25)).collect();
        let model = Logistic::fit(&rows, 1e-9);
        assert!((model.probability(&[0.0]) - 0.25).abs() < 1e-6);
        assert!((model.probability(&[1.0]) - 0.50).abs() < 1e-6);
        let apart: Vec<([f64; 1], bool)> = (0..20).map(|n| ([f64::from(n)], n >= 10)).collect();
        let model = Logistic::fit(&apart, 1.0);
        assert!(model.weights[0].is_finite() && model.probability(&[19.0]) > 0.9);
    }
}
