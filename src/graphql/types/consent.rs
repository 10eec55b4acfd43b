//! `Consent`: what a person allows, by purpose and channel. Deliberately absent: changing it; the platform owns that.

use async_graphql::{Enum, SimpleObject};

use crate::domain::consent::{Source, State};
use crate::graphql::scalars::TimestamptzScalar;
use crate::insight;

/// Where a consent stands. Only `GRANTED` allows anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "State")]
pub enum ConsentState {
    /// Nobody asked, nothing was said.
    NotRequested,
    /// Asked, not answered yet.
    Pending,
    /// Allowed.
    Granted,
    /// Refused or objected to, never having been allowed.
    Denied,
    /// Allowed once, and taken back.
    Revoked,
    /// Allowed once, for a time that is over.
    Expired,
}

/// Who said what led to the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Source")]
pub enum ConsentSource {
    /// Nobody: what every customer begins with.
    Service,
    /// The person's profile on the platform.
    Profile,
}

/// What a person allows for one purpose on one channel.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "CustomerConsent", rename_fields = "snake_case")]
pub struct Consent {
    /// The purpose, such as `marketing`.
    purpose: String,
    /// The channel; `ANY` for all of them.
    channel: String,
    /// Where it stands at the moment of reading.
    state: ConsentState,
    /// Since when, where that is known.
    since: Option<TimestamptzScalar>,
    /// Who said so.
    source: ConsentSource,
    /// Whether an objection to profiling stands.
    objected: bool,
    /// Until when a consent holds, where it ends by itself.
    expires_at: Option<TimestamptzScalar>,
    /// Which wording was agreed to, where that is known.
    text_version: Option<String>,
}

impl From<&insight::Consent> for Consent {
    fn from(consent: &insight::Consent) -> Self {
        let standing = &consent.standing;
        Self {
            purpose: consent.purpose.clone(),
            channel: consent.channel.clone(),
            state: standing.state.into(),
            since: standing.since.map(Into::into),
            source: standing.source.into(),
            objected: standing.objected,
            expires_at: standing.expires_at.map(Into::into),
            text_version: standing.text_version.clone(),
        }
    }
}
