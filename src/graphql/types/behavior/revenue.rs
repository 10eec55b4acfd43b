//! Amounts: the headline is in the tenant's currency, every other currency stands beside it.

use async_graphql::Object;

use super::{Shared, count};
use crate::domain::money::Purse;
use crate::graphql::scalars::NumericScalar;
use crate::graphql::types::money::Money;

/// The part of `BehaviorAggregate` about money.
pub(super) struct RevenueFacts(pub(super) Shared);

impl RevenueFacts {
    fn headline(&self, purse: &Purse) -> NumericScalar {
        NumericScalar::from_cents(purse.of(&self.0.facts().currency))
    }
}

#[Object(rename_fields = "snake_case")]
impl RevenueFacts {
    /// The tenant's currency, in which all amounts without one of their own are given. ISO 4217.
    async fn currency(&self) -> Option<&str> {
        Some(&self.0.facts().currency.0)
    }

    /// Gross value of all confirmed bookings in the tenant's currency.
    async fn lifetime_revenue(&self) -> Option<NumericScalar> {
        Some(self.headline(&self.0.facts().revenue.lifetime))
    }

    /// How many confirmed bookings the revenue rests on, whatever became of them.
    async fn lifetime_revenue_based_on(&self) -> Option<i32> {
        Some(count(self.0.facts().confirmed_bookings))
    }

    /// The part of the lifetime revenue whose tour has ended.
    async fn revenue_realised(&self) -> Option<NumericScalar> {
        Some(self.headline(&self.0.facts().revenue.realised))
    }

    /// The part of the lifetime revenue whose tour has not ended yet.
    async fn revenue_upcoming(&self) -> Option<NumericScalar> {
        Some(self.headline(&self.0.facts().revenue.upcoming))
    }

    /// Lifetime revenue in every currency that occurred.
    async fn revenue_by_currency(&self) -> Option<Vec<Money>> {
        Some(Money::all(&self.0.facts().revenue.lifetime))
    }

    /// Completed payments on confirmed bookings in the tenant's currency.
    async fn paid_to_date(&self) -> Option<NumericScalar> {
        Some(self.headline(&self.0.facts().revenue.paid))
    }

    /// Completed payments on confirmed bookings in every currency that occurred.
    async fn paid_by_currency(&self) -> Option<Vec<Money>> {
        Some(Money::all(&self.0.facts().revenue.paid))
    }

    /// What kept bookings without a reseller still owe, in the tenant's currency.
    async fn outstanding(&self) -> Option<NumericScalar> {
        Some(self.headline(&self.0.facts().revenue.outstanding))
    }

    /// What kept bookings without a reseller still owe, in every currency that occurred.
    async fn outstanding_by_currency(&self) -> Option<Vec<Money>> {
        Some(Money::all(&self.0.facts().revenue.outstanding))
    }

    /// Payments above the value of cancelled bookings, in the tenant's currency.
    async fn credit_balance(&self) -> Option<NumericScalar> {
        Some(self.headline(&self.0.facts().revenue.credit))
    }

    /// Payments above the value of cancelled bookings, in every currency that occurred.
    async fn credit_balance_by_currency(&self) -> Option<Vec<Money>> {
        Some(Money::all(&self.0.facts().revenue.credit))
    }

    /// What this person bought on board, in the tenant's currency; never part of the lifetime revenue.
    async fn onboard_spend(&self) -> Option<NumericScalar> {
        Some(self.headline(&self.0.facts().revenue.onboard))
    }

    /// What this person bought on board, in every currency that occurred.
    async fn onboard_spend_by_currency(&self) -> Option<Vec<Money>> {
        Some(Money::all(&self.0.facts().revenue.onboard))
    }

    /// Value of the reservations that are not paid yet, in the tenant's currency; outside all other amounts.
    async fn open_reservations_value(&self) -> Option<NumericScalar> {
        Some(self.headline(&self.0.facts().revenue.open_reservations))
    }

    /// Mean value of kept bookings in the tenant's currency.
    async fn average_booking_value(&self) -> Option<NumericScalar> {
        let mean = self.0.facts().average_booking_value.as_ref()?;
        Some(NumericScalar::from_cents(mean.value.into()))
    }

    /// How many bookings the mean value rests on.
    async fn average_booking_value_based_on(&self) -> Option<i32> {
        Some(count(
            self.0
                .facts()
                .average_booking_value
                .as_ref()
                .map_or(0, |mean| mean.based_on),
        ))
    }
}
