//! Folds everybody again, tenant by tenant in the order of ids, several pages at a time, and remembers how far it is.
//!
//! Killed, it goes on where it was: a page that was done twice is as if done once. Deliberately absent: what a page
//! does; that is `projections::rebuild`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::{Stream, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Folding, apart};
use crate::db::{Error, Pool, Tx};
use crate::jobs::{self, Begun, Key, State};
use crate::projections::{self, Page, Rebuilt};

/// A page that lost against another transaction is done again this often.
const TRIES: u32 = 8;
/// How far it is is written down this often.
const SAVE_EVERY: Duration = Duration::from_millis(250);

/// What to fold again, and how fast.
#[derive(Debug, Clone)]
pub struct Options {
    /// Only this tenant.
    pub tenant: Option<Uuid>,
    /// Pages at a time.
    pub workers: usize,
    /// Customers of a page.
    pub page: i64,
    /// Most rows of the log to read in a second.
    pub max_rate: Option<u32>,
    /// From the beginning, also when an earlier run did not come to its end.
    pub restart: bool,
}

/// How far it is, as it is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The tenant at work.
    pub tenant: Uuid,
    /// The last person of the last page that is done.
    pub after: Uuid,
    /// Customers looked at, merged ones among them.
    pub customers: u64,
    /// Insights written.
    pub insights: u64,
    /// Rows of the log that were read.
    pub log_rows: u64,
}

/// Runs to the end. `told` hears where it begins, and how far it is after each page; also how many customers there are.
pub async fn run(
    context: &Folding,
    options: &Options,
    mut told: impl FnMut(&Progress, u64),
) -> Result<Progress, Error> {
    let tenants = projections::counts(&context.pool, options.tenant).await?;
    let (key, progress) = begin(context, options).await?;
    let all = tenants.values().filter_map(|n| u64::try_from(*n).ok());
    let all = all.sum();
    told(&progress, all);
    let mut run = Run {
        context,
        options,
        pace: Pace::new(options.max_rate, progress.log_rows),
        key,
        progress,
        saved: Instant::now(),
    };
    let first = run.progress.tenant;
    for tenant_id in tenants.into_keys().filter(|tenant| *tenant >= first) {
        run.tenant(tenant_id, |progress| told(progress, all))
            .await?;
    }
    let (pool, now) = (&context.pool, context.clock.now());
    jobs::finish(pool, &run.key, State::Finished, &run.progress, now).await?;
    Ok(run.progress)
}

struct Run<'r> {
    context: &'r Folding,
    options: &'r Options,
    key: Key,
    progress: Progress,
    pace: Pace,
    saved: Instant,
}

impl Run<'_> {
    async fn tenant(
        &mut self,
        tenant_id: Uuid,
        mut told: impl FnMut(&Progress),
    ) -> Result<(), Error> {
        let (pool, clock) = (&self.context.pool, &self.context.clock);
        if tenant_id != self.progress.tenant {
            self.progress.tenant = tenant_id;
            self.progress.after = Uuid::nil();
        }
        // The tenant's insights are partial while this row shows signs of life.
        let own = Key::new(tenant_id, jobs::REBUILD, self.key.run.as_str());
        jobs::begin(pool, &own, &self.progress, clock.now()).await?;
        let pages = pages(
            pool.clone(),
            tenant_id,
            self.progress.after,
            self.options.page,
        );
        let spawned = pages.map_ok(|page| {
            let context = self.context.clone();
            // Apart, because folding keeps a core busy: several pages want several cores.
            let work = apart(async move { persist(&context, tenant_id, page).await });
            async move { Ok((page, joined(work.await)?)) }
        });
        let mut done = std::pin::pin!(spawned.try_buffered(self.options.workers.max(1)));
        while let Some((page, rebuilt)) = done.try_next().await? {
            let progress = &mut self.progress;
            progress.after = page.last;
            progress.customers += count(page.customers);
            progress.insights += count(rebuilt.insights);
            progress.log_rows += count(rebuilt.log_rows);
            told(progress);
            // Not after every page: each is a commit of its own, and a page that is done twice does no harm.
            if self.saved.elapsed() > SAVE_EVERY {
                self.saved = Instant::now();
                let now = clock.now();
                jobs::advance(pool, &self.key, progress, now).await?;
                jobs::touch(pool, &own, now).await?;
            }
            self.pace.keep(progress.log_rows).await;
        }
        if own != self.key {
            jobs::finish(pool, &own, State::Finished, &self.progress, clock.now()).await?;
        }
        Ok(())
    }
}

