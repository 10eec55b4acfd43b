//! How alive the relation with a person is: what they said about the trips, and the score of five parts.
//!
//! Whether the person will book again is another question, never mixed into the score: `forecast` answers it.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object};

use super::behavior::count;
use super::channel::told;
use super::forecast::{ChurnBand, CustomerForecast};
use crate::domain::insight::Feedback;
use crate::domain::metric::Language;
use crate::domain::model::engagement::{Engagement, Part, Scored};
use crate::graphql::loaders;
use crate::insight::{Learned, PersonInsight};

/// How the person feels about the operator, from the person's own words and deeds.
pub struct EngagementScore {
    content: Arc<PersonInsight>,
    language: Language,
}

impl EngagementScore {
    /// Of an insight; sentences in this language unless told.
    #[must_use]
    pub fn new(content: Arc<PersonInsight>, language: Language) -> Self {
        Self { content, language }
    }

    fn feedback(&self) -> &Feedback {
        &self.content.insight.feedback
    }

    async fn forecast(&self, ctx: &Context<'_>) -> Option<CustomerForecast> {
        let learned = loaders::learned(ctx, self.content.moment).await?;
        CustomerForecast::new(&self.content, &learned, self.language)
    }

    /// The score, and what was learned; none of those who are not scored.
    async fn scored(&self, ctx: &Context<'_>) -> Option<(Engagement, Arc<Learned>)> {
        let history = self.content.insight.history.as_ref()?;
        let learned = loaders::learned(ctx, self.content.moment).await?;
        let found = learned.voices().engagement(history, self.content.at())?;
        Some((found, learned))
    }
}

/// How the person feels about the operator, from the person's own words and deeds.
#[Object(rename_fields = "snake_case", rename_args = "snake_case")]
impl EngagementScore {
    /// The latest answer to "would you recommend us", 0 to 10.
    async fn nps_score(&self) -> Option<i64> {
        self.feedback().nps_score.as_ref().map(|nps| nps.value)
    }

    /// How many such answers the person ever gave.
    async fn nps_based_on(&self) -> i32 {
        let nps = self.feedback().nps_score.as_ref();
        count(nps.map_or(0, |nps| nps.based_on))
    }

    /// Mean of the last five ratings, 1 to 5.
    async fn satisfaction(&self) -> Option<f64> {
        let satisfaction = self.feedback().satisfaction.as_ref();
        satisfaction.map(|mean| mean.value)
    }

    /// How many ratings that mean rests on, at most 5.
    async fn satisfaction_based_on(&self) -> i32 {
        let satisfaction = self.feedback().satisfaction.as_ref();
        count(satisfaction.map_or(0, |mean| mean.based_on))
    }

    /// 0 to 100, from rhythm, trend, response, feedback and reliability; null for agencies, those who object to profiling,
    /// and those of whom nothing is known.
    async fn score(&self, ctx: &Context<'_>) -> Option<f64> {
        Some(self.scored(ctx).await?.0.score)
    }

    /// How much of the full weight had data, in (0, 1].
    async fn coverage(&self, ctx: &Context<'_>) -> Option<f64> {
        Some(self.scored(ctx).await?.0.coverage)
    }

    /// The parts that had data, with what each rests on.
    async fn parts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Sentences in this language; the person's unless told.")] locale: Option<
            String,
        >,
    ) -> Option<Vec<EngagementPart>> {
        let (found, learned) = self.scored(ctx).await?;
        let language = told(locale.as_deref(), self.language);
        let each = found.parts.into_iter().map(|scored| EngagementPart {
            scored,
            learned: Arc::clone(&learned),
            language,
        });
        Some(each.collect())
    }

    /// The risk that the person neither books nor travels within the model's horizon, 0 to 1; no part of the score. More
    /// about it in `forecast`.
    async fn churn_risk(&self, ctx: &Context<'_>) -> Option<f64> {
        self.forecast(ctx).await?.risk()
    }

    /// The same in one word.
    async fn churn_band(&self, ctx: &Context<'_>) -> Option<ChurnBand> {
        self.forecast(ctx).await?.band()
    }

    /// Which version of the operator's weights was used; 0 for those that hold without any.
    async fn weights_version(&self, ctx: &Context<'_>) -> Option<i32> {
        Some(count(self.scored(ctx).await?.0.weights_version))
    }
}

/// A part of the score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Part")]
pub enum EngagementPartKind {
    /// How long ago the last booking or trip is, by the person's own rhythm.
    Rhythm,
    /// More or fewer bookings than the year before.
    Trend,
    /// Whether messages are read and answered.
    Response,
    /// What the person says about trips.
    Feedback,
    /// Whether the person shows up.
    Reliability,
}

/// A part of the score, with its value and its reason.
pub struct EngagementPart {
    scored: Scored,
    learned: Arc<Learned>,
    language: Language,
}

/// A part of the score, with its value and its reason.
#[Object(rename_fields = "snake_case")]
impl EngagementPart {
    /// Which.
    async fn part(&self) -> EngagementPartKind {
        self.scored.part.into()
    }

    /// 0 to 1.
    async fn value(&self) -> f64 {
        self.scored.value
    }

    /// Its weight among the parts that had data; they sum up to 1.
    async fn weight(&self) -> f64 {
        self.scored.weight
    }

    /// What it rests on, in one sentence.
    async fn reason(&self) -> String {
        self.scored.told(self.learned.habits.zone(), self.language)
    }
}
