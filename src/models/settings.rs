//! Settings of a tenant's models: every decision with the instant from which it holds.

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::{Error, Tx};
use crate::domain::model::engagement::Weights;
use crate::domain::model::settings::{Horizon, ModelSettings};

const HORIZON: &str = "churn_horizon";
const WEIGHTS: &str = "engagement_weights";

/// A decision of a tenant's. Its version is given when it is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Setting {
    /// How far ahead churn looks.
    Horizon(Horizon),
    /// What the parts of the engagement score weigh.
    Weights(Weights),
}

impl Setting {
    /// As it is stored and audited.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Horizon(_) => HORIZON,
            Self::Weights(_) => WEIGHTS,
        }
    }

    /// The decision itself, as it is stored and audited.
    #[must_use]
    pub fn value(&self) -> Value {
        match self {
            Self::Horizon(horizon) => json!({ "months": horizon.months }),
            Self::Weights(weights) => json!({ "each": weights.each }),
        }
    }
}

/// What held at that instant.
pub async fn settings(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    at: DateTime<Utc>,
) -> Result<ModelSettings, Error> {
    let rows = sqlx::query!(
        "select distinct on (name) name, version, value from model_setting
         where tenant_id = $1 and since <= $2 order by name, since desc",
        tenant_id,
        at,
    )
    .fetch_all(connection)
    .await?;
    let mut found = ModelSettings::default();
    for row in rows {
        let version =
            u32::try_from(row.version).map_err(|_negative| misfit(tenant_id, "version"))?;
        match row.name.as_str() {
            HORIZON => {
                found.horizon.months = part(&row.value, "months", tenant_id)?;
                found.horizon.version = version;
            }
            WEIGHTS => {
                found.weights.each = part(&row.value, "each", tenant_id)?;
                found.weights.version = version;
            }
            _ => return Err(misfit(tenant_id, "name")),
        }
    }
    Ok(found)
}

/// A decision as it was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Its number within tenant and setting, from 1.
    pub version: i32,
    /// From when on it holds.
    pub since: DateTime<Utc>,
}

/// Keeps a decision, which holds from now on.
///
/// Two who decide at the same moment make one fail on the key, and that transaction is then run again.
pub async fn set(
    tx: &mut Tx,
    tenant_id: Uuid,
    setting: &Setting,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<Decision, Error> {
    let latest = sqlx::query!(
        "select version, since from model_setting
         where tenant_id = $1 and name = $2 order by version desc limit 1",
        tenant_id,
        setting.name(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    let version = latest.as_ref().map_or(1, |latest| latest.version + 1);
    // Time goes on between two decisions, also where the clock does not.
    let since = latest.map_or(now, |latest| {
        now.max(latest.since + TimeDelta::microseconds(1))
    });
    sqlx::query!(
        "insert into model_setting (tenant_id, name, version, since, value, actor)
         values ($1, $2, $3, $4, $5, $6)",
        tenant_id,
        setting.name(),
        version,
        since,
        setting.value(),
        actor,
    )
    .execute(&mut **tx)
    .await?;
    Ok(Decision { version, since })
}

fn part<T: DeserializeOwned>(value: &Value, key: &str, tenant_id: Uuid) -> Result<T, Error> {
    let part = value.get(key).cloned().unwrap_or_default();
    serde_json::from_value(part).map_err(|_other_shape| misfit(tenant_id, "value"))
}

fn misfit(tenant_id: Uuid, column: &'static str) -> Error {
    Error::Inconsistent {
        table: "model_setting",
        column,
        id: tenant_id,
    }
}
