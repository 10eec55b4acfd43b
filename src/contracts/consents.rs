//! What this service itself writes down about a consent: the same version that a `ConsentChanged` of the platform's would
//! be, so that one machinery serves both.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::versions::version;
use crate::domain::source::{Field, Fields, Flags, SourceKey, SourceKind, Value, Version};

/// Something that was said about a purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRecord {
    /// Names what is recorded: the same again is the same.
    pub id: Uuid,
    /// Whose consent.
    pub person: Uuid,
    /// Name of the purpose.
    pub purpose: String,
    /// The channel; none for all.
    pub channel: Option<String>,
    /// GRANT, RENEW, DENY, REVOKE or ASK.
    pub decision: &'static str,
    /// When it was said.
    pub said_at: DateTime<Utc>,
    /// Until when a yes holds.
    pub expires_at: Option<DateTime<Utc>>,
    /// The wording.
    pub text_version: Option<String>,
    /// The form, call or paper.
    pub source: Option<String>,
}

impl ConsentRecord {
    /// The row it stands for.
    #[must_use]
    pub const fn key(&self) -> SourceKey {
        SourceKey::new(SourceKind::Consent, self.id)
    }

    /// What a version of it carries.
    #[must_use]
    pub fn fields(&self) -> Fields {
        let word = |field, text: &Option<String>| Some((field, Value::Text(text.clone()?)));
        let all = [
            Some((Field::Person, Value::Id(self.person))),
            Some((Field::Purpose, Value::Text(self.purpose.clone()))),
            word(Field::ChannelType, &self.channel),
            Some((Field::Decision, Value::Text(self.decision.to_owned()))),
            self.expires_at.map(|at| (Field::ExpiresAt, Value::At(at))),
            word(Field::TextVersion, &self.text_version),
            word(Field::Origin, &self.source),
        ];
        let mut fields: Fields = all.into_iter().flatten().collect();
        fields.sort_unstable_by_key(|(field, _)| *field);
        fields
    }

    /// As a version.
    #[must_use]
    pub fn version(&self) -> Version {
        let flags = Flags {
            canonical: true,
            ..Flags::default()
        };
        version(self.key(), self.said_at, self.fields(), flags)
    }
}
