//! Asking for erasures, letting back, setting clocks.

use async_graphql::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};

use crate::audit::Actor;
use crate::domain::retention::MONTHS_MAX;
use crate::graphql::access;
use crate::graphql::caller::Caller;
use crate::graphql::errors::{FieldError, told};
use crate::graphql::types::erasure::{
    AllowCustomerReturnInput, AllowCustomerReturnPayload, AllowCustomerReturnStatus,
    RequestCustomerErasureInput, RequestCustomerErasurePayload, RequestCustomerErasureStatus,
};
use crate::graphql::types::retention::{
    SetRetentionInput, SetRetentionPayload, SetRetentionStatus, times,
};
use crate::privacy::comeback::Leave;
use crate::privacy::desk::Rights;
use crate::privacy::erase::Error;
use crate::privacy::order::{Order, reference};
use crate::privacy::requests::Erasures;

/// No due date is further away.
const DUE_MAX: TimeDelta = TimeDelta::days(366);

/// The desk, where this schema has one.
pub(in crate::graphql) fn desk<'c>(ctx: &Context<'c>) -> Result<&'c Erasures> {
    let rights = ctx.data_opt::<Rights>();
    rights
        .map(|rights| &rights.erasures)
        .ok_or_else(|| FieldError::Unavailable.to_graphql())
}

fn actor(ctx: &Context<'_>) -> Result<Actor> {
    let caller = ctx.data::<Caller>()?;
    Ok(Actor::of(caller.role.name(), caller.user_id.as_deref()))
}

/// Enters an erasure; `None` when no tenant is named.
pub(super) async fn request_erasure(
    ctx: &Context<'_>,
    input: RequestCustomerErasureInput,
) -> Result<Option<RequestCustomerErasurePayload>> {
    use RequestCustomerErasureStatus as Status;
    const FIELD: &str = "request_customer_erasure";
    let Some(tenant_id) = access::tenant(ctx, FIELD)? else {
        return Ok(None);
    };
    let only = |status| {
        Ok(Some(RequestCustomerErasurePayload {
            status,
            request: None,
        }))
    };
    let Some(person) = input.person_profile_id.0 else {
        return only(Status::UnusablePerson);
    };
    let desk = desk(ctx)?;
    let now = desk.office.clock.now();
    let due_at = match input.due {
        None => None,
        Some(due) => match due.0.filter(|due| is_usable(*due, now)) {
            None => return only(Status::UnusableDue),
            due => due,
        },
    };
    let reason = match input.reason.as_deref().map(reference) {
        Some(None) => return only(Status::UnusableReason),
        Some(reason) => reason,
        None => None,
    };
    let order = Order {
        categories: input
            .categories
            .into_iter()
            .flatten()
            .map(Into::into)
            .collect(),
        reason,
        due_at,
        ..Order::whole(tenant_id, person, input.legal_basis.into())
    };
    match desk.ask(&order, &actor(ctx)?).await {
        Ok((listed, is_new)) => Ok(Some(RequestCustomerErasurePayload {
            status: if is_new {
                Status::Accepted
            } else {
                Status::Known
            },
            request: Some(listed.into()),
        })),
        Err(Error::NoTenant(_)) => only(Status::UnknownTenant),
        Err(error) => Err(told(FIELD, &error)),
    }
}

fn is_usable(due: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    due > now && due - now <= DUE_MAX
}

/// Lets somebody back; `None` when no tenant is named.
pub(super) async fn allow_return(
    ctx: &Context<'_>,
    input: AllowCustomerReturnInput,
) -> Result<Option<AllowCustomerReturnPayload>> {
    use AllowCustomerReturnStatus as Status;
    const FIELD: &str = "allow_customer_return";
    let Some(tenant_id) = access::tenant(ctx, FIELD)? else {
        return Ok(None);
    };
    let only = |status| {
        Ok(Some(AllowCustomerReturnPayload {
            status,
            returned_at: None,
        }))
    };
    let Some(person) = input.person_profile_id.0 else {
        return only(Status::UnusablePerson);
    };
    let Some(reason) = reference(&input.reason) else {
        return only(Status::UnusableReason);
    };
    let leave = Leave {
        tenant_id,
        person,
        category: input.category.map(Into::into),
        reason,
        actor: actor(ctx)?,
    };
    match desk(ctx)?.office.let_return(&leave).await {
        Ok(comeback) => Ok(Some(comeback.into())),
        Err(Error::NoTenant(_)) => only(Status::UnknownTenant),
        Err(error) => Err(told(FIELD, &error)),
    }
}

/// Sets a clock; `None` when no tenant is named.
pub(super) async fn set_retention(
    ctx: &Context<'_>,
    input: SetRetentionInput,
) -> Result<Option<SetRetentionPayload>> {
    const FIELD: &str = "set_retention";
    let Some(tenant_id) = access::tenant(ctx, FIELD)? else {
        return Ok(None);
    };
    let desk = desk(ctx)?;
    let months = u16::try_from(input.months).ok();
    let (status, set) = match months.filter(|months| *months <= MONTHS_MAX) {
        None => (
            SetRetentionStatus::UnusableMonths,
            desk.retention(tenant_id).await,
        ),
        Some(months) => {
            let clock = input.clock.into();
            let actor = actor(ctx)?;
            let office = &desk.office;
            let set = office.set_retention(tenant_id, clock, months, &actor).await;
            (SetRetentionStatus::Set, set)
        }
    };
    let settings = set.map_err(|error| told(FIELD, &error))?;
    Ok(Some(SetRetentionPayload {
        status,
        times: times(&settings),
    }))
}
