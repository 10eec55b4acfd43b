//! `Consent`: what a person allows, by purpose and channel. Deliberately absent: profiles, which are the platform's.

use async_graphql::{Enum, InputObject, SimpleObject};

use crate::actions::consents::{Decision, Recorded};
use crate::domain::consent::{Source, State};
use crate::graphql::scalars::{TimestamptzScalar, UuidScalar};
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
    /// Somebody who wrote it down: a `ConsentChanged`, or `set_customer_consent`.
    Recorded,
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

/// What a customer decided about a purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Decision")]
pub enum ConsentDecision {
    /// Yes.
    Grant,
    /// Yes, for another while; only for what was allowed before.
    Renew,
    /// No.
    Deny,
    /// Not any more.
    Revoke,
    /// The person was asked and has not answered.
    Ask,
}

/// What a customer said about a purpose.
#[derive(Clone, Debug, InputObject)]
#[graphql(rename_fields = "snake_case")]
pub struct SetCustomerConsentInput {
    /// Whose consent.
    pub(in crate::graphql) person_profile_id: UuidScalar,
    /// The purpose, such as `marketing`.
    pub(in crate::graphql) purpose: String,
    /// The channel, such as `EMAIL`; all of them unless told.
    pub(in crate::graphql) channel: Option<String>,
    /// What was decided.
    pub(in crate::graphql) decision: ConsentDecision,
    /// When it was said; now unless told, never in the future.
    pub(in crate::graphql) effective_at: Option<TimestamptzScalar>,
    /// Until when a yes holds; for as long as nobody takes it back unless told.
    pub(in crate::graphql) expires_at: Option<TimestamptzScalar>,
    /// Which wording was agreed to.
    pub(in crate::graphql) text_version: Option<String>,
    /// How it was said, in a word: `FORM`, `PHONE`, `PAPER`.
    pub(in crate::graphql) source: String,
    /// Names the evidence, such as the number of the form; the same key again is the same consent. It is not kept.
    pub(in crate::graphql) idempotency_key: String,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum SetCustomerConsentStatus {
    /// It is written down.
    Recorded,
    /// It was written down before, under the same key.
    AlreadyRecorded,
    /// There is no such customer.
    UnknownPerson,
    /// There is no such purpose.
    UnknownPurpose,
    /// The key names something else that was said.
    KeyReused,
    /// There is nothing to renew.
    NothingToRenew,
    /// It is said to have been said in the future, or to have run out before.
    WrongTime,
}

/// The outcome of writing a consent down.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct SetCustomerConsentPayload {
    /// What became of it.
    status: SetCustomerConsentStatus,
    /// Where the purpose stands now; null where nothing could be written.
    state: Option<ConsentState>,
    /// Until when a consent holds, where it ends by itself.
    expires_at: Option<TimestamptzScalar>,
}

impl From<Recorded> for SetCustomerConsentPayload {
    fn from(recorded: Recorded) -> Self {
        use SetCustomerConsentStatus as Status;
        let (status, standing) = match recorded {
            Recorded::Done(standing) => (Status::Recorded, Some(standing)),
            Recorded::Known(standing) => (Status::AlreadyRecorded, Some(standing)),
            Recorded::UnknownPerson => (Status::UnknownPerson, None),
            Recorded::UnknownPurpose => (Status::UnknownPurpose, None),
            Recorded::KeyReused => (Status::KeyReused, None),
            Recorded::NothingToRenew => (Status::NothingToRenew, None),
            Recorded::WrongTime => (Status::WrongTime, None),
        };
        Self {
            status,
            state: standing.as_ref().map(|one| one.state.into()),
            expires_at: standing.and_then(|one| one.expires_at).map(Into::into),
        }
    }
}