/// A tenant's pages behind `after`, one after the other.
pub(super) fn pages(
    pool: Pool,
    tenant_id: Uuid,
    after: Uuid,
    size: i64,
) -> impl Stream<Item = Result<Page, Error>> + Send {
    stream::try_unfold(after, move |after| {
        let pool = pool.clone();
        async move {
            let page = projections::page(&pool, tenant_id, after, size).await?;
            Ok(page.map(|page| (page, page.last)))
        }
    })
}

/// The run that did not come to its end, or a new one.
async fn begin(context: &Folding, options: &Options) -> Result<(Key, Progress), Error> {
    let scope = options.tenant.unwrap_or(Uuid::nil());
    let now = context.clock.now();
    let running = jobs::running(&context.pool).await?.into_iter();
    let earlier = running
        .filter(|job| job.key.name == jobs::REBUILD && job.key.tenant_id == scope)
        .map(|job| job.key)
        .next();
    let key = match earlier {
        Some(key) if !options.restart => key,
        earlier => {
            if let Some(key) = earlier {
                let nothing = BTreeMap::<String, String>::new();
                jobs::finish(&context.pool, &key, State::Cancelled, &nothing, now).await?;
            }
            Key::new(scope, jobs::REBUILD, now.to_rfc3339())
        }
    };
    match jobs::begin(&context.pool, &key, &Progress::default(), now).await? {
        Begun::Fresh => Ok((key, Progress::default())),
        Begun::Resumed { progress, .. } | Begun::Finished(progress) => Ok((key, progress)),
    }
}

/// One page in one transaction, again when it lost against another.
async fn persist(context: &Folding, tenant_id: Uuid, page: Page) -> Result<Rebuilt, Error> {
    let mut tries = 0;
    loop {
        tries += 1;
        match transact(context, tenant_id, page).await {
            Err(Error::Retry(_)) if tries < TRIES => {}
            done => return done,
        }
    }
}

async fn transact(context: &Folding, tenant_id: Uuid, page: Page) -> Result<Rebuilt, Error> {
    let mut tx = Tx::begin(&context.pool).await?;
    let now = context.clock.now();
    let rebuilt = projections::rebuild(&mut tx, context.settings, tenant_id, page, now).await?;
    tx.commit().await?;
    Ok(rebuilt)
}

/// A panic in a page is a bug and ends the run, which can be gone on with.
pub(super) fn joined<T>(
    ended: Result<Result<T, Error>, tokio::task::JoinError>,
) -> Result<T, Error> {
    match ended {
        Ok(done) => done,
        Err(panic) => {
            tracing::error!(error = %panic, "a page could not be folded");
            Err(Error::Inconsistent {
                table: "activity_log",
                column: "body",
                id: Uuid::nil(),
            })
        }
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// Not faster than so many rows a second, from the beginning of this run on.
struct Pace {
    rate: Option<u32>,
    begun: Instant,
    rows: u64,
}

impl Pace {
    fn new(rate: Option<u32>, rows: u64) -> Self {
        Self {
            rate,
            begun: Instant::now(),
            rows,
        }
    }

    async fn keep(&self, rows: u64) {
        let Some(rate) = self.rate.filter(|rate| *rate > 0) else {
            return;
        };
        let read = u32::try_from(rows - self.rows).unwrap_or(u32::MAX);
        let due = Duration::from_secs_f64(f64::from(read) / f64::from(rate));
        if let Some(early) = due.checked_sub(self.begun.elapsed()) {
            tokio::time::sleep(early).await;
        }
    }
}
