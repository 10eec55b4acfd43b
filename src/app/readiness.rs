//! Asks everything that has to be well for the service to be ready; asked often, it answers from the last second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Mutex, watch};

use crate::db::{self, Pool, migrate};
use crate::domain::clock::Clock;
use crate::http::Readiness;
use crate::inbox::{Writer, backlog};

/// An answer this young is given again.
const FRESH: Duration = Duration::from_secs(1);
/// The database answers in this time, or counts as away.
const PATIENCE: Duration = Duration::from_secs(2);

/// Knows whom to ask. Cheap to clone.
#[derive(Clone)]
pub(super) struct Readers(Arc<Shared>);

struct Shared {
    pool: Pool,
    clock: Clock,
    writer: Writer,
    prepared: watch::Receiver<bool>,
    last: Mutex<Option<(Instant, Readiness)>>,
}

impl Readers {
    pub(super) fn new(
        pool: Pool,
        clock: Clock,
        writer: Writer,
        prepared: watch::Receiver<bool>,
    ) -> Self {
        Self(Arc::new(Shared {
            pool,
            clock,
            writer,
            prepared,
            last: Mutex::default(),
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
            let backlog = if standing.is_current() {
                Some(backlog::read(&self.pool).await?)
            } else {
                None
            };
            Ok::<_, db::Error>((standing, backlog))
        };
        match tokio::time::timeout(PATIENCE, asked).await {
            Err(_) => readiness
                .reasons
                .push("the database does not answer in time".to_owned()),
            Ok(Err(error)) => readiness.reasons.push(error.to_string()),
            Ok(Ok((standing, backlog))) => {
                readiness.database = true;
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
}
