//! `CustomerInsight`: what stands beside a `PersonProfile`. Nothing in it ever returns an error.
#![expect(
    clippy::too_many_arguments,
    reason = "a connection takes as many in GraphQL"
)]

use std::sync::Arc;

use async_graphql::{Context, Enum, Object};
use uuid::Uuid;

use super::activity::{ActivityConnection, ActivityKind};
use super::behavior::BehaviorAggregate;
use super::consent::Consent;
use super::engagement::EngagementScore;
use super::explanation::MetricExplanation;
use crate::domain::metric::{Language, Metric};
use crate::graphql::loaders::{self, TimelineArguments};
use crate::graphql::scalars::{TimestamptzScalar, UuidScalar};
use crate::insight::{ExplainRequest, Found};

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

    /// The language asked for, else the person's.
    fn language(&self, asked: Option<&str>) -> Language {
        let own = self.standing().and_then(|told| told.locale.as_deref());
        Language::of(asked.filter(|told| !told.trim().is_empty()).or(own))
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

    /// What the person said about it; null for minors.
    async fn engagement_score(&self) -> Option<EngagementScore> {
        let insight = &self.content.as_ref()?.insight;
        (!insight.standing.minor).then(|| (&insight.feedback).into())
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
        Some(ActivityConnection::new(&page, person, self.language(None)))
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
