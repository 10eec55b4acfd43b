//! Group commit: all requests in flight become one multi-row insert, and each is answered after that commit.
//!
//! A flush starts as soon as the previous one returned; there is no timer, so a lone delivery waits for nothing and
//! a storm shares its disk syncs. Deliberately absent: spawning (`app` spawns [`Writer::run`]), retrying (the
//! caller answers 503 and Hasura comes again), and any transaction of more than one statement.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::entry::{Channel, Entry, Letter};
use super::flush::Flusher;
use super::queue::{Job, Queue};
use crate::db;
use crate::domain::clock::Clock;

/// Why something was not stored. The caller may come again with the same delivery in both cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// More is in flight than may wait.
    #[error("the inbox queue is full")]
    Full,
    /// The database did not confirm the commit; the row may or may not be there.
    #[error("the inbox cannot be written now")]
    Unavailable,
}

/// How much may wait, and how much goes into one insert.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Most deliveries waiting for a flush.
    pub queue_rows: usize,
    /// Most bytes of payload waiting for a flush.
    pub queue_bytes: usize,
    /// Most rows in one insert.
    pub flush_rows: usize,
    /// Most bytes of payload in one insert (one larger row still goes alone).
    pub flush_bytes: usize,
    /// Longest time a flush may take until its waiters are told to come again.
    pub flush_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_rows: 20_000,
            queue_bytes: 64 << 20,
            flush_rows: 2_000,
            flush_bytes: 8 << 20,
            flush_timeout: Duration::from_secs(5),
        }
    }
}

/// The inbox's only way in. Cheap to clone; all clones share one queue.
#[derive(Debug, Clone)]
pub struct Writer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    queue: Queue,
    pool: db::Pool,
    clock: Clock,
    limits: Limits,
    landed: Arc<Notify>,
}

impl Writer {
    /// A writer into `pool`; nothing is stored until [`run`](Self::run) runs.
    #[must_use]
    pub fn new(pool: db::Pool, clock: Clock, limits: Limits) -> Self {
        let queue = Queue::new(limits.queue_rows, limits.queue_bytes);
        Self(Arc::new(Shared {
            queue,
            pool,
            clock,
            limits,
            landed: Arc::default(),
        }))
    }

    /// Stores a delivery; resolves after its commit.
    pub async fn submit(&self, entry: Entry, channel: Channel) -> Result<(), Error> {
        let id = self.0.clock.uuid_v7();
        self.store(Job::Keep { id, channel, entry }).await
    }

    /// Stores a letter about a delivery that cannot be kept; resolves after its commit.
    pub async fn bury(&self, letter: Letter) -> Result<(), Error> {
        self.store(Job::Bury(letter.storable())).await
    }

    /// Told after every flush that brought deliveries: whoever empties the inbox waits on it.
    #[must_use]
    pub fn landed(&self) -> Arc<Notify> {
        Arc::clone(&self.0.landed)
    }

    /// How many wait for a flush.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.0.queue.depth()
    }

    /// Takes nothing more; what waits is still written, then [`run`](Self::run) returns.
    pub fn close(&self) {
        self.0.queue.close();
    }

    /// Flushes until [`close`](Self::close)d and empty. May run more than once at the same time.
    pub async fn run(&self) {
        let Shared {
            queue,
            pool,
            clock,
            limits,
            landed,
        } = &*self.0;
        let mut flusher = Flusher::new(pool, clock, landed, limits.flush_timeout);
        while let Some(batch) = queue.take(limits.flush_rows, limits.flush_bytes).await {
            flusher.flush(batch).await;
            flusher.count_if_due(queue.depth() == 0).await;
        }
        flusher.count_if_due(true).await;
    }

    async fn store(&self, job: Job) -> Result<(), Error> {
        // A waiter whose flush was given up finds its sender gone.
        self.0
            .queue
            .push(job)?
            .await
            .unwrap_or(Err(Error::Unavailable))
    }
}
