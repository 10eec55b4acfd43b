//! Connections: one lazy pool with a limit on everything that could hang, and the transaction handed up the floors.
//!
//! A pool is made without touching the network, so the service starts, answers introspection and reports its health
//! while the database is away. Deliberately absent: retries (the caller knows whether its work may be repeated).

use std::ops::{Deref, DerefMut};
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, Postgres};

use super::Error;
use super::roles::{self, Session};

/// The schema that holds everything of this service.
pub const SCHEMA: &str = "customer_intelligence";

/// A pool of connections to the service's database.
pub type Pool = sqlx::PgPool;

/// A connection that lay idle for longer is asked whether it is still there before it is used.
const PING_AFTER_IDLE: Duration = Duration::from_secs(1);
/// Longest wait for its answer. A link that was cut without a word would keep everybody waiting for minutes.
const PING_PATIENCE: Duration = Duration::from_millis(500);

/// Limits of a pool and of the sessions in it. A limit of zero means none.
#[derive(Clone, Debug)]
pub struct PoolConfig {
    /// Most connections open at once.
    pub max_connections: u32,
    /// Longest wait for a free (or new) connection.
    pub acquire_timeout: Duration,
    /// Longest time one statement may take (`statement_timeout`).
    pub statement_timeout: Duration,
    /// Longest wait for one lock (`lock_timeout`).
    pub lock_timeout: Duration,
    /// Longest pause inside a transaction (`idle_in_transaction_session_timeout`): after it the server ends the
    /// session, so that a process which froze holds no row for longer.
    pub idle_in_transaction_timeout: Duration,
    /// What the server shows as `application_name`.
    pub application_name: String,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            max_connections: 20,
            acquire_timeout: Duration::from_secs(1),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(10),
            idle_in_transaction_timeout: Duration::from_secs(10),
            application_name: "customer-intelligence".to_owned(),
        }
    }
}

/// Reads a PostgreSQL URL; `?host=/path` reaches a unix socket in that folder.
pub fn options_from_url(url: &str) -> Result<PgConnectOptions, Error> {
    PgConnectOptions::from_str(url).map_err(Error::from)
}

/// A pool that connects when it is first used.
///
/// Its sessions find this service's schema, work in UTC, and have become `ci_app` where that role exists.
pub fn connect_lazy(options: PgConnectOptions, config: &PoolConfig) -> Pool {
    connect_lazy_as(Session::App, options, config)
}

/// The same with sessions that become another role.
pub(super) fn connect_lazy_as(
    role: Session,
    options: PgConnectOptions,
    config: &PoolConfig,
) -> Pool {
    PgPoolOptions::new()
        .max_connections(config.max_connections)
        .acquire_timeout(config.acquire_timeout)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for < PING_AFTER_IDLE {
                    return Ok(true);
                }
                Ok(answers(connection).await)
            })
        })
        .after_release(|connection, _| Box::pin(async move { Ok(answers(connection).await) }))
        .after_connect(move |connection, _| Box::pin(roles::become_role(role, connection)))
        .connect_lazy_with(session(options, config))
}

/// Whether the server answers on this connection, soon. One that was given up in the middle of a statement is asked,
/// too, before anybody else gets it: nobody else's time is spent on waiting for what it had under way.
async fn answers(connection: &mut PgConnection) -> bool {
    let answer = tokio::time::timeout(PING_PATIENCE, connection.ping()).await;
    matches!(answer, Ok(Ok(())))
}

/// Waits for `work` on this pool's connections for twice the longest time of a statement, then gives it up.
///
/// The server keeps its limits by itself, but the word of it may never arrive: where a link is cut silently, nothing
/// else tells this side. What was under way is ended by the server's own limits.
pub async fn within<T>(
    pool: &Pool,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let options = pool.connect_options();
    match longest_statement(options.get_options().unwrap_or_default()) {
        None => work.await,
        Some(longest) => tokio::time::timeout(longest * 2, work)
            .await
            .unwrap_or(Err(Error::Unavailable(sqlx::Error::PoolTimedOut))),
    }
}

/// The `statement_timeout` among a session's settings, as `session` writes them.
fn longest_statement(settings: &str) -> Option<Duration> {
    let (_, after) = settings.rsplit_once("statement_timeout=")?;
    let millis = after.split_whitespace().next()?.parse().ok()?;
    (millis > 0).then(|| Duration::from_millis(millis))
}

/// Adds the session settings of `config` to `options`.
pub(super) fn session(options: PgConnectOptions, config: &PoolConfig) -> PgConnectOptions {
    let millis = |limit: Duration| limit.as_millis().to_string();
    options.application_name(&config.application_name).options([
        ("search_path", SCHEMA.to_owned()),
        ("timezone", "UTC".to_owned()),
        ("jit", "off".to_owned()),
        ("statement_timeout", millis(config.statement_timeout)),
        ("lock_timeout", millis(config.lock_timeout)),
        (
            "idle_in_transaction_session_timeout",
            millis(config.idle_in_transaction_timeout),
        ),
    ])
}

/// An open transaction, rolled back when dropped. Floors that name no database library pass it on unopened.
#[derive(Debug)]
pub struct Tx(sqlx::Transaction<'static, Postgres>);

impl Tx {
    /// Opens a transaction.
    pub async fn begin(pool: &Pool) -> Result<Self, Error> {
        Ok(Self(pool.begin().await?))
    }

    /// Makes everything done in it durable and visible.
    pub async fn commit(self) -> Result<(), Error> {
        Ok(self.0.commit().await?)
    }

    /// Undoes everything done in it, and waits until that is so.
    pub async fn rollback(self) -> Result<(), Error> {
        Ok(self.0.rollback().await?)
    }
}

impl Deref for Tx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_statement_is_read_from_a_sessions_settings() {
        let of = |statement_timeout| {
            let config = PoolConfig {
                statement_timeout,
                ..PoolConfig::default()
            };
            let options = session(PgConnectOptions::new_without_pgpass(), &config);
            longest_statement(options.get_options().unwrap())
        };
        assert_eq!(
            of(Duration::from_millis(1_500)),
            Some(Duration::from_millis(1_500))
        );
        assert_eq!(of(Duration::ZERO), None, "without a limit there is none");
        assert_eq!(longest_statement(""), None);
    }
}
