//! Writing down by which channel a customer asked to be reached.

use async_graphql::{Context, Result};

use super::said::{Said, instant, key, word};
use crate::actions::desks::Desks;
use crate::actions::wishes::{Order, Recorded};
use crate::graphql::errors::told;
use crate::graphql::types::channel::{StateChannelPreferenceInput, StateChannelPreferencePayload};

const FIELD: &str = "state_channel_preference";

/// Writes it down; `None` when no tenant is named.
pub(super) async fn state(
    ctx: &Context<'_>,
    input: StateChannelPreferenceInput,
) -> Result<Option<StateChannelPreferencePayload>> {
    let Some(said) = Said::of(ctx, FIELD, input.person_profile_id)? else {
        return Ok(None);
    };
    let Some(person) = said.person else {
        return Ok(Some(Recorded::UnknownPerson.into()));
    };
    let order = Order {
        tenant_id: said.tenant,
        person,
        channel: input.channel.map(Into::into),
        said_at: instant("input.said_at", input.said_at)?,
        source: word("input.source", &input.source)?,
        idempotency_key: key("input.idempotency_key", &input.idempotency_key)?,
    };
    let desk = &ctx.data::<Desks>()?.wishes;
    let recorded = desk.record(&order, &said.actor).await;
    Ok(Some(recorded.map_err(|error| told(FIELD, &error))?.into()))
}
