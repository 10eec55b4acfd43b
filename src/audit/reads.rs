//! Reads on their way into the chain: noted in memory when the answer leaves, written by one loop in groups.
//!
//! Nobody waits for it. What does not fit, because the database was away for too long, is counted, reported and told
//! by the next link. Deliberately absent: spawning (`app` spawns [`Reads::run`]), and tagging, which is handed in.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use uuid::Uuid;

use super::entry::Actor;
use super::flush::Flusher;
use super::hash::Hash;
use crate::db::Pool;
use crate::domain::clock::Clock;
use crate::telemetry::metrics::{AUDIT_READS_LOST, AUDIT_READS_WAITING};

/// Makes the tags of persons of a tenant.
pub type Tags = Arc<dyn Fn(Uuid, &[Uuid]) -> Vec<Uuid> + Send + Sync>;

/// How much may wait, and how it is written.
#[derive(Debug, Clone)]
pub struct Limits {
    /// A request about more persons than this is told with their number only.
    pub persons_listed: usize,
    /// Most requests waiting.
    pub queue_reads: usize,
    /// Most ids waiting.
    pub queue_persons: usize,
    /// Most requests in one group.
    pub group_reads: usize,
    /// So long a group gathers before it is written. What a process had noted and not written dies with it.
    pub gather: Duration,
    /// Between two tries while the database is away.
    pub retry: Duration,
    /// So long is what waits still tried when the process is about to end.
    pub last_patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            persons_listed: 1_000,
            queue_reads: 20_000,
            queue_persons: 1_000_000,
            group_reads: 2_000,
            gather: Duration::from_millis(100),
            retry: Duration::from_secs(1),
            last_patience: Duration::from_secs(3),
        }
    }
}

/// One request that was answered with something about persons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Whose data.
    pub tenant_id: Uuid,
    /// Who asked.
    pub actor: Actor,
    /// Name of the operation, if it has one.
    pub operation: Option<String>,
    /// SHA-256 of the document.
    pub query_hash: Hash,
    /// About whom, each as often as they were answered.
    pub persons: Vec<Uuid>,
}

/// A read as it waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) read: Read,
    pub(super) at: DateTime<Utc>,
    /// How many reads of the tenant had to be left out before this one.
    pub(super) lost: i64,
}

/// Where reads are noted. Cheap to clone; all clones share one queue and one chain.
#[derive(Clone)]
pub struct Reads(Arc<Shared>);

pub(super) struct Shared {
    /// This process, by an id of its own.
    pub(super) chain: Uuid,
    pub(super) pool: Pool,
    pub(super) clock: Clock,
    pub(super) tags: Tags,
    pub(super) limits: Limits,
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    persons: usize,
    lost: HashMap<Uuid, i64>,
    losing: bool,
    closed: bool,
}

impl fmt::Debug for Reads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reads({})", self.0.chain)
    }
}

impl Reads {
    /// Reads of one process, which begins a new chain; nothing is written until [`run`](Self::run) runs.
    #[must_use]
    pub fn new(pool: Pool, clock: Clock, tags: Tags, limits: Limits) -> Self {
        Self(Arc::new(Shared {
            chain: clock.uuid_v7(),
            pool,
            clock,
            tags,
            limits,
            state: Mutex::default(),
            arrived: Notify::new(),
        }))
    }

    /// The id of this process's chain.
    #[must_use]
    pub fn chain(&self) -> Uuid {
        self.0.chain
    }

    /// The hash of a document.
    #[must_use]
    pub fn digest(document: &str) -> Hash {
        Sha256::digest(document.as_bytes()).into()
    }

    /// Notes a read. Takes a lock for a moment and never waits; where nothing more fits, the read is counted as lost.
    pub fn note(&self, read: Read) {
        let at = self.0.clock.now();
        let first_lost = {
            let mut state = self.0.lock();
            let full = state.closed
                || state.waiting.len() >= self.0.limits.queue_reads
                || state.persons + read.persons.len() > self.0.limits.queue_persons;
            if full {
                *state.lost.entry(read.tenant_id).or_default() += 1;
                Some(!std::mem::replace(&mut state.losing, true))
            } else {
                state.losing = false;
                state.persons += read.persons.len();
                let lost = state.lost.remove(&read.tenant_id).unwrap_or(0);
                state.waiting.push_back(Waiting { read, at, lost });
                None
            }
        };
        match first_lost {
            None => self.0.arrived.notify_one(),
            Some(first) => {
                metrics::counter!(AUDIT_READS_LOST).increment(1);
                if first {
                    tracing::error!(
                        "reads of persons' data can no longer be recorded: the database is away for too long"
                    );
                }
            }
        }
    }

    /// Takes nothing more; what waits is still written, then [`run`](Self::run) returns.
    pub fn close(&self) {
        self.0.lock().closed = true;
        self.0.arrived.notify_one();
    }

    /// How many wait.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.0.lock().waiting.len()
    }

    /// Writes what is noted until [`close`](Self::close)d and empty. To be run once: the chain has one writer.
    pub async fn run(&self) {
        Flusher::new(&self.0).run().await;
    }
}

impl Shared {
    /// The next group, once it has gathered; `None` once closed and empty.
    pub(super) async fn take(&self) -> Option<Vec<Waiting>> {
        loop {
            let arrived = self.arrived.notified();
            let (empty, closed) = {
                let state = self.lock();
                (state.waiting.is_empty(), state.closed)
            };
            match (empty, closed) {
                (true, true) => return None,
                (false, true) => return Some(self.cut()),
                (true, false) => arrived.await,
                (false, false) => {
                    self.gather().await;
                    return Some(self.cut());
                }
            }
        }
    }

    /// Waits a moment for others, unless there are plenty or the end has come.
    async fn gather(&self) {
        let enough = async {
            loop {
                let arrived = self.arrived.notified();
                {
                    let state = self.lock();
                    if state.closed || state.waiting.len() >= self.limits.group_reads {
                        return;
                    }
                }
                arrived.await;
            }
        };
        // Running out of time is the usual end.
        tokio::time::timeout(self.limits.gather, enough).await.ok();
    }

    fn cut(&self) -> Vec<Waiting> {
        let mut state = self.lock();
        let many = state.waiting.len().min(self.limits.group_reads);
        let group: Vec<Waiting> = state.waiting.drain(..many).collect();
        let persons: usize = group.iter().map(|one| one.read.persons.len()).sum();
        state.persons -= persons;
        let left = u32::try_from(state.waiting.len()).unwrap_or(u32::MAX);
        metrics::gauge!(AUDIT_READS_WAITING).set(left);
        group
    }

    /// Counts what could not be written before the end.
    pub(super) fn give_up(reads: usize) {
        let reads = u64::try_from(reads).unwrap_or(u64::MAX);
        metrics::counter!(AUDIT_READS_LOST).increment(reads);
        tracing::error!(
            reads,
            "reads of persons' data were not recorded before the end"
        );
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
