//! Amounts at one instant: what has been earned, what is still to come, what is owed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use uuid::Uuid;

use crate::domain::fold::CustomerState;
use crate::domain::fold::booking::BookingFact;
use crate::domain::insight::{AncillaryUse, Measured, Revenue};
use crate::domain::money::{Currency, Purse};

/// Sums per currency; a booking is realised once its tour has ended in the tenant's zone.
pub(super) fn revenue(state: &CustomerState, today: NaiveDate) -> Revenue {
    let mut revenue = Revenue {
        onboard: state.onboard.clone(),
        ..Revenue::default()
    };
    for booking in &state.bookings {
        let currency = &booking.currency;
        if !booking.fate.confirmed {
            revenue.open_reservations.add(currency, booking.value);
            continue;
        }
        let ended = booking.end_date.is_some_and(|end| end < today);
        let part = if ended {
            &mut revenue.realised
        } else {
            &mut revenue.upcoming
        };
        part.add(currency, booking.value);
        revenue.lifetime.add(currency, booking.value);
        revenue.paid.add(currency, booking.paid);
        if booking.cancellation.is_some() {
            revenue
                .credit
                .add(currency, (booking.paid - booking.value).max(0));
        } else {
            revenue.outstanding.add(currency, booking.outstanding);
        }
    }
    revenue
}

/// Mean value of the kept bookings in a currency, hundredths, half-even.
pub(super) fn average_value(kept: &[&BookingFact], currency: &Currency) -> Option<Measured<i64>> {
    let values = kept
        .iter()
        .filter(|b| b.currency == *currency)
        .map(|b| b.value);
    let (sum, n) = values.fold((0_i128, 0_u32), |(sum, n), value| (sum + value, n + 1));
    let mean = divide_half_even(sum, i128::from(n))?;
    Some(Measured {
        value: i64::try_from(mean).ok()?,
        based_on: n,
    })
}

fn divide_half_even(sum: i128, n: i128) -> Option<i128> {
    let floor = sum.checked_div_euclid(n)?;
    let twice = sum.checked_rem_euclid(n)? * 2;
    let up = twice > n || (twice == n && floor % 2 != 0);
    Some(floor + i128::from(up))
}

/// Attach rate and amounts by type, most attached first, then by name.
pub(super) fn ancillaries(kept: &[&BookingFact]) -> Vec<AncillaryUse> {
    let mut by_type: BTreeMap<&str, (BTreeSet<Uuid>, Purse)> = BTreeMap::new();
    for booking in kept {
        for ancillary in &booking.ancillaries {
            let (bookings, amounts) = by_type.entry(&ancillary.ancillary_type).or_default();
            bookings.insert(booking.id);
            amounts.add(&ancillary.currency, i128::from(ancillary.amount));
        }
    }
    let all = f64::from(u32::try_from(kept.len()).unwrap_or(u32::MAX));
    let uses = by_type.into_iter().map(|(name, (bookings, amounts))| {
        let bookings = u32::try_from(bookings.len()).unwrap_or(u32::MAX);
        AncillaryUse {
            ancillary_type: name.to_owned(),
            bookings,
            attach_rate: f64::from(bookings) / all,
            amounts,
        }
    });
    let mut uses: Vec<_> = uses.collect();
    uses.sort_by_key(|one| std::cmp::Reverse(one.bookings));
    uses
}

#[cfg(test)]
mod tests {
    use super::divide_half_even;

    #[test]
    fn halves_go_to_the_even_neighbour() {
        let cases = [
            ((5, 2), 2),
            ((7, 2), 4),
            ((10, 3), 3),
            ((11, 3), 4),
            ((0, 7), 0),
        ];
        for ((sum, n), mean) in cases {
            assert_eq!(divide_half_even(sum, n), Some(mean), "{sum} / {n}");
        }
        assert_eq!(divide_half_even(1, 0), None);
    }
}
