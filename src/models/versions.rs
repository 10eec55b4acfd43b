//! Versions: what was trained, from what, how well it did, and the artefact itself.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::{Error, Tx};
use crate::domain::model::registry::{Kind, Verdict};

/// What a training came to, before it has a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// What it is about.
    pub kind: Kind,
    /// Which algorithm won.
    pub algorithm: String,
    /// Settings and hyper-parameters.
    pub settings: serde_json::Value,
    /// Where its randomness begins.
    pub seed: i64,
    /// The earliest instant it looked at; none for the beginning.
    pub window_from: Option<DateTime<Utc>>,
    /// The instant up to which it looked.
    pub window_until: DateTime<Utc>,
    /// When the latest row of the log it rests on was recorded.
    pub high_water: Option<DateTime<Utc>>,
    /// How many customers it learned from.
    pub persons: i64,
    /// SHA-256 of the training matrix.
    pub matrix_hash: [u8; 32],
    /// Back-test beside the baselines, calibration, parameters.
    pub report: serde_json::Value,
    /// What is needed to score; none when it abstains.
    pub artefact: Option<Vec<u8>>,
    /// What becomes of it.
    pub verdict: Verdict,
    /// The verdict in words.
    pub reason: String,
    /// How long training took.
    pub took_ms: i64,
}

/// A version as it is kept, without its artefact.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// What it is about.
    pub kind: Kind,
    /// Its number within tenant and kind, from 1.
    pub version: i32,
    /// Which algorithm won.
    pub algorithm: String,
    /// Version of the program that trained it.
    pub program: String,
    /// Settings and hyper-parameters.
    pub settings: serde_json::Value,
    /// Where its randomness begins.
    pub seed: i64,
    /// The earliest instant it looked at; none for the beginning.
    pub window_from: Option<DateTime<Utc>>,
    /// The instant up to which it looked.
    pub window_until: DateTime<Utc>,
    /// When the latest row of the log it rests on was recorded.
    pub high_water: Option<DateTime<Utc>>,
    /// How many customers it learned from.
    pub persons: i64,
    /// SHA-256 of the training matrix.
    pub matrix_hash: Vec<u8>,
    /// Back-test beside the baselines, calibration, parameters.
    pub report: serde_json::Value,
    /// SHA-256 of the artefact; none when it abstains.
    pub artefact_hash: Option<Vec<u8>>,
    /// What became of it.
    pub verdict: Verdict,
    /// The verdict in words.
    pub reason: String,
    /// When it was trained.
    pub trained_at: DateTime<Utc>,
    /// When training last came to the same artefact.
    pub confirmed_at: DateTime<Utc>,
    /// How long training took.
    pub took_ms: i64,
}

/// What keeping a candidate came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Its number.
    pub version: i32,
    /// Whether it differs from the latest version; one that does not is that version, confirmed.
    pub is_new: bool,
}

/// Keeps a candidate as the next version. One with the matrix and artefact of the latest version is that one again,
/// so that a quiet tenant does not gather a version a night.
pub async fn keep(
    tx: &mut Tx,
    tenant_id: Uuid,
    candidate: &Candidate,
    now: DateTime<Utc>,
) -> Result<Kept, Error> {
    let kind = candidate.kind.code();
    let hash = candidate.artefact.as_deref().map(sha256);
    let latest = sqlx::query!(
        "select version, matrix_hash, artefact_hash from model_version
         where tenant_id = $1 and kind = $2 order by version desc limit 1",
        tenant_id,
        kind,
    )
    .fetch_optional(&mut **tx)
    .await?;
    if let Some(latest) = &latest
        && latest.matrix_hash == candidate.matrix_hash
        && latest.artefact_hash == hash
    {
        confirm(tx, tenant_id, kind, latest.version, now).await?;
        return Ok(Kept {
            version: latest.version,
            is_new: false,
        });
    }
    let version = latest.map_or(1, |latest| latest.version + 1);
    sqlx::query_file!(
        "src/models/keep.sql",
        tenant_id,
        kind,
        version,
        candidate.algorithm,
        env!("CARGO_PKG_VERSION"),
        candidate.settings,
        candidate.seed,
        candidate.window_from,
        candidate.window_until,
        candidate.high_water,
        candidate.persons,
        candidate.matrix_hash.as_slice(),
        candidate.report,
        candidate.artefact,
        hash,
        candidate.verdict.code(),
        candidate.reason,
        now,
        candidate.took_ms,
    )
    .execute(&mut **tx)
    .await?;
    Ok(Kept {
        version,
        is_new: true,
    })
}

