//! Buying until one drops out: BG/NBD (Fader, Hardie, Lee 2005) and MBG/NBD (Batislam, Denizel, Filiztekin 2007).
//!
//! Everybody buys at a rate of their own, Gamma(r, α), and drops out with a chance of their own, Beta(a, b), after a
//! purchase; under MBG/NBD also after the first. P(alive) alone is never an answer: of those who bought once BG/NBD
//! says 1 for everybody. All times are in one unit, that of the summaries which the parameters were fitted on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::simplex;
use super::special::{hypergeometric, ln_beta, ln_gamma, ln_sum_exp};

/// Which of the two models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Family {
    /// Nobody drops out at the first purchase.
    BgNbd,
    /// One may drop out at the first purchase.
    MbgNbd,
}

/// What the models need to know of a customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Purchases after the first.
    pub repeats: u32,
    /// From the first purchase to the last.
    pub recency: f64,
    /// From the first purchase to now.
    pub age: f64,
}

/// Customers who look the same, and how many they are; by number of repeats.
#[derive(Debug, Clone, Default)]
pub struct Customers {
    by_repeats: BTreeMap<u32, BTreeMap<(u64, u64), u32>>,
    n: u32,
}

/// Fitted parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Dropout {
    /// Which model.
    pub family: Family,
    /// Shape of the rates.
    pub r: f64,
    /// Rate of the rates, in the unit of time.
    pub alpha: f64,
    /// Dropping out.
    pub a: f64,
    /// Staying.
    pub b: f64,
}

/// What is believed before any customer was seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Prior {
    /// Nothing: maximum likelihood.
    Flat,
    /// r ~ Weibull(2, r), α ~ Weibull(2, alpha), a / (a + b) uniform, a + b ~ Pareto(1, 1): keeps the parameters of few
    /// customers off the boundary (the defaults of pymc-marketing are r = 1, alpha = 10).
    Weak {
        /// Scale of r.
        r: f64,
        /// Scale of α, in the unit of time.
        alpha: f64,
    },
}

/// A fit with what speaks for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fitted {
    /// The parameters.
    pub model: Dropout,
    /// Logarithm of their likelihood, without the prior.
    pub log_likelihood: f64,
    /// Steps of the search.
    pub steps: u32,
    /// The search arrived.
    pub converged: bool,
}

impl Customers {
    /// Adds a customer. A recency beyond the age, or below 0, counts as the nearest that can be.
    pub fn add(&mut self, summary: Summary) {
        let age = summary.age.max(0.0);
        let recency = summary.recency.clamp(0.0, age);
        let alike = self.by_repeats.entry(summary.repeats).or_default();
        *alike.entry((recency.to_bits(), age.to_bits())).or_default() += 1;
        self.n += 1;
    }

    /// How many.
    #[must_use]
    pub const fn len(&self) -> u32 {
        self.n
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.n == 0
    }
}

impl Extend<Summary> for Customers {
    fn extend<I: IntoIterator<Item = Summary>>(&mut self, all: I) {
        all.into_iter().for_each(|one| self.add(one));
    }
}

/// Parts of a customer's likelihood that depend on nothing but the number of repeats.
struct Shared {
    /// ln of the weight of not having dropped out, and of having done so at the last purchase.
    alive: f64,
    gone: f64,
}

impl Dropout {
    /// Finds the most likely parameters.
    #[must_use]
    pub fn fit(family: Family, customers: &Customers, prior: Prior) -> Fitted {
        let of = |at: &[f64; 4]| {
            let [r, alpha, a, b] = at.map(libm::exp);
            Self {
                family,
                r,
                alpha,
                a,
                b,
            }
        };
        let n = f64::from(customers.len().max(1));
        let cost = |at: &[f64; 4]| {
            let model = of(at);
            -(model.log_likelihood(customers) + prior.ln(&model)) / n
        };
        let start = start(customers).map(libm::log);
        let found = simplex::least(cost, start, 0.5);
        let model = of(&found.at);
        Fitted {
            model,
            log_likelihood: model.log_likelihood(customers),
            steps: found.steps,
            converged: found.converged,
        }
    }

    /// ln of the likelihood of these customers.
    #[must_use]
    pub fn log_likelihood(&self, customers: &Customers) -> f64 {
        let mut sum = 0.0;
        for (repeats, alike) in &customers.by_repeats {
            let shared = self.shared(f64::from(*repeats));
            let power = self.r + f64::from(*repeats);
            for ((recency, age), n) in alike {
                let (recency, age) = (f64::from_bits(*recency), f64::from_bits(*age));
                let alive = shared.alive - power * libm::log(self.alpha + age);
                let gone = shared.gone - power * libm::log(self.alpha + recency);
                sum += f64::from(*n) * ln_sum_exp(alive, gone);
            }
        }
        sum
    }

    fn shared(&self, x: f64) -> Shared {
        let Self { r, alpha, a, b, .. } = *self;
        let rates = ln_gamma(r + x) - ln_gamma(r) + r * libm::log(alpha) - ln_beta(a, b);
        match self.family {
            Family::BgNbd => Shared {
                alive: rates + ln_beta(a, b + x),
                gone: if x > 0.0 {
                    rates + ln_beta(a + 1.0, b + x - 1.0)
                } else {
                    f64::NEG_INFINITY
                },
            },
            Family::MbgNbd => Shared {
                alive: rates + ln_beta(a, b + x + 1.0),
                gone: rates + ln_beta(a + 1.0, b + x),
            },
        }
    }

