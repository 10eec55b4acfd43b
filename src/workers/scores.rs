//! The loop that scores customers: those whose insight was just written within seconds, everybody after a training, a
//! change of settings, or a day.
//!
//! Any number of processes run it; a page that two of them score comes out the same. Ingest is never waited for: whoever
//! is being folded is passed over and due again afterwards.

use std::time::Duration;

use uuid::Uuid;

use super::Context;
use crate::db::Error;
use crate::db::pool::within;
use crate::derivations::scoring::Scorer;
use crate::resolve::tenant;

/// How often it is looked whether somebody is due.
const TICK: Duration = Duration::from_millis(500);
/// How often, in ticks, it is looked whether everybody is.
const ALL_EVERY: u32 = 10;
/// After a failure of the database it is left alone this long.
const PAUSE: Duration = Duration::from_secs(2);

/// Runs until `stop` completes.
pub async fn run(context: Context, stop: impl Future<Output = ()> + Send) {
    let scorer = scorer(&context);
    let mut stop = std::pin::pin!(stop);
    let mut ticks = 0_u32;
    loop {
        let all = ticks.is_multiple_of(ALL_EVERY);
        ticks = ticks.wrapping_add(1);
        let round = round(&context, &scorer, all);
        let worked = tokio::select! {
            () = &mut stop => return,
            worked = round => worked,
        };
        let pause = match worked {
            Ok(()) => TICK,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "scores wait");
                PAUSE
            }
        };
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// A scorer with what the loops have.
#[must_use]
pub fn scorer(context: &Context) -> Scorer {
    let quarantine_days = context.settings.quarantine_days;
    Scorer::new(context.pool.clone(), context.clock.clone(), quarantine_days)
}

/// Scores whoever is due once, and where told everybody of each tenant that is not scored by who speaks. A tenant whose
/// models or rows are at fault keeps nobody else waiting.
pub async fn round(context: &Context, scorer: &Scorer, all: bool) -> Result<(), Error> {
    due(context, scorer).await?;
    if !all {
        return Ok(());
    }
    let pool = &context.pool;
    for tenant_id in within(pool, tenant::all(pool)).await? {
        while apart(tenant_id, within(pool, scorer.everybody(tenant_id)).await)? == Some(true) {
            // Whoever was heard of meanwhile does not wait for everybody else.
            due(context, scorer).await?;
        }
    }
    Ok(())
}

async fn due(context: &Context, scorer: &Scorer) -> Result<(), Error> {
    let pool = &context.pool;
    for tenant_id in within(pool, scorer.tenants_due()).await? {
        let mut after = Uuid::nil();
        while let Some(Some(last)) =
            apart(tenant_id, within(pool, scorer.due(tenant_id, after)).await)?
        {
            after = last;
        }
    }
    Ok(())
}

/// What failed for a tenant alone is told, and is none; what failed for all is an error.
fn apart<T>(tenant_id: Uuid, worked: Result<T, Error>) -> Result<Option<T>, Error> {
    match worked {
        Ok(done) => Ok(Some(done)),
        Err(error @ Error::Unavailable(_)) => Err(error),
        Err(error) => {
            let error: &(dyn std::error::Error + 'static) = &error;
            tracing::warn!(tenant = %tenant_id, error, "customers of a tenant wait to be scored");
            Ok(None)
        }
    }
}
