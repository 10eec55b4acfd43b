//! Connections: one lazy pool with a limit on everything that could hang, and the transaction handed up the floors.
//!
//! A pool is made without touching the network, so the service starts, answers introspection and reports its health
//! while the database is away. Deliberately absent: retries (the caller knows whether its work may be repeated).

use std::ops::{Deref, DerefMut};
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, Postgres};

use super::{Error, roles};

/// The schema that holds everything of this service.
pub const SCHEMA: &str = "customer_intelligence";

/// A pool of connections to the service's database.
pub type Pool = sqlx::PgPool;

/// A connection that lay idle for longer is asked whether it is still there before it is used.
const PING_AFTER_IDLE: Duration = Duration::from_secs(1);

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
    /// Longest pause inside a transaction (`idle_in_transaction_session_timeout`).
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
            idle_in_transaction_timeout: Duration::from_secs(30),
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
    PgPoolOptions::new()
        .max_connections(config.max_connections)
        .acquire_timeout(config.acquire_timeout)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for < PING_AFTER_IDLE {
                    return Ok(true);
                }
                Ok(connection.ping().await.is_ok())
            })
        })
        .after_connect(|connection, _| Box::pin(roles::become_app(connection)))
        .connect_lazy_with(session(options, config))
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
