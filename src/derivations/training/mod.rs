//! Training: what all of a tenant's customers have in common, learned anew from their histories.
//!
//! `gather` reads, `Trainer`s calculate, `keep` writes: a version with its report, and a new champion where it won. The
//! same histories give the same version to the byte. Deliberately absent: when it is done (a job that comes round, or a
//! command) and on which core.

mod material;
mod churn;
mod tours;
mod clusters;
mod habits;

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::db::{Error, Pool, Tx};
use crate::domain::model::registry::{Kind, Verdict};
use crate::models::{self, Candidate, Cause, Crowning};

pub use material::{About, Material, gather};

/// What a training came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    /// Which algorithm won.
    pub algorithm: String,
    /// Settings and hyper-parameters.
    pub settings: serde_json::Value,
    /// Where its randomness begins.
    pub seed: i64,
    /// The earliest instant it looked at; none for the beginning.
    pub window_from: Option<DateTime<Utc>>,
    /// How many customers it learned from.
    pub persons: usize,
    /// Back-test beside the baselines, calibration, parameters.
    pub report: serde_json::Value,
    /// What is needed to score, in postcard form; none when it abstains.
    pub artefact: Option<Vec<u8>>,
    /// Whether it is to speak.
    pub verdict: Verdict,
    /// The verdict in words.
    pub reason: String,
}

/// Learns one kind of model from the material, given the artefact of who speaks now. Pure, and busy for a while.
pub type Trainer = fn(&Material, Option<&[u8]>) -> Training;

/// How each kind of model is trained.
pub const TRAINERS: &[(Kind, Trainer)] = &[
    (Kind::Churn, churn::train),
    (Kind::Tours, tours::train),
    (Kind::Clusters, clusters::train),
    (Kind::Habits, habits::train),
];

/// What keeping a training came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learned {
    /// What it is about.
    pub kind: Kind,
    /// Its version.
    pub version: i32,
    /// What became of it.
    pub verdict: Verdict,
    /// Whether it differs from the version before.
    pub is_new: bool,
    /// In words.
    pub reason: String,
}

/// The artefact of who speaks about this now.
pub async fn champion(
    pool: &Pool,
    tenant_id: Uuid,
    kind: Kind,
    now: DateTime<Utc>,
) -> Result<Option<Vec<u8>>, Error> {
    let mut connection = pool.acquire().await?;
    let speaking = models::champions(&mut connection, tenant_id, now).await?;
    match speaking.get(&kind).and_then(|champion| champion.version) {
        Some(version) => models::artefact(&mut connection, tenant_id, kind, version).await,
        None => Ok(None),
    }
}

/// Keeps what was learned; one that won speaks from now on.
pub async fn keep(
    pool: &Pool,
    tenant_id: Uuid,
    kind: Kind,
    (material, training): (&Material, Training),
    (took, now): (Duration, DateTime<Utc>),
    actor: &str,
) -> Result<Learned, Error> {
    let candidate = Candidate {
        kind,
        algorithm: training.algorithm,
        settings: training.settings,
        seed: training.seed,
        window_from: training.window_from,
        window_until: material.until,
        high_water: material.high_water,
        persons: i64::try_from(training.persons).unwrap_or(i64::MAX),
        matrix_hash: material.hash,
        report: training.report,
        artefact: training.artefact,
        verdict: training.verdict,
        reason: training.reason,
        took_ms: i64::try_from(took.as_millis()).unwrap_or(i64::MAX),
    };
    let mut tx = Tx::begin(pool).await?;
    let kept = models::keep(&mut tx, tenant_id, &candidate, now).await?;
    // A version that was rolled back from stays so until something else is learned.
    if kept.is_new && candidate.verdict == Verdict::Promoted {
        let crowning = Crowning {
            version: Some(kept.version),
            cause: Cause::Won,
            reason: &candidate.reason,
            actor,
        };
        models::crown(&mut tx, tenant_id, kind, &crowning, now).await?;
    }
    tx.commit().await?;
    Ok(Learned {
        kind,
        version: kept.version,
        verdict: candidate.verdict,
        is_new: kept.is_new,
        reason: candidate.reason,
    })
}
