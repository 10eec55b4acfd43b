//! What is to be expected of a person: whether they come back, when, and for how much, each with its reasons.
//!
//! Deliberately absent for minors, agencies and those who object to profiling, and wherever no model speaks.

use async_graphql::{Enum, Object, SimpleObject};

use super::channel::told;
use crate::domain::metric::Language;
use crate::domain::model::churn::{Artefact, Band, Forecast, Scores, Sufficiency, score};
use crate::domain::model::reason::Reason;
use crate::graphql::scalars::{NumericScalar, TimestamptzScalar};
use crate::insight::{Learned, PersonInsight, Spoken};

/// How great the risk is that somebody does not come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Band")]
pub enum ChurnBand {
    /// Below a third.
    Low,
    /// Between.
    Medium,
    /// Above two thirds.
    High,
}

/// What may be said for sure: 85 % of those who were decided upon were told right in the back-test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Forecast")]
pub enum ChurnForecast {
    /// Comes back within the model's horizon.
    Stays,
    /// Does not.
    Leaves,
    /// Cannot be said with that certainty.
    Undecided,
}

/// How much a forecast rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Sufficiency")]
pub enum ForecastSufficiency {
    /// Never came.
    None,
    /// Came once: most of it is what is usual for the operator.
    Thin,
    /// Came twice: a first rhythm.
    Fair,
    /// Came three times or more.
    Good,
}

/// When a person comes next, if they do.
#[derive(Clone, Copy, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct NextBooking {
    /// As likely before as after.
    expected_at: TimestamptzScalar,
    /// Nine of ten come later.
    from: TimestamptzScalar,
    /// Nine of ten come earlier.
    until: TimestamptzScalar,
}

/// What a person will probably spend on bookings of their own, gross, in the operator's currency.
#[derive(Clone, Copy, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
#[expect(clippy::struct_field_names, reason = "the names of the schema")]
pub struct PredictedValue {
    /// How many bookings within 12 months.
    bookings_12_months: f64,
    /// Within 12 months.
    value_12_months: NumericScalar,
    /// Within 36 months.
    value_36_months: NumericScalar,
}

/// Something that weighs in a risk.
pub struct ChurnReason {
    reason: Reason,
    language: Language,
}

/// Something that weighs in a risk.
#[Object(rename_fields = "snake_case")]
impl ChurnReason {
    /// Its stable name, such as `SILENCE`.
    async fn code(&self) -> &str {
        self.reason.code()
    }

    /// In a few words.
    async fn sentence(&self) -> String {
        self.reason.sentence(self.language)
    }

    /// Whether it raises the risk.
    async fn raises_risk(&self) -> bool {
        self.reason.raises_risk()
    }

    /// What it adds to the log-odds of coming back, beside a typical person; null where it decides alone.
    async fn weight(&self) -> Option<f64> {
        Some(self.reason.weight).filter(|weight| weight.is_finite())
    }
}

/// What is to be expected of a person.
pub struct CustomerForecast {
    scores: Scores,
    spoken: Spoken<Artefact>,
    language: Language,
}

impl CustomerForecast {
    /// What the model that speaks says of a person at the instant their insight is of; none without a model, and for
    /// those who are not scored.
    #[must_use]
    pub fn new(content: &PersonInsight, learned: &Learned, language: Language) -> Option<Self> {
        let spoken = learned.churn.clone()?;
        let history = content.insight.history.as_ref()?;
        let scores = score(&spoken.model, history, content.at());
        Some(Self {
            scores,
            spoken,
            language,
        })
    }

    /// The risk, 0 to 1.
    #[must_use]
    pub fn risk(&self) -> Option<f64> {
        self.scores.churn.as_ref().map(|churn| churn.risk)
    }

    /// The same in one word.
    #[must_use]
    pub fn band(&self) -> Option<ChurnBand> {
        self.scores.churn.as_ref().map(|churn| churn.band.into())
    }
}

/// What is to be expected of a person.
#[Object(rename_fields = "snake_case", rename_args = "snake_case")]
impl CustomerForecast {
    /// The risk that the person neither books nor travels within the horizon, 0 to 1; 0 for whoever has a departure to
    /// come; null for those who never came.
    async fn churn_risk(&self) -> Option<f64> {
        self.risk()
    }

    /// The same in one word.
    async fn churn_band(&self) -> Option<ChurnBand> {
        self.band()
    }

    /// What may be said for sure.
    async fn churn_forecast(&self) -> Option<ChurnForecast> {
        let churn = self.scores.churn.as_ref();
        churn.map(|churn| churn.forecast.into())
    }

    /// The three things that weigh most, heaviest first.
    async fn reasons(
        &self,
        #[graphql(desc = "Sentences in this language; the person's unless told.")] locale: Option<
            String,
        >,
    ) -> Vec<ChurnReason> {
        let language = told(locale.as_deref(), self.language);
        let churn = self.scores.churn.iter();
        let reasons = churn.flat_map(|churn| churn.reasons.iter());
        reasons
            .map(|reason| ChurnReason {
                reason: *reason,
                language,
            })
            .collect()
    }

    /// When the person comes next, if they do; null when hardly anybody comes back after so long.
    async fn next_booking(&self) -> Option<NextBooking> {
        self.scores.next.map(|next| NextBooking {
            expected_at: next.at.into(),
            from: next.from.into(),
            until: next.until.into(),
        })
    }

    /// What the person will probably spend; null for those who never booked themselves.
    async fn predicted_value(&self) -> Option<PredictedValue> {
        self.scores.value.map(|value| PredictedValue {
            bookings_12_months: value.bookings_12_months,
            value_12_months: NumericScalar::from_cents(value.cents_12_months.into()),
            value_36_months: NumericScalar::from_cents(value.cents_36_months.into()),
        })
    }

    /// How much it rests on.
    async fn sufficiency(&self) -> ForecastSufficiency {
        self.scores.sufficiency.into()
    }

    /// Days within which a person comes back or not.
    async fn horizon_days(&self) -> f64 {
        self.spoken.model.horizon_days
    }

    /// Which version of the model speaks.
    async fn model_version(&self) -> i32 {
        self.spoken.version
    }
}
