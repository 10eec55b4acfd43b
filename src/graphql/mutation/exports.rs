//! Asking for everything that is held about a person.

use std::collections::BTreeSet;

use async_graphql::{Context, Result};

use crate::domain::metric::Language;
use crate::graphql::access;
use crate::graphql::caller::Caller;
use crate::graphql::errors::{FieldError, told};
use crate::graphql::types::export::{RequestCustomerExportInput, RequestCustomerExportPayload};
use crate::privacy::desk::Rights;
use crate::privacy::export::Category;
use crate::privacy::export::desk::{Asked, Order};
use crate::privacy::export::request::Form;

/// Takes a request in; `None` when no tenant is named.
pub(super) async fn request(
    ctx: &Context<'_>,
    input: RequestCustomerExportInput,
) -> Result<Option<RequestCustomerExportPayload>> {
    let caller = ctx.data::<Caller>()?;
    let unusable = |argument| FieldError::Argument(argument).to_graphql();
    let person = input.person_profile_id.0;
    let allowed = match person {
        Some(person) => access::may_see(caller, "request_customer_export", person),
        // Whoever may ask about nobody is told so before anything else.
        None => access::may_ask(caller, "request_customer_export"),
    };
    if !allowed {
        return Err(FieldError::Forbidden.to_graphql());
    }
    let person = person.ok_or_else(|| unusable("input.person_profile_id"))?;
    let Some(tenant_id) = caller.tenant else {
        return Ok(None);
    };
    let language = match input.language.as_deref() {
        None => None,
        Some("de") => Some(Language::German),
        Some("en") => Some(Language::English),
        Some(_) => return Err(unusable("input.language")),
    };
    let categories: BTreeSet<Category> = match input.categories {
        Some(some) if !some.is_empty() => some.into_iter().map(Into::into).collect(),
        _ => Category::ALL.into(),
    };
    let order = Order {
        tenant_id,
        person,
        categories,
        form: input.format.map_or(Form::Json, Into::into),
        language,
        recipient: input.recipient_age_key,
        actor: caller.actor(),
    };
    let asked: std::result::Result<Asked, _> = ctx.data::<Rights>()?.exports.ask(&order).await;
    let asked = asked.map_err(|error| told("request_customer_export", &error))?;
    Ok(Some(asked.into()))
}
