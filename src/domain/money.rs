//! Money: whole hundredths, one currency at a time. Absent on purpose: exchange rates, and floats.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Hundredths of a currency's unit.
pub type Cents = i64;

/// ISO 4217 code, upper case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Currency(pub String);

impl Default for Currency {
    /// What holds before the tenant's own row is known.
    fn default() -> Self {
        Self("EUR".to_owned())
    }
}

/// Sums per currency; currencies are never added to each other, and a sum of 0 has no entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purse(pub BTreeMap<Currency, i128>);

impl Purse {
    /// Adds hundredths of a currency.
    pub fn add(&mut self, currency: &Currency, cents: i128) {
        let sum = self.of(currency) + cents;
        if sum == 0 {
            self.0.remove(currency);
        } else {
            self.0.insert(currency.clone(), sum);
        }
    }

    /// The sum in one currency, 0 when it never occurred.
    #[must_use]
    pub fn of(&self, currency: &Currency) -> i128 {
        self.0.get(currency).copied().unwrap_or_default()
    }
}
