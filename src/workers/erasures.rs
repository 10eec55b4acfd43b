//! The loop that carries erasures out: what was asked for is done, everybody downstream is told, and both scans are made
//! when their time has come, without anybody having to come back for it.
//!
//! A request is taken by putting its next look off, so that of several processes one works on it, and after a kill
//! another goes on where the request says it is.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::Notify;
use uuid::Uuid;

use super::{Context, erase};
use crate::db;
use crate::db::pool::within;
use crate::privacy::erase::{Error, Office};
use crate::privacy::queue;
use crate::privacy::request::Request;
use crate::telemetry::metrics::{FAILURES, WORKED};

/// How often due requests are looked for.
const TICK: Duration = Duration::from_secs(2);
/// After a failure of the database it is left alone this long.
const PAUSE: Duration = Duration::from_secs(5);
/// Requests looked for at once.
const AT_ONCE: i64 = 200;
/// Without a sign for so long, whoever had a request is taken for dead.
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// Until somebody downstream is asked again.
const UNCONFIRMED: TimeDelta = TimeDelta::minutes(1);
/// Until what could not be done is tried again.
const AGAIN: TimeDelta = TimeDelta::minutes(10);

/// Runs until `stop` completes.
pub async fn run(
    context: Context,
    office: Office,
    wake: &Notify,
    stop: impl Future<Output = ()> + Send,
) {
    let mut stop = std::pin::pin!(stop);
    loop {
        let worked = tokio::select! {
            () = &mut stop => return,
            worked = round(&context, &office) => worked,
        };
        let pause = match worked {
            Ok(n) if n > 0 => continue,
            Ok(_) => TICK,
            Err(error) => {
                metrics::counter!(FAILURES, "worker" => "erasures").increment(1);
                tracing::warn!(error = &error as &dyn std::error::Error, "erasures wait");
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

/// Goes on with every request that is due; returns how many it had in its hands.
pub async fn round(context: &Context, office: &Office) -> Result<usize, db::Error> {
    let now = context.clock.now();
    let pool = &context.pool;
    let mut worked = 0;
    let mut scans: BTreeMap<Uuid, Vec<Request>> = BTreeMap::new();
    for about in within(pool, queue::due(pool, now, AT_ONCE)).await? {
        if !within(pool, queue::take(pool, about, now, now + LEASE)).await? {
            continue;
        }
        worked += 1;
        match office.request(about.0, about.1).await {
            Ok(request) if !request.state.is_before_deletion() => {
                scans.entry(about.0).or_default().push(request);
            }
            Ok(request) => {
                let done = erase::carry_out(context, office, request).await;
                settle(context, about, done).await?;
            }
            Err(error) => settle(context, about, Err(error)).await?,
        }
    }
    for (tenant_id, requests) in scans {
        for (request_id, done) in erase::prove_all(context, office, tenant_id, requests).await {
            settle(context, (tenant_id, request_id), done).await?;
        }
    }
    metrics::counter!(WORKED, "worker" => "erasures").increment(worked as u64);
    Ok(worked)
}

/// What could not be done is put off; the log says why, and nothing about whom.
async fn settle(
    context: &Context,
    (tenant_id, request_id): (Uuid, Uuid),
    done: Result<(), Error>,
) -> Result<(), db::Error> {
    let wait = match done {
        Ok(()) => return Ok(()),
        Err(Error::Held(_)) => {
            tracing::info!(%request_id, "an erasure is suspended by a legal hold");
            return Ok(());
        }
        Err(Error::Unconfirmed(_)) => UNCONFIRMED,
        Err(Error::Database(error)) if error.is_transient() => return Err(error),
        Err(error) => {
            tracing::warn!(
                %request_id,
                error = &error as &dyn std::error::Error,
                "an erasure could not be gone on with"
            );
            AGAIN
        }
    };
    let next_at = context.clock.now() + wait;
    let pool = &context.pool;
    within(pool, queue::postpone(pool, tenant_id, request_id, next_at)).await
}
