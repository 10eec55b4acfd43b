//! What a tenant decided about its models.

use async_graphql::{Enum, InputObject, SimpleObject};

use super::behavior::count;
use crate::actions::model_settings::Decided;
use crate::domain::model::engagement::Weights;
use crate::domain::model::settings::ModelSettings;

/// How far ahead churn looks.
#[derive(Clone, Copy, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct ChurnHorizon {
    /// Within so many months somebody comes back or not.
    months: i32,
    /// Which version of the setting; 0 for what holds without any.
    version: i32,
}

/// What the parts of the engagement score weigh, beside each other.
#[derive(Clone, Copy, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct EngagementWeights {
    /// How long ago the last booking or trip is.
    rhythm: f64,
    /// More or fewer bookings than the year before.
    trend: f64,
    /// Whether messages are read and answered.
    response: f64,
    /// What the person says about trips.
    feedback: f64,
    /// Whether the person shows up.
    reliability: f64,
    /// Which version of the setting; 0 for what holds without any.
    version: i32,
}

/// What a tenant decided about its models.
#[derive(Clone, Copy, Debug, SimpleObject)]
#[graphql(name = "ModelSettings", rename_fields = "snake_case")]
pub struct TenantModelSettings {
    /// How far ahead churn looks.
    churn_horizon: ChurnHorizon,
    /// What the parts of the engagement score weigh.
    engagement_weights: EngagementWeights,
}

impl From<ModelSettings> for TenantModelSettings {
    fn from(settings: ModelSettings) -> Self {
        let ModelSettings { horizon, weights } = settings;
        let [rhythm, trend, response, feedback, reliability] = weights.each;
        Self {
            churn_horizon: ChurnHorizon {
                months: horizon.months.into(),
                version: count(horizon.version),
            },
            engagement_weights: EngagementWeights {
                rhythm,
                trend,
                response,
                feedback,
                reliability,
                version: count(weights.version),
            },
        }
    }
}

/// How far churn is to look ahead.
#[derive(Clone, Copy, Debug, InputObject)]
#[graphql(rename_fields = "snake_case")]
pub struct SetChurnHorizonInput {
    /// So many months, 1 to 60.
    pub(in crate::graphql) months: i32,
}

/// What the parts of the engagement score are to weigh, beside each other: 35, 15, 25, 20 and 5 unless set.
#[derive(Clone, Copy, Debug, InputObject)]
#[graphql(rename_fields = "snake_case")]
pub struct SetEngagementWeightsInput {
    /// How long ago the last booking or trip is; 0 to 1000, as all of them, and not all of them 0.
    rhythm: f64,
    /// More or fewer bookings than the year before.
    trend: f64,
    /// Whether messages are read and answered.
    response: f64,
    /// What the person says about trips.
    feedback: f64,
    /// Whether the person shows up.
    reliability: f64,
}

impl From<SetEngagementWeightsInput> for Weights {
    fn from(input: SetEngagementWeightsInput) -> Self {
        Self {
            version: 0,
            each: [
                input.rhythm,
                input.trend,
                input.response,
                input.feedback,
                input.reliability,
            ],
        }
    }
}

/// What became of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum SetModelSettingStatus {
    /// Weights hold at once; a horizon holds from the training on that was asked for with it.
    Set,
    /// Outside of what can be set.
    Unusable,
}

/// The outcome of a setting.
#[derive(Clone, Copy, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct SetModelSettingPayload {
    /// What became of it.
    status: SetModelSettingStatus,
    /// All settings as they are now.
    settings: TenantModelSettings,
}

impl From<Decided> for SetModelSettingPayload {
    fn from(decided: Decided) -> Self {
        let (status, settings) = match decided {
            Decided::Set(settings) => (SetModelSettingStatus::Set, settings),
            Decided::Unusable(settings) => (SetModelSettingStatus::Unusable, settings),
        };
        Self {
            status,
            settings: settings.into(),
        }
    }
}
