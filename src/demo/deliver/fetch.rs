//! Locks and reads the event log in batches, duplicates and shuffles as told, and knows when nothing is left.

use std::sync::atomic::{AtomicU64, Ordering};

use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use sqlx::{PgPool, Row as _};
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

use super::{Event, Job, Options, Until, pending};
use crate::demo::error::Result;
use crate::demo::platform::run;

pub(super) struct Fetcher<'a> {
    pool: &'a PgPool,
    options: &'a Options,
    until: Until,
    cancel: &'a CancellationToken,
    rng: StdRng,
}

impl<'a> Fetcher<'a> {
    pub(super) fn new(
        pool: &'a PgPool,
        options: &'a Options,
        until: Until,
        cancel: &'a CancellationToken,
    ) -> Self {
        Self {
            pool,
            options,
            until,
            cancel,
            rng: StdRng::seed_from_u64(options.seed),
        }
    }

    /// Feeds the posts until cancelled or drained; `open` counts the POSTs whose outcome is not written back yet.
    pub(super) async fn run(mut self, jobs: Sender<Job>, open: &AtomicU64) -> Result<()> {
        while !self.cancel.is_cancelled() {
            let batch = self.fetch().await?;
            if batch.is_empty() {
                let idle = open.load(Ordering::Acquire) == 0;
                if idle && self.until == Until::Drained && pending(self.pool).await? == 0 {
                    break;
                }
                let pause = tokio::time::sleep(self.options.fetch_interval);
                tokio::select! { () = pause => {}, () = self.cancel.cancelled() => {} }
            }
            for job in batch {
                open.fetch_add(1, Ordering::AcqRel);
                // The posts only stop listening when they failed, and then everything stops.
                if self.cancel.is_cancelled() || jobs.send(job).await.is_err() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn fetch(&mut self) -> Result<Vec<Job>> {
        let rows = run(FETCH)
            .bind(i64::from(self.options.batch))
            .fetch_all(self.pool)
            .await?;
        let mut jobs = Vec::with_capacity(rows.len());
        for row in rows {
            let event = Event {
                id: row.try_get("id")?,
                schema: row.try_get("schema_name")?,
                table: row.try_get("table_name")?,
                trigger: row.try_get("trigger_name")?,
                payload: row.try_get("payload")?,
                created_at: row.try_get("created_at")?,
                tries: row.try_get("tries")?,
            };
            if self
                .rng
                .random_bool(self.options.duplicates.clamp(0.0, 1.0))
            {
                let trace = self.rng.random();
                jobs.push(Job {
                    event: event.clone(),
                    echo: true,
                    trace,
                });
            }
            jobs.push(Job {
                event,
                echo: false,
                trace: self.rng.random(),
            });
        }
        if self.options.shuffle {
            jobs.shuffle(&mut self.rng);
        }
        Ok(jobs)
    }
}

const FETCH: &str = "
update hdb_catalog.event_log set locked = now()
where id in (
  select l.id from hdb_catalog.event_log l
  where l.delivered = 'f' and l.error = 'f' and l.archived = 'f'
    and (l.locked is null or l.locked < now() - interval '30 minute')
    and (l.next_retry_at is null or l.next_retry_at <= now())
  order by l.locked nulls first, l.next_retry_at nulls first, l.created_at
  limit $1 for update skip locked)
returning id, schema_name, table_name, trigger_name, payload::text as payload, tries,
  to_char(created_at, 'YYYY-MM-DD\"T\"HH24:MI:SS.US') as created_at";
