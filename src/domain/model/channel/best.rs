//! How sure it is that one channel is the best: the chance that its rate is the highest of several Beta distributions, by
//! numeric integration on a fixed grid.

/// Midpoints of the grid over (0, 1).
const STEPS: u32 = 1_000;

/// A Beta distribution by its two counts, both above 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beta {
    /// Successes, prior included.
    pub alpha: f64,
    /// Failures, prior included.
    pub beta: f64,
}

impl Beta {
    /// The mean.
    #[must_use]
    pub fn mean(self) -> f64 {
        self.alpha / (self.alpha + self.beta)
    }

    /// The chance of each step of the grid; they sum up to 1.
    fn steps(self) -> Vec<f64> {
        let density =
            |x: f64| (self.alpha - 1.0) * libm::log(x) + (self.beta - 1.0) * libm::log1p(-x);
        let logs: Vec<f64> = (0..STEPS)
            .map(|step| density((f64::from(step) + 0.5) / f64::from(STEPS)))
            .collect();
        let highest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = logs.iter().map(|log| libm::exp(log - highest)).collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    }
}

/// For each distribution the chance that it is above all others; they sum up to about 1.
#[must_use]
pub fn chances(all: &[Beta]) -> Vec<f64> {
    let steps: Vec<Vec<f64>> = all.iter().map(|one| one.steps()).collect();
    let below: Vec<Vec<f64>> = steps.iter().map(|one| below(one)).collect();
    let chance = |own: usize, chances: &Vec<f64>| {
        let others = || {
            below
                .iter()
                .enumerate()
                .filter(move |(other, _)| *other != own)
        };
        let each = chances.iter().enumerate().map(|(step, chance)| {
            let above: f64 = others()
                .map(|(_, below)| below.get(step).copied().unwrap_or(0.0))
                .product();
            chance * above
        });
        each.sum()
    };
    steps
        .iter()
        .enumerate()
        .map(|(own, chances)| chance(own, chances))
        .collect()
}

/// The chance to be below the middle of each step.
fn below(steps: &[f64]) -> Vec<f64> {
    let sums = steps.iter().scan(0.0, |sum, chance| {
        let before = *sum;
        *sum += chance;
        Some(before + chance / 2.0)
    });
    sums.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beta(alpha: f64, beta: f64) -> Beta {
        Beta { alpha, beta }
    }

    /// P(A > B) in closed form for whole numbers: the sum of B(αa + i, βa + βb) / ((βb + i) B(1 + i, βb) B(αa, βa)) over
    /// i < αb turned round (Miller 2014).
    fn exact(a: Beta, b: Beta) -> f64 {
        let ln_beta = |x: f64, y: f64| libm::lgamma(x) + libm::lgamma(y) - libm::lgamma(x + y);
        let mut sum = 0.0;
        let mut i = 0.0;
        while i < a.alpha {
            let log = ln_beta(b.alpha + i, b.beta + a.beta)
                - libm::log(a.beta + i)
                - ln_beta(1.0 + i, a.beta)
                - ln_beta(b.alpha, b.beta);
            sum += libm::exp(log);
            i += 1.0;
        }
        sum
    }

    #[test]
    fn two_channels_are_as_the_closed_form_says() {
        for (a, b) in [
            (beta(10.0, 3.0), beta(3.0, 14.0)),
            (beta(2.0, 3.0), beta(3.0, 2.0)),
            (beta(60.0, 40.0), beta(55.0, 45.0)),
        ] {
            let found = chances(&[a, b]);
            assert!((found[0] - exact(a, b)).abs() < 1e-4, "{found:?}");
            assert!((found[0] + found[1] - 1.0).abs() < 1e-4);
        }
    }

    #[test]
    fn equal_channels_are_equally_likely_the_best() {
        let found = chances(&[beta(2.0, 2.0); 4]);
        assert!(
            found.iter().all(|one| (one - 0.25).abs() < 1e-3),
            "{found:?}"
        );
        assert_eq!(chances(&[]), [0.0; 0]);
        assert!((chances(&[beta(0.4, 0.7)])[0] - 1.0).abs() < 1e-9);
    }
}
