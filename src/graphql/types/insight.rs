//! `CustomerInsight`: what stands beside a `PersonProfile`. Nothing in it ever returns an error.
#![expect(
    clippy::too_many_arguments,
    reason = "a connection takes as many in GraphQL"
)]

use std::sync::Arc;

use async_graphql::{Context, Enum, Object};
use uuid::Uuid;

use super::activity::{self, ActivityConnection, ActivityKind};
use super::behavior::BehaviorAggregate;
use super::channel::ChannelPreference;
use super::consent::Consent;
use super::engagement::EngagementScore;
use super::explanation::MetricExplanation;
use super::forecast::CustomerForecast;
use super::recommendation::{
    CustomerCluster, ExtraOffer, Outlook, RebookingPrompt, RecommendationList, TourRecommendation,
};
use crate::domain::metric::{Language, Metric};
use crate::domain::model::history::minutes;
use crate::graphql::loaders::{self, TimelineArguments};
use crate::graphql::scalars::{TimestamptzScalar, UuidScalar};
use crate::insight::{ExplainRequest, Found};

const TOURS_UNLESS_TOLD: u32 = 5;
const MOST_TOURS: u32 = 20;
const EXTRAS: usize = 5;

/// Whether the rest of an insight can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum InsightStatus {
    /// All is there.
    Ready,
    /// History is being brought in or insights are being rebuilt: there may be more to come.
    Partial,
    /// The service cannot reach its data at the moment: everything but the id is null.
    Unavailable,
}

/// What is known about one person beside their profile.
#[derive(Clone)]
pub struct CustomerInsight {
    asked: Uuid,
    /// None while the data cannot be reached.
    content: Found,
}

impl CustomerInsight {
    /// The answer about a known person; without content it is unavailable.
    #[must_use]
    pub fn new(asked: Uuid, content: Found) -> Self {
        Self { asked, content }
    }

    /// The answer about a person while the data cannot be reached.
    #[must_use]
    pub fn unavailable(asked: Uuid) -> Self {
        Self {
            asked,
            content: None,
        }
    }

    /// What is known; none while the data cannot be reached.
    pub(in crate::graphql) fn content(&self) -> Found {
        self.content.clone()
    }

    /// The language asked for, else the person's.
    fn language(&self, asked: Option<&str>) -> Language {
        let own = self.standing().and_then(|told| told.locale.as_deref());
        Language::of(asked.filter(|told| !told.trim().is_empty()).or(own))
    }

    /// What was learned, for a person who may be judged.
    async fn outlook(&self, ctx: &Context<'_>) -> Option<Outlook> {
        let content = self.content.as_ref()?;
        content.insight.history.as_ref()?;
        let learned = loaders::learned(ctx, content.moment).await?;
        Some(Outlook::new(learned, content.at(), self.language(None)))
    }

    fn standing(&self) -> Option<&crate::domain::insight::Standing> {
        self.content
            .as_ref()
            .map(|content| &content.insight.standing)
    }
}

/// What is known about one person beside their profile.
#[Object(rename_fields = "snake_case", rename_args = "snake_case")]
impl CustomerInsight {
    /// The person; after a merge the survivor, also when the merged profile was asked for.
    async fn person_profile_id(&self) -> UuidScalar {
        self.content
            .as_ref()
            .map_or(self.asked, |content| content.insight.person_profile_id)
            .into()
    }

    /// Whether the rest can be believed.
    async fn status(&self) -> InsightStatus {
        match &self.content {
            Some(content) if content.partial => InsightStatus::Partial,
            Some(_) => InsightStatus::Ready,
            None => InsightStatus::Unavailable,
        }
    }

    /// What the person did.
    async fn behavior_aggregate(&self) -> Option<BehaviorAggregate> {
        self.content.clone().map(BehaviorAggregate::new)
    }

    /// How alive the relation is, and what the person said about it; null for minors.
    async fn engagement_score(&self) -> Option<EngagementScore> {
        let content = self.content.as_ref()?;
        let minor = content.insight.standing.minor;
        (!minor).then(|| EngagementScore::new(Arc::clone(content), self.language(None)))
    }

    /// Whether the person comes back, when, and for how much; null while no model speaks, and for minors, agencies and those
    /// who object to profiling.
    async fn forecast(&self, ctx: &Context<'_>) -> Option<CustomerForecast> {
        let content = self.content.as_ref()?;
        content.insight.history.as_ref()?;
        let learned = loaders::learned(ctx, content.moment).await?;
        CustomerForecast::new(content, &learned, self.language(None))
    }

    /// On which channel the person wants to be reached and answers; nothing is learned of minors, agencies and those who
    /// object to profiling: null unless they asked for one.
    async fn channel_preference(&self, ctx: &Context<'_>) -> Option<ChannelPreference> {
        let content = self.content.as_ref()?;
        let stated = content.insight.standing.stated_channel;
        let history = content.insight.history.as_ref();
        if history.is_none() && stated.is_none() {
            return None;
        }
        let learned = loaders::learned(ctx, content.moment).await?;
        let consents = loaders::consents(ctx, content.insight.person_profile_id).await?;
        let (now, language) = (minutes(content.at()), self.language(None));
        Some(ChannelPreference::new(
            stated, history, learned, &consents, now, language,
        ))
    }

