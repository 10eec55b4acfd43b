//! Decide about models: how far ahead churn looks, and what the parts of the engagement score weigh.
//!
//! A decision is kept as a version beside those before it, and audited in the same transaction. Weights hold at once; a
//! horizon holds from the training on that is asked for with it, because a risk is only honest for the horizon that it was
//! calibrated for.

use chrono::SecondsFormat;
use serde_json::json;
use uuid::Uuid;

use super::cron::{Asker, Progress, TRAINING};
use super::models::Models;
use crate::audit::{self, Act, Actor, Entry, Subject};
use crate::db::{Error, Tx};
use crate::domain::model::settings::{ModelSettings, usable};
use crate::jobs::{Key, runs};
use crate::models;

pub use crate::models::Setting;

/// What became of a decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decided {
    /// It holds; all settings as they are now.
    Set(ModelSettings),
    /// It is none that may hold; all settings as they are still.
    Unusable(ModelSettings),
}

impl Models {
    /// What holds now.
    pub async fn settings(&self, tenant_id: Uuid) -> Result<ModelSettings, Error> {
        let mut reading = self.reads.of(tenant_id).await?;
        let settings = models::settings(&mut reading, tenant_id, self.clock.now()).await?;
        reading.done();
        Ok(settings)
    }

    /// Decides.
    pub async fn decide(
        &self,
        tenant_id: Uuid,
        setting: Setting,
        actor: Actor,
    ) -> Result<Decided, Error> {
        let may_hold = match &setting {
            Setting::Horizon(horizon) => horizon.is_usable(),
            Setting::Weights(weights) => usable(&weights.each),
        };
        if !may_hold {
            return Ok(Decided::Unusable(self.settings(tenant_id).await?));
        }
        let now = self.clock.now();
        let mut tx = Tx::begin(&self.pool).await?;
        let before = models::settings(&mut tx, tenant_id, now).await?;
        let before = match &setting {
            Setting::Horizon(_) => Setting::Horizon(before.horizon),
            Setting::Weights(_) => Setting::Weights(before.weights),
        };
        let user = actor.user_id.as_deref().unwrap_or_default();
        let who = format!("{} {user}", actor.role);
        let kept = models::set(&mut tx, tenant_id, &setting, who.trim(), now).await?;
        let act = Entry {
            tenant_id,
            actor,
            act: Act::SettingChanged,
            subject: Subject::NONE,
            detail: json!({ "setting": format!("models.{}", setting.name()), "version": kept.version,
                "before": before.value(), "after": setting.value() }),
            at: now,
        };
        audit::write(&mut tx, &act).await?;
        if matches!(setting, Setting::Horizon(_)) {
            let run = now.to_rfc3339_opts(SecondsFormat::AutoSi, true);
            let key = Key::new(tenant_id, TRAINING, run);
            runs::enter(&mut *tx, &key, &Progress::fresh(Asker::Setting, now), now).await?;
        }
        let settings = models::settings(&mut tx, tenant_id, kept.since).await?;
        tx.commit().await?;
        Ok(Decided::Set(settings))
    }
}
