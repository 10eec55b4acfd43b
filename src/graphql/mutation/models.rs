//! Taking a model back, and deciding about models.

use async_graphql::{Context, Result};

use crate::actions::desks::Desks;
use crate::actions::model_settings::Setting;
use crate::audit::Actor;
use crate::domain::model::settings::Horizon;
use crate::graphql::access;
use crate::graphql::caller::Caller;
use crate::graphql::errors::{FieldError, told};
use crate::graphql::types::model::{RollBackModelInput, RollBackModelPayload};
use crate::graphql::types::model_settings::{
    SetChurnHorizonInput, SetEngagementWeightsInput, SetModelSettingPayload,
};

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

/// How far ahead churn looks; `None` when no tenant is named.
pub(super) async fn set_horizon(
    ctx: &Context<'_>,
    input: SetChurnHorizonInput,
) -> Result<Option<SetModelSettingPayload>> {
    let months = u16::try_from(input.months.max(0)).unwrap_or(u16::MAX);
    let horizon = Horizon { version: 0, months };
    decide(ctx, "set_churn_horizon", Setting::Horizon(horizon)).await
}

/// What the parts of the engagement score weigh; `None` when no tenant is named.
pub(super) async fn set_weights(
    ctx: &Context<'_>,
    input: SetEngagementWeightsInput,
) -> Result<Option<SetModelSettingPayload>> {
    let weights = Setting::Weights(input.into());
    decide(ctx, "set_engagement_weights", weights).await
}

async fn decide(
    ctx: &Context<'_>,
    field: &'static str,
    setting: Setting,
) -> Result<Option<SetModelSettingPayload>> {
    let Some(tenant) = access::tenant(ctx, field)? else {
        return Ok(None);
    };
    let caller = ctx.data::<Caller>()?;
    let actor = Actor::of(caller.role.name(), caller.user_id.as_deref());
    let models = &ctx.data::<Desks>()?.models;
    let decided = models.decide(tenant, setting, actor).await;
    Ok(Some(decided.map_err(|error| told(field, &error))?.into()))
}
