//! The platform's tables: creates them from the reference copy in `hasura/migrations`, once.
//!
//! The statements of this room speak to the platform's database, not to the service's own. The checked macros are bound to the
//! service's schema, so all of the room's run-time statements are made by `run`, `script` and `scalar` here.

use sqlx::postgres::{PgArguments, PgPool, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Postgres};

use super::error::Result;

/// The platform's tables.
pub const TABLES: &str =
    include_str!("../../hasura/migrations/default/1760000000000_platform_tables/up.sql");
/// The trigger that keeps `updated_at`.
pub const UPDATED_AT: &str =
    include_str!("../../hasura/migrations/default/1760000000100_updated_at/up.sql");

/// A statement against the platform's database, built from constants and identifiers of this room.
#[expect(
    clippy::disallowed_methods,
    reason = "the platform's database is not the one the checked macros know"
)]
pub(crate) fn run(sql: impl Into<String>) -> Query<'static, Postgres, PgArguments> {
    sqlx::query(AssertSqlSafe(sql.into()))
}

/// Runs several statements without parameters.
pub(crate) async fn script(conn: &mut PgConnection, sql: &str) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(conn)
        .await?;
    Ok(())
}

/// The first column of the first row.
pub(crate) async fn scalar<T>(pool: &PgPool, sql: &'static str) -> Result<T>
where
    T: for<'r> sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres> + Send + Unpin,
{
    let row: PgRow = run(sql).fetch_one(pool).await?;
    Ok(sqlx::Row::try_get(&row, 0)?)
}

/// Creates the platform's tables and the `updated_at` triggers unless they are there. Returns whether it created them.
pub async fn create(pool: &PgPool) -> Result<bool> {
    if scalar::<bool>(pool, "select to_regclass('commerce.bookings') is not null").await? {
        return Ok(false);
    }
    let mut tx = pool.begin().await?;
    script(&mut tx, TABLES).await?;
    script(&mut tx, UPDATED_AT).await?;
    tx.commit().await?;
    Ok(true)
}
