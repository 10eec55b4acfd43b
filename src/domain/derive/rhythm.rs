//! How often, how early and with how many a person books.

use chrono::{DateTime, Utc};

use crate::domain::fold::booking::BookingFact;
use crate::domain::insight::Measured;

/// Mean and median lead time in days.
pub(super) struct LeadTime {
    pub(super) mean: Option<Measured<f64>>,
    pub(super) median: Option<f64>,
}

pub(super) fn lead_time(kept: &[&BookingFact]) -> LeadTime {
    let mut days: Vec<i64> = kept.iter().filter_map(|b| b.lead_days).collect();
    days.sort_unstable();
    LeadTime {
        mean: mean(&days),
        median: median(&days),
    }
}

pub(super) fn seats(kept: &[&BookingFact]) -> u64 {
    let counts = kept.iter().filter_map(|b| b.passenger_count);
    counts.filter_map(|n| u64::try_from(n).ok()).sum()
}

pub(super) fn party_size(kept: &[&BookingFact]) -> Option<Measured<f64>> {
    mean(&parties(kept))
}

/// Whether who books this way books for a group.
pub(super) fn organises(kept: &[&BookingFact]) -> bool {
    is_group(&parties(kept))
}

/// Whether the median of these parties, least first, is a group.
pub(in crate::domain) fn is_group(sorted: &[i64]) -> bool {
    const GROUP: f64 = 8.0;
    median(sorted).is_some_and(|median| median >= GROUP)
}

fn parties(kept: &[&BookingFact]) -> Vec<i64> {
    let mut sizes: Vec<i64> = kept.iter().filter_map(|b| b.passenger_count).collect();
    sizes.sort_unstable();
    sizes
}

/// Mean gap in days between consecutive instants, which come sorted.
pub(super) fn days_between(moments: &[DateTime<Utc>]) -> Option<Measured<f64>> {
    const MICROS_PER_DAY: f64 = 86_400_000_000.0;
    let gaps = moments.windows(2).filter_map(|pair| match pair {
        [earlier, later] => (*later - *earlier).num_microseconds(),
        _ => None,
    });
    #[expect(
        clippy::cast_precision_loss,
        reason = "microseconds of a century fit a double"
    )]
    let (sum, n) = gaps.fold((0.0, 0_u32), |(sum, n), gap| {
        (sum + gap as f64 / MICROS_PER_DAY, n + 1)
    });
    (n > 0).then(|| Measured {
        value: sum / f64::from(n),
        based_on: n,
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "days and seats are small whole numbers"
)]
fn mean(sorted: &[i64]) -> Option<Measured<f64>> {
    let n = u32::try_from(sorted.len()).ok().filter(|n| *n > 0)?;
    let sum: i64 = sorted.iter().sum();
    Some(Measured {
        value: sum as f64 / f64::from(n),
        based_on: n,
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "days and seats are small whole numbers"
)]
fn median(sorted: &[i64]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)? as f64;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get(sorted.len() / 2 - 1)? as f64;
    Some(f64::midpoint(lower, upper))
}