    /// The probability of not having dropped out yet.
    #[must_use]
    pub fn alive(&self, of: Summary) -> f64 {
        let x = f64::from(of.repeats);
        let odds = match self.family {
            Family::BgNbd if of.repeats == 0 => return 1.0,
            Family::BgNbd => self.a / (self.b + x - 1.0),
            Family::MbgNbd => self.a / (self.b + x),
        };
        let ratio = (self.alpha + of.age) / (self.alpha + of.recency);
        1.0 / (1.0 + odds * libm::pow(ratio, self.r + x))
    }

    /// The probability of at least one purchase within `t` from now.
    #[must_use]
    pub fn buys_within(&self, of: Summary, t: f64) -> f64 {
        let none = self.none_if_alive(of, t);
        self.alive(of) * (1.0 - none)
    }

    /// The expected number of purchases within `t` from now.
    #[must_use]
    #[expect(clippy::many_single_char_names, reason = "the letters of the papers")]
    pub fn expected(&self, of: Summary, t: f64) -> f64 {
        // The formula divides by a − 1; beside it the value is as good.
        let a = if (self.a - 1.0).abs() < 1e-6 {
            1.0 + 1e-6
        } else {
            self.a
        };
        let x = f64::from(of.repeats);
        let (power, b, c) = match self.family {
            Family::BgNbd => (self.r + x, self.b + x, a + self.b + x - 1.0),
            Family::MbgNbd => (self.r + x, self.b + x + 1.0, a + self.b + x),
        };
        let z = t / (self.alpha + of.age + t);
        let none = self.none_if_alive(of, t) * hypergeometric(power, b, c, z);
        c / (a - 1.0) * (1.0 - none) * self.alive(of)
    }

    /// The probability of no purchase within `t` of somebody who cannot drop out before the first of them.
    fn none_if_alive(&self, of: Summary, t: f64) -> f64 {
        let now = self.alpha + of.age;
        libm::pow(now / (now + t), self.r + f64::from(of.repeats))
    }
}

impl Prior {
    fn ln(self, model: &Dropout) -> f64 {
        let Self::Weak { r, alpha } = self else {
            return 0.0;
        };
        let weibull = |x: f64, scale: f64| libm::log(x) - (x / scale) * (x / scale);
        let size = model.a + model.b;
        if size < 1.0 {
            return f64::NEG_INFINITY;
        }
        weibull(model.r, r) + weibull(model.alpha, alpha) - 2.0 * libm::log(size)
    }
}

/// Where to begin: a rate of about what was seen, and a chance of one in three to drop out.
fn start(customers: &Customers) -> [f64; 4] {
    let (mut repeats, mut ages) = (0.0, 0.0);
    for (x, alike) in &customers.by_repeats {
        for ((_, age), n) in alike {
            repeats += f64::from(*x) * f64::from(*n);
            ages += f64::from_bits(*age) * f64::from(*n);
        }
    }
    let rate = (repeats + 1.0) / (ages + 1.0);
    [1.0, 1.0 / rate, 1.0, 2.0]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fitted to the public summary of CDNOW, weeks (lifetimes 0.11.3 and pymc-marketing 0.19.2 agree).
    const BG: Dropout = Dropout {
        family: Family::BgNbd,
        r: 0.242_593,
        alpha: 4.413_532,
        a: 0.792_886,
        b: 2.425_752,
    };
    const MBG: Dropout = Dropout {
        family: Family::MbgNbd,
        r: 0.524_838,
        alpha: 6.182_988,
        a: 0.891_356,
        b: 1.614_000,
    };

    fn of(repeats: u32, recency: f64) -> Summary {
        Summary {
            repeats,
            recency,
            age: 38.86,
        }
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-5, "{found}, not {expected}");
    }

    #[test]
    fn single_customers_of_cdnow_are_foretold_as_published() {
        let regular = of(2, 30.43);
        near(BG.alive(regular), 0.726_609);
        near(BG.expected(regular, 39.0), 1.225_911);
        near(BG.expected(regular, 52.0), 1.558_584);
        near(1.0 - BG.buys_within(regular, 39.0), 0.445_392);
        near(MBG.alive(regular), 0.706_126);
        near(MBG.expected(regular, 39.0), 1.262_671);
        let lapsed = of(1, 1.71);
        near(BG.alive(lapsed), 0.212_227);
        near(BG.expected(lapsed, 39.0), 0.203_251);
        near(1.0 - BG.buys_within(lapsed, 39.0), 0.883_287);
        near(MBG.alive(lapsed), 0.170_820);
        near(MBG.expected(lapsed, 39.0), 0.188_789);
        let once = of(0, 0.0);
        near(BG.alive(once), 1.0);
        near(BG.expected(once, 52.0), 0.251_666);
        near(1.0 - BG.buys_within(once, 39.0), 0.855_672);
        near(MBG.alive(once), 0.389_716);
        near(MBG.expected(once, 39.0), 0.153_954);
    }

    #[test]
    fn beside_the_pole_of_the_formula_the_expectation_is_smooth() {
        let at = |a| Dropout { a, ..MBG }.expected(of(2, 30.43), 39.0);
        near(at(1.0), f64::midpoint(at(0.999), at(1.001)));
    }

    #[test]
    fn a_prior_keeps_the_parameters_of_few_customers_off_the_boundary() {
        let mut few = Customers::default();
        few.extend((0..30).map(|n| of(n % 3, f64::from(n % 3) * 15.0)));
        let prior = Prior::Weak {
            r: 1.0,
            alpha: 10.0,
        };
        let fitted = Dropout::fit(Family::BgNbd, &few, prior);
        assert!(fitted.converged);
        let Dropout { r, alpha, a, b, .. } = fitted.model;
        for parameter in [r, alpha, a, b] {
            assert!((0.01..100.0).contains(&parameter), "{fitted:?}");
        }
        assert_eq!(few.len(), 30);
    }
}
