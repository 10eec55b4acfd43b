//! The look-ups of one request. A failed one is logged here and answered as "unavailable" or null by the types.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Context;
use chrono::{DateTime, Datelike, Utc};
use uuid::Uuid;

use super::access;
use super::batch::{Batch, Failed};
use super::caller::Caller;
use super::limits::MOST_ACTIVITIES;
use super::scalars::TimestamptzScalar;
use super::types::activity::ActivityKind;
use super::types::insight::CustomerInsight;
use crate::domain::explain::Explanation;
use crate::domain::insight::BoardingPlace;
use crate::domain::model::sentiment::Sentiment;
use crate::domain::moment::Moment;
use crate::domain::timeline::MetricChange;
use crate::insight::{
    AlsoBookedTour, Audience, Consent, Error, ExplainRequest, Found, LabelKey, LateRequest,
    Learned, Page, PageRequest, Reader, TimelinePage, TimelineRequest,
};

const ACTIVITIES_UNLESS_TOLD: u32 = 20;

/// A person asked for, before merges are followed, and from which moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct PersonKey(Uuid, Moment);

/// What one request loads, for the one tenant it may see.
pub(super) struct Loaders {
    reader: Reader,
    tenant: Option<Uuid>,
    /// The tenant asks too often: no statement is made for a person.
    crowded: bool,
    persons: Batch<PersonKey, Found>,
    timelines: Batch<TimelineRequest, Arc<TimelinePage>>,
    explanations: Batch<ExplainRequest, Arc<Explanation>>,
    late: Batch<LateRequest, Arc<Vec<MetricChange>>>,
    labels: Batch<LabelKey, Arc<str>>,
    consents: Batch<Uuid, Arc<Vec<Consent>>>,
    learned: Batch<Moment, Arc<Learned>>,
    seen: Arc<Seen>,
}

/// About whom something was answered.
#[derive(Default)]
pub(super) struct Seen(Mutex<Vec<Uuid>>);

impl Seen {
    pub(super) fn note(&self, persons: impl IntoIterator<Item = Uuid>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.extend(persons);
    }

