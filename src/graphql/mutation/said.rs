//! What mutations about something that a customer said have in common: who writes it down, about whom, and the words.

use async_graphql::{Context, Result};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::audit::Actor;
use crate::graphql::access::{self, Grant};
use crate::graphql::caller::{Caller, Role};
use crate::graphql::errors::FieldError;
use crate::graphql::scalars::{TimestamptzScalar, UuidScalar};

/// Longest word, as contracts have it.
const WORD_MAX: usize = 64;
/// Longest key, in bytes.
const KEY_MAX: usize = 200;

/// Who writes something down, and about whom.
pub(super) struct Said {
    pub(super) tenant: Uuid,
    /// None where the caller may not see that person, or nobody is named.
    pub(super) person: Option<Uuid>,
    pub(super) actor: Actor,
}

impl Said {
    /// Whoever asks for this field; `None` when no tenant is named.
    pub(super) fn of(
        ctx: &Context<'_>,
        field: &'static str,
        person: UuidScalar,
    ) -> Result<Option<Self>> {
        let caller = ctx.data::<Caller>()?;
        if access::grant(field, caller.role) == Grant::No {
            return Err(FieldError::Forbidden.to_graphql());
        }
        let Some(tenant) = caller.tenant else {
            return Ok(None);
        };
        // Customers are the subject; their name is no part of the trace.
        let user = caller.user_id.as_deref();
        let user = user.filter(|_| caller.role != Role::Customer);
        Ok(Some(Self {
            tenant,
            person: person
                .0
                .filter(|person| access::may_see(caller, field, *person)),
            actor: Actor::of(caller.role.name(), user),
        }))
    }
}

/// What names the evidence.
pub(super) fn key(argument: &'static str, text: &str) -> Result<String> {
    Some(text.trim())
        .filter(|key| !key.is_empty() && key.len() <= KEY_MAX)
        .map(str::to_owned)
        .ok_or_else(|| FieldError::Argument(argument).to_graphql())
}

/// A word: neither a text nor a place for one.
pub(super) fn word(argument: &'static str, text: &str) -> Result<String> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/');
    Some(text.trim())
        .filter(|word| !word.is_empty() && word.len() <= WORD_MAX && word.chars().all(plain))
        .map(str::to_owned)
        .ok_or_else(|| FieldError::Argument(argument).to_graphql())
}

pub(super) fn optional(argument: &'static str, text: Option<&str>) -> Result<Option<String>> {
    text.map(|text| word(argument, text)).transpose()
}

pub(super) fn instant(
    argument: &'static str,
    at: Option<TimestamptzScalar>,
) -> Result<Option<DateTime<Utc>>> {
    at.map(|at| {
        at.0.ok_or_else(|| FieldError::Argument(argument).to_graphql())
    })
    .transpose()
}
