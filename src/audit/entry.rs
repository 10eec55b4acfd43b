//! What is said about an act: who, what, about whom, and nothing personal.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

/// Longest name of a user that is kept, in characters.
const USER_ID_MAX: usize = 200;

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// A role of the platform, or `command` or `service`.
    pub role: Cow<'static, str>,
    /// The user, as the platform names them. None for customers: they are the subject.
    pub user_id: Option<String>,
}

impl Actor {
    /// A command of this program, at somebody's terminal.
    pub const COMMAND: Self = Self {
        role: Cow::Borrowed("command"),
        user_id: None,
    };
    /// The service by itself: retention, a change of the platform's.
    pub const SERVICE: Self = Self {
        role: Cow::Borrowed("service"),
        user_id: None,
    };

    /// Whoever holds a one-time address.
    pub const BEARER: Self = Self {
        role: Cow::Borrowed("bearer"),
        user_id: None,
    };

    /// Somebody in a role of the platform.
    #[must_use]
    pub fn of(role: &'static str, user_id: Option<&str>) -> Self {
        Self {
            role: Cow::Borrowed(role),
            user_id: user_id.map(|id| id.chars().take(USER_ID_MAX).collect()),
        }
    }
}

/// About whom or what it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Subject {
    /// The person, by the tag of the fence (`Pepper::tag`), never by the id.
    pub person: Option<Uuid>,
    /// A request, a letter, a segment; no person.
    pub object: Option<Uuid>,
}

impl Subject {
    /// Nobody and nothing in particular.
    pub const NONE: Self = Self {
        person: None,
        object: None,
    };

    /// A person, by tag.
    #[must_use]
    pub const fn person(tag: Uuid) -> Self {
        Self {
            person: Some(tag),
            object: None,
        }
    }

    /// A thing that is no person.
    #[must_use]
    pub const fn object(id: Uuid) -> Self {
        Self {
            person: None,
            object: Some(id),
        }
    }

    /// The same, by way of this request.
    #[must_use]
    pub const fn by(self, request_id: Uuid) -> Self {
        Self {
            person: self.person,
            object: Some(request_id),
        }
    }
}

/// One act, before it is a link.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Whose data; the nil uuid for what concerns no tenant.
    pub tenant_id: Uuid,
    /// Who did it.
    pub actor: Actor,
    /// What was done.
    pub act: Act,
    /// About whom.
    pub subject: Subject,
    /// What more is to be said: counts, states, names of settings. No personal data.
    pub detail: Value,
    /// When.
    pub at: DateTime<Utc>,
}

macro_rules! acts {
    ($($(#[doc = $says:literal])+ $act:ident = $name:literal,)+) => {
        /// What can be done. The names are stored.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Act {
            $($(#[doc = $says])+ $act,)+
        }

        impl Act {
            /// Every act.
            pub const ALL: &[Self] = &[$(Self::$act),+];

            /// Its stable name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$act => $name,)+
                }
            }
        }
    };
}

acts! {
    /// A person's data were written to a file by the command.
    Exported = "exported",
    /// A person's data were asked for.
    ExportRequested = "export_requested",
    /// The encrypted archive was made.
    ExportBuilt = "export_built",
    /// The archive was handed out.
    ExportFetched = "export_fetched",
    /// A request ended without its archive having been handed out.
    ExportEnded = "export_ended",
    /// An erasure was asked for.
    ErasureRequested = "erasure_requested",
    /// A person was taken out.
    Erased = "erased",
    /// A scan found nothing of an erased person.
    ErasureVerified = "erasure_verified",
    /// An erasure was suspended, or gone on with.
    ErasureSuspended = "erasure_suspended",
    /// An erasure was withdrawn before it was carried out.
    ErasureWithdrawn = "erasure_withdrawn",
    /// An erased person may lawfully come back.
    ReturnAllowed = "return_allowed",
    /// Consent was given, refused, taken back or asked for.
    ConsentChanged = "consent_changed",
    /// A customer asked to be reached by a channel, or took that back.
    ChannelStated = "channel_stated",
    /// An objection to profiling was raised or withdrawn.
    ObjectionChanged = "objection_changed",
    /// A segment was made, changed or dropped.
    SegmentChanged = "segment_changed",
    /// Members of a segment were handed out.
    SegmentExported = "segment_exported",
    /// A setting of the tenant was changed.
    SettingChanged = "setting_changed",
    /// A derived value was set by hand.
    Overridden = "overridden",
    /// A model was taken back.
    ModelRolledBack = "model_rolled_back",
    /// Old data were let go.
    RetentionApplied = "retention_applied",
    /// A dead letter was tried again.
    LetterRedriven = "letter_redriven",
    /// A dead letter was dropped.
    LetterDropped = "letter_dropped",
    /// A process began its chain of reads.
    ReadsBegun = "reads_begun",
    /// A process ended its chain of reads.
    ReadsEnded = "reads_ended",
    /// Links about reads that are older than they have to be kept were taken out.
    ReadsPruned = "reads_pruned",
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_act_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = Act::ALL.iter().map(|act| act.name()).collect();
        assert_eq!(names.len(), Act::ALL.len());
        let plain = |name: &&str| name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        assert!(names.iter().all(plain));
    }

    #[test]
    fn a_user_s_name_is_not_a_place_for_texts() {
        let actor = Actor::of("manager", Some(&"x".repeat(1_000)));
        assert_eq!(actor.user_id.unwrap().len(), USER_ID_MAX);
    }
}
