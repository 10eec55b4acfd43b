//! Bring history in: the live path by channel `backfill`, with its position stored beside what it brought.
//!
//! A run has a row in `job` for itself (under the nil uuid) and one for each tenant it met. What a chunk brings a
//! tenant is stored in one transaction with that tenant's row, so that a kill loses nothing and counts nothing twice;
//! and while the tenant's row is alive, its insights say that they are partial. Deliberately absent: where the
//! history comes from, how it is shown, and folding it, which the workers do.

mod report;
mod reading;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::reading::Reading;
pub use self::reading::{Body, Item};
pub use self::report::{Report, TenantReport};
use crate::db::{Error, Pool, Tx};
use crate::domain::clock::Clock;
use crate::inbox::admit::{Admitted, admit};
use crate::inbox::{Channel, backlog, tally};
use crate::jobs::{self, BACKFILL, Begun, Key, State};

/// Signs of life are given this often.
const BEAT: TimeDelta = TimeDelta::seconds(10);
/// While the database is away it is asked again this often and after this long a pause.
const TRIES: u32 = 60;
const PAUSE: Duration = Duration::from_secs(1);
/// Counters that tell what became of the deliveries: those that said nothing new, and rows appended to the log.
const NOTHING_NEW: &str = "nothing_new.backfill";
const APPENDED: &str = "appended.backfill";

/// Where a source is to be read on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// At its beginning.
    #[default]
    Start,
    /// Behind so many lines and bytes (after decompression).
    Line {
        /// Lines read.
        lines: u64,
        /// Bytes read.
        bytes: u64,
    },
    /// Behind this event of the event log.
    Event {
        /// The event's `created_at`, as the database writes it.
        created_at: String,
        /// The event's id.
        id: String,
    },
}

/// A piece of a source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chunk {
    /// Deliveries, in the order of the source.
    pub items: Vec<Item>,
    /// Where the next chunk begins.
    pub next: Mark,
    /// Events that were left out, because nobody listens to their tables.
    pub unlistened: u64,
}

/// How far the run as a whole is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Course {
    /// What is read, for people.
    pub source: String,
    /// Where it goes on.
    pub mark: Mark,
    /// The last event to read, for a source that grows.
    pub until: Option<String>,
    /// Deliveries read.
    pub read: u64,
    /// Of them, those of tenants that were not asked for.
    pub filtered: u64,
    /// Events that were left where they are, because nobody listens to their tables.
    pub unlistened: u64,
    /// Dead letters that name no tenant, by reason.
    pub refused: BTreeMap<String, u64>,
}

/// How far the run is with one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Share {
    /// Place of the last item that is in.
    pub place: String,
    /// Deliveries put into the inbox.
    pub accepted: u64,
    /// The last of their ids.
    pub last_id: Uuid,
    /// Dead letters by reason.
    pub refused: BTreeMap<String, u64>,
    /// The tenant's counter of deliveries that said nothing new, as it stood before.
    pub nothing_new_before: i64,
    /// The tenant's counter of appended rows, as it stood before.
    pub appended_before: i64,
}

/// How a run begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Opening {
    /// For the first time.
    Fresh,
    /// Where it was left; its last sign of life was then.
    Resumed(DateTime<Utc>),
    /// Everything is in already.
    Finished,
}

/// A run.
#[derive(Debug)]
pub struct Backfill {
    pool: Pool,
    clock: Clock,
    run: String,
    only: Option<Uuid>,
    started_at: DateTime<Utc>,
    beaten_at: DateTime<Utc>,
    course: Course,
    shares: BTreeMap<Uuid, Share>,
}