    /// Everyone so far, some of them more than once.
    pub(super) fn take(&self) -> Vec<Uuid> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Loaders {
    /// Loaders that can only ever see what the caller's tenant has.
    pub(super) fn new(reader: Reader, caller: &Caller, crowded: bool) -> Self {
        Self {
            reader,
            tenant: caller.tenant,
            crowded,
            persons: Batch::default(),
            timelines: Batch::default(),
            explanations: Batch::default(),
            late: Batch::default(),
            labels: Batch::default(),
            consents: Batch::default(),
            learned: Batch::default(),
            seen: Arc::default(),
        }
    }

    /// Those about whom something was answered, also when these loaders are gone.
    pub(super) fn seen(&self) -> Arc<Seen> {
        Arc::clone(&self.seen)
    }

    async fn person(&self, id: Uuid, moment: Moment) -> Option<CustomerInsight> {
        let tenant = self.tenant?;
        if self.crowded {
            return Some(CustomerInsight::unavailable(id));
        }
        let load = self.persons.load(PersonKey(id, moment), |keys| async move {
            let (now, past): (Vec<_>, Vec<_>) =
                keys.into_iter().partition(|PersonKey(_, at)| at.is_now());
            let ids: Vec<Uuid> = now.into_iter().map(|PersonKey(id, _)| id).collect();
            let insights = logged("insights", self.reader.insights(tenant, &ids).await)?;
            let keyed = |(id, insight)| (PersonKey(id, Moment::NOW), insight);
            let mut found: HashMap<_, _> = insights.into_iter().map(keyed).collect();
            let asked: Vec<_> = past.iter().map(|PersonKey(id, at)| (*id, *at)).collect();
            // Trouble with the past is not the present's.
            match logged(
                "past insights",
                self.reader.insights_at(tenant, &asked).await,
            ) {
                Ok(insights) => {
                    let keyed = |((id, at), insight)| (PersonKey(id, at), insight);
                    found.extend(insights.into_iter().map(keyed));
                }
                Err(Failed) if found.is_empty() => return Err(Failed),
                Err(Failed) => found.extend(past.into_iter().map(|key| (key, None))),
            }
            self.seen
                .note(found.iter().flat_map(|(key, found)| about(key, found)));
            Ok(found)
        });
        match load.await {
            Ok(found) => found.map(|insight| CustomerInsight::new(id, insight)),
            Err(Failed) => Some(CustomerInsight::unavailable(id)),
        }
    }

    async fn explanation(&self, request: ExplainRequest) -> Option<Arc<Explanation>> {
        let tenant = self.tenant?;
        let load = self.explanations.load(request, |requests| async move {
            logged(
                "explanations",
                self.reader.explanations(tenant, &requests).await,
            )
        });
        load.await.ok().flatten()
    }

    async fn late(&self, request: LateRequest) -> Option<Arc<Vec<MetricChange>>> {
        let tenant = self.tenant?;
        let load = self.late.load(request, |requests| async move {
            logged(
                "late changes",
                self.reader.late_changes(tenant, &requests).await,
            )
        });
        load.await.ok().flatten()
    }

    async fn timeline(&self, request: TimelineRequest) -> Option<Arc<TimelinePage>> {
        let tenant = self.tenant?;
        let load = self.timelines.load(request, |requests| async move {
            logged("timelines", self.reader.timelines(tenant, &requests).await)
        });
        load.await.ok().flatten()
    }

    async fn consents(&self, root: Uuid) -> Option<Arc<Vec<Consent>>> {
        let tenant = self.tenant?;
        let load = self.consents.load(root, |roots| async move {
            logged("consents", self.reader.consents(tenant, &roots).await)
        });
        load.await.ok().flatten()
    }

    async fn learned(&self, moment: Moment) -> Option<Arc<Learned>> {
        let tenant = self.tenant?;
        let load = self.learned.load(moment, |moments| async move {
            logged("models", self.reader.learned(tenant, &moments).await)
        });
        load.await.ok().flatten()
    }

    async fn label(&self, key: LabelKey) -> Option<String> {
        let tenant = self.tenant?;
        let load = self.labels.load(key, |keys| async move {
            let labels = logged("labels", self.reader.labels(tenant, &keys).await)?;
            Ok(labels
                .into_iter()
                .map(|(key, label)| (key, label.into()))
                .collect())
        });
        load.await.ok().flatten().map(|label| label.to_string())
    }
}

/// The person who was asked for, and whom the answer is about where that is somebody else.
fn about(PersonKey(id, _): &PersonKey, found: &Found) -> impl Iterator<Item = Uuid> + use<> {
    let root = found.as_ref().map(|it| it.insight.person_profile_id);
    let id = *id;
    std::iter::once(id).chain(root.filter(move |root| *root != id))
}

fn logged<K: Eq + Hash, V>(
    what: &'static str,
    read: Result<HashMap<K, V>, Error>,
) -> Result<HashMap<K, V>, Failed> {
    read.map_err(|error| {
        let error: &(dyn std::error::Error + 'static) = &error;
        tracing::warn!(what, error, "an insight is answered as unavailable");
        Failed
    })
}

/// The insight of a person whom the caller may see; null for everybody else.
pub(super) async fn person(
    ctx: &Context<'_>,
    field: &str,
    id: Uuid,
    moment: Moment,
) -> Option<CustomerInsight> {
    if !access::may_see(ctx.data_opt::<Caller>()?, field, id) {
        return None;
    }
    ctx.data_opt::<Loaders>()?.person(id, moment).await
}

/// The moment that two arguments name; `None` when one of them is there and no usable instant.
pub(super) fn moment(
    as_of: Option<TimestamptzScalar>,
    known_at: Option<TimestamptzScalar>,
) -> Option<Moment> {
    // Beyond these years calendars and zones end.
    let usable = |at: DateTime<Utc>| (1..=9_999).contains(&at.year()).then_some(at);
    let instant = |told: Option<TimestamptzScalar>| {
        told.map_or(Some(None), |told| told.0.and_then(usable).map(Some))
    };
    Some(Moment {
        as_of: instant(as_of)?,
        known_at: instant(known_at)?,
    })
}

/// Why a number is what it is; null when it cannot be told now.
pub(super) async fn explanation(
    ctx: &Context<'_>,
    request: ExplainRequest,
) -> Option<Arc<Explanation>> {
    ctx.data_opt::<Loaders>()?.explanation(request).await
}

/// What a person allows; null when it cannot be told now.
pub(super) async fn consents(ctx: &Context<'_>, root: Uuid) -> Option<Arc<Vec<Consent>>> {
    ctx.data_opt::<Loaders>()?.consents(root).await
}

/// What people who travelled a tour travelled as well; `None` when the request has no tenant.
pub(super) async fn also_booked(
    ctx: &Context<'_>,
    tour: Uuid,
) -> Option<Result<Vec<AlsoBookedTour>, Error>> {
    let loaders = ctx.data_opt::<Loaders>()?;
    Some(loaders.reader.also_booked(loaders.tenant?, tour).await)
}

/// Who would like a tour; `None` when the request has no tenant.
pub(super) async fn audience(
    ctx: &Context<'_>,
    tour: Uuid,
    first: usize,
) -> Option<Result<Vec<Audience>, Error>> {
    let loaders = ctx.data_opt::<Loaders>()?;
    let found = loaders.reader.audience(loaders.tenant?, tour, first).await;
    if let Ok(found) = &found {
        loaders
            .seen
            .note(found.iter().map(|one| one.person_profile_id));
    }
    Some(found)
}

/// What a group of customers says, and by which version of the groups; `None` when the request has no tenant.
pub(super) async fn cluster_sentiment(
    ctx: &Context<'_>,
    cluster: i32,
) -> Option<Result<Option<(Sentiment, Option<i32>)>, Error>> {
    let loaders = ctx.data_opt::<Loaders>()?;
    let found = loaders.reader.cluster_sentiment(loaders.tenant?, cluster);
    Some(found.await)
}

/// What was learned by a moment; null when it cannot be read now.
pub(super) async fn learned(ctx: &Context<'_>, moment: Moment) -> Option<Arc<Learned>> {
    ctx.data_opt::<Loaders>()?.learned(moment).await
}

/// What an activity that came late has changed; null when it cannot be told now.
pub(super) async fn late_changes(
    ctx: &Context<'_>,
    request: LateRequest,
) -> Option<Arc<Vec<MetricChange>>> {
    ctx.data_opt::<Loaders>()?.late(request).await
}

/// A page of the tenant's persons; `None` when the request has no tenant.
pub(super) async fn page(ctx: &Context<'_>, request: &PageRequest) -> Option<Result<Page, Error>> {
    let loaders = ctx.data_opt::<Loaders>()?;
    // On the heap: the root's other fields, of which there may be thousands, share its room.
    let page = Box::pin(loaders.reader.page(loaders.tenant?, request)).await;
    if let Ok(page) = &page {
        let persons = page.rows.iter().map(|row| row.person_profile_id);
        loaders.seen.note(persons);
    }
    Some(page)
}

/// What was asked of a timeline, as it came.
pub(super) struct TimelineArguments {
    pub(super) first: Option<i64>,
    pub(super) after: Option<String>,
    pub(super) kinds: Option<Vec<ActivityKind>>,
    pub(super) from: Option<TimestamptzScalar>,
    pub(super) to: Option<TimestamptzScalar>,
}

impl TimelineArguments {
    /// `None` when an argument cannot be used, so that nothing matches.
    fn read(self, person: Uuid, moment: Moment) -> Option<TimelineRequest> {
        let Self {
            first,
            after,
            kinds,
            from,
            to,
        } = self;
        let instant = |at: Option<TimestamptzScalar>| at.map_or(Some(None), |at| at.0.map(Some));
        Some(TimelineRequest {
            person,
            moment,
            first: bounded(first, ACTIVITIES_UNLESS_TOLD, MOST_ACTIVITIES)?,
            after,
            kinds: kinds.map(|kinds| kinds.into_iter().map(Into::into).collect::<BTreeSet<_>>()),
            from: instant(from)?,
            to: instant(to)?,
        })
    }
}

/// How many to give: the usual number unless told, at most the limit, `None` for a number below 0.
pub(super) fn bounded(first: Option<i64>, usual: u32, most: u32) -> Option<u32> {
    let Some(first) = first else {
        return Some(usual);
    };
    (first >= 0).then(|| u32::try_from(first).unwrap_or(most).min(most))
}

/// Part of a person's timeline; empty for arguments that cannot be used, null when it cannot be read.
pub(super) async fn timeline(
    ctx: &Context<'_>,
    person: Uuid,
    moment: Moment,
    arguments: TimelineArguments,
) -> Option<Arc<TimelinePage>> {
    match arguments.read(person, moment) {
        Some(request) => ctx.data_opt::<Loaders>()?.timeline(request).await,
        None => Some(Arc::default()),
    }
}

/// The label of a stop; a door has none.
pub(super) async fn place_label(ctx: &Context<'_>, place: BoardingPlace) -> Option<String> {
    match place {
        BoardingPlace::Stop(id) => boarding_point_label(ctx, id).await,
        BoardingPlace::DoorPickup => None,
    }
}

/// The label of a boarding point.
pub(super) async fn boarding_point_label(ctx: &Context<'_>, id: Uuid) -> Option<String> {
    ctx.data_opt::<Loaders>()?
        .label(LabelKey::BoardingPoint(id))
        .await
}

/// The title of a tour, by its template.
pub(super) async fn tour_title(ctx: &Context<'_>, id: Uuid) -> Option<String> {
    ctx.data_opt::<Loaders>()?.label(LabelKey::Tour(id)).await
}

/// The title of an offering.
pub(super) async fn offering_title(ctx: &Context<'_>, id: Uuid) -> Option<String> {
    ctx.data_opt::<Loaders>()?
        .label(LabelKey::Offering(id))
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{PoolConfig, pool};
    use crate::domain::clock::Clock;

    /// Thousands of them wait at once in a join, each moved when it begins.
    #[tokio::test]
    async fn a_look_up_that_waits_is_small() {
        let pool = pool::connect_lazy(
            "postgres://nowhere/x".parse().unwrap(),
            &PoolConfig::default(),
        );
        let caller = Caller {
            role: crate::graphql::caller::Role::Admin,
            tenant: Some(Uuid::nil()),
            names_tenant: true,
            user_id: None,
            person_profile_id: None,
        };
        let loaders = Loaders::new(Reader::new(pool, Clock::system(), 3), &caller, false);
        let person = size_of_val(&loaders.person(Uuid::nil(), Moment::default()));
        assert!(person < 512, "{person} bytes");
        let label = size_of_val(&loaders.label(LabelKey::Tour(Uuid::nil())));
        assert!(label < 512, "{label} bytes");
    }
}
