//! Erasures and retention, for those who see to it that the law is kept.

use async_graphql::{Context, Result};

use crate::graphql::access;
use crate::graphql::errors::{FieldError, told};
use crate::graphql::loaders;
use crate::graphql::mutation::privacy::desk;
use crate::graphql::types::erasure::{ErasureRequestConnection, connection};
use crate::graphql::types::retention::{RetentionReview, RetentionTime, times};
use crate::privacy::requests::place;

const UNLESS_TOLD: u32 = 50;
const MOST: u32 = 200;

/// A page of erasures; `None` when no tenant is named.
pub(super) async fn erasures(
    ctx: &Context<'_>,
    first: Option<i64>,
    after: Option<String>,
) -> Result<Option<ErasureRequestConnection>> {
    let Some(tenant_id) = access::tenant(ctx, "erasure_requests")? else {
        return Ok(None);
    };
    let unusable = |argument| FieldError::Argument(argument).to_graphql();
    let first = loaders::bounded(first, UNLESS_TOLD, MOST).ok_or_else(|| unusable("first"))?;
    let after = after.map(|text| place(&text).ok_or_else(|| unusable("after")));
    let after = after.transpose()?;
    let page = desk(ctx)?.page(tenant_id, after, first).await;
    let page = page.map_err(|error| told("erasure_requests", &error))?;
    Ok(Some(connection(page, after.is_some())))
}

/// The tenant's clocks; `None` when no tenant is named.
pub(super) async fn retention(ctx: &Context<'_>) -> Result<Option<Vec<RetentionTime>>> {
    let Some(tenant_id) = access::tenant(ctx, "retention")? else {
        return Ok(None);
    };
    let settings = desk(ctx)?.retention(tenant_id).await;
    let settings = settings.map_err(|error| told("retention", &error))?;
    Ok(Some(times(&settings)))
}

/// Persons up for a review; `None` when no tenant is named.
pub(super) async fn reviews(
    ctx: &Context<'_>,
    first: Option<i64>,
) -> Result<Option<Vec<RetentionReview>>> {
    let Some(tenant_id) = access::tenant(ctx, "retention_reviews")? else {
        return Ok(None);
    };
    let first = loaders::bounded(first, UNLESS_TOLD, MOST);
    let first = first.ok_or_else(|| FieldError::Argument("first").to_graphql())?;
    let found = desk(ctx)?.reviews(tenant_id, first.into()).await;
    let found = found.map_err(|error| told("retention_reviews", &error))?;
    let reviews = found.into_iter().map(|(person, since)| RetentionReview {
        person_profile_id: person.into(),
        since: since.into(),
    });
    Ok(Some(reviews.collect()))
}