    /// Tours for the person: those that are new to them, then those to book again, each list the best first; empty while
    /// nothing was learned, and for minors, agencies and those who object to profiling.
    async fn recommendations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many of each list, at most 20; 5 unless told.")] first: Option<i64>,
        #[graphql(desc = "Only this list.")] list: Option<RecommendationList>,
    ) -> Option<Vec<TourRecommendation>> {
        let first = loaders::bounded(first, TOURS_UNLESS_TOLD, MOST_TOURS);
        let Some((first, outlook)) = first.zip(self.outlook(ctx).await) else {
            return Some(Vec::new());
        };
        let history = self.content.as_ref()?.insight.history.as_ref()?;
        Some(outlook.tours(history, list, first as usize))
    }

    /// When to ask about the next season; null without a season of their own, or when it is booked already.
    async fn rebooking_prompt(&self, ctx: &Context<'_>) -> Option<RebookingPrompt> {
        let outlook = self.outlook(ctx).await?;
        outlook.rebooking(self.content.as_ref()?.insight.history.as_ref()?)
    }

    /// Extras worth offering with the next booking, at most 5.
    async fn extra_offers(&self, ctx: &Context<'_>) -> Option<Vec<ExtraOffer>> {
        let outlook = self.outlook(ctx).await?;
        let history = self.content.as_ref()?.insight.history.as_ref()?;
        Some(outlook.extras(history, EXTRAS))
    }

    /// The group of customers that the person is most alike; null before the first booking.
    async fn cluster(&self, ctx: &Context<'_>) -> Option<CustomerCluster> {
        let outlook = self.outlook(ctx).await?;
        outlook.cluster(self.content.as_ref()?.insight.history.as_ref()?)
    }

    /// Whether the person agreed to marketing; null when never asked.
    async fn marketing_consent(&self) -> Option<bool> {
        self.standing()?.marketing_consent
    }

    /// Whether any profile of the person objects to profiling.
    async fn profiling_objection(&self) -> Option<bool> {
        Some(self.standing()?.profiling_objection)
    }

    /// What the person allows, by purpose and channel, as it is today; every purpose is there, also when nobody asked.
    async fn consents(&self, ctx: &Context<'_>) -> Option<Vec<Consent>> {
        let person = self.content.as_ref()?.insight.person_profile_id;
        let found = loaders::consents(ctx, person).await?;
        Some(found.iter().map(Into::into).collect())
    }

    /// Whether the person last travelled as a child or infant: then only travel facts are shown.
    async fn is_minor(&self) -> Option<bool> {
        Some(self.standing()?.minor)
    }

    /// The person's language and region, such as `de-DE`.
    async fn locale(&self) -> Option<&str> {
        self.standing()?.locale.as_deref()
    }

    /// What happened, latest first. An unusable argument gives an empty page.
    async fn activities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100; 20 unless told.")] first: Option<i64>,
        #[graphql(desc = "Go on behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Only these kinds.")] kinds: Option<Vec<ActivityKind>>,
        #[graphql(desc = "Only what happened at this instant or later.")] from: Option<
            TimestamptzScalar,
        >,
        #[graphql(desc = "Only what happened before this instant.")] to: Option<TimestamptzScalar>,
    ) -> Option<ActivityConnection> {
        let content = self.content.as_ref()?;
        let person = content.insight.person_profile_id;
        let arguments = TimelineArguments {
            first,
            after,
            kinds,
            from,
            to,
        };
        let page = loaders::timeline(ctx, person, content.moment, arguments).await?;
        Some(activity::connection(&page, person, self.language(None)))
    }

    /// Why one of the numbers is what it is; null for a name that is none of the fields above or of
    /// `behavior_aggregate` and `engagement_score`.
    async fn explain(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The field, such as `no_show_count`.")] metric: String,
        #[graphql(
            desc = "In which language, such as `de-DE` or `en`; the person's unless told, and German without any."
        )]
        locale: Option<String>,
    ) -> Option<MetricExplanation> {
        let content = self.content.as_ref()?;
        let request = ExplainRequest {
            person: content.insight.person_profile_id,
            moment: content.moment,
            metric: Metric::from_name(&metric)?,
        };
        let found = loaders::explanation(ctx, request).await?;
        let language = self.language(locale.as_deref());
        Some(MetricExplanation::new(found, Arc::clone(content), language))
    }

    /// Everything that the platform had delivered by this instant is in here.
    async fn fresh_as_of(&self) -> Option<TimestamptzScalar> {
        Some(self.content.as_ref()?.fresh_as_of.into())
    }

    /// The instant for which it was derived.
    async fn computed_at(&self) -> Option<TimestamptzScalar> {
        Some(self.content.as_ref()?.insight.computed_at.into())
    }
}
