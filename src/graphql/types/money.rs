//! Amounts with their currency.

use async_graphql::SimpleObject;

use crate::domain::money::{Currency, Purse};
use crate::graphql::scalars::NumericScalar;

/// An amount in one currency; amounts of different currencies are never added.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct Money {
    /// Whole units with two decimals.
    amount: NumericScalar,
    /// ISO 4217 code.
    currency: String,
}

impl Money {
    /// An amount from hundredths.
    pub(super) fn new(cents: i128, currency: &Currency) -> Self {
        Self {
            amount: NumericScalar::from_cents(cents),
            currency: currency.0.clone(),
        }
    }

    /// Every currency of a purse, by its code.
    pub(super) fn all(purse: &Purse) -> Vec<Self> {
        purse
            .0
            .iter()
            .map(|(currency, cents)| Self::new(*cents, currency))
            .collect()
    }
}
