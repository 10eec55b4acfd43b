//! What is told to other systems: the kinds of messages, and what each needs of the person it is about.
//!
//! Absent on purpose: the payloads, which stand with whoever causes them, and sending.

use super::consent::{Standing, State};

/// The purpose of sending offers and news.
pub const MARKETING: &str = "marketing";
/// The purpose of measuring.
pub const ANALYTICS: &str = "analytics";
/// The purpose of choosing by what is known.
pub const PERSONALISATION: &str = "personalisation";

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The insight of a customer changed: read it again.
    ProfileEnrichmentAvailable,
    /// The channel that reaches a customer best is known, or another one.
    ChannelPreferenceResolved,
    /// Something is worth saying to a customer.
    EngagementTrigger,
    /// Tours chosen for a customer.
    PersonalizedOfferGenerated,
    /// A customer was erased: do the same.
    CustomerErased,
}

/// What a message needs of the person it is about, at the moment of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate {
    /// Purposes that have to be granted.
    pub granted: &'static [&'static str],
    /// Purposes that may be neither refused nor objected to.
    pub unopposed: &'static [&'static str],
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::ProfileEnrichmentAvailable,
        Self::ChannelPreferenceResolved,
        Self::EngagementTrigger,
        Self::PersonalizedOfferGenerated,
        Self::CustomerErased,
    ];

    /// Its name in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ProfileEnrichmentAvailable => "ProfileEnrichmentAvailable",
            Self::ChannelPreferenceResolved => "ChannelPreferenceResolved",
            Self::EngagementTrigger => "EngagementTrigger",
            Self::PersonalizedOfferGenerated => "PersonalizedOfferGenerated",
            Self::CustomerErased => "CustomerErased",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What it needs of the person.
    ///
    /// What ends in an offer to the person needs a yes to marketing, and no objection to being chosen for. What staff
    /// systems are told that was derived about the person needs no yes, but yields to an objection. That an insight
    /// changed holds nothing of it, and has to reach whoever kept a copy also when it changed because of an objection;
    /// that a person was erased has to reach them in any case.
    #[must_use]
    pub const fn gate(self) -> Gate {
        const PROFILING: &[&str] = &[ANALYTICS, PERSONALISATION];
        match self {
            Self::ProfileEnrichmentAvailable | Self::CustomerErased => Gate {
                granted: &[],
                unopposed: &[],
            },
            Self::ChannelPreferenceResolved => Gate {
                granted: &[],
                unopposed: PROFILING,
            },
            Self::EngagementTrigger | Self::PersonalizedOfferGenerated => Gate {
                granted: &[MARKETING],
                unopposed: PROFILING,
            },
        }
    }
}

/// Whether a purpose that has to be granted is.
#[must_use]
pub fn is_granted(standing: &Standing) -> bool {
    standing.state == State::Granted && !standing.objected
}

/// Whether a purpose that may not be opposed is not. It does not rest on a consent, so only a no counts: one that was
/// never asked for, not answered or has run out is none.
#[must_use]
pub fn is_unopposed(standing: &Standing) -> bool {
    !matches!(standing.state, State::Denied | State::Revoked) && !standing.objected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_and_whatever_ends_in_an_offer_needs_a_yes() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
            let offers = matches!(
                kind,
                Kind::EngagementTrigger | Kind::PersonalizedOfferGenerated
            );
            assert_eq!(kind.gate().granted.contains(&MARKETING), offers, "{kind:?}");
        }
        assert_eq!(Kind::from_name("engagementTrigger"), None);
    }
}
