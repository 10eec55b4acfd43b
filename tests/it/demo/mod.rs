//! The stand-in against a real PostgreSQL and a small HTTP receiver in the server's place.

mod capture;
mod delivery;
mod gateway;
mod pages;
mod queries;
mod receiver;
mod simulation;

use customer_intelligence::demo::{capture as triggers_in, platform, triggers::triggers};
use sqlx::{AssertSqlSafe, PgPool, Row as _};

use crate::support::TestDb;

/// The platform's tables with the event triggers, in a database of the test's own.
async fn platform_of(db: &TestDb) -> PgPool {
    let pool = db.superuser();
    platform::create(&pool).await.expect("tables");
    triggers_in::install(&pool, &triggers())
        .await
        .expect("triggers");
    pool
}

async fn run(pool: &PgPool, sql: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(pool)
        .await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// All rows of a query whose only column is a text.
async fn texts(pool: &PgPool, sql: &str) -> Vec<String> {
    let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .fetch_all(pool)
        .await;
    let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.iter().map(|row| row.get::<String, _>(0)).collect()
}

/// The number that a query gives.
async fn number(pool: &PgPool, sql: &str) -> i64 {
    let row = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .fetch_one(pool)
        .await;
    row.unwrap_or_else(|error| panic!("{sql}: {error}")).get(0)
}
