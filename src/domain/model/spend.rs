//! What a purchase is worth: the Gamma-Gamma model (Fader and Hardie 2013).
//!
//! Whoever spends more than others on average probably goes on doing so, the more surely the more purchases say it.
//! It takes for granted that how much is spent has little to do with how often: look at [`correlation`] first.

use serde::{Deserialize, Serialize};

use super::simplex;
use super::special::ln_gamma;

/// Purchases of a customer: how many, and their mean value. Both above 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spent {
    /// How many.
    pub purchases: u32,
    /// Mean value, in whatever unit.
    pub mean: f64,
}

/// Fitted parameters, in the unit of the means.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spend {
    /// Shape of the values of one customer.
    pub p: f64,
    /// Shape of the customers.
    pub q: f64,
    /// Scale of the customers.
    pub v: f64,
}

impl Spend {
    /// Finds the most likely parameters, with the logarithm of their likelihood. Means that are not above 0 are left out.
    #[must_use]
    pub fn fit(customers: &[Spent]) -> (Self, f64) {
        let known = customers
            .iter()
            .filter(|one| one.purchases > 0 && one.mean > 0.0);
        let known: Vec<Spent> = known.copied().collect();
        let of = |at: &[f64; 3]| {
            let [p, q, v] = at.map(libm::exp);
            Self { p, q, v }
        };
        let n = count(known.len()).max(1.0);
        let typical = known.iter().map(|one| one.mean).sum::<f64>() / n;
        let start = [4.0, 3.0, typical.max(1e-6)].map(libm::log);
        let found = simplex::least(|at| -of(at).log_likelihood(&known) / n, start, 0.5);
        let model = of(&found.at);
        (model, model.log_likelihood(&known))
    }

    /// ln of the likelihood of these customers.
    #[must_use]
    pub fn log_likelihood(&self, customers: &[Spent]) -> f64 {
        let Self { p, q, v } = *self;
        let constant = q * libm::log(v) - ln_gamma(q);
        let one = |of: &Spent| {
            let x = f64::from(of.purchases);
            ln_gamma(p * x + q) - ln_gamma(p * x)
                + constant
                + (p * x - 1.0) * libm::log(of.mean)
                + p * x * libm::log(x)
                - (p * x + q) * libm::log(v + x * of.mean)
        };
        customers.iter().map(one).sum()
    }

    /// The expected value of a purchase to come; none purchased yet gives the population's.
    #[must_use]
    pub fn expected(&self, of: Spent) -> f64 {
        let x = f64::from(of.purchases);
        self.p * (self.v + x * of.mean) / (self.p * x + self.q - 1.0)
    }
}

/// Pearson's correlation of how often and how much; near 0 where the model holds.
#[must_use]
pub fn correlation(customers: &[Spent]) -> f64 {
    let n = count(customers.len()).max(1.0);
    let both = || {
        customers
            .iter()
            .map(|one| (f64::from(one.purchases), one.mean))
    };
    let (sum_x, sum_y) = both().fold((0.0, 0.0), |(sx, sy), (x, y)| (sx + x, sy + y));
    let (mean_x, mean_y) = (sum_x / n, sum_y / n);
    let sums = both().fold((0.0, 0.0, 0.0), |(xx, yy, xy), (x, y)| {
        let (x, y) = (x - mean_x, y - mean_y);
        (xx + x * x, yy + y * y, xy + x * y)
    });
    let scale = (sums.0 * sums.1).sqrt();
    if scale > 0.0 { sums.2 / scale } else { 0.0 }
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

/// A tenth of the people by what was foretold of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Tenth {
    /// How many people.
    pub n: u32,
    /// What was foretold of each on average.
    pub foretold: f64,
    /// What came of each on average.
    pub came: f64,
}

/// Tenths of the people by what was foretold, least first; empty ones are left out. Puts the pairs in that order.
#[must_use]
pub fn tenths(pairs: &mut [(f64, f64)]) -> Vec<Tenth> {
    pairs.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    let tenth = |place: usize| {
        let part = pairs.get(place * pairs.len() / 10..(place + 1) * pairs.len() / 10)?;
        let n = u32::try_from(part.len()).ok().filter(|n| *n > 0)?;
        let (foretold, came) = part
            .iter()
            .fold((0.0, 0.0), |(a, b), one| (a + one.0, b + one.1));
        Some(Tenth {
            n,
            foretold: foretold / f64::from(n),
            came: came / f64::from(n),
        })
    };
    (0..10).filter_map(tenth).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_customers_of_cdnow_are_valued_as_published() {
        let model = Spend {
            p: 6.248_802,
            q: 3.744_588,
            v: 15.447_748,
        };
        for (purchases, mean, expected) in [
            (2, 22.35, 24.658_617),
            (1, 11.77, 18.911_480),
            (7, 73.74, 71.462_850),
            (5, 25.0, 25.821_311),
            (0, 0.0, 35.171_002),
        ] {
            let found = model.expected(Spent { purchases, mean });
            assert!((found - expected).abs() < 1e-4, "{found}, not {expected}");
        }
    }

    #[test]
    fn how_often_and_how_much_may_go_together() {
        let spent = |purchases, mean| Spent { purchases, mean };
        let together = [spent(1, 10.0), spent(2, 20.0), spent(3, 30.0)];
        assert!((correlation(&together) - 1.0).abs() < 1e-12);
        let flat = [spent(1, 10.0), spent(2, 10.0)];
        assert!(correlation(&flat).abs() < 1e-12);
    }

    #[test]
    fn tenths_are_by_what_was_foretold_and_whole() {
        let mut pairs: Vec<(f64, f64)> = (0..25)
            .rev()
            .map(|n| (f64::from(n), f64::from(n) * 2.0))
            .collect();
        let tenths = tenths(&mut pairs);
        assert_eq!(tenths.iter().map(|one| one.n).sum::<u32>(), 25);
        let first = Tenth {
            n: 2,
            foretold: 0.5,
            came: 1.0,
        };
        assert_eq!(tenths[0], first);
        assert!(
            tenths
                .windows(2)
                .all(|two| two[0].foretold < two[1].foretold)
        );
        assert_eq!(super::tenths(&mut [(1.0, 3.0)]).len(), 1);
    }
}
