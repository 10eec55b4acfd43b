//! The loop that refreshes insights which time alone has made wrong: a tour that ended, a day that began.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use uuid::Uuid;

use super::Context;
use crate::db::pool::within;
use crate::db::{Error, Tx};
use crate::projections::{self, Touched};
use crate::resolve::tenant;

/// How often the clock is looked at.
const TICK: Duration = Duration::from_secs(1);
/// How many insights of a tenant are refreshed at a time.
const AT_A_TIME: i64 = 500;

/// Runs until `stop` completes.
pub async fn run(context: Context, stop: impl Future<Output = ()> + Send) {
    let mut stop = std::pin::pin!(stop);
    loop {
        let refreshed = tokio::select! {
            () = &mut stop => return,
            refreshed = within(&context.pool, round(&context)) => refreshed,
        };
        match refreshed {
            Ok(n) if n > 0 => continue,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a refresh waits");
            }
        }
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

/// Refreshes what is due, tenant by tenant; returns how many insights were written.
pub async fn round(context: &Context) -> Result<usize, Error> {
    let now = context.clock.now();
    let mut by_tenant: BTreeMap<Uuid, BTreeSet<Uuid>> = BTreeMap::new();
    for (tenant_id, person) in projections::due(&context.pool, now, AT_A_TIME).await? {
        by_tenant.entry(tenant_id).or_default().insert(person);
    }
    let mut written = 0;
    for (tenant_id, persons) in by_tenant {
        let mut tx = Tx::begin(&context.pool).await?;
        if tenant::take(&mut tx, tenant_id, now).await?.is_none() {
            continue;
        }
        let touched = Touched::by_time(persons);
        written += projections::refold(&mut tx, context.settings, tenant_id, touched, now).await?;
        tx.commit().await?;
    }
    Ok(written)
}

/// Refreshes what is due of one tenant, some hundred at a time; returns how many insights were written.
pub async fn tenant(context: &Context, tenant_id: Uuid) -> Result<u64, Error> {
    let now = context.clock.now();
    let mut tx = Tx::begin(&context.pool).await?;
    if tenant::wait(&mut tx, tenant_id, now).await?.is_none() {
        return Ok(0);
    }
    let persons = projections::due_of(&mut tx, tenant_id, now, AT_A_TIME).await?;
    let touched = Touched::by_time(persons);
    let written = projections::refold(&mut tx, context.settings, tenant_id, touched, now).await?;
    tx.commit().await?;
    Ok(written as u64)
}
