//! The loop that makes the archives persons' data are handed out in, lets go of those nobody fetched, and raises an
//! alarm when a request is about to be due.

use std::time::Duration;

use tokio::sync::Notify;

use super::apart;
use crate::db::Error;
use crate::privacy::export::build::Builder;
use crate::telemetry::metrics::{EXPORTS_PRESSING, FAILURES, WORKED};

/// Without a wake-up requests are looked for this often: another process may have taken one in.
const TICK: Duration = Duration::from_secs(5);

/// Runs until `stop` completes. Several of these loops, in one process or many, share the requests.
pub async fn run(builder: Builder, wake: &Notify, stop: impl Future<Output = ()> + Send) {
    let mut stop = std::pin::pin!(stop);
    let mut alarmed = false;
    loop {
        let done = tokio::select! {
            () = &mut stop => return,
            done = round(&builder, &mut alarmed) => done,
        };
        if let Err(error) = done {
            metrics::counter!(FAILURES, "worker" => "exports").increment(1);
            tracing::warn!(error = &error as &dyn std::error::Error, "exports wait");
        }
        tokio::select! {
            () = &mut stop => return,
            () = wake.notified() => {}
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

async fn round(builder: &Builder, alarmed: &mut bool) -> Result<(), Error> {
    let making = {
        let builder = builder.clone();
        apart(async move { builder.round().await })
    };
    // Whoever waits here may stop waiting; the task then ends with the program, and the request is taken up again.
    if let Ok(made) = making.await {
        metrics::counter!(WORKED, "worker" => "exports").increment(made?);
    }
    builder.expire().await?;
    let pressing = builder.pressing().await?;
    let shown = u32::try_from(pressing).unwrap_or(u32::MAX);
    metrics::gauge!(EXPORTS_PRESSING).set(shown);
    if pressing > 0 && !std::mem::replace(alarmed, true) {
        tracing::error!(
            pressing,
            "requests for persons' data are about to be due and not answered"
        );
    }
    *alarmed = pressing > 0;
    Ok(())
}
