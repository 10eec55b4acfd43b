//! Brings the schema up to date; safe when several processes do it at once, and repeatable.
//!
//! Forward only: there are no down migrations, and a database that is newer than this program is refused. The
//! ledger of applied migrations (`_sqlx_migrations`) lies in the service's own schema.

use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::migrate::{AppliedMigration, Migrate, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};

use super::{Error, Pool, PoolConfig, pool, roles};

static MIGRATOR: Migrator = sqlx::migrate!("./migrations");
/// Sent as the login role each time: roles belong to the server, which may be another one than yesterday.
const ROLES: [&str; 2] = [
    include_str!("../../migrations/0000_roles_and_schema.sql"),
    include_str!("../../migrations/0008_reader_role.sql"),
];
/// Sent after the migrations each time, so that it reaches the tables of all of them.
const ROW_SECURITY: &str = include_str!("row_security.sql");
const UNDEFINED_TABLE: &str = "42P01";

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database could not be asked, or refused the preparation (roles and schema).
    #[error("the database could not be prepared for its migrations")]
    Database(#[from] Error),
    /// A migration failed, was changed after it had been applied, or belongs to a newer program.
    #[error("the migrations could not be applied")]
    Migration(#[source] sqlx::migrate::MigrateError),
}

/// Where a database stands against the migrations this program knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Versions this program knows and the database lacks, rising.
    pub pending: Vec<i64>,
    /// Versions the database has and this program does not know: it is older than its database.
    pub unknown: Vec<i64>,
}

impl Standing {
    /// Whether program and database agree.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.pending.is_empty() && self.unknown.is_empty()
    }
}

/// Applies what is missing and returns how many migrations that were.
///
/// Works on one connection of its own, as `ci_owner`, under the migrator's lock of this database: a second process
/// waits for the first and then finds nothing left to do.
pub async fn run(options: &PgConnectOptions) -> Result<usize, MigrateError> {
    let config = PoolConfig {
        statement_timeout: Duration::ZERO,
        lock_timeout: Duration::ZERO,
        idle_in_transaction_timeout: Duration::ZERO,
        application_name: "customer-intelligence migrate".to_owned(),
        ..PoolConfig::default()
    };
    let mut connection = pool::session(options.clone(), &config)
        .connect()
        .await
        .map_err(Error::from)?;
    let applied = run_on(&mut connection).await;
    // Closing also lets go of the lock where a failure left it taken.
    let closed = connection.close().await.map_err(Error::from);
    let applied = applied?;
    closed?;
    Ok(applied)
}

async fn run_on(connection: &mut PgConnection) -> Result<usize, MigrateError> {
    connection.lock().await.map_err(MigrateError::Migration)?;
    for script in ROLES {
        send(connection, script).await?;
    }
    roles::become_owner(connection).await.map_err(Error::from)?;
    let missing = compare(&applied(connection).await?).pending.len();
    MIGRATOR
        .run_direct(None, connection, false)
        .await
        .map_err(MigrateError::Migration)?;
    send(connection, ROW_SECURITY).await?;
    Ok(missing)
}

async fn send(connection: &mut PgConnection, script: &'static str) -> Result<(), MigrateError> {
    let sent = sqlx::raw_sql(script).execute(connection).await;
    sent.map(drop)
        .map_err(|error| MigrateError::Database(error.into()))
}

/// Stands for the migrations this program knows: equal exactly where their versions and texts are equal.
#[must_use]
pub fn fingerprint() -> String {
    let mut hash = Sha256::new();
    for migration in MIGRATOR.iter() {
        hash.update(migration.version.to_be_bytes());
        hash.update(&migration.checksum);
    }
    hash.update(ROW_SECURITY);
    let short = hash
        .finalize()
        .iter()
        .take(8)
        .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    format!("{short:016x}")
}

/// Compares the database with the migrations this program knows; changes nothing.
pub async fn standing(pool: &Pool) -> Result<Standing, Error> {
    let mut connection = pool.acquire().await?;
    Ok(compare(&applied(&mut connection).await?))
}

async fn applied(connection: &mut PgConnection) -> Result<Vec<i64>, Error> {
    match connection
        .list_applied_migrations(&MIGRATOR.table_name)
        .await
    {
        Ok(list) => Ok(list
            .into_iter()
            .map(|AppliedMigration { version, .. }| version)
            .collect()),
        Err(sqlx::migrate::MigrateError::Execute(error)) => match Error::from(error) {
            error if error.sqlstate().as_deref() == Some(UNDEFINED_TABLE) => Ok(Vec::new()),
            error => Err(error),
        },
        Err(other) => Err(Error::Other(sqlx::Error::Migrate(Box::new(other)))),
    }
}

fn compare(applied: &[i64]) -> Standing {
    let known: Vec<i64> = MIGRATOR.iter().map(|migration| migration.version).collect();
    Standing {
        pending: known
            .iter()
            .filter(|version| !applied.contains(version))
            .copied()
            .collect(),
        unknown: applied
            .iter()
            .filter(|version| !known.contains(version))
            .copied()
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_database_lacks_all_and_a_newer_one_is_noticed() {
        let empty = compare(&[]);
        assert!(!empty.pending.is_empty() && empty.unknown.is_empty());
        let mut applied = empty.pending.clone();
        assert!(compare(&applied).is_current());
        applied.push(i64::MAX);
        assert_eq!(compare(&applied).unknown, [i64::MAX]);
    }
}
