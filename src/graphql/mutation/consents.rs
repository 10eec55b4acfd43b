//! Writing down what a customer said about a purpose.

use async_graphql::{Context, Result};

use super::said::{Said, instant, key, optional, word};
use crate::actions::consents::{Order, Recorded};
use crate::actions::desks::Desks;
use crate::graphql::errors::told;
use crate::graphql::types::consent::{SetCustomerConsentInput, SetCustomerConsentPayload};

const FIELD: &str = "set_customer_consent";

/// Writes it down; `None` when no tenant is named.
pub(super) async fn set(
    ctx: &Context<'_>,
    input: SetCustomerConsentInput,
) -> Result<Option<SetCustomerConsentPayload>> {
    let Some(said) = Said::of(ctx, FIELD, input.person_profile_id)? else {
        return Ok(None);
    };
    let Some(person) = said.person else {
        return Ok(Some(Recorded::UnknownPerson.into()));
    };
    let order = Order {
        tenant_id: said.tenant,
        person,
        purpose: word("input.purpose", &input.purpose)?,
        channel: optional("input.channel", input.channel.as_deref())?,
        decision: input.decision.into(),
        effective_at: instant("input.effective_at", input.effective_at)?,
        expires_at: instant("input.expires_at", input.expires_at)?,
        text_version: optional("input.text_version", input.text_version.as_deref())?,
        source: word("input.source", &input.source)?,
        idempotency_key: key("input.idempotency_key", &input.idempotency_key)?,
    };
    let desk = &ctx.data::<Desks>()?.consents;
    let recorded = desk.record(&order, &said.actor).await;
    Ok(Some(recorded.map_err(|error| told(FIELD, &error))?.into()))
}
