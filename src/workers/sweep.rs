//! Lets go of facts which waited too long for a person, and counts them.
//!
//! Deliberately absent: when. That is the job `ci_expire` of `cron`.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::Context;
use crate::db::{Error, Tx};
use crate::inbox::claim;
use crate::resolve::{expire, tenant};
use crate::telemetry::metrics::DISCARDED;

/// One sweep over a tenant, up to some thousand facts; returns how many were let go.
pub async fn tenant(context: &Context, tenant_id: Uuid) -> Result<u64, Error> {
    let now = context.clock.now();
    let mut tx = Tx::begin(&context.pool).await?;
    if tenant::wait(&mut tx, tenant_id, now).await?.is_none() {
        return Ok(0);
    }
    let days = context.settings.quarantine_days;
    let expired = expire::expire(&mut tx, tenant_id, days, now).await?;
    let sorts = [
        ("contact", expired.messages),
        ("expired", expired.unreferenced),
    ];
    let counts: BTreeMap<String, i64> = sorts
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .map(|(name, n)| {
            (
                format!("discarded.{name}"),
                i64::try_from(n).unwrap_or(i64::MAX),
            )
        })
        .collect();
    claim::tally(&mut tx, tenant_id, &counts, now).await?;
    tx.commit().await?;
    for (reason, n) in sorts {
        metrics::counter!(DISCARDED, "reason" => reason).increment(n);
    }
    Ok(expired.messages + expired.unreferenced)
}
