//! The audit log, for those who see to it that the law is kept.

use async_graphql::{Context, Result};

use crate::graphql::access;
use crate::graphql::errors::{FieldError, told};
use crate::graphql::loaders::{self, Loaders};
use crate::graphql::scalars::{TimestamptzScalar, UuidScalar};
use crate::graphql::types::audit::{AuditConnection, connection};
use crate::privacy::desk::Rights;
use crate::privacy::journal::{Wanted, place};

const ENTRIES_UNLESS_TOLD: u32 = 50;
const MOST_ENTRIES: u32 = 200;

/// What was asked, as it came.
pub(super) struct Arguments {
    pub(super) person: Option<UuidScalar>,
    pub(super) act: Option<String>,
    pub(super) actor: Option<String>,
    pub(super) from: Option<TimestamptzScalar>,
    pub(super) to: Option<TimestamptzScalar>,
    pub(super) first: Option<i64>,
    pub(super) after: Option<String>,
}

/// A page of it; `None` when no tenant is named.
pub(super) async fn page(
    ctx: &Context<'_>,
    arguments: Arguments,
) -> Result<Option<AuditConnection>> {
    let Some(tenant) = access::tenant(ctx, "audit_log")? else {
        return Ok(None);
    };
    let wanted = wanted(arguments).map_err(FieldError::to_graphql)?;
    let behind = wanted.after.is_some();
    let person = wanted.person;
    let page = ctx.data::<Rights>()?.journal.page(tenant, wanted).await;
    let page = page.map_err(|error| told("audit_log", &error))?;
    // Whoever asks who read about a person reads about that person.
    if let (Some(person), Some(loaders)) = (person, ctx.data_opt::<Loaders>()) {
        loaders.seen().note([person]);
    }
    Ok(Some(connection(page, behind)))
}

fn wanted(arguments: Arguments) -> std::result::Result<Wanted, FieldError> {
    let instant = |told: Option<TimestamptzScalar>, name| {
        told.map(|told| told.0.ok_or(FieldError::Argument(name)))
            .transpose()
    };
    let person = arguments
        .person
        .map(|id| id.0.ok_or(FieldError::Argument("person_profile_id")))
        .transpose()?;
    let after = |text: String| place(&text).ok_or(FieldError::Argument("after"));
    let first = loaders::bounded(arguments.first, ENTRIES_UNLESS_TOLD, MOST_ENTRIES);
    Ok(Wanted {
        person,
        act: arguments.act,
        actor: arguments.actor,
        from: instant(arguments.from, "from")?,
        to: instant(arguments.to, "to")?,
        first: first.ok_or(FieldError::Argument("first"))?,
        after: arguments.after.map(after).transpose()?,
    })
}
