//! Dead letters, for those who run the service.

use async_graphql::{Context, Result};
use uuid::Uuid;

use crate::actions::dead_letters::{Wanted, place};
use crate::graphql::errors::{FieldError, told};
use crate::graphql::limits::MOST_LISTED;
use crate::graphql::loaders;
use crate::graphql::operations::Desk;
use crate::graphql::types::dead_letter::{DeadLetter, DeadLetterConnection, connection};

const LETTERS_UNLESS_TOLD: u32 = 50;

/// A page of them; `None` when nothing is within the caller's reach.
pub(super) async fn page(
    ctx: &Context<'_>,
    reason: Option<String>,
    first: Option<i64>,
    after: Option<String>,
) -> Result<Option<DeadLetterConnection>> {
    let Some(desk) = Desk::of(ctx, "dead_letters")? else {
        return Ok(None);
    };
    let unusable = |argument| FieldError::Argument(argument).to_graphql();
    let first = loaders::bounded(first, LETTERS_UNLESS_TOLD, MOST_LISTED);
    let after = after.map(|text| place(&text).ok_or_else(|| unusable("after")));
    let wanted = Wanted {
        tenant_id: desk.tenant,
        reason,
        first: first.ok_or_else(|| unusable("first"))?,
        after: after.transpose()?,
    };
    let behind = wanted.after.is_some();
    let page = desk.letters.page(wanted).await;
    let page = page.map_err(|error| told("dead_letters", &error))?;
    Ok(Some(connection(page, behind)))
}

/// One of them; `None` when there is none, or none within the caller's reach.
pub(super) async fn one(ctx: &Context<'_>, id: Option<Uuid>) -> Result<Option<DeadLetter>> {
    let (Some(desk), Some(id)) = (Desk::of(ctx, "dead_letter")?, id) else {
        return Ok(None);
    };
    let letter = desk.letters.letter(desk.tenant, id).await;
    let letter = letter.map_err(|error| told("dead_letter", &error))?;
    Ok(letter.map(Into::into))
}
