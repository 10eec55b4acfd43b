//! What a tenant decides about its models: how far ahead churn looks, and what the parts of the engagement score weigh.
//!
//! Each decision is a version that holds from an instant on. Absent on purpose: where versions are kept, and who may
//! decide.

use serde::{Deserialize, Serialize};

use super::engagement::Weights;

/// Months within which somebody comes back or not, unless the tenant says otherwise.
pub const HORIZON_MONTHS_USUAL: u16 = 15;
/// The shortest horizon: less than a month says nothing about people who travel once a year.
pub const HORIZON_MONTHS_MIN: u16 = 1;
/// The longest horizon: five years.
pub const HORIZON_MONTHS_MAX: u16 = 60;
/// No part weighs more.
pub const WEIGHT_MAX: f64 = 1_000.0;
/// Days of twelve months, on average.
const YEAR: f64 = 365.25;

/// The churn horizon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Horizon {
    /// Which version of the tenant's; 0 is what holds without any.
    #[serde(skip)]
    pub version: u32,
    /// So many months.
    pub months: u16,
}

impl Default for Horizon {
    fn default() -> Self {
        Self {
            version: 0,
            months: HORIZON_MONTHS_USUAL,
        }
    }
}

impl Horizon {
    /// So many whole days: 456 for 15 months.
    #[must_use]
    pub fn days(self) -> f64 {
        (f64::from(self.months) * YEAR / 12.0).floor()
    }

    /// Whether a tenant may decide on it.
    #[must_use]
    pub const fn is_usable(self) -> bool {
        self.months >= HORIZON_MONTHS_MIN && self.months <= HORIZON_MONTHS_MAX
    }
}

/// Whether a tenant may decide on these weights: none below 0 or beyond [`WEIGHT_MAX`], and not all of them 0.
#[must_use]
pub fn usable(weights: &[f64; 5]) -> bool {
    let each = weights.iter().all(|one| (0.0..=WEIGHT_MAX).contains(one));
    each && weights.iter().any(|one| *one > 0.0)
}

/// What holds at an instant.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ModelSettings {
    /// How far ahead churn looks.
    pub horizon: Horizon,
    /// What the parts of the engagement score weigh.
    pub weights: Weights,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_months_are_the_days_that_models_were_always_trained_for() {
        let days = |months| Horizon { version: 1, months }.days();
        assert_eq!(days(15).to_bits(), 456.0_f64.to_bits());
        assert_eq!(days(12).to_bits(), 365.0_f64.to_bits());
        assert_eq!(days(1).to_bits(), 30.0_f64.to_bits());
        let usable = |months| Horizon { version: 1, months }.is_usable();
        assert!(usable(1) && usable(60) && !usable(0) && !usable(61));
    }

    #[test]
    fn weights_that_mean_nothing_are_refused() {
        assert!(usable(&[35.0, 15.0, 25.0, 20.0, 5.0]));
        assert!(usable(&[0.0, 0.0, 1.0, 0.0, 0.0]));
        for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY, 1_001.0] {
            assert!(!usable(&[wrong; 5]), "{wrong}");
        }
        assert!(!usable(&[50.0, -1.0, 0.0, 0.0, 0.0]));
    }
}
