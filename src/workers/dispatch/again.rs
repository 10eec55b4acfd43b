//! When a delivery that failed is tried again, and when no more.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::outbox::Outcome;

/// So many tries, over some nine hours; then it is parked.
pub const TRIES: u16 = 10;
/// Until the second try, at most.
const FIRST_MS: i64 = 1_000;
/// So many times longer each time.
const FACTOR: i64 = 4;
/// Never longer.
const LONGEST_MS: i64 = 4 * 60 * 60 * 1_000;
/// The longest that a receiver may ask to be left alone.
const ASKED_MAX: TimeDelta = TimeDelta::hours(4);

/// What becomes of a delivery after its try number `tried` (from 1) failed; `asked` is the receiver's `Retry-After`.
pub(super) fn after_failure(
    id: Uuid,
    target: &str,
    tried: u16,
    asked: Option<TimeDelta>,
    now: DateTime<Utc>,
) -> Outcome {
    if tried >= TRIES {
        return Outcome::Parked;
    }
    let pause = pause(id, target, tried);
    Outcome::Again(now + asked.map_or(pause, |asked| asked.min(ASKED_MAX).max(pause)))
}

/// Four times longer after each try, shortened by up to half: by how much follows from message, receiver and try, so
/// that what failed together does not come again together.
fn pause(id: Uuid, target: &str, tried: u16) -> TimeDelta {
    let doublings = u32::from(tried.saturating_sub(1)).min(12);
    let full = FIRST_MS
        .saturating_mul(FACTOR.saturating_pow(doublings))
        .min(LONGEST_MS);
    let mut hash = Sha256::new();
    hash.update(id.as_bytes());
    hash.update(tried.to_be_bytes());
    hash.update(target.as_bytes());
    let dice = hash.finalize().first().copied().unwrap_or_default();
    TimeDelta::milliseconds(full - full * i64::from(dice) / 512)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(outcome: &Outcome, now: DateTime<Utc>) -> TimeDelta {
        match outcome {
            Outcome::Again(at) => *at - now,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pauses_grow_differ_between_messages_and_come_to_an_end() {
        let now = DateTime::UNIX_EPOCH;
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut all = TimeDelta::zero();
        for tried in 1..TRIES {
            let next = after_failure(one, "talk", tried, None, now);
            assert_eq!(next, after_failure(one, "talk", tried, None, now));
            let pause = again(&next, now);
            let full =
                TimeDelta::milliseconds((1_000 * 4_i64.pow(u32::from(tried) - 1)).min(14_400_000));
            assert!(pause <= full && pause * 2 > full, "{tried}: {pause}");
            all += pause;
        }
        assert!(
            all > TimeDelta::hours(4) && all < TimeDelta::hours(12),
            "{all}"
        );
        assert_eq!(
            after_failure(one, "talk", TRIES, None, now),
            Outcome::Parked
        );
        let of = |id, target| again(&after_failure(id, target, 5, None, now), now);
        assert_ne!(of(one, "talk"), of(other, "talk"));
        assert_ne!(of(one, "talk"), of(one, "commerce"));
    }

    #[test]
    fn a_receiver_that_asks_for_time_gets_it_within_reason() {
        let now = DateTime::UNIX_EPOCH;
        let of = |asked| {
            again(
                &after_failure(Uuid::nil(), "talk", 1, Some(asked), now),
                now,
            )
        };
        assert_eq!(of(TimeDelta::seconds(90)), TimeDelta::seconds(90));
        assert!(of(TimeDelta::zero()) > TimeDelta::zero());
        assert_eq!(of(TimeDelta::days(30)), TimeDelta::hours(4));
    }
}
