//! What is learned from: the histories of all customers, read in one snapshot, some thousand at a time.
//!
//! Histories are what remains in memory, packed, about 200 bytes a customer: a million fit well within 2 GiB. Whoever is
//! not to be learned from has none. Nothing dated later than the instant of reading is in them, so that no clock that is
//! ahead teaches anything.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::db::{Error, Pool};
use crate::domain::insight::Insight;
use crate::domain::model::histories::Histories;
use crate::domain::model::settings::ModelSettings;
use crate::domain::reference::Operator;
use crate::models;
use crate::resolve::catalogue;

const SNAPSHOT: &str = "begin isolation level repeatable read, read only";
/// Customers read at a time.
const PAGE: i64 = 2_000;

/// The histories of a tenant's customers, in the order of their ids.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Material {
    /// The instant up to which it is known.
    pub until: DateTime<Utc>,
    /// When the latest row of the log was recorded.
    pub high_water: Option<DateTime<Utc>>,
    /// One a customer.
    pub histories: Histories,
    /// Customers of whom nothing is learned: agencies, minors, and whoever objects.
    pub left_out: u64,
    /// Customers whose stored insight is of another version of this program; a rebuild brings them back.
    pub outdated: u64,
    /// What is to be known beside the histories.
    pub about: About,
    /// SHA-256 over all of them.
    pub hash: [u8; 32],
}

/// What is to be known of a tenant beside the histories of its customers.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// In which zone a day begins.
    pub time_zone: Tz,
    /// What kind of channel each account is.
    pub accounts: BTreeMap<Uuid, String>,
    /// What the tenant decided about its models.
    pub settings: ModelSettings,
}

impl Default for About {
    fn default() -> Self {
        Self {
            time_zone: Operator::default().time_zone,
            accounts: BTreeMap::new(),
            settings: ModelSettings::default(),
        }
    }
}

/// Reads the histories of a tenant's customers.
pub async fn gather(pool: &Pool, tenant_id: Uuid, now: DateTime<Utc>) -> Result<Material, Error> {
    let mut snapshot = pool.begin_with(SNAPSHOT).await?;
    let mut material = Material {
        until: now,
        high_water: high_water(&mut snapshot, tenant_id).await?,
        about: About {
            time_zone: catalogue::operator(&mut snapshot, tenant_id)
                .await?
                .time_zone,
            accounts: catalogue::accounts(&mut snapshot, tenant_id).await?,
            settings: models::settings(&mut snapshot, tenant_id, now).await?,
        },
        ..Material::default()
    };
    let mut hasher = Sha256::new();
    let mut after = Uuid::nil();
    loop {
        let page = sqlx::query!(
            "select person_profile_id, body from customer_insight
             where tenant_id = $1 and person_profile_id > $2
             order by person_profile_id limit $3",
            tenant_id,
            after,
            PAGE,
        )
        .fetch_all(&mut *snapshot)
        .await?;
        let Some(last) = page.last() else { break };
        after = last.person_profile_id;
        for row in page {
            material.take(&row.body, &mut hasher);
        }
    }
    snapshot.commit().await?;
    material.hash = hasher.finalize().into();
    Ok(material)
}

impl Material {
    fn take(&mut self, body: &[u8], hasher: &mut Sha256) {
        let Some(insight) = Insight::from_stored(body) else {
            self.outdated += 1;
            return;
        };
        let Some(history) = insight.history else {
            self.left_out += 1;
            return;
        };
        hasher.update(self.histories.push(&history.before(self.until)));
    }
}

async fn high_water(
    connection: &mut sqlx::PgConnection,
    tenant_id: Uuid,
) -> Result<Option<DateTime<Utc>>, Error> {
    let last = sqlx::query_scalar!(
        r#"select nullif(last_recorded_at, '-infinity') as "at" from tenant where tenant_id = $1"#,
        tenant_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(last.flatten())
}
