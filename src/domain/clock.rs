//! Where time and ids come from: a [`Clock`] that is handed in, so that nothing reads the machine's clock by itself.
//!
//! The one file in which the machine's clock is read. Deliberately absent: sleeping and timers (those are the
//! runtime's), and any way to reach a clock without having been given one.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::{ContextV7, Timestamp, Uuid};

/// Time and ids. Cheap to clone; every clone of a manual clock shows the same instant.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<Manual>),
}

#[derive(Debug)]
struct Manual {
    now: Mutex<DateTime<Utc>>,
    ids: Mutex<ContextV7>,
}

/// Ids of all system clocks of the process rise together, however many clocks there are.
static SYSTEM_IDS: Mutex<ContextV7> = Mutex::new(ContextV7::new());

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still at `now` until it is [`set`](Self::set) or [advanced](Self::advance).
    #[must_use]
    pub fn manual(now: DateTime<Utc>) -> Self {
        Self(Source::Manual(Arc::new(Manual {
            now: Mutex::new(whole_micros(now)),
            ids: Mutex::new(ContextV7::new()),
        })))
    }

    /// The present instant in whole microseconds, which is what PostgreSQL's `timestamptz` holds.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System => whole_micros(system_now()),
            Source::Manual(manual) => *manual.now.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// A version 7 id of the present instant. Ids of one clock rise strictly, also when the clock stands or is set back.
    #[must_use]
    pub fn uuid_v7(&self) -> Uuid {
        let now = self.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
        let nanos = now.timestamp_subsec_nanos();
        let ids = match &self.0 {
            Source::System => &SYSTEM_IDS,
            Source::Manual(manual) => &manual.ids,
        };
        Uuid::new_v7(Timestamp::from_unix(ids, seconds, nanos))
    }

    /// Sets a manual clock to `now`, forwards or backwards. Returns whether this clock can be set at all.
    pub fn set(&self, now: DateTime<Utc>) -> bool {
        match &self.0 {
            Source::System => false,
            Source::Manual(manual) => {
                *manual.now.lock().unwrap_or_else(PoisonError::into_inner) = whole_micros(now);
                true
            }
        }
    }

    /// Moves a manual clock by `step`. Returns whether this clock can be moved at all.
    pub fn advance(&self, step: TimeDelta) -> bool {
        match &self.0 {
            Source::System => false,
            Source::Manual(manual) => {
                let mut now = manual.now.lock().unwrap_or_else(PoisonError::into_inner);
                *now = whole_micros(*now + step);
                true
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the machine's clock"
)]
fn system_now() -> DateTime<Utc> {
    Utc::now()
}

fn whole_micros(instant: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(instant.timestamp_micros()).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 123_456_789).unwrap()
    }

    #[test]
    fn a_manual_clock_moves_only_when_told_and_all_its_clones_with_it() {
        let clock = Clock::manual(noon());
        let clone = clock.clone();
        assert_eq!(clone.now(), clock.now());
        assert!(clock.advance(TimeDelta::days(2)));
        assert_eq!(clone.now() - whole_micros(noon()), TimeDelta::days(2));
    }

    #[test]
    fn instants_are_whole_microseconds() {
        assert_eq!(
            Clock::manual(noon()).now().timestamp_subsec_nanos(),
            123_456_000
        );
        assert_eq!(Clock::system().now().timestamp_subsec_nanos() % 1_000, 0);
    }

    #[test]
    fn ids_rise_strictly_while_the_clock_stands_and_when_it_is_set_back() {
        let clock = Clock::manual(noon());
        let mut ids: Vec<Uuid> = (0..500).map(|_| clock.uuid_v7()).collect();
        assert!(clock.set(noon() - TimeDelta::hours(1)));
        ids.extend((0..500).map(|_| clock.uuid_v7()));
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn ids_of_two_system_clocks_rise_together() {
        let (one, other) = (Clock::system(), Clock::system());
        let ids: Vec<Uuid> = (0..500)
            .flat_map(|_| [one.uuid_v7(), other.uuid_v7()])
            .collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_system_clock_cannot_be_set() {
        assert!(!Clock::system().set(noon()));
    }
}
