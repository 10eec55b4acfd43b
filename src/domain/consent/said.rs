//! What the versions of a profile say about consent.

use super::{Act, Follows, Source, Statement};
use crate::domain::activity::{LogRow, Role};
use crate::domain::source::{Field, SourceKind, Value, get};

/// What a row of the log says about a purpose that follows this field; none for what is no profile's, or does not
/// carry the field.
///
/// An empty `marketing_consent` allows nothing; an empty `profiling_objection_at` lifts an objection.
#[must_use]
pub fn said(row: &LogRow, follows: Follows) -> Option<Statement> {
    if row.kind != SourceKind::PersonProfile || row.role != Role::Subject {
        return None;
    }
    let carried = |field| get(&row.body.fields, field);
    // The moment of a yes or an objection is told apart; one behind the version that tells it cannot be.
    let at = |field| match carried(field) {
        Some(Value::At(at)) if *at <= row.version_at => Some(*at),
        _ => None,
    };
    let (act, effective_at) = match follows {
        Follows::Nothing => return None,
        Follows::MarketingConsent => match carried(Field::MarketingConsent)? {
            Value::Bool(true) => (Act::Granted, at(Field::MarketingConsentAt)),
            Value::Bool(false) => (Act::Refused, None),
            _ => (Act::Silent, None),
        },
        Follows::ProfilingObjection => match carried(Field::ProfilingObjectionAt)? {
            Value::At(_) => (Act::Objected, at(Field::ProfilingObjectionAt)),
            _ => (Act::NotObjected, None),
        },
    };
    Some(Statement {
        told_at: row.version_at,
        evidence: row.content_hash,
        act,
        source: Source::Profile,
        effective_at: Some(effective_at.unwrap_or(row.version_at)),
        expires_at: None,
        text_version: None,
    })
}
