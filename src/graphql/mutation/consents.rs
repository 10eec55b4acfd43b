//! Writing down what a customer said about a purpose.

use async_graphql::{Context, Result};

use crate::actions::consents::{Order, Recorded};
use crate::actions::desks::Desks;
use crate::audit::Actor;
use crate::graphql::access::{self, Grant};
use crate::graphql::caller::{Caller, Role};
use crate::graphql::errors::{FieldError, told};
use crate::graphql::scalars::TimestamptzScalar;
use crate::graphql::types::consent::{SetCustomerConsentInput, SetCustomerConsentPayload};

const FIELD: &str = "set_customer_consent";
/// Longest word, as contracts have it.
const WORD_MAX: usize = 64;
/// Longest key, in bytes.
const KEY_MAX: usize = 200;

/// Writes it down; `None` when no tenant is named.
pub(super) async fn set(
    ctx: &Context<'_>,
    input: SetCustomerConsentInput,
) -> Result<Option<SetCustomerConsentPayload>> {
    let caller = ctx.data::<Caller>()?;
    if access::grant(FIELD, caller.role) == Grant::No {
        return Err(FieldError::Forbidden.to_graphql());
    }
    let Some(tenant_id) = caller.tenant else {
        return Ok(None);
    };
    let person = input.person_profile_id.0;
    let Some(person) = person.filter(|person| access::may_see(caller, FIELD, *person)) else {
        return Ok(Some(Recorded::UnknownPerson.into()));
    };
    let order = Order {
        tenant_id,
        person,
        purpose: word("input.purpose", &input.purpose)?,
        channel: optional("input.channel", input.channel.as_deref())?,
        decision: input.decision.into(),
        effective_at: instant("input.effective_at", input.effective_at)?,
        expires_at: instant("input.expires_at", input.expires_at)?,
        text_version: optional("input.text_version", input.text_version.as_deref())?,
        source: word("input.source", &input.source)?,
        idempotency_key: Some(input.idempotency_key.trim())
            .filter(|key| !key.is_empty() && key.len() <= KEY_MAX)
            .map(str::to_owned)
            .ok_or_else(|| FieldError::Argument("input.idempotency_key").to_graphql())?,
    };
    // Customers are the subject; their name is no part of the trace.
    let user = caller.user_id.as_deref();
    let user = user.filter(|_| caller.role != Role::Customer);
    let actor = Actor::of(caller.role.name(), user);
    let desk = &ctx.data::<Desks>()?.consents;
    let recorded = desk.record(&order, &actor).await;
    Ok(Some(recorded.map_err(|error| told(FIELD, &error))?.into()))
}

/// A word: neither a text nor a place for one.
fn word(argument: &'static str, text: &str) -> Result<String> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/');
    Some(text.trim())
        .filter(|word| !word.is_empty() && word.len() <= WORD_MAX && word.chars().all(plain))
        .map(str::to_owned)
        .ok_or_else(|| FieldError::Argument(argument).to_graphql())
}

fn optional(argument: &'static str, text: Option<&str>) -> Result<Option<String>> {
    text.map(|text| word(argument, text)).transpose()
}

fn instant(
    argument: &'static str,
    at: Option<TimestamptzScalar>,
) -> Result<Option<chrono::DateTime<chrono::Utc>>> {
    at.map(|at| {
        at.0.ok_or_else(|| FieldError::Argument(argument).to_graphql())
    })
    .transpose()
}
