//! The loop that empties the inbox: tenant by tenant in turns, batches that grow with the backlog.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures::FutureExt;
use tokio::sync::Notify;
use uuid::Uuid;

use super::Context;
use super::batch::{self, Done, Failed, Selection, Turn};
use crate::db::Error;
use crate::db::pool::within;
use crate::inbox::claim;
use crate::resolve::tenant;
use crate::telemetry::metrics::{FAILURES, ROUND};

/// A batch is never smaller.
const BATCH_MIN: i64 = 200;
/// Nor larger. The more of a backlog is taken at once, the fewer times its persons are folded again.
const BATCH_MAX: i64 = 16_000;
/// Without a wake-up the inbox is looked at this often.
const TICK: Duration = Duration::from_millis(200);
/// After a failure of the database it is left alone this long.
const PAUSE: Duration = Duration::from_millis(500);
/// Until a tenant that is held is asked for again.
const HELD: Duration = Duration::from_millis(20);
/// A transaction that lost against another is run again this often.
const TRIES: u32 = 5;

/// Runs until `stop` completes. Several of these loops, in one process or many, share the tenants.
pub async fn run(context: Context, wake: &Notify, stop: impl Future<Output = ()> + Send) {
    let mut sizes: BTreeMap<Uuid, i64> = BTreeMap::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let begun = Instant::now();
        let busy = tokio::select! {
            () = &mut stop => return,
            busy = round(&context, &mut sizes) => busy,
        };
        if matches!(busy, Ok(true)) {
            metrics::histogram!(ROUND, "worker" => "ingest").record(begun.elapsed());
        }
        let pause = match busy {
            Ok(true) => continue,
            Ok(false) => TICK,
            Err(error) => {
                metrics::counter!(FAILURES, "worker" => "ingest").increment(1);
                tracing::warn!(error = &error as &dyn std::error::Error, "the inbox waits");
                PAUSE
            }
        };
        tokio::select! {
            () = &mut stop => return,
            () = wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// One turn over all tenants that have something waiting; false when there was nothing to do.
pub async fn round(context: &Context, sizes: &mut BTreeMap<Uuid, i64>) -> Result<bool, Error> {
    let tenants = within(&context.pool, claim::tenants(&context.pool)).await?;
    let mut busy = false;
    for tenant_id in tenants {
        if !sizes.contains_key(&tenant_id) {
            within(&context.pool, tenant::ensure(&context.pool, tenant_id)).await?;
        }
        let size = sizes.entry(tenant_id).or_insert(BATCH_MIN);
        let selection = Selection::Oldest(*size);
        let Some(done) = attempt(context, tenant_id, &selection).await? else {
            continue;
        };
        busy = true;
        let full = i64::try_from(done.deliveries).is_ok_and(|taken| taken >= *size);
        *size = if full {
            (*size * 2).min(BATCH_MAX)
        } else {
            BATCH_MIN
        };
        tracing::debug!(
            deliveries = done.deliveries,
            log_rows = done.log_rows,
            insights = done.insights,
            "a batch was folded"
        );
    }
    Ok(busy)
}

/// A batch, run again when it lost against another transaction, and halved when a row in it is at fault.
async fn attempt(
    context: &Context,
    tenant_id: Uuid,
    selection: &Selection,
) -> Result<Option<Done>, Error> {
    let mut pending = vec![selection.clone()];
    let mut all: Option<Done> = None;
    while let Some(selection) = pending.pop() {
        match persist(context, tenant_id, &selection).await {
            Ok(Turn::Worked(done)) => {
                let all = all.get_or_insert_default();
                all.deliveries += done.deliveries;
                all.log_rows += done.log_rows;
                all.insights += done.insights;
                all.erased += done.erased;
            }
            // Another worker has the tenant, or the last transaction is not quite gone: a half must not be forgotten,
            // or the whole batch would come again and fail again.
            Ok(Turn::Held) if matches!(selection, Selection::These(_)) => {
                pending.push(selection);
                tokio::time::sleep(HELD).await;
            }
            Ok(Turn::Held | Turn::Nothing) => {}
            Err(failed) if failed.error.is_transient() || failed.deliveries.is_empty() => {
                return Err(failed.error);
            }
            Err(failed) => halve(context, tenant_id, failed, &mut pending).await?,
        }
    }
    Ok(all)
}

/// The two halves of a failed batch come next; what stands alone is parked with its reason.
async fn halve(
    context: &Context,
    tenant_id: Uuid,
    failed: Failed,
    pending: &mut Vec<Selection>,
) -> Result<(), Error> {
    if let [culprit] = failed.deliveries.as_slice() {
        tracing::error!(
            delivery = %culprit,
            error = &failed.error as &dyn std::error::Error,
            "a delivery cannot be folded and was parked"
        );
        let detail =
            "it could not be folded; report it with its id and redrive it after an upgrade";
        while !batch::park(context, tenant_id, *culprit, detail).await? {
            tokio::time::sleep(HELD).await;
        }
        return Ok(());
    }
    let (first, second) = failed.deliveries.split_at(failed.deliveries.len() / 2);
    pending.push(Selection::These(second.to_vec()));
    pending.push(Selection::These(first.to_vec()));
    Ok(())
}

async fn persist(
    context: &Context,
    tenant_id: Uuid,
    selection: &Selection,
) -> Result<Turn, Failed> {
    let mut tries = 0;
    loop {
        tries += 1;
        let worked = AssertUnwindSafe(batch::process(context, tenant_id, selection));
        let failed = match worked.catch_unwind().await {
            Ok(Ok(turn)) => return Ok(turn),
            Ok(Err(failed)) => failed,
            Err(_panic) => Failed {
                error: Error::Inconsistent {
                    table: "inbox",
                    column: "payload",
                    id: tenant_id,
                },
                deliveries: waiting(context, tenant_id, selection).await,
            },
        };
        if !matches!(failed.error, Error::Retry(_)) || tries >= TRIES {
            return Err(failed);
        }
    }
}

/// What a batch that broke off had taken: as much as can be told from outside.
async fn waiting(context: &Context, tenant_id: Uuid, selection: &Selection) -> Vec<Uuid> {
    match selection {
        Selection::These(ids) => ids.clone(),
        Selection::Oldest(limit) => claim::oldest(&context.pool, tenant_id, *limit)
            .await
            .unwrap_or_default(),
    }
}
