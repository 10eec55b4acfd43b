//! Erasing a person with everyone merged into them: fence first, then everything that names them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::customers;
use crate::activity_log;
use crate::db::{Error, Tx, roles};
use crate::resolve::fence::{self, Pepper};
use crate::resolve::forget;

/// What an erasure took out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erasure {
    /// The person and everyone merged into them.
    pub persons: BTreeSet<Uuid>,
    /// Rows of the log.
    pub log_rows: u64,
}

/// Erases persons and leaves the fence. The caller holds the tenant's row.
///
/// The rest of the transaction runs in the eraser's role.
pub async fn erase(
    tx: &mut Tx,
    pepper: &Pepper,
    tenant_id: Uuid,
    asked: &BTreeMap<Uuid, &'static str>,
    now: DateTime<Utc>,
) -> Result<Erasure, Error> {
    let mut persons: BTreeSet<Uuid> = asked.keys().copied().collect();
    let sets = customers::close_and_lock(tx, tenant_id, persons.clone()).await?;
    // Whoever is merged into an erased person, however far down the chain, is the same human being.
    let known: BTreeSet<Uuid> = sets.into_values().flat_map(|set| set.members).collect();
    let merged = customers::merged_into(tx, tenant_id, &known).await?;
    while let Some((alias, _)) = merged
        .iter()
        .find(|(alias, into)| persons.contains(into) && !persons.contains(*alias))
    {
        persons.insert(*alias);
    }
    for (person, reason) in asked {
        fence::raise(tx, pepper, tenant_id, &[*person].into(), reason, now).await?;
    }
    fence::raise(tx, pepper, tenant_id, &persons, "merged", now).await?;
    roles::become_eraser(tx).await?;
    let log_rows = activity_log::erase(tx, tenant_id, &persons).await?;
    forget::forget(tx, tenant_id, &persons, now).await?;
    remove(tx, tenant_id, &persons).await?;
    Ok(Erasure { persons, log_rows })
}

async fn remove(tx: &mut Tx, tenant_id: Uuid, persons: &BTreeSet<Uuid>) -> Result<(), Error> {
    let ids: Vec<Uuid> = persons.iter().copied().collect();
    super::insight_rows::remove(tx, tenant_id, &ids).await?;
    super::parts::remove(tx, tenant_id, &ids).await?;
    super::consents::remove(tx, tenant_id, &ids).await?;
    sqlx::query!(
        "delete from customer where tenant_id = $1 and person_profile_id = any ($2)",
        tenant_id,
        &ids,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
