//! Migrations, roles and pool limits against a real server.

use std::time::{Duration, Instant};

use customer_intelligence::db::{Error, PoolConfig, Tx, migrate, pool, roles};
use sqlx::{AssertSqlSafe, ConnectOptions, Row};

use crate::support::TestDb;

#[tokio::test]
async fn the_migrations_of_this_build_are_those_in_the_folder() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let found = sqlx::migrate::Migrator::new(std::path::Path::new(folder))
        .await
        .unwrap();
    let db = TestDb::new().await;
    let mut connection = db.options().connect().await.unwrap();
    let rows = sqlx::raw_sql(
        "select version, checksum from customer_intelligence._sqlx_migrations order by 1",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let built: Vec<(i64, Vec<u8>)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let found: Vec<(i64, Vec<u8>)> = found
        .iter()
        .map(|migration| (migration.version, migration.checksum.to_vec()))
        .collect();
    assert_eq!(
        built, found,
        "a migration was added without building again: touch src/db/migrate.rs"
    );
}

#[tokio::test]
async fn several_processes_may_migrate_at_once() {
    let db = TestDb::new().await;
    let empty = format!("{}_empty", db.options().get_database().unwrap());
    let superuser = db.superuser();
    let create = format!("create database {empty}");
    sqlx::raw_sql(AssertSqlSafe(create))
        .execute(&superuser)
        .await
        .unwrap();
    let options = db.options().database(&empty);
    let applied = futures::future::try_join_all((0..4).map(|_| migrate::run(&options))).await;
    let drop = format!("drop database {empty} with (force)");
    sqlx::raw_sql(AssertSqlSafe(drop))
        .execute(&superuser)
        .await
        .unwrap();
    let mut applied = applied.unwrap();
    applied.sort_unstable();
    assert_eq!(applied[..3], [0, 0, 0]);
    assert!(applied[3] > 0, "one of them did the work");
}

#[tokio::test]
async fn a_migrated_database_is_current_and_an_empty_one_is_not() {
    let db = TestDb::new().await;
    assert!(migrate::standing(db.pool()).await.unwrap().is_current());
    sqlx::raw_sql("delete from _sqlx_migrations where version = 0")
        .execute(&db.superuser())
        .await
        .unwrap();
    assert_eq!(migrate::standing(db.pool()).await.unwrap().pending, [0]);
}

#[tokio::test]
async fn the_services_sessions_are_ci_app_and_an_erasure_is_ci_eraser_until_it_commits() {
    let db = TestDb::new().await;
    let role = || async {
        sqlx::raw_sql("select current_user::text")
            .fetch_one(db.pool())
            .await
            .unwrap()
            .get::<String, _>(0)
    };
    assert_eq!(role().await, "ci_app");
    let mut tx = Tx::begin(db.pool()).await.unwrap();
    roles::become_eraser(&mut tx).await.unwrap();
    let inside = sqlx::raw_sql("select current_user::text")
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    assert_eq!(inside.get::<String, _>(0), "ci_eraser");
    tx.commit().await.unwrap();
    assert_eq!(role().await, "ci_app");
}

#[tokio::test]
async fn the_service_cannot_change_or_delete_what_was_logged_and_an_erasure_can_delete_it() {
    const APPEND: &str = "insert into activity_log (tenant_id, person_profile_id, activity_id, version_at,
        content_hash, kind, role, provenance, occurred_at, recorded_at, body)
        values (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), now(), '\\x00', 0, 0, 0, now(), now(), '\\x01')";
    const PERMISSION_DENIED: Option<&str> = Some("42501");
    let db = TestDb::new().await;
    sqlx::raw_sql(APPEND).execute(db.pool()).await.unwrap();
    for forbidden in [
        "update activity_log set kind = 1",
        "delete from activity_log",
        "truncate activity_log",
    ] {
        let error = sqlx::raw_sql(forbidden)
            .execute(db.pool())
            .await
            .unwrap_err();
        assert_eq!(
            Error::from(error).sqlstate().as_deref(),
            PERMISSION_DENIED,
            "{forbidden}"
        );
    }
    let mut tx = Tx::begin(db.pool()).await.unwrap();
    roles::become_eraser(&mut tx).await.unwrap();
    let deleted = sqlx::raw_sql("delete from activity_log")
        .execute(&mut *tx)
        .await
        .unwrap();
    assert_eq!(deleted.rows_affected(), 1);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_superusers_login_is_recognised_behind_its_role() {
    let db = TestDb::new().await;
    assert!(roles::login_is_superuser(db.pool()).await.unwrap());
}

#[tokio::test]
async fn a_slow_statement_is_cut_off_and_counts_as_unavailable() {
    let db = TestDb::new().await;
    let config = PoolConfig {
        statement_timeout: Duration::from_millis(50),
        ..PoolConfig::default()
    };
    let pool = pool::connect_lazy(db.options(), &config);
    let error = sqlx::raw_sql("select pg_sleep(30)")
        .execute(&pool)
        .await
        .unwrap_err();
    assert!(matches!(Error::from(error), Error::Unavailable(_)));
}

#[tokio::test]
async fn an_absent_server_is_noticed_within_the_acquire_timeout() {
    let nowhere = tempfile::tempdir().unwrap();
    let options = pool::options_from_url("postgres://nobody@localhost/x").unwrap();
    let pool = pool::connect_lazy(options.socket(nowhere.path()), &PoolConfig::default());
    let begun = Instant::now();
    let error = Tx::begin(&pool).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_pool_recovers_when_its_connections_were_ended() {
    let db = TestDb::new().await;
    let superuser = db.superuser();
    sqlx::raw_sql("select 1").execute(db.pool()).await.unwrap();
    sqlx::raw_sql(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity
         where datname = current_database() and application_name = 'customer-intelligence'",
    )
    .execute(&superuser)
    .await
    .unwrap();
    let first = sqlx::raw_sql("select 1")
        .execute(db.pool())
        .await
        .map_err(Error::from);
    assert!(
        !matches!(first, Err(Error::Data(_) | Error::Other(_))),
        "{first:?}"
    );
    sqlx::raw_sql("select 1").execute(db.pool()).await.unwrap();
}
