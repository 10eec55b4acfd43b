//! Requests for persons' data.

use async_graphql::{Context, Result};

use crate::graphql::access;
use crate::graphql::errors::{FieldError, told};
use crate::graphql::loaders;
use crate::graphql::scalars::UuidScalar;
use crate::graphql::types::export::{ExportRequestConnection, connection};
use crate::privacy::desk::Rights;
use crate::privacy::export::desk::place;

const REQUESTS_UNLESS_TOLD: u32 = 50;
const MOST_REQUESTS: u32 = 200;

/// A page of them; `None` when no tenant is named.
pub(super) async fn page(
    ctx: &Context<'_>,
    person: Option<UuidScalar>,
    first: Option<i64>,
    after: Option<String>,
) -> Result<Option<ExportRequestConnection>> {
    let Some(tenant) = access::tenant(ctx, "export_requests")? else {
        return Ok(None);
    };
    let unusable = |argument| FieldError::Argument(argument).to_graphql();
    let first = loaders::bounded(first, REQUESTS_UNLESS_TOLD, MOST_REQUESTS);
    let first = first.ok_or_else(|| unusable("first"))?;
    let person = person.map(|id| id.0.ok_or_else(|| unusable("person_profile_id")));
    let after = after.map(|text| place(&text).ok_or_else(|| unusable("after")));
    let after = after.transpose()?;
    let exports = &ctx.data::<Rights>()?.exports;
    let page = exports
        .page(tenant, person.transpose()?, first, after)
        .await;
    let page = page.map_err(|error| told("export_requests", &error))?;
    Ok(Some(connection(page, after.is_some())))
}
