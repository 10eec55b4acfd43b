//! Taking a person's messages out: what waits is never sent, and nothing tells that anything was.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::db::{Error, Tx};

/// Takes every message about these persons out, with its deliveries; returns how many messages. A send that is under
/// way is waited for.
pub async fn erase(tx: &mut Tx, tenant_id: Uuid, persons: &BTreeSet<Uuid>) -> Result<u64, Error> {
    let persons: Vec<Uuid> = persons.iter().copied().collect();
    // Messages first: whoever is just finding their receivers is waited for, and what they put down is seen.
    let done = sqlx::query!(
        "delete from outbox where tenant_id = $1 and person_profile_id = any ($2)",
        tenant_id,
        &persons,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "delete from outbox_delivery where tenant_id = $1 and person_profile_id = any ($2)",
        tenant_id,
        &persons,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}
