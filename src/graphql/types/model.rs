//! Models: what was learned, how well it does beside simple baselines, and whether it speaks. About nobody in
//! particular.

use async_graphql::{Enum, InputObject, SimpleObject};

use crate::actions::models::{Listed, RolledBack};
use crate::domain::model::registry::{Kind, Verdict};
use crate::graphql::scalars::{JsonbScalar, TimestamptzScalar};

/// What a model is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ModelKind {
    /// Who will book or travel again, when, and for how much.
    Churn,
    /// Which tours go together.
    Tours,
    /// Which groups of customers there are.
    Clusters,
    /// What is usual for the tenant in channels and engagement.
    Habits,
}

impl From<Kind> for ModelKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Churn => Self::Churn,
            Kind::Tours => Self::Tours,
            Kind::Clusters => Self::Clusters,
            Kind::Habits => Self::Habits,
        }
    }
}

impl From<ModelKind> for Kind {
    fn from(kind: ModelKind) -> Self {
        match kind {
            ModelKind::Churn => Self::Churn,
            ModelKind::Tours => Self::Tours,
            ModelKind::Clusters => Self::Clusters,
            ModelKind::Habits => Self::Habits,
        }
    }
}

/// What became of a version after its training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ModelVerdict {
    /// It was let speak.
    Promoted,
    /// The model that spoke does at least as well.
    BeatenByChampion,
    /// A simple baseline does at least as well.
    BeatenByBaseline,
    /// There was too little to learn from.
    Abstains,
}

/// One version of a model.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct ModelVersion {
    /// What it is about.
    kind: ModelKind,
    /// Its number, rising within its kind.
    version: i32,
    /// Since when it speaks; null when another does, or none.
    champion_since: Option<TimestamptzScalar>,
    /// What became of it after training.
    verdict: ModelVerdict,
    /// The verdict in words.
    reason: String,
    /// Which algorithm won.
    algorithm: String,
    /// Version of the program that trained it.
    program: String,
    /// How many customers it learned from.
    persons: i64,
    /// Its back-test beside the baselines, its calibration and its parameters.
    report: JsonbScalar,
    /// Settings and hyper-parameters.
    settings: JsonbScalar,
    /// Where its randomness begins.
    seed: i64,
    /// The earliest instant it looked at; null for the beginning.
    window_from: Option<TimestamptzScalar>,
    /// The instant up to which it looked.
    window_until: TimestamptzScalar,
    /// When the latest delivery it rests on was worked on.
    high_water: Option<TimestamptzScalar>,
    /// SHA-256 of what it learned from, hexadecimal.
    #[graphql(name = "matrix_sha256")]
    matrix_sha256: String,
    /// SHA-256 of the model itself, hexadecimal; null when it abstains.
    #[graphql(name = "artefact_sha256")]
    artefact_sha256: Option<String>,
    /// When it was trained.
    trained_at: TimestamptzScalar,
    /// When training last came to the very same model.
    confirmed_at: TimestamptzScalar,
    /// How long training took, in milliseconds.
    took_ms: i64,
}

impl From<Listed> for ModelVersion {
    fn from(listed: Listed) -> Self {
        let version = listed.version;
        Self {
            kind: version.kind.into(),
            version: version.version,
            champion_since: listed.champion_since.map(Into::into),
            verdict: match version.verdict {
                Verdict::Promoted => ModelVerdict::Promoted,
                Verdict::BeatenByChampion => ModelVerdict::BeatenByChampion,
                Verdict::BeatenByBaseline => ModelVerdict::BeatenByBaseline,
                Verdict::Abstains => ModelVerdict::Abstains,
            },
            reason: version.reason,
            algorithm: version.algorithm,
            program: version.program,
            persons: version.persons,
            report: JsonbScalar::from(version.report),
            settings: JsonbScalar::from(version.settings),
            seed: version.seed,
            window_from: version.window_from.map(Into::into),
            window_until: version.window_until.into(),
            high_water: version.high_water.map(Into::into),
            matrix_sha256: hex::encode(&version.matrix_hash),
            artefact_sha256: version.artefact_hash.as_deref().map(hex::encode),
            trained_at: version.trained_at.into(),
            confirmed_at: version.confirmed_at.into(),
            took_ms: version.took_ms,
        }
    }
}

/// Which model to take back, and why.
#[derive(Clone, Debug, InputObject)]
#[graphql(rename_fields = "snake_case")]
pub struct RollBackModelInput {
    /// Which.
    pub(in crate::graphql) kind: ModelKind,
    /// Why, for those who look at it later; 1 to 500 characters, about nobody in particular.
    pub(in crate::graphql) reason: String,
}

/// What became of a step back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum RollBackModelStatus {
    /// The version before speaks again.
    RolledBack,
    /// There was none before, so none speaks until the next training wins.
    Withdrawn,
    /// None spoke.
    NothingToRollBack,
}

/// The outcome of a step back.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct RollBackModelPayload {
    /// What became of it.
    status: RollBackModelStatus,
    /// The version that speaks now.
    version: Option<i32>,
}

impl From<RolledBack> for RollBackModelPayload {
    fn from(done: RolledBack) -> Self {
        let (status, version) = match done {
            RolledBack::To(version) => (RollBackModelStatus::RolledBack, Some(version)),
            RolledBack::Withdrawn => (RollBackModelStatus::Withdrawn, None),
            RolledBack::Nothing => (RollBackModelStatus::NothingToRollBack, None),
        };
        Self { status, version }
    }
}
