//! Consent: what was said about a purpose, and the state that follows from it.
//!
//! What was said is kept, states are derived: whether a "no" is a denial or a revocation depends on what was said
//! before, which may arrive later. Whatever the order of arrival, the same things said give the same state. Absent on
//! purpose: who may rely on a consent; that is decided where something is sent or shown.

mod said;
mod periods;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::source::{ContentHash, VersionOrder};
pub use periods::{Period, periods};
pub(super) use said::Version;
pub use said::{Recorded, recorded, said};

/// The channel that stands for all of them.
pub const ANY: &str = "ANY";

/// Where a consent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Nobody asked, nothing was said.
    NotRequested,
    /// Asked, not answered yet.
    Pending,
    /// Allowed.
    Granted,
    /// Refused, or objected to, without ever having been allowed.
    Denied,
    /// Allowed once, and taken back.
    Revoked,
    /// Allowed once, for a time that is over.
    Expired,
}

impl State {
    /// Its name in answers and exports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotRequested => "NOT_REQUESTED",
            Self::Pending => "PENDING",
            Self::Granted => "GRANTED",
            Self::Denied => "DENIED",
            Self::Revoked => "REVOKED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// What was said. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Act {
    /// What every customer begins with.
    NotRequested = 0,
    /// The person was asked.
    Asked = 1,
    /// Yes.
    Granted = 2,
    /// No.
    Refused = 3,
    /// The field is empty: whoever said yes before is not said to any more.
    Silent = 4,
    /// The person objects to profiling.
    Objected = 5,
    /// The person does not object, or not any more.
    NotObjected = 6,
}

impl Act {
    /// Every act, in the order of its number.
    pub const ALL: [Self; 7] = [
        Self::NotRequested,
        Self::Asked,
        Self::Granted,
        Self::Refused,
        Self::Silent,
        Self::Objected,
        Self::NotObjected,
    ];

    /// The stored number.
    #[must_use]
    pub const fn code(self) -> i16 {
        self as i16
    }

    /// The act with that stored number.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.code() == code)
    }

    /// Its name in exports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotRequested => "NOT_REQUESTED",
            Self::Asked => "ASKED",
            Self::Granted => "GRANTED",
            Self::Refused => "REFUSED",
            Self::Silent => "SILENT",
            Self::Objected => "OBJECTED",
            Self::NotObjected => "NOT_OBJECTED",
        }
    }
}

/// Who said it. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Source {
    /// The service, when the customer began.
    Service = 0,
    /// A version of the `PersonProfile`.
    Profile = 1,
    /// A `ConsentChanged`, from the platform or through this service's own mutation.
    Recorded = 2,
}

impl Source {
    /// The stored number.
    #[must_use]
    pub const fn code(self) -> i16 {
        self as i16
    }

    /// The source with that stored number.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        let all = [Self::Service, Self::Profile, Self::Recorded];
        all.into_iter().find(|one| one.code() == code)
    }

    /// Its name in answers and exports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Service => "SERVICE",
            Self::Profile => "PROFILE",
            Self::Recorded => "RECORDED",
        }
    }
}

/// Which field of a profile speaks about a purpose. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Follows {
    /// None does.
    Nothing = 0,
    /// `marketing_consent`.
    MarketingConsent = 1,
    /// `profiling_objection_at`.
    ProfilingObjection = 2,
}

impl Follows {
    /// The one with that stored number.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        let all = [
            Self::Nothing,
            Self::MarketingConsent,
            Self::ProfilingObjection,
        ];
        all.into_iter().find(|one| *one as i16 == code)
    }
}

/// One thing that was said about one purpose and channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The time of the version that says so.
    pub told_at: DateTime<Utc>,
    /// The version's content, with its flags; zeros for what every customer begins with.
    pub evidence: ContentHash,
    /// What was said.
    pub act: Act,
    /// Who said it.
    pub source: Source,
    /// Since when it holds, where that is known.
    pub effective_at: Option<DateTime<Utc>>,
    /// Until when it holds, where it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// Which wording was agreed to, where that is known.
    pub text_version: Option<String>,
}

impl Statement {
    /// What every customer begins with.
    pub const FIRST: Self = Self {
        told_at: DateTime::UNIX_EPOCH,
        evidence: ContentHash([0; 16]),
        act: Act::NotRequested,
        source: Source::Service,
        effective_at: None,
        expires_at: None,
        text_version: None,
    };

