//! The loop that works on runs of jobs: takes one, goes from tenant to tenant, and notes how far it is.
//!
//! Any number of processes run it. A run belongs to whoever changed its row last and shows a sign of life; when that one
//! is killed or frozen, another goes on where the row says it was. Tenants for which the work failed are tried again
//! later, the others are not kept waiting by them. Deliberately absent: runs side by side in one process.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt;
use tokio::sync::Notify;
use uuid::Uuid;

use super::{Context, JOBS, Job, names};
use crate::actions::cron::Progress;
use crate::db::Error;
use crate::db::pool::within;
use crate::jobs::{self, Key, State, runs};
use crate::resolve::tenant;
use crate::telemetry::metrics::JOB_RUNS;

/// Without a wake-up, runs are looked for this often.
const TICK: Duration = Duration::from_secs(1);
/// After a failure of the database it is left alone this long.
const PAUSE: Duration = Duration::from_secs(2);
/// A sign of life is given this often.
const BEAT: Duration = Duration::from_secs(10);
/// Without one for this long, whoever had the run is taken for dead.
const SILENT: TimeDelta = TimeDelta::seconds(60);
/// A run is taken up this often, then given up: with the pauses between, after some three hours.
pub const TRIES_MAX: u32 = 10;
/// Pause after the first failed try; doubled with each.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(30);
/// No pause is longer.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(1);

