//! Asks everything that has to be well for the service to be ready; asked often, it answers from the last second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Mutex, watch};

use crate::db::{self, Pool, migrate};
use crate::domain::clock::Clock;
use crate::http::Readiness;
use crate::inbox::{Writer, backlog};
use crate::resolve::fence;
use crate::resolve::fence_file::FenceFile;

/// An answer this young is given again.
const FRESH: Duration = Duration::from_secs(1);
/// The database answers in this time, or counts as away.
const PATIENCE: Duration = Duration::from_secs(2);

/// The fence's file is compared again after this long, or when it has grown.
const FENCE_FRESH: Duration = Duration::from_secs(30);
/// A tag this young may belong to an erasure that is about to commit.
const UNDER_WAY: TimeDelta = TimeDelta::minutes(1);

/// Knows whom to ask. Cheap to clone.
#[derive(Clone)]
pub(super) struct Readers(Arc<Shared>);

struct Shared {
    pool: Pool,
    clock: Clock,
    writer: Writer,
    prepared: watch::Receiver<bool>,
    last: Mutex<Option<(Instant, Readiness)>>,
    fence: FenceFile,
    /// When the file was last found to be in the database whole, and how long it was.
    fenced: Mutex<Option<(Instant, u64)>>,
}

impl Readers {
    pub(super) fn new(
        pool: Pool,
        clock: Clock,
        writer: Writer,
        prepared: watch::Receiver<bool>,
        fence: FenceFile,
    ) -> Self {
        Self(Arc::new(Shared {
            pool,
            clock,
            writer,
            prepared,
            last: Mutex::default(),
            fence,
            fenced: Mutex::default(),
        }))
    }

    /// Whether all is well now.
    pub(super) async fn ask(&self) -> Readiness {
        let mut last = self.0.last.lock().await;
        match &*last {
            Some((at, readiness)) if at.elapsed() < FRESH => readiness.clone(),
            _ => {
                let readiness = self.0.look().await;
                *last = Some((Instant::now(), readiness.clone()));
                readiness
            }
        }
    }
}

impl Shared {
    async fn look(&self) -> Readiness {
        let mut readiness = Readiness {
            in_flight: self.writer.depth(),
            ..Readiness::default()
        };
        let asked = async {
            let standing = migrate::standing(&self.pool).await?;
            let (backlog, forgotten) = if standing.is_current() {
                let backlog = backlog::read(&self.pool).await?;
                (Some(backlog), self.forgotten().await?)
            } else {
                (None, None)
            };
            Ok::<_, db::Error>((standing, backlog, forgotten))
        };
        match tokio::time::timeout(PATIENCE, asked).await {
            Err(_) => readiness
                .reasons
                .push("the database does not answer in time".to_owned()),
            Ok(Err(error)) => readiness.reasons.push(error.to_string()),
            Ok(Ok((standing, backlog, forgotten))) => {
                readiness.database = true;
                readiness.reasons.extend(forgotten);
                readiness.migrations = standing.is_current();
                if !standing.pending.is_empty() {
                    readiness
                        .reasons
                        .push(format!("migrations to come: {:?}", standing.pending));
                }
                if !standing.unknown.is_empty() {
                    readiness
                        .reasons
                        .push("the database is newer than this program".to_owned());
                }
                if let Some(backlog) = backlog {
                    let age = |at: DateTime<Utc>| {
                        (self.clock.now() - at)
                            .max(TimeDelta::zero())
                            .as_seconds_f64()
                    };
                    readiness.lag_seconds = Some(backlog.oldest_at.map_or(0.0, age));
                    readiness.waiting = Some(backlog.waiting);
                    readiness.dead_letters = Some(backlog.dead_letters);
                }
            }
        }
        if !*self.prepared.borrow() && readiness.reasons.is_empty() {
            readiness.reasons.push("still starting".to_owned());
        }
        readiness.ready = readiness.reasons.is_empty();
        readiness
    }

    /// Why the fence in the database is not what the file says; none when it is.
    async fn forgotten(&self) -> Result<Option<String>, db::Error> {
        let path = self.fence.path().display();
        let unreadable = |error| format!("the fence's file {path} cannot be read: {error}");
        let length = match self.fence.length().await {
            Ok(length) => length,
            Err(error) => return Ok(Some(unreadable(error))),
        };
        let mut fenced = self.fenced.lock().await;
        if fenced.is_some_and(|(at, known)| known == length && at.elapsed() < FENCE_FRESH) {
            return Ok(None);
        }
        let mut entries = match self.fence.read().await {
            Ok(entries) => entries,
            Err(error) => return Ok(Some(unreadable(error))),
        };
        let settled = self.clock.now() - UNDER_WAY;
        let all = entries.len();
        entries.retain(|entry| entry.erased_at < settled);
        let missing = fence::missing(&self.pool, &entries).await?.len();
        if missing == 0 {
            *fenced = (all == entries.len()).then(|| (Instant::now(), length));
            return Ok(None);
        }
        *fenced = None;
        Ok(Some(format!(
            "{missing} erased persons are not fenced, as after a restore from a backup; run `customer-intelligence erase --reapply`"
        )))
    }
}
