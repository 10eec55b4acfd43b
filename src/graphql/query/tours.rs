//! Tours beside each other and beside people, and what a checkout may fill in.

use async_graphql::{Context, Result};
use uuid::Uuid;

use crate::domain::consent::{ANY, State};
use crate::domain::message::PERSONALISATION;
use crate::domain::model::sentiment::Group;
use crate::domain::moment::Moment;
use crate::graphql::access;
use crate::graphql::caller::Caller;
use crate::graphql::errors::FieldError;
use crate::graphql::loaders;
use crate::graphql::scalars::UuidScalar;
use crate::graphql::types::tour::{
    AlsoBooked, CheckoutPrefill, GroupSentiment, TourAudienceMember,
};
use crate::insight::Error;

const AUDIENCE_UNLESS_TOLD: u32 = 50;
const MOST_AUDIENCE: u32 = 500;
const ALSO_UNLESS_TOLD: u32 = 5;
const MOST_ALSO: u32 = 10;

fn refused(what: &'static str, error: &Error) -> async_graphql::Error {
    let told = FieldError::from(error);
    let error: &(dyn std::error::Error + 'static) = error;
    tracing::warn!(what, error, "a list about a tour is answered with an error");
    told.to_graphql()
}

/// What people who travelled the tour travelled as well; `None` when no tenant is named.
pub(super) async fn also_booked(
    ctx: &Context<'_>,
    tour: Option<Uuid>,
    first: Option<i64>,
) -> Result<Option<Vec<AlsoBooked>>> {
    if access::tenant(ctx, "also_booked")?.is_none() {
        return Ok(None);
    }
    let first = loaders::bounded(first, ALSO_UNLESS_TOLD, MOST_ALSO);
    let first = first.ok_or_else(|| FieldError::Argument("first").to_graphql())?;
    let Some(found) = loaders::also_booked(ctx, tour.unwrap_or_default()).await else {
        return Ok(None);
    };
    let found = found.map_err(|error| refused("also_booked", &error))?;
    let each = found.into_iter().take(first as usize);
    Ok(Some(each.map(Into::into).collect()))
}

/// Who would like the tour; `None` when no tenant is named.
pub(super) async fn audience(
    ctx: &Context<'_>,
    tour: Option<Uuid>,
    first: Option<i64>,
) -> Result<Option<Vec<TourAudienceMember>>> {
    if access::tenant(ctx, "tour_audience")?.is_none() {
        return Ok(None);
    }
    let first = loaders::bounded(first, AUDIENCE_UNLESS_TOLD, MOST_AUDIENCE);
    let first = first.ok_or_else(|| FieldError::Argument("first").to_graphql())?;
    let found = loaders::audience(ctx, tour.unwrap_or_default(), first as usize).await;
    let Some(found) = found else {
        return Ok(None);
    };
    let found = found.map_err(|error| refused("tour_audience", &error))?;
    Ok(Some(found.into_iter().map(Into::into).collect()))
}

/// What customers say about a tour, a region or the tenant, or what a group of them says; `None` when no tenant is named or
/// nothing is known.
pub(super) async fn sentiment(
    ctx: &Context<'_>,
    (tour, region): (Option<UuidScalar>, Option<String>),
    cluster: Option<i64>,
) -> Result<Option<GroupSentiment>> {
    if access::tenant(ctx, "group_sentiment")?.is_none() {
        return Ok(None);
    }
    if let Some(cluster) = cluster {
        if tour.is_some() || region.is_some() {
            return Err(FieldError::Argument("cluster_id").to_graphql());
        }
        return by_cluster(ctx, cluster).await;
    }
    let group = match (tour, region) {
        (None, None) => Group::Tenant,
        (Some(tour), None) => Group::Tour(tour.0.unwrap_or_default()),
        (None, Some(region)) => Group::Region(region),
        (Some(_), Some(_)) => return Err(FieldError::Argument("region").to_graphql()),
    };
    let Some(learned) = loaders::learned(ctx, Moment::NOW).await else {
        return Err(FieldError::Unavailable.to_graphql());
    };
    let found = learned.habits.sentiment.get(&group).copied();
    Ok(found.map(|found| GroupSentiment::new(found, learned.habits_version)))
}

/// What a group of customers says, by where they were last assigned to.
async fn by_cluster(ctx: &Context<'_>, cluster: i64) -> Result<Option<GroupSentiment>> {
    // No group has such a number.
    let Ok(cluster) = i32::try_from(cluster) else {
        return Ok(None);
    };
    let Some(found) = loaders::cluster_sentiment(ctx, cluster).await else {
        return Ok(None);
    };
    let found = found.map_err(|error| refused("group_sentiment", &error))?;
    Ok(found.map(|(sentiment, version)| GroupSentiment::new(sentiment, version)))
}

/// What a checkout may fill in; null for persons that nobody knows, for minors, and without consent to personalisation.
pub(super) async fn prefill(
    ctx: &Context<'_>,
    person: Option<Uuid>,
) -> Result<Option<CheckoutPrefill>> {
    let caller = ctx.data_opt::<Caller>();
    if !caller.is_some_and(|caller| access::may_ask(caller, "checkout_prefill")) {
        return Err(FieldError::Forbidden.to_graphql());
    }
    let Some(person) = person else {
        return Ok(None);
    };
    Ok(allowed(ctx, person).await)
}

async fn allowed(ctx: &Context<'_>, person: Uuid) -> Option<CheckoutPrefill> {
    let insight = loaders::person(ctx, "checkout_prefill", person, Moment::NOW).await?;
    let content = insight.content()?;
    let standing = &content.insight.standing;
    if standing.minor || standing.profiling_objection {
        return None;
    }
    let consents = loaders::consents(ctx, content.insight.person_profile_id).await?;
    let allowed = consents.iter().any(|one| {
        let about = one.purpose == PERSONALISATION && one.channel == ANY;
        about && one.standing.state == State::Granted
    });
    allowed.then(|| CheckoutPrefill::new(content))
}
