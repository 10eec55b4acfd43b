//! The databases of the cluster: how each is reached, and creating one.

use std::path::Path;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use super::cluster::SUPERUSER;
use crate::db::Error;

const MAINTENANCE: &str = "postgres";
const DUPLICATE_DATABASE: &str = "42P04";
const UNIQUE_VIOLATION: &str = "23505";

/// How to connect to database `name` of the server whose socket lies in `run`.
pub(super) fn options(run: &Path, name: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(run)
        .port(5432)
        .username(SUPERUSER)
        .database(name)
        .ssl_mode(PgSslMode::Disable)
}

/// The same as a URL.
pub(super) fn url(run: &Path, name: &str) -> String {
    let host: String = run.to_string_lossy().bytes().map(percent).collect();
    format!("postgres://{SUPERUSER}@localhost/{name}?host={host}")
}

/// Creates a database if it is not there. Several processes may do so at once.
pub(super) async fn create(run: &Path, name: &str) -> Result<(), Error> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || !name.chars().all(plain) {
        return Err(Error::Other(sqlx::Error::Configuration(
            format!("a database name is made of a-z, 0-9 and _, not {name:?}").into(),
        )));
    }
    let mut connection = options(run, MAINTENANCE).connect().await?;
    let exists = sqlx::query!("select datname from pg_database where datname = $1", name)
        .fetch_optional(&mut connection)
        .await?
        .is_some();
    if !exists {
        let statement = format!(r#"create database "{name}""#);
        let created = sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut connection)
            .await;
        match created.map_err(Error::from) {
            Err(error)
                if ![Some(DUPLICATE_DATABASE), Some(UNIQUE_VIOLATION)]
                    .contains(&error.sqlstate().as_deref()) =>
            {
                return Err(error);
            }
            _ => {}
        }
    }
    Ok(connection.close().await?)
}

/// Percent-encodes what may not stand in the query part of a URL.
fn percent(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
        return char::from(byte).to_string();
    }
    format!("%{byte:02X}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_survives_strange_folders() {
        let url = url(Path::new("/tmp/a b&c"), "x");
        assert_eq!(url, "postgres://postgres@localhost/x?host=/tmp/a%20b%26c");
        let read: PgConnectOptions = url.parse().unwrap();
        assert_eq!(
            read.get_socket().map(std::path::PathBuf::as_path),
            Some(Path::new("/tmp/a b&c"))
        );
    }
}
