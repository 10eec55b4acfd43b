//! Connections that read for one tenant: PostgreSQL's row level security is told the tenant before a statement runs.
//!
//! Telling costs a round trip, so a connection that was told is kept at hand for a moment: the next read of the same
//! tenant takes it as it is. Deliberately absent: writing (the role behind it may not), and any other use of these
//! connections, on which what they were told would be forgotten.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnectOptions;
use sqlx::{PgConnection, Postgres};
use tokio::time::Instant;
use uuid::Uuid;

use super::roles::Session;
use super::{Pool, PoolConfig, pool};

/// A connection that nobody has used for so long goes back to the pool, which asks it whether it is still there.
const KEPT_FOR: Duration = Duration::from_secs(1);

/// Where reads on behalf of callers take their connections from. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reads {
    pool: Pool,
    /// Absent where row level security is not used.
    kept: Option<Arc<Mutex<Kept>>>,
}

/// Connections at hand, the one used last at the end, and how many readers wait for the pool meanwhile.
#[derive(Debug, Default)]
struct Kept {
    told: VecDeque<Told>,
    waiting: usize,
}

/// A connection and the tenant it was told.
#[derive(Debug)]
struct Told {
    connection: PoolConnection<Postgres>,
    tenant: Uuid,
    used_at: Instant,
}

/// Without the second fence: each statement names its tenant, and nothing else restricts it.
impl From<Pool> for Reads {
    fn from(pool: Pool) -> Self {
        Self { pool, kept: None }
    }
}

impl Reads {
    /// Connections whose sessions are `ci_reader`; the first is made when it is needed.
    ///
    /// Before the first migration that role does not exist, and there is nothing to read.
    #[must_use]
    pub fn fenced(options: PgConnectOptions, config: &PoolConfig) -> Self {
        Self {
            pool: pool::connect_lazy_as(Session::Reader, options, config),
            kept: Some(Arc::default()),
        }
    }

    /// A connection that sees this tenant.
    pub async fn of(&self, tenant: Uuid) -> Result<Reading, sqlx::Error> {
        let Some(kept) = &self.kept else {
            return Ok(Reading {
                connection: Some(self.pool.acquire().await?),
                home: None,
            });
        };
        let connection = match self.at_hand(kept, tenant) {
            AtHand::Told(connection) => connection,
            AtHand::Other(connection) => tell(connection, tenant).await?,
            AtHand::Nothing(waiting) => {
                let connection = self.pool.acquire().await?;
                drop(waiting);
                tell(connection, tenant).await?
            }
        };
        Ok(Reading {
            connection: Some(connection),
            home: Some((Arc::clone(kept), tenant)),
        })
    }

    /// Takes the tenant's connection that was used last; where the pool is exhausted, one of another tenant.
    fn at_hand<'k>(&self, kept: &'k Mutex<Kept>, tenant: Uuid) -> AtHand<'k> {
        let mut all = locked(kept);
        let stale = |told: &Told| told.used_at.elapsed() >= KEPT_FOR;
        while all.told.front().is_some_and(stale) {
            // Back to the pool.
            drop(all.told.pop_front());
        }
        let same = all.told.iter().rposition(|told| told.tenant == tenant);
        if let Some(told) = same.and_then(|at| all.told.remove(at)) {
            return AtHand::Told(told.connection);
        }
        let most = self.pool.options().get_max_connections();
        if self.pool.num_idle() == 0
            && self.pool.size() >= most
            && let Some(other) = all.told.pop_front()
        {
            return AtHand::Other(other.connection);
        }
        all.waiting += 1;
        AtHand::Nothing(Waiting(kept))
    }
}

enum AtHand<'k> {
    Told(PoolConnection<Postgres>),
    Other(PoolConnection<Postgres>),
    Nothing(Waiting<'k>),
}

/// As long as it lives, connections go back to the pool, where somebody waits for one.
struct Waiting<'k>(&'k Mutex<Kept>);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        locked(self.0).waiting -= 1;
    }
}

/// Tells the session its tenant, for as long as nobody tells it another.
async fn tell(
    mut connection: PoolConnection<Postgres>,
    tenant: Uuid,
) -> Result<PoolConnection<Postgres>, sqlx::Error> {
    sqlx::query!(
        "select set_config('ci.tenant_id', $1, false)",
        tenant.to_string()
    )
    .fetch_one(&mut *connection)
    .await?;
    Ok(connection)
}

/// A connection that sees one tenant. Dropped, it goes back to the pool.
#[derive(Debug)]
pub struct Reading {
    /// There until the end.
    connection: Option<PoolConnection<Postgres>>,
    home: Option<(Arc<Mutex<Kept>>, Uuid)>,
}

impl Reading {
    /// Says that nothing is under way on it any more, so that the tenant's next read may have it as it is.
    pub fn done(mut self) {
        let Some((kept, tenant)) = self.home.take() else {
            return;
        };
        let mut kept = locked(&kept);
        if kept.waiting > 0 {
            return;
        }
        if let Some(connection) = self.connection.take() {
            kept.told.push_back(Told {
                connection,
                tenant,
                used_at: Instant::now(),
            });
        }
    }
}

impl Deref for Reading {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match &self.connection {
            Some(connection) => connection,
            None => unreachable!("it is taken when the reading ends"),
        }
    }
}

impl DerefMut for Reading {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match &mut self.connection {
            Some(connection) => connection,
            None => unreachable!("it is taken when the reading ends"),
        }
    }
}

fn locked(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}
