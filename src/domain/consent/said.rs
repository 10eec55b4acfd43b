//! What rows of the log say about consent: versions of a profile, and what was recorded apart from it.

use chrono::{DateTime, Utc};

use super::{ANY, Act, Follows, Source, Statement};
use crate::domain::activity::{LogRow, Role};
use crate::domain::fold::entity::Known;
use crate::domain::source::{ContentHash, Field, SourceKind, Value, get};

/// What a row of the log says about a purpose that follows this field; none for what is no profile's, or does not
/// carry the field.
///
/// An empty `marketing_consent` allows nothing; an empty `profiling_objection_at` lifts an objection.
#[must_use]
pub fn said(row: &LogRow, follows: Follows) -> Option<Statement> {
    if row.kind != SourceKind::PersonProfile || row.role != Role::Subject {
        return None;
    }
    Version::of(row).said(follows)
}

/// Something that was recorded apart from a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Name of the purpose.
    pub purpose: String,
    /// The channel, or `ANY`.
    pub channel: String,
    /// What was said.
    pub said: Statement,
}

/// What a row of the log records; none for what is no consent, or says too little to be one.
#[must_use]
pub fn recorded(row: &LogRow) -> Option<Recorded> {
    if row.kind != SourceKind::Consent || row.role != Role::Subject {
        return None;
    }
    Version::of(row).recorded()
}

/// A version, wherever it is read from.
pub(in crate::domain) struct Version<F> {
    at: DateTime<Utc>,
    evidence: ContentHash,
    carried: F,
}

impl Version<()> {
    fn of<'a>(row: &'a LogRow) -> Version<impl Fn(Field) -> Option<&'a Value>> {
        Version {
            at: row.version_at,
            evidence: row.content_hash,
            carried: move |field| get(&row.body.fields, field),
        }
    }

    /// As the fold knows it.
    pub(in crate::domain) fn known<'a>(
        known: &'a Known<'a>,
    ) -> Version<impl Fn(Field) -> Option<&'a Value>> {
        Version {
            at: known.version_at,
            evidence: known.place().hash(),
            carried: move |field| known.get(field),
        }
    }
}

impl<'a, F: Fn(Field) -> Option<&'a Value>> Version<F> {
    /// What it says about a purpose that follows this field.
    pub(in crate::domain) fn said(&self, follows: Follows) -> Option<Statement> {
        // The moment of a yes or an objection is told apart; one behind the version that tells it cannot be.
        let at = |field| match (self.carried)(field) {
            Some(Value::At(at)) if *at <= self.at => Some(*at),
            _ => None,
        };
        let (act, effective_at) = match follows {
            Follows::Nothing => return None,
            Follows::MarketingConsent => match (self.carried)(Field::MarketingConsent)? {
                Value::Bool(true) => (Act::Granted, at(Field::MarketingConsentAt)),
                Value::Bool(false) => (Act::Refused, None),
                _ => (Act::Silent, None),
            },
            Follows::ProfilingObjection => match (self.carried)(Field::ProfilingObjectionAt)? {
                Value::At(_) => (Act::Objected, at(Field::ProfilingObjectionAt)),
                _ => (Act::NotObjected, None),
            },
        };
        Some(Statement {
            told_at: self.at,
            evidence: self.evidence,
            act,
            source: Source::Profile,
            effective_at: Some(effective_at.unwrap_or(self.at)),
            expires_at: None,
            text_version: None,
        })
    }

    /// What it records apart from a profile.
    pub(in crate::domain) fn recorded(&self) -> Option<Recorded> {
        let text = |field| match (self.carried)(field) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let act = match text(Field::Decision)?.as_str() {
            "GRANT" | "RENEW" => Act::Granted,
            "DENY" | "REVOKE" => Act::Refused,
            "ASK" => Act::Asked,
            _ => return None,
        };
        Some(Recorded {
            purpose: text(Field::Purpose)?,
            channel: text(Field::ChannelType).unwrap_or_else(|| ANY.to_owned()),
            said: Statement {
                told_at: self.at,
                evidence: self.evidence,
                act,
                source: Source::Recorded,
                effective_at: Some(self.at),
                expires_at: match (self.carried)(Field::ExpiresAt) {
                    Some(Value::At(at)) if act == Act::Granted => Some(*at),
                    _ => None,
                },
                text_version: text(Field::TextVersion),
            },
        })
    }
}