impl Backfill {
    /// Begins the run of that name, or goes on with it; `course` is what a fresh one starts with.
    ///
    /// `only`: deliveries of other tenants are read past.
    pub async fn begin(
        pool: Pool,
        clock: Clock,
        run: String,
        only: Option<Uuid>,
        course: Course,
    ) -> Result<(Self, Opening), Error> {
        let now = clock.now();
        let key = Key::new(Uuid::nil(), BACKFILL, &run);
        let begun = jobs::begin(&pool, &key, &course, now).await?;
        let (course, opening) = match begun {
            Begun::Fresh => (course, Opening::Fresh),
            Begun::Resumed {
                progress,
                touched_at,
            } => (progress, Opening::Resumed(touched_at)),
            Begun::Finished(progress) => (progress, Opening::Finished),
        };
        let mut backfill = Self {
            pool,
            clock,
            run,
            only,
            started_at: now,
            beaten_at: now,
            course,
            shares: BTreeMap::new(),
        };
        for job in jobs::of_run(&backfill.pool, BACKFILL, &backfill.run).await? {
            if job.key.tenant_id.is_nil() {
                backfill.started_at = job.started_at;
            } else {
                let share = share(&job)?;
                backfill.shares.insert(job.key.tenant_id, share);
            }
        }
        if opening != Opening::Finished {
            backfill.beat(now).await?;
        }
        Ok((backfill, opening))
    }

    /// Forgets a run, so that it begins at the beginning.
    pub async fn forget(pool: &Pool, run: &str) -> Result<(), Error> {
        for job in jobs::of_run(pool, BACKFILL, run).await? {
            jobs::forget(pool, &job.key).await?;
        }
        Ok(())
    }

    /// How far it is.
    #[must_use]
    pub fn course(&self) -> &Course {
        &self.course
    }

