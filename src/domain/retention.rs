//! How long a tenant keeps what: the clocks, their usual times, and the instants that follow from them.

use std::collections::BTreeMap;

use chrono::{DateTime, Months, Utc};

use super::horizon::AgeingKind;

/// A clock of retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RetentionClock {
    /// Messages, since they were written, delivered or read.
    Messages,
    /// Checkouts, since they ended.
    Checkouts,
    /// Persons nothing was heard of are flagged for a review.
    Review,
    /// Persons nothing was heard of are erased.
    Persons,
}

impl RetentionClock {
    /// Every clock.
    pub const ALL: [Self; 4] = [Self::Messages, Self::Checkouts, Self::Review, Self::Persons];

    /// As it is stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Checkouts => "checkouts",
            Self::Review => "review",
            Self::Persons => "persons",
        }
    }

    /// The clock of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|clock| clock.name() == name)
    }

    /// So many months where the tenant says nothing else.
    #[must_use]
    pub const fn usual_months(self) -> u16 {
        match self {
            Self::Messages => 13,
            Self::Checkouts => 6,
            Self::Review => 24,
            Self::Persons => 36,
        }
    }

    /// The kind of activity it lets go, if it lets one go.
    #[must_use]
    pub const fn ageing(self) -> Option<AgeingKind> {
        match self {
            Self::Messages => Some(AgeingKind::Messages),
            Self::Checkouts => Some(AgeingKind::Checkouts),
            Self::Review | Self::Persons => None,
        }
    }
}

/// Longest time that can be set, in months.
pub const MONTHS_MAX: u16 = 600;

/// A tenant's clocks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetentionSettings(BTreeMap<RetentionClock, u16>);

impl RetentionSettings {
    /// Sets a clock to so many months; 0 stops it.
    pub fn set(&mut self, clock: RetentionClock, months: u16) {
        self.0.insert(clock, months);
    }

    /// So many months; 0 for as long as the tenant is served.
    #[must_use]
    pub fn months(&self, clock: RetentionClock) -> u16 {
        let own = self.0.get(&clock).copied();
        own.unwrap_or(clock.usual_months())
    }

    /// What happened at this instant or before has had its time; none while the clock stands.
    #[must_use]
    pub fn until(&self, clock: RetentionClock, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let months = Some(self.months(clock)).filter(|months| *months > 0)?;
        now.checked_sub_months(Months::new(months.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_says_what_has_had_its_time_unless_it_stands() {
        let now = "2027-03-31T12:00:00Z".parse().unwrap();
        let mut settings = RetentionSettings::default();
        let messages = settings.until(RetentionClock::Messages, now).unwrap();
        assert_eq!(messages.to_rfc3339(), "2026-02-28T12:00:00+00:00");
        settings.set(RetentionClock::Messages, 0);
        assert_eq!(settings.until(RetentionClock::Messages, now), None);
        for clock in RetentionClock::ALL {
            assert_eq!(RetentionClock::named(clock.name()), Some(clock));
        }
    }
}
