//! How often a tenant may ask: a bucket of requests each, so that one cannot crowd out the others.
//!
//! Beyond it a join is answered with `UNAVAILABLE` and without a statement, since a join never fails; whatever else is
//! asked gets the error `RATE_LIMITED`. Each process counts for itself.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use uuid::Uuid;

use super::limits::Rate;

/// After so many requests, tenants whose buckets are full again are forgotten.
const TIDY_EVERY: usize = 4_096;

/// The buckets of all tenants. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Buckets(Option<Arc<Full>>);

#[derive(Debug)]
struct Full {
    limiter: DefaultKeyedRateLimiter<Uuid>,
    most: u32,
    clock: DefaultClock,
    asked: AtomicUsize,
}

/// Stands in a request's data when its tenant has asked too often: whatever is not a join answers with an error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crowded;

impl Buckets {
    pub(super) fn new(rate: Rate) -> Self {
        let quota = NonZeroU32::new(rate.requests_per_second).zip(NonZeroU32::new(rate.burst));
        Self(quota.map(|(steady, burst)| {
            Arc::new(Full {
                limiter: RateLimiter::keyed(Quota::per_second(steady).allow_burst(burst)),
                most: burst.get(),
                clock: DefaultClock::default(),
                asked: AtomicUsize::new(0),
            })
        }))
    }

    /// Takes that many out of the tenant's bucket, or says when to come again. Requests of no tenant share one.
    pub(super) fn take(&self, tenant: Option<Uuid>, cost: usize) -> Result<(), Duration> {
        let Some(full) = &self.0 else {
            return Ok(());
        };
        if full.asked.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            full.limiter.retain_recent();
        }
        // What costs more than a full bucket takes all of it.
        let cost = u32::try_from(cost).unwrap_or(u32::MAX).min(full.most);
        let cost = NonZeroU32::new(cost).unwrap_or(NonZeroU32::MIN);
        match full.limiter.check_key_n(&tenant.unwrap_or_default(), cost) {
            Ok(Ok(())) | Err(_) => Ok(()),
            Ok(Err(not_until)) => Err(not_until.wait_time_from(full.clock.now())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(requests_per_second: u32, burst: u32) -> Buckets {
        Buckets::new(Rate {
            requests_per_second,
            burst,
        })
    }

    #[test]
    fn a_bucket_is_each_tenants_own_and_tells_when_it_has_something_again() {
        let buckets = buckets(1, 3);
        let [one, two] = [1, 2].map(|n| Some(Uuid::from_u128(n)));
        for _ in 0..3 {
            assert_eq!(buckets.take(one, 1), Ok(()));
        }
        let wait = buckets.take(one, 1).unwrap_err();
        assert!(
            wait > Duration::ZERO && wait <= Duration::from_secs(1),
            "{wait:?}"
        );
        assert_eq!(buckets.take(two, 3), Ok(()));
        assert!(buckets.take(two, 1).is_err());
        assert_eq!(buckets.take(None, 1), Ok(()));
    }

    #[test]
    fn what_costs_more_than_a_full_bucket_empties_it() {
        let buckets = buckets(1, 2);
        assert_eq!(buckets.take(None, 100), Ok(()));
        assert!(buckets.take(None, 1).is_err());
    }

    #[test]
    fn nought_is_no_limit() {
        let buckets = buckets(0, 1);
        assert!((0..100).all(|_| buckets.take(None, 1).is_ok()));
    }
}
