//! The database, or where to keep one of our own.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use sqlx::ConnectOptions;

use super::reader::{Reader, Switch};
use crate::db::{PoolConfig, pool};

/// Which database to use and how hard.
#[derive(Debug)]
pub struct DatabaseConfig {
    /// `DATABASE_URL`: the server to use; unset, one of our own is started in the data folder.
    pub url: Option<SecretString>,
    /// `CI_DATA_DIR`, default `.data`: our own PostgreSQL and the secrets that were made up.
    pub data_dir: PathBuf,
    /// `CI_FENCE_LEDGER`, default `fence.ledger` in the data folder: where the tags of erased persons are kept outside of
    /// the database. Back it up apart from it.
    pub fence_ledger: Option<PathBuf>,
    /// `PG_BIN_DIR`: the folder of `initdb` and `postgres`, if they are not where they usually are.
    pub bin_dir: Option<PathBuf>,
    /// `CI_DATABASE_CONNECTIONS`, default 20: most connections of one process.
    pub connections: u32,
    /// `CI_DATABASE_ACQUIRE_TIMEOUT_MS`, default 1000: longest wait for a connection.
    pub acquire_timeout: Duration,
    /// `CI_DATABASE_STATEMENT_TIMEOUT_MS`, default 30000: longest time for one statement.
    pub statement_timeout: Duration,
    /// `CI_DATABASE_LOCK_TIMEOUT_MS`, default 10000: longest wait for one lock.
    pub lock_timeout: Duration,
    /// `CI_DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS`, default 10000: longest pause inside a transaction. So long a process
    /// that froze keeps its tenant from the others.
    pub idle_in_transaction_timeout: Duration,
    /// `CI_ROW_SECURITY`, default `on`: reads on behalf of callers run as `ci_reader`, which sees the rows of one tenant
    /// whatever a statement says. `off` leaves it to the statements, as a database on several machines needs.
    pub row_security: Switch,
}

impl DatabaseConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let mut millis = |name, default, meaning| {
            Duration::from_millis(u64::from(reader.number(
                name,
                default,
                1..=3_600_000,
                meaning,
            )))
        };
        let acquire_timeout = millis(
            "CI_DATABASE_ACQUIRE_TIMEOUT_MS",
            1_000,
            "longest wait for a connection",
        );
        let statement_timeout = millis(
            "CI_DATABASE_STATEMENT_TIMEOUT_MS",
            30_000,
            "longest time for one statement",
        );
        let lock_timeout = millis(
            "CI_DATABASE_LOCK_TIMEOUT_MS",
            10_000,
            "longest wait for one lock",
        );
        let idle_in_transaction_timeout = millis(
            "CI_DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS",
            10_000,
            "longest pause inside a transaction: so long a frozen process keeps its tenant",
        );
        Self {
            url: reader.shown_as(
                "DATABASE_URL",
                "PostgreSQL to use; unset, one of our own runs in CI_DATA_DIR",
                url,
            ),
            data_dir: reader
                .value::<String>(
                    "CI_DATA_DIR",
                    ".data".to_owned(),
                    "folder of our own PostgreSQL and of made-up secrets",
                )
                .into(),
            fence_ledger: reader.folder(
                "CI_FENCE_LEDGER",
                "file of erased persons' tags outside of the database; unset, fence.ledger in CI_DATA_DIR",
            ),
            bin_dir: reader.folder("PG_BIN_DIR", "folder of PostgreSQL's programs, for our own"),
            connections: reader.number(
                "CI_DATABASE_CONNECTIONS",
                20,
                2..=1_000,
                "most connections",
            ),
            acquire_timeout,
            statement_timeout,
            lock_timeout,
            idle_in_transaction_timeout,
            row_security: reader.value(
                "CI_ROW_SECURITY",
                Switch::On,
                "on, or off: PostgreSQL itself shows a caller's reads the rows of one tenant only",
            ),
        }
    }

    /// The file of erased persons' tags.
    #[must_use]
    pub fn fence_ledger(&self) -> PathBuf {
        let unset = || self.data_dir.join("fence.ledger");
        self.fence_ledger.clone().unwrap_or_else(unset)
    }

    /// The limits as the pool takes them.
    #[must_use]
    pub fn pool(&self) -> PoolConfig {
        PoolConfig {
            max_connections: self.connections,
            acquire_timeout: self.acquire_timeout,
            statement_timeout: self.statement_timeout,
            lock_timeout: self.lock_timeout,
            idle_in_transaction_timeout: self.idle_in_transaction_timeout,
            ..PoolConfig::default()
        }
    }
}

/// The URL, and what of it may be shown.
fn url(text: &str) -> Result<(SecretString, String), String> {
    let options = pool::options_from_url(text)
        .map_err(|_lest_it_quote_a_password| "it is no postgres:// URL".to_owned())?;
    let mut shown = options.to_url_lossy();
    if shown.password().is_some() && shown.set_password(Some("********")).is_err() {
        shown.set_path("");
    }
    Ok((SecretString::from(text), shown.to_string()))
}
