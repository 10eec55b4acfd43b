//! Why a number is what it is, and what a late activity changed. Nothing in it ever returns an error.

use std::sync::Arc;

use async_graphql::{Object, SimpleObject};

use super::activity::CustomerActivity;
use super::behavior::count;
use crate::domain::explain::Explanation;
use crate::domain::fold::FOLD_VERSION;
use crate::domain::metric::Language;
use crate::domain::timeline;
use crate::graphql::scalars::{JsonbScalar, TimestamptzScalar, UuidScalar};
use crate::insight::PersonInsight;

/// Why one number is what it is.
pub struct MetricExplanation {
    found: Arc<Explanation>,
    insight: Arc<PersonInsight>,
    language: Language,
}

impl MetricExplanation {
    /// The explanation of a number of this insight.
    pub(super) fn new(
        found: Arc<Explanation>,
        insight: Arc<PersonInsight>,
        language: Language,
    ) -> Self {
        Self {
            found,
            insight,
            language,
        }
    }
}

/// Why one number is what it is.
#[Object(name = "Explanation", rename_fields = "snake_case")]
impl MetricExplanation {
    /// The field that is explained.
    async fn metric(&self) -> &str {
        self.found.metric.name()
    }

    /// Its value, as in the field itself.
    async fn value(&self) -> JsonbScalar {
        (&self.found.value).into()
    }

    /// Its value in short, such as `1`, `1234.50 EUR` or `WINDOW_MIDDLE`; `–` when unknown.
    async fn text(&self) -> String {
        self.found.value.to_string()
    }

    /// What it means and how it is found, in one sentence.
    async fn formula(&self) -> &str {
        self.found.metric.formula(self.language)
    }

    /// How many observations it rests on: bookings, trips, payments, ratings …
    async fn inputs(&self) -> i32 {
        count(self.found.inputs)
    }

    /// How many activities of the timeline show them.
    async fn total(&self) -> i32 {
        count(self.found.total)
    }

    /// The latest of these activities, at most 20, by their ids on the timeline.
    async fn activity_ids(&self) -> Vec<UuidScalar> {
        let activities = self.found.activities.iter();
        activities.map(|(activity, _)| activity.id.into()).collect()
    }

    /// The same activities as they stand on the timeline.
    async fn activities(&self) -> Vec<CustomerActivity> {
        let person = self.insight.insight.person_profile_id;
        let activities = self.found.activities.iter();
        activities
            .map(|(activity, _)| CustomerActivity::new(activity.clone(), person, self.language))
            .collect()
    }

    /// What each of these activities adds to a sum or a mean; those that add nothing of their own are not listed.
    async fn contributions(&self) -> Vec<MetricContribution> {
        let activities = self.found.activities.iter();
        let adding = activities.filter_map(|(activity, value)| Some((activity, value.as_ref()?)));
        adding
            .map(|(activity, value)| MetricContribution {
                activity_id: activity.id.into(),
                value: value.into(),
                text: value.to_string(),
            })
            .collect()
    }

    /// Why, in sentences, where a model says it; empty for what is counted.
    async fn reasons(&self) -> &[String] {
        self.found.judgement.told(self.language)
    }

    /// What it was found in: kinds of rows such as `booking`, `message`, `trip_feedback`.
    async fn sources(&self) -> Vec<&'static str> {
        self.found.sources.iter().map(|kind| kind.name()).collect()
    }

    /// Which version of the model says it; null for what is counted, and where none was learned.
    async fn model_version(&self) -> Option<i32> {
        self.found.judgement.version
    }

    /// The version of the rules by which all numbers are counted.
    async fn fold_version(&self) -> i32 {
        count(FOLD_VERSION)
    }

    /// Everything that the platform had delivered by this instant is in here.
    async fn fresh_as_of(&self) -> TimestamptzScalar {
        self.insight.fresh_as_of.into()
    }
}

/// What one activity adds to a number.
#[derive(SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct MetricContribution {
    /// The activity.
    activity_id: UuidScalar,
    /// What it adds.
    value: JsonbScalar,
    /// The same in short.
    text: String,
}

/// A number that was another before.
#[derive(SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct MetricChange {
    /// The field.
    metric: &'static str,
    /// Its value without the activity.
    before: JsonbScalar,
    /// Its value with it.
    after: JsonbScalar,
    /// The same in short, such as `no_show_count 1 → 0`.
    text: String,
}

impl From<timeline::MetricChange> for MetricChange {
    fn from(change: timeline::MetricChange) -> Self {
        Self {
            metric: change.metric.name(),
            before: (&change.before).into(),
            after: (&change.after).into(),
            text: change.to_string(),
        }
    }
}