    /// Deliveries put into the inbox so far.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.shares.values().map(|share| share.accepted).sum()
    }

    /// Puts a chunk of the source in. Durable when it returns.
    pub async fn take(&mut self, chunk: Chunk) -> Result<(), Error> {
        let read = u64::try_from(chunk.items.len()).unwrap_or(u64::MAX);
        let reading = Reading::of(chunk.items, self.only, &self.clock);
        for (tenant_id, part) in reading.tenants {
            self.bring(tenant_id, &part).await?;
        }
        let mut course = self.course.clone();
        course.mark = chunk.next;
        course.unlistened += chunk.unlistened;
        course.read += read;
        course.filtered += reading.filtered;
        for letter in &reading.nameless {
            *course.refused.entry(letter.reason.clone()).or_default() += 1;
        }
        // Repeated after a failure this writes the same again: letters are replaced, the row is set.
        let mut tries = 0;
        loop {
            let stored = self.store_course(&reading.nameless, &course).await;
            if !self.again(&stored, &mut tries).await {
                stored?;
                break;
            }
        }
        self.course = course;
        self.beat_if_due().await
    }

    async fn store_course(
        &self,
        letters: &[crate::inbox::Letter],
        course: &Course,
    ) -> Result<(), Error> {
        let mut tx = Tx::begin(&self.pool).await?;
        admit(&mut tx, &self.clock, Channel::Backfill, &[], letters).await?;
        jobs::advance(&mut *tx, &self.key(Uuid::nil()), course, self.clock.now()).await?;
        tx.commit().await
    }

    /// Stores a tenant's part of a chunk, but for what is in already.
    async fn bring(&mut self, tenant_id: Uuid, part: &reading::Part) -> Result<(), Error> {
        let mut tries = 0;
        loop {
            let share = self.share_of(tenant_id).await;
            let stored = match share {
                Ok(share) => self.attempt(tenant_id, share, part).await,
                Err(error) => Err(error),
            };
            if !self.again(&stored, &mut tries).await {
                return stored;
            }
            // Whether the commit happened only the row can tell.
            self.shares.remove(&tenant_id);
        }
    }

    async fn attempt(
        &mut self,
        tenant_id: Uuid,
        mut share: Share,
        part: &reading::Part,
    ) -> Result<(), Error> {
        let (entries, letters) = part.after(&share.place);
        if entries.is_empty() && letters.is_empty() {
            self.shares.insert(tenant_id, share);
            return Ok(());
        }
        let mut tx = Tx::begin(&self.pool).await?;
        let channel = Channel::Backfill;
        let Admitted {
            kept,
            last_id,
            letters,
        } = admit(&mut tx, &self.clock, channel, &entries, &letters).await?;
        share.place.clone_from(&part.last_place);
        share.accepted += kept;
        share.last_id = last_id.unwrap_or(share.last_id);
        for (reason, n) in letters {
            *share.refused.entry(reason).or_default() += n;
        }
        jobs::advance(&mut *tx, &self.key(tenant_id), &share, self.clock.now()).await?;
        tx.commit().await?;
        self.shares.insert(tenant_id, share);
        Ok(())
    }

    /// The tenant's share as it is stored; at the first meeting, with the counters as they stand.
    async fn share_of(&self, tenant_id: Uuid) -> Result<Share, Error> {
        if let Some(share) = self.shares.get(&tenant_id) {
            return Ok(share.clone());
        }
        if let Some(job) = jobs::find(&self.pool, &self.key(tenant_id)).await? {
            return share(&job);
        }
        let (nothing_new_before, appended_before) = counters(&self.pool, tenant_id).await?;
        Ok(Share {
            nothing_new_before,
            appended_before,
            ..Share::default()
        })
    }

    /// Whether to try again, after a pause: the database is away, but not for too long.
    async fn again(&self, done: &Result<(), Error>, tries: &mut u32) -> bool {
        let Err(error) = done else { return false };
        *tries += 1;
        if !error.is_transient() || *tries > TRIES {
            return false;
        }
        tracing::warn!(
            error = error as &dyn std::error::Error,
            "the backfill waits for the database"
        );
        tokio::time::sleep(PAUSE).await;
        true
    }

    /// A sign of life, when the last one was a while ago.
    pub async fn beat_if_due(&mut self) -> Result<(), Error> {
        let now = self.clock.now();
        if now - self.beaten_at < BEAT {
            return Ok(());
        }
        self.beat(now).await
    }

    async fn beat(&mut self, now: DateTime<Utc>) -> Result<(), Error> {
        self.beaten_at = now;
        for tenant_id in self.tenants() {
            jobs::touch(&self.pool, &self.key(tenant_id), now).await?;
        }
        Ok(())
    }

    /// Whether all that was put in has been folded.
    pub async fn is_folded(&self) -> Result<bool, Error> {
        for (tenant_id, share) in &self.shares {
            let folded =
                backlog::is_folded(&self.pool, *tenant_id, Channel::Backfill, share.last_id);
            if !folded.await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Ends the run: finished, or to go on another time.
    pub async fn end(&self, state: State) -> Result<(), Error> {
        let now = self.clock.now();
        for tenant_id in self.tenants() {
            jobs::close(&self.pool, &self.key(tenant_id), state, now).await?;
        }
        Ok(())
    }

    fn tenants(&self) -> impl Iterator<Item = Uuid> + use<> {
        let tenants: Vec<Uuid> = self.shares.keys().copied().collect();
        tenants.into_iter().chain([Uuid::nil()])
    }

    fn key(&self, tenant_id: Uuid) -> Key {
        Key::new(tenant_id, BACKFILL, &self.run)
    }
}

fn share(job: &jobs::Job) -> Result<Share, Error> {
    serde_json::from_value(job.progress.clone()).map_err(|_other_shape| Error::Inconsistent {
        table: "job",
        column: "progress",
        id: job.key.tenant_id,
    })
}

/// The tenant's counters of what backfills said.
async fn counters(pool: &Pool, tenant_id: Uuid) -> Result<(i64, i64), Error> {
    let counts = tally::read(pool, Some(tenant_id)).await?;
    let total = |name: &str| {
        let count = counts.iter().find(|count| count.name == name);
        count.map_or(0, |count| count.total)
    };
    Ok((total(NOTHING_NEW), total(APPENDED)))
}