/// Runs until `stop` completes.
pub async fn run(context: Context, wake: &Notify, stop: impl Future<Output = ()> + Send) {
    let mut stop = std::pin::pin!(stop);
    loop {
        let worked = tokio::select! {
            () = &mut stop => return,
            worked = round(&context) => worked,
        };
        let pause = match worked {
            Ok(true) => continue,
            Ok(false) => TICK,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the jobs wait");
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

/// Works on every run that may be taken up now; false when there was none.
pub async fn round(context: &Context) -> Result<bool, Error> {
    let names: Vec<String> = names().into_iter().map(str::to_owned).collect();
    let mut worked = false;
    let pool = &context.work.pool;
    for open in within(pool, runs::open(pool, &names)).await? {
        let Some(mut taken) = Taken::take(context, open).await? else {
            continue;
        };
        worked = true;
        let outcome = taken.work().await;
        taken.settle(outcome).await?;
    }
    Ok(worked)
}

/// A run that is ours as long as nobody else changes its row.
struct Taken<'c> {
    context: &'c Context,
    job: &'static Job,
    key: Key,
    seen: DateTime<Utc>,
    progress: Progress,
}

/// Why a try ended.
enum Outcome {
    /// All tenants had their turn.
    Through,
    /// Somebody else goes on with it.
    Lost,
    /// The database is not there for it now.
    Broken(Error),
}

impl<'c> Taken<'c> {
    async fn take(context: &'c Context, open: jobs::Job) -> Result<Option<Self>, Error> {
        let now = context.work.clock.now();
        let Some(job) = JOBS.iter().find(|job| job.name == open.key.name) else {
            return Ok(None);
        };
        let Ok(progress) = serde_json::from_value::<Progress>(open.progress) else {
            tracing::error!(job = job.name, run = open.key.run, "a run cannot be read");
            return Ok(None);
        };
        if progress.not_before > now {
            return Ok(None);
        }
        let mut taken = Self {
            context,
            job,
            key: open.key,
            seen: open.touched_at,
            progress,
        };
        taken.progress.tries += 1;
        Ok(taken.beat().await?.then_some(taken))
    }

    /// A sign of life; false when the run is somebody else's by now.
    async fn beat(&mut self) -> Result<bool, Error> {
        self.progress.not_before = self.context.work.clock.now() + SILENT;
        self.write(State::Running).await
    }

    async fn write(&mut self, state: State) -> Result<bool, Error> {
        let now = self.context.work.clock.now();
        let pool = &self.context.work.pool;
        let swap = runs::swap(pool, &self.key, self.seen, (state, &self.progress), now);
        let swapped = within(pool, swap).await?;
        if let Some(touched_at) = swapped {
            self.seen = touched_at;
        }
        Ok(swapped.is_some())
    }

    async fn work(&mut self) -> Outcome {
        match self.through().await {
            Ok(true) => Outcome::Through,
            Ok(false) => Outcome::Lost,
            Err(error) => Outcome::Broken(error),
        }
    }

    /// From tenant to tenant; false when the run was lost on the way.
    async fn through(&mut self) -> Result<bool, Error> {
        let mut begun = tokio::time::Instant::now();
        for tenant_id in self.tenants().await? {
            let Some(done) = self.for_tenant(tenant_id).await? else {
                return Ok(false);
            };
            match done {
                Ok(items) => self.progress.items += items,
                Err(error @ Error::Unavailable(_)) => return Err(error),
                Err(error) => {
                    tracing::warn!(
                        job = self.job.name,
                        error = &error as &dyn std::error::Error,
                        "a job failed for a tenant"
                    );
                    self.progress.error = Some(error.to_string());
                    self.progress.failed.push(tenant_id);
                }
            }
            self.progress.after = Some(tenant_id);
            if begun.elapsed() >= BEAT {
                begun = tokio::time::Instant::now();
                if !self.beat().await? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// The tenants that still have to have their turn, in order. Rows of no tenant are the nil uuid's.
    async fn tenants(&self) -> Result<Vec<Uuid>, Error> {
        let mut tenants = match &self.progress.only {
            Some(only) => only.clone(),
            None if self.key.tenant_id.is_nil() => {
                let pool = &self.context.work.pool;
                let mut all = within(pool, tenant::all(pool)).await?;
                all.push(Uuid::nil());
                all
            }
            None => vec![self.key.tenant_id],
        };
        tenants.sort_unstable();
        tenants.dedup();
        let after = self.progress.after;
        tenants.retain(|tenant| after.is_none_or(|after| *tenant > after));
        Ok(tenants)
    }

    /// One tenant's turn, with signs of life while it takes; none when the run was lost meanwhile.
    async fn for_tenant(&mut self, tenant_id: Uuid) -> Result<Option<Result<u64, Error>>, Error> {
        let (context, job) = (self.context, self.job);
        let work = AssertUnwindSafe((job.work)(context, tenant_id)).catch_unwind();
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => {
                    let panicked = |_| Err(Error::Inconsistent {
                        table: "job",
                        column: "progress",
                        id: tenant_id,
                    });
                    return Ok(Some(done.unwrap_or_else(panicked)));
                }
                () = tokio::time::sleep(BEAT) => {
                    if !self.beat().await? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Notes how the try ended: finished, to be tried again, or given up.
    async fn settle(mut self, outcome: Outcome) -> Result<(), Error> {
        let broken = match outcome {
            Outcome::Lost => return Ok(()),
            Outcome::Through => None,
            Outcome::Broken(error) => Some(error),
        };
        if let Some(error) = &broken {
            self.progress.error = Some(error.to_string());
        } else {
            let failed = std::mem::take(&mut self.progress.failed);
            self.progress.after = None;
            self.progress.only = Some(failed);
        }
        let is_done = broken.is_none() && self.progress.only.as_ref().is_some_and(Vec::is_empty);
        let (state, outcome) = if is_done {
            self.progress.error = None;
            (State::Finished, "finished")
        } else if self.progress.tries >= TRIES_MAX {
            (State::Failed, "given_up")
        } else {
            self.progress.not_before = self.context.work.clock.now() + pause(self.progress.tries);
            (State::Running, "again")
        };
        // Where the database is gone altogether this fails as well, and the run is taken up once it counts as silent.
        self.write(state).await?;
        metrics::counter!(JOB_RUNS, "job" => self.job.name, "outcome" => outcome).increment(1);
        tracing::info!(
            job = self.job.name,
            run = self.key.run,
            outcome,
            items = self.progress.items,
            tries = self.progress.tries,
            "a run of a job"
        );
        broken.map_or(Ok(()), Err)
    }
}

/// How long to wait after so many tries.
fn pause(tries: u32) -> TimeDelta {
    let doubled = 1_i32 << tries.saturating_sub(1).min(16);
    (FIRST_PAUSE * doubled).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour_and_sum_up_to_some_three_hours() {
        assert_eq!(pause(1), TimeDelta::seconds(30));
        assert_eq!(pause(2), TimeDelta::seconds(60));
        assert_eq!(pause(40), TimeDelta::hours(1));
        let all: TimeDelta = (1..TRIES_MAX).map(pause).sum();
        assert!(
            all > TimeDelta::hours(2) && all < TimeDelta::hours(4),
            "{all}"
        );
    }
}
