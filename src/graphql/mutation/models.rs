//! Taking a model back.

use async_graphql::{Context, Result};

use crate::actions::desks::Desks;
use crate::audit::Actor;
use crate::graphql::access;
use crate::graphql::caller::Caller;
use crate::graphql::errors::{FieldError, told};
use crate::graphql::types::model::{RollBackModelInput, RollBackModelPayload};

/// Longest reason, in characters.
const REASON_MAX: usize = 500;

/// One step back; `None` when no tenant is named.
pub(super) async fn roll_back(
    ctx: &Context<'_>,
    input: RollBackModelInput,
) -> Result<Option<RollBackModelPayload>> {
    let Some(tenant) = access::tenant(ctx, "roll_back_model")? else {
        return Ok(None);
    };
    let reason = input.reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        return Err(FieldError::Argument("input.reason").to_graphql());
    }
    let caller = ctx.data::<Caller>()?;
    let actor = Actor::of(caller.role.name(), caller.user_id.as_deref());
    let models = &ctx.data::<Desks>()?.models;
    let done = models
        .roll_back(tenant, input.kind.into(), reason, actor)
        .await;
    let done = done.map_err(|error| told("roll_back_model", &error))?;
    Ok(Some(done.into()))
}
