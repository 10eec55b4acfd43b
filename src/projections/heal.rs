//! Repairing what an examination found: merges from the profiles, insights and parts from the log.
//!
//! The log itself is never repaired: where it is not what an insight was made of, the person is left as they are,
//! unless the caller says that the log is to be believed.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::examine::Drift;
use super::refold::refold_anew;
use super::{Settings, customers, insight_rows, parts};
use crate::db::{Error, Tx};
use crate::domain::source::{Field, SourceKey, SourceKind};
use crate::resolve::store;

/// What became of the persons that were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Healed {
    /// As the log says again.
    pub healed: BTreeSet<Uuid>,
    /// Left, because the log itself differs.
    pub left: BTreeSet<Uuid>,
}

/// Repairs these persons. The caller holds the tenant's row.
pub async fn heal(
    tx: &mut Tx,
    settings: Settings,
    tenant_id: Uuid,
    drifts: &[Drift],
    believe_the_log: bool,
    now: DateTime<Utc>,
) -> Result<Healed, Error> {
    let mut done = Healed::default();
    for drift in drifts {
        let left = drift.log_differs && !believe_the_log;
        let persons = if left {
            &mut done.left
        } else {
            &mut done.healed
        };
        persons.insert(drift.person);
    }
    let key = |person: &Uuid| SourceKey::new(SourceKind::PersonProfile, *person);
    let keys: BTreeSet<SourceKey> = done.healed.iter().map(key).collect();
    let profiles = store::load(tx, tenant_id, &keys).await?;
    for (key, profile) in &profiles {
        customers::set_merged_into(tx, tenant_id, key.id, profile.id(Field::MergedInto)).await?;
    }
    let persons: Vec<Uuid> = done.healed.iter().copied().collect();
    // Whatever is kept of nobody goes; whoever is somebody gets it anew.
    insight_rows::remove(tx, tenant_id, &persons).await?;
    parts::remove(tx, tenant_id, &persons).await?;
    refold_anew(tx, settings, tenant_id, done.healed.clone(), now).await?;
    Ok(done)
}
