//! Which channel a person answers on: what was said about it first, then what was learned from messages and bookings.
//!
//! Reading order: `evidence` (what was tried on which channel, and how it went), `preference` (a decayed Beta-Binomial
//! per channel with the tenant's own channels as prior, only where the person can be reached and did not refuse), `best`
//! (how sure), `hour`. What was stated and what was learned stay apart. Absent on purpose: trying channels out on people.

pub mod best;
pub mod evidence;
pub mod hour;
pub mod preference;
pub mod person;

use serde::{Deserialize, Serialize};

use crate::domain::metric::Language;

/// A way to reach a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Channel {
    /// `WhatsApp`.
    Whatsapp,
    /// E-mail.
    Email,
    /// Text message.
    Sms,
    /// The chat on the operator's site.
    Webchat,
    /// A call.
    Phone,
    /// A letter; only ever stated.
    Post,
    /// A push notification; only ever stated.
    Push,
}

impl Channel {
    /// Every channel, in the order that ties are broken by.
    pub const ALL: [Self; 7] = [
        Self::Whatsapp,
        Self::Email,
        Self::Sms,
        Self::Webchat,
        Self::Phone,
        Self::Post,
        Self::Push,
    ];
    /// Those that can be learned.
    pub const LEARNED: [Self; 5] = [
        Self::Whatsapp,
        Self::Email,
        Self::Sms,
        Self::Webchat,
        Self::Phone,
    ];

    /// Its name in answers and in the platform's columns.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whatsapp => "WHATSAPP",
            Self::Email => "EMAIL",
            Self::Sms => "SMS",
            Self::Webchat => "WEBCHAT",
            Self::Phone => "PHONE",
            Self::Post => "POST",
            Self::Push => "PUSH",
        }
    }

    /// The channel of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }

    /// Its name for people.
    #[must_use]
    pub const fn told(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Whatsapp, _) => "WhatsApp",
            (Self::Email, Language::German) => "E-Mail",
            (Self::Email, Language::English) => "e-mail",
            (Self::Sms, _) => "SMS",
            (Self::Webchat, Language::German) => "Webchat",
            (Self::Webchat, Language::English) => "web chat",
            (Self::Phone, Language::German) => "Telefon",
            (Self::Phone, Language::English) => "phone",
            (Self::Post, Language::German) => "Post",
            (Self::Post, Language::English) => "post",
            (Self::Push, Language::German) => "Push-Nachricht",
            (Self::Push, Language::English) => "push message",
        }
    }

    /// Its place in [`Self::ALL`].
    #[must_use]
    pub const fn place(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_places_lead_back() {
        for (place, channel) in Channel::ALL.into_iter().enumerate() {
            assert_eq!(Channel::from_name(channel.name()), Some(channel));
            assert_eq!(channel.place(), place);
        }
        assert_eq!(Channel::from_name("whatsapp"), None);
    }
}
