//! How far back a tenant's facts reach: kinds of activity that no lifetime metric rests on go by a clock of their own.
//!
//! A horizon is an instant that only moves forward. What happened at it or before is not accepted any more, in whatever
//! order it comes, so that the insights of a tenant are a function of its facts and its horizons. Deliberately absent:
//! the machine's clock; a job moves the horizons.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::source::SourceKind;

/// A clock of its own for some kinds of activity. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum AgeingKind {
    /// What was written and read.
    Messages = 1,
    /// Checkouts, which were abandoned or led to a booking.
    Checkouts = 2,
}

impl AgeingKind {
    /// Every one, in the order of its number.
    pub const ALL: [Self; 2] = [Self::Messages, Self::Checkouts];

    /// The stored number.
    #[must_use]
    pub const fn code(self) -> i16 {
        self as i16
    }

    /// The one with that stored number.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }

    /// The rows that go by it.
    #[must_use]
    pub const fn source(self) -> SourceKind {
        match self {
            Self::Messages => SourceKind::Message,
            Self::Checkouts => SourceKind::CheckoutSession,
        }
    }

    /// As it is shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Checkouts => "checkouts",
        }
    }
}

/// A tenant's horizons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Horizons(BTreeMap<AgeingKind, DateTime<Utc>>);

impl Horizons {
    /// Moves a horizon forward; it never moves back.
    pub fn reach(&mut self, kind: AgeingKind, until: DateTime<Utc>) {
        let at = self.0.entry(kind).or_insert(until);
        *at = (*at).max(until);
    }

    /// Where it stands.
    #[must_use]
    pub fn of(&self, kind: AgeingKind) -> Option<DateTime<Utc>> {
        self.0.get(&kind).copied()
    }

    /// Whether what happened then to a row of that kind lies behind its horizon.
    #[must_use]
    pub fn hides(&self, kind: SourceKind, occurred_at: DateTime<Utc>) -> bool {
        let mut of_kind = self.0.iter().filter(|(ageing, _)| ageing.source() == kind);
        of_kind.any(|(_, until)| occurred_at <= *until)
    }

    /// Nothing is hidden.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_horizon_hides_its_kind_up_to_itself_and_only_moves_forward() {
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let mut horizons = Horizons::default();
        assert!(!horizons.hides(SourceKind::Message, at(0)));
        horizons.reach(AgeingKind::Messages, at(10));
        horizons.reach(AgeingKind::Messages, at(5));
        assert_eq!(horizons.of(AgeingKind::Messages), Some(at(10)));
        assert!(horizons.hides(SourceKind::Message, at(10)));
        assert!(!horizons.hides(SourceKind::Message, at(11)));
        assert!(!horizons.hides(SourceKind::CheckoutSession, at(1)));
    }
}