async fn confirm(
    tx: &mut Tx,
    tenant_id: Uuid,
    kind: i16,
    version: i32,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update model_version set confirmed_at = greatest(confirmed_at, $4)
         where tenant_id = $1 and kind = $2 and version = $3",
        tenant_id,
        kind,
        version,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The tenant's versions, the latest first, at most `most` of each kind.
pub async fn versions(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    kinds: &[Kind],
    most: i64,
) -> Result<Vec<Version>, Error> {
    let mut found = Vec::new();
    for kind in kinds {
        let rows = sqlx::query_as!(
            Row,
            "select kind, version, algorithm, program, settings, seed, window_from, window_until,
               high_water, persons, matrix_hash, report, artefact_hash, verdict, reason, trained_at,
               confirmed_at, took_ms
             from model_version where tenant_id = $1 and kind = $2 order by version desc limit $3",
            tenant_id,
            kind.code(),
            most,
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in rows {
            found.push(row.read(tenant_id)?);
        }
    }
    Ok(found)
}

/// One version.
pub async fn version(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    kind: Kind,
    version: i32,
) -> Result<Option<Version>, Error> {
    let row = sqlx::query_as!(
        Row,
        "select kind, version, algorithm, program, settings, seed, window_from, window_until,
           high_water, persons, matrix_hash, report, artefact_hash, verdict, reason, trained_at,
           confirmed_at, took_ms
         from model_version where tenant_id = $1 and kind = $2 and version = $3",
        tenant_id,
        kind.code(),
        version,
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| row.read(tenant_id)).transpose()
}

/// The artefact of a version; none when there is no such version or it abstains.
///
/// One whose bytes are not those that were trained is an [`Error::Inconsistent`]: nobody is scored by it.
pub async fn artefact(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    kind: Kind,
    version: i32,
) -> Result<Option<Vec<u8>>, Error> {
    let row = sqlx::query!(
        "select artefact, artefact_hash from model_version
         where tenant_id = $1 and kind = $2 and version = $3",
        tenant_id,
        kind.code(),
        version,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    match row.artefact {
        Some(artefact) if row.artefact_hash != Some(sha256(&artefact)) => {
            Err(misfit(tenant_id, "artefact"))
        }
        artefact => Ok(artefact),
    }
}

struct Row {
    kind: i16,
    version: i32,
    algorithm: String,
    program: String,
    settings: serde_json::Value,
    seed: i64,
    window_from: Option<DateTime<Utc>>,
    window_until: DateTime<Utc>,
    high_water: Option<DateTime<Utc>>,
    persons: i64,
    matrix_hash: Vec<u8>,
    report: serde_json::Value,
    artefact_hash: Option<Vec<u8>>,
    verdict: i16,
    reason: String,
    trained_at: DateTime<Utc>,
    confirmed_at: DateTime<Utc>,
    took_ms: i64,
}

impl Row {
    fn read(self, tenant_id: Uuid) -> Result<Version, Error> {
        Ok(Version {
            kind: Kind::from_code(self.kind).ok_or_else(|| misfit(tenant_id, "kind"))?,
            verdict: Verdict::from_code(self.verdict)
                .ok_or_else(|| misfit(tenant_id, "verdict"))?,
            version: self.version,
            algorithm: self.algorithm,
            program: self.program,
            settings: self.settings,
            seed: self.seed,
            window_from: self.window_from,
            window_until: self.window_until,
            high_water: self.high_water,
            persons: self.persons,
            matrix_hash: self.matrix_hash,
            report: self.report,
            artefact_hash: self.artefact_hash,
            reason: self.reason,
            trained_at: self.trained_at,
            confirmed_at: self.confirmed_at,
            took_ms: self.took_ms,
        })
    }
}

fn misfit(tenant_id: Uuid, column: &'static str) -> Error {
    Error::Inconsistent {
        table: "model_version",
        column,
        id: tenant_id,
    }
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}
