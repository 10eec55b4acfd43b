//! Look at what was learned, and take a step back when a new model turns out worse than its back-test said.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use crate::audit::{self, Act, Actor, Entry, Subject};
use crate::db::fenced::Reads;
use crate::db::{Error, Pool, Tx};
use crate::domain::clock::Clock;
use crate::domain::model::registry::Kind;
use crate::models;

pub use crate::models::{RolledBack, Version};

/// Where models are dealt with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Models {
    pub(super) pool: Pool,
    pub(super) reads: Reads,
    pub(super) clock: Clock,
}

/// A version, and since when it speaks if it does.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The version.
    pub version: Version,
    /// Since when it speaks; none when another does, or none.
    pub champion_since: Option<DateTime<Utc>>,
}

impl Models {
    /// Models in this database, listed from `reads`.
    #[must_use]
    pub fn new(pool: Pool, reads: Reads, clock: Clock) -> Self {
        Self { pool, reads, clock }
    }

    /// The tenant's versions, the latest first, at most `most` of each kind.
    pub async fn list(
        &self,
        tenant_id: Uuid,
        kind: Option<Kind>,
        most: u32,
    ) -> Result<Vec<Listed>, Error> {
        let kinds = kind.map_or_else(|| Kind::ALL.to_vec(), |kind| vec![kind]);
        let mut reading = self.reads.of(tenant_id).await?;
        let now = self.clock.now();
        let speaking = models::champions(&mut reading, tenant_id, now).await?;
        let versions = models::versions(&mut reading, tenant_id, &kinds, most.into()).await?;
        reading.done();
        let listed = versions.into_iter().map(|version| {
            let champion = speaking.get(&version.kind);
            let champion = champion.filter(|one| one.version == Some(version.version));
            Listed {
                champion_since: champion.map(|champion| champion.since),
                version,
            }
        });
        Ok(listed.collect())
    }

    /// One step back: the version that spoke before the present one speaks again.
    pub async fn roll_back(
        &self,
        tenant_id: Uuid,
        kind: Kind,
        reason: &str,
        actor: Actor,
    ) -> Result<RolledBack, Error> {
        let mut tx = Tx::begin(&self.pool).await?;
        let now = self.clock.now();
        let user = actor.user_id.as_deref().unwrap_or_default();
        let who = format!("{} {user}", actor.role);
        let done = models::roll_back(&mut tx, tenant_id, kind, reason, who.trim(), now).await?;
        let version = match done {
            RolledBack::To(version) => Some(version),
            RolledBack::Withdrawn => None,
            RolledBack::Nothing => return Ok(done),
        };
        let entry = Entry {
            tenant_id,
            actor,
            act: Act::ModelRolledBack,
            subject: Subject::NONE,
            detail: json!({ "kind": kind.name(), "version": version }),
            at: now,
        };
        audit::write(&mut tx, &entry).await?;
        tx.commit().await?;
        Ok(done)
    }
}