    fn order(&self) -> VersionOrder {
        VersionOrder::new(self.told_at, self.evidence.flags(), 0, self.evidence)
    }
}

/// Where a purpose and channel stand at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub state: State,
    /// Since when, where that is known.
    pub since: Option<DateTime<Utc>>,
    /// Who said what led to it.
    pub source: Source,
    /// An objection to profiling stands.
    pub objected: bool,
    /// Until when it holds, where it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// Which wording was agreed to, where that is known.
    pub text_version: Option<String>,
}

impl Standing {
    /// Where everything begins.
    pub const BEGINNING: Self = Self {
        state: State::NotRequested,
        since: None,
        source: Source::Service,
        objected: false,
        expires_at: None,
        text_version: None,
    };

    /// What time alone makes of it by that instant.
    fn by(mut self, now: DateTime<Utc>) -> Self {
        if self.state == State::Granted && self.expires_at.is_some_and(|end| end <= now) {
            self.state = State::Expired;
            self.since = self.expires_at;
        }
        self
    }

    /// What the next thing said makes of it.
    fn then(self, said: &Statement) -> Self {
        let (state, objected) = next(self.state, self.objected, said.act);
        let renewed = state == State::Granted && said.act == Act::Granted;
        if (state, objected) == (self.state, self.objected) && !renewed {
            return self;
        }
        let began = said.effective_at.unwrap_or(said.told_at);
        let kept = renewed && self.state == State::Granted;
        Self {
            state,
            since: if kept { self.since } else { Some(began) },
            source: said.source,
            objected,
            expires_at: said.expires_at.filter(|_| renewed),
            text_version: said.text_version.clone().filter(|_| renewed),
        }
    }
}

/// The machine: state and objection before, what is said, state and objection after.
///
/// An objection stands until it is lifted, whatever else is said meanwhile; lifting it allows nothing by itself.
#[must_use]
pub const fn next(state: State, objected: bool, act: Act) -> (State, bool) {
    match (act, state) {
        (Act::Objected, State::Granted | State::Revoked) => (State::Revoked, true),
        (Act::Objected, _) => (State::Denied, true),
        (Act::NotObjected, _) if objected => (State::NotRequested, false),
        (Act::Refused | Act::Silent, State::Granted) => (State::Revoked, false),
        (Act::Refused, State::Revoked) => (State::Revoked, objected),
        (Act::Refused, _) => (State::Denied, objected),
        (Act::Granted, _) if !objected => (State::Granted, false),
        // Who is asked again has not taken anything back.
        (Act::Asked, State::NotRequested | State::Denied | State::Revoked | State::Expired)
            if !objected =>
        {
            (State::Pending, false)
        }
        _ => (state, objected),
    }
}

/// Where these statements of one person, purpose and channel lead. Their order does not matter.
#[must_use]
pub fn standing(statements: &[Statement], now: DateTime<Utc>) -> Standing {
    last(statements).by(now)
}

/// Where they lead, but for what time has made of the last of them since.
pub(super) fn last(statements: &[Statement]) -> Standing {
    let said = in_order(statements).into_iter();
    said.fold(Standing::BEGINNING, |before, said| {
        before.by(said.told_at).then(said)
    })
}

/// What counts of these, in the order in which it was told.
fn in_order(statements: &[Statement]) -> Vec<&Statement> {
    // A version known both as replaced and as live was replaced; what was replaced is no value.
    let version = |one: &Statement| (one.told_at, one.evidence.content());
    let replaced = statements
        .iter()
        .filter(|one| one.evidence.flags().superseded);
    let replaced: BTreeSet<_> = replaced.map(version).collect();
    let mut live: Vec<&Statement> = statements
        .iter()
        .filter(|one| !replaced.contains(&version(one)))
        .collect();
    live.sort_unstable_by_key(|one| one.order());
    live
}

/// The same for a person and everyone merged into them: consent is the survivor's own, an objection of any counts.
#[must_use]
pub fn standing_of_set<'s>(
    own: &[Statement],
    merged: impl IntoIterator<Item = &'s [Statement]>,
    now: DateTime<Utc>,
) -> Standing {
    let own = standing(own, now);
    let merged = merged.into_iter().map(|other| standing(other, now));
    let first = merged
        .filter(|one| one.objected)
        .min_by_key(|one| one.since);
    match first {
        Some(objection) if !own.objected => {
            let (state, objected) = next(own.state, false, Act::Objected);
            Standing {
                state,
                objected,
                ..objection
            }
        }
        _ => own,
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod naive;
