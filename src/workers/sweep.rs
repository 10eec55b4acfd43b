//! The loop that lets go of facts which waited too long for a person, and counts them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Context;
use crate::db::{Error, Tx};
use crate::inbox::claim;
use crate::resolve::{expire, tenant};
use crate::telemetry::metrics::DISCARDED;

/// How often it looks.
const TICK: Duration = Duration::from_mins(10);

/// Runs until `stop` completes.
pub async fn run(context: Context, stop: impl Future<Output = ()> + Send) {
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return,
            swept = round(&context) => {
                if let Err(error) = swept {
                    tracing::warn!(error = &error as &dyn std::error::Error, "a sweep waits");
                }
            }
        }
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

/// One sweep over all tenants; returns how many facts were let go.
pub async fn round(context: &Context) -> Result<u64, Error> {
    let mut all = 0;
    for tenant_id in expire::tenants(&context.pool).await? {
        let now = context.clock.now();
        let mut tx = Tx::begin(&context.pool).await?;
        if tenant::take(&mut tx, tenant_id, now).await?.is_none() {
            continue;
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
            all += n;
        }
    }
    Ok(all)
}
