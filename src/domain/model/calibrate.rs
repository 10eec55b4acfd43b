//! Making probabilities honest: Platt's two numbers, or a rising staircase (isotonic regression), learnt where the
//! model had not seen the outcome.

use serde::{Deserialize, Serialize};

use super::logistic::Logistic;
use super::quality::{Foretold, surprise};
use super::special::{logistic, logit};

/// Fewer outcomes than this carry no staircase.
const STAIRS_FROM: usize = 1_000;
const FOLDS: usize = 5;

/// From what a model says to what is to be expected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Calibration {
    /// As the model says.
    None,
    /// Straight in log-odds.
    Platt {
        /// How much the log-odds count.
        slope: f64,
        /// What is added to them.
        shift: f64,
    },
    /// Through these points, straight between them: what the model says, rising, and what is to be expected.
    Isotonic(Vec<(f64, f64)>),
}

impl Calibration {
    /// Learns the one that surprises least in five-fold cross-validation.
    #[must_use]
    pub fn fit(told: &[Foretold]) -> Self {
        let mut tries: Vec<fn(&[Foretold]) -> Self> = vec![|_| Self::None, Self::platt];
        if told.len() >= STAIRS_FROM {
            tries.push(Self::isotonic);
        }
        let costs = tries
            .into_iter()
            .map(|fit| (cross_validated(told, fit), fit));
        let best = costs.min_by(|one, other| one.0.total_cmp(&other.0));
        best.map_or(Self::None, |(_, fit)| fit(told))
    }

    /// Platt's two numbers; his smoothed targets are as good as a ridge.
    #[must_use]
    pub fn platt(told: &[Foretold]) -> Self {
        let rows: Vec<([f64; 1], bool)> = told.iter().map(|(p, y)| ([logit(*p)], *y)).collect();
        let model = Logistic::fit(&rows, 1.0);
        let scale = model.scales.first().zip(model.weights.first());
        let Some(((mean, spread), weight)) = scale else {
            return Self::None;
        };
        let slope = weight / spread;
        Self::Platt {
            slope,
            shift: model.constant - slope * mean,
        }
    }

    /// Pools neighbours that are out of order; each step is drawn towards the whole by one pseudo-observation.
    #[must_use]
    pub fn isotonic(told: &[Foretold]) -> Self {
        let n = count(told.len()).max(1.0);
        let base = count(told.iter().filter(|one| one.1).count()) / n;
        let mut sorted = told.to_vec();
        sorted.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut steps: Vec<Step> = Vec::new();
        for group in sorted.chunk_by(|one, other| one.0.total_cmp(&other.0).is_eq()) {
            steps.push(Step::of(group));
            while let [.., left, right] = steps.as_slice() {
                if left.rate() < right.rate() {
                    break;
                }
                let pooled = left.with(right);
                steps.truncate(steps.len() - 2);
                steps.push(pooled);
            }
        }
        let smooth = |step: &Step| (step.yes + base) / (step.n + 1.0);
        let points = steps.iter().map(|step| (step.told / step.n, smooth(step)));
        // Drawing towards the whole may put small steps out of order again.
        let mut least = 0.0_f64;
        Self::Isotonic(
            points
                .map(|(told, rate)| {
                    least = least.max(rate);
                    (told, least)
                })
                .collect(),
        )
    }

    /// What is to be expected when the model says `p`.
    #[must_use]
    pub fn of(&self, p: f64) -> f64 {
        match self {
            Self::None => p,
            Self::Platt { slope, shift } => logistic(slope * logit(p) + shift),
            Self::Isotonic(points) => through(points, p),
        }
    }

    /// Its name in reports.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Platt { .. } => "platt",
            Self::Isotonic(_) => "isotonic",
        }
    }
}

/// Neighbours of one rate.
#[derive(Clone, Copy)]
struct Step {
    n: f64,
    yes: f64,
    told: f64,
}

impl Step {
    fn of(group: &[Foretold]) -> Self {
        Self {
            n: count(group.len()),
            yes: count(group.iter().filter(|one| one.1).count()),
            told: group.iter().map(|one| one.0).sum(),
        }
    }

    fn with(&self, other: &Self) -> Self {
        Self {
            n: self.n + other.n,
            yes: self.yes + other.yes,
            told: self.told + other.told,
        }
    }

    fn rate(&self) -> f64 {
        self.yes / self.n
    }
}

fn through(points: &[(f64, f64)], p: f64) -> f64 {
    let above = points.partition_point(|(told, _)| *told < p);
    let (below, above) = (above.checked_sub(1), points.get(above));
    match (below.and_then(|at| points.get(at)), above) {
        (Some((x, low)), Some((z, high))) if z > x => low + (high - low) * (p - x) / (z - x),
        (_, Some((_, rate))) | (Some((_, rate)), None) => *rate,
        (None, None) => p,
    }
}

fn cross_validated(told: &[Foretold], fit: fn(&[Foretold]) -> Calibration) -> f64 {
    let every = |fold: usize, inside: bool| {
        let chosen = told.iter().enumerate();
        let chosen = chosen.filter(move |(n, _)| (n % FOLDS == fold) == inside);
        chosen.map(|(_, one)| *one)
    };
    let cost = |fold: usize| {
        let rest: Vec<Foretold> = every(fold, false).collect();
        let learnt = fit(&rest);
        every(fold, true)
            .map(|(p, y)| surprise((learnt.of(p), y)))
            .sum::<f64>()
    };
    (0..FOLDS).map(cost).sum()
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::super::seed::Seed;
    use super::*;

    /// Probabilities that are twice as sure of themselves as they may be.
    fn boastful(n: usize) -> Vec<Foretold> {
        let mut seed = Seed::new(1);
        let one = || {
            let odds = 6.0 * seed.share() - 3.0;
            (logistic(2.0 * odds), seed.share() < logistic(odds))
        };
        std::iter::repeat_with(one).take(n).collect()
    }

    #[test]
    fn boasting_is_taken_back() {
        let told = boastful(20_000);
        let Calibration::Platt { slope, shift } = Calibration::platt(&told) else {
            panic!("no slope")
        };
        assert!(
            (slope - 0.5).abs() < 0.03 && shift.abs() < 0.05,
            "{slope} {shift}"
        );
        let stairs = Calibration::isotonic(&told);
        for odds in [-2.0, -1.0, 0.0, 1.0, 2.0] {
            let found = stairs.of(logistic(2.0 * odds));
            assert!((found - logistic(odds)).abs() < 0.05, "{odds}: {found}");
        }
        assert_ne!(Calibration::fit(&told), Calibration::None);
    }

    #[test]
    fn a_staircase_only_rises() {
        let stairs = Calibration::isotonic(&boastful(2_000));
        let told = (0..=1_000).map(|n| stairs.of(f64::from(n) / 1_000.0));
        let told: Vec<f64> = told.collect();
        assert!(told.windows(2).all(|two| two[0] <= two[1]));
        assert!(told.iter().all(|p| (0.0..=1.0).contains(p)));
    }

    #[test]
    fn honesty_is_left_alone() {
        let mut seed = Seed::new(2);
        let honest = std::iter::repeat_with(|| {
            let p = seed.share();
            (p, seed.share() < p)
        });
        let honest: Vec<Foretold> = honest.take(5_000).collect();
        let found = Calibration::fit(&honest);
        for p in [0.1, 0.3, 0.5, 0.7, 0.9] {
            assert!((found.of(p) - p).abs() < 0.03, "{p}: {found:?}");
        }
    }
}
