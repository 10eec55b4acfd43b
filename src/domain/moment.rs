//! The two times of a question: what had happened by then, and what was known by then.
//!
//! Absent on purpose: anything about who is who. Merges, references, consent and erasures are always today's.

use chrono::{DateTime, Utc};

use super::activity::LogRow;
use super::derive::derive;
use super::fold::fold;
use super::insight::Insight;
use super::reference::Reference;
use super::source::SourceKind;

/// From which instant history is looked at; nothing given is now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// Keeps versions up to this instant, whenever they were recorded, and derives at it.
    pub as_of: Option<DateTime<Utc>>,
    /// Keeps what was recorded up to this instant, whenever it happened.
    pub known_at: Option<DateTime<Utc>>,
}

impl Moment {
    /// Everything that is known, at the instant of reading.
    pub const NOW: Self = Self {
        as_of: None,
        known_at: None,
    };

    /// What was known at an instant, seen from that instant.
    #[must_use]
    pub const fn as_seen_at(instant: DateTime<Utc>) -> Self {
        Self {
            as_of: None,
            known_at: Some(instant),
        }
    }

    /// Whether nothing but the present is asked for.
    #[must_use]
    pub fn is_now(self) -> bool {
        self == Self::NOW
    }

    /// The instant for which to derive.
    #[must_use]
    pub fn instant(self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.as_of.unwrap_or(now)
    }

    /// Whether a version of that time, recorded at that instant, belongs to it.
    #[must_use]
    pub fn keeps(self, version_at: DateTime<Utc>, recorded_at: DateTime<Utc>) -> bool {
        self.as_of.is_none_or(|as_of| version_at <= as_of)
            && self.known_at.is_none_or(|known_at| recorded_at <= known_at)
    }
}

/// Derives a person's insight for a moment from rows that each come with the instant of their recording.
///
/// `reference` holds what was seen of others at that moment, and everything else as it is today.
#[must_use]
pub fn derive_at<'r>(
    person: uuid::Uuid,
    recorded: impl Iterator<Item = (&'r LogRow, DateTime<Utc>)> + Clone,
    reference: &Reference,
    moment: Moment,
    now: DateTime<Utc>,
) -> Insight {
    let kept = recorded
        .clone()
        .filter(|(row, recorded_at)| moment.keeps(row.version_at, *recorded_at));
    let rows: Vec<LogRow> = kept.map(|(row, _)| row.clone()).collect();
    let mut state = fold(person, &rows, reference);
    if !moment.is_now() {
        let about = [SourceKind::PersonProfile, SourceKind::Consent];
        let profiles = recorded.filter(|(row, _)| about.contains(&row.kind));
        let profiles: Vec<LogRow> = profiles.map(|(row, _)| row.clone()).collect();
        let today = fold(person, &profiles, reference).standing;
        state.standing.marketing_consent = today.marketing_consent;
        state.standing.marketing_until = today.marketing_until;
        state.standing.profiling_objection = today.profiling_objection;
        state.standing.profiling_refused = today.profiling_refused;
    }
    derive(&state, moment.instant(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_keeps_what_had_happened_and_what_was_known() {
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let both = Moment {
            as_of: Some(at(10)),
            known_at: Some(at(20)),
        };
        assert!(both.keeps(at(10), at(20)));
        assert!(!both.keeps(at(11), at(20)));
        assert!(!both.keeps(at(10), at(21)));
        assert!(Moment::NOW.keeps(at(99), at(99)));
        assert_eq!(both.instant(at(50)), at(10));
        assert_eq!(Moment::as_seen_at(at(5)).instant(at(50)), at(50));
    }
}
