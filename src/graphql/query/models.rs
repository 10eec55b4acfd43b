//! Models, for those who answer for what is told about customers.

use async_graphql::{Context, Result};

use crate::actions::desks::Desks;
use crate::graphql::access;
use crate::graphql::errors::{FieldError, told};
use crate::graphql::loaders;
use crate::graphql::types::model::{ModelKind, ModelVersion};
use crate::graphql::types::model_settings::TenantModelSettings;

const VERSIONS_UNLESS_TOLD: u32 = 10;
const MOST_VERSIONS: u32 = 50;

/// The tenant's versions; `None` when no tenant is named.
pub(super) async fn versions(
    ctx: &Context<'_>,
    kind: Option<ModelKind>,
    first: Option<i64>,
) -> Result<Option<Vec<ModelVersion>>> {
    let Some(tenant) = access::tenant(ctx, "models")? else {
        return Ok(None);
    };
    let first = loaders::bounded(first, VERSIONS_UNLESS_TOLD, MOST_VERSIONS);
    let first = first.ok_or_else(|| FieldError::Argument("first").to_graphql())?;
    let models = &ctx.data::<Desks>()?.models;
    let listed = models.list(tenant, kind.map(Into::into), first).await;
    let listed = listed.map_err(|error| told("models", &error))?;
    Ok(Some(listed.into_iter().map(Into::into).collect()))
}

/// What the tenant decided; `None` when no tenant is named.
pub(super) async fn settings(ctx: &Context<'_>) -> Result<Option<TenantModelSettings>> {
    let Some(tenant) = access::tenant(ctx, "model_settings")? else {
        return Ok(None);
    };
    let settings = ctx.data::<Desks>()?.models.settings(tenant).await;
    let settings = settings.map_err(|error| told("model_settings", &error))?;
    Ok(Some(settings.into()))
}
