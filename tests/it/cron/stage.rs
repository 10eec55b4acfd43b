//! A database with tenants in whom facts wait, and workers on it, each with connections and limits of its own.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use customer_intelligence::db::{Pool, PoolConfig, pool};
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::domain::source::SourceKind;
use customer_intelligence::jobs::{Job, Key, runs};
use customer_intelligence::projections::Settings;
use customer_intelligence::resolve::fence::Pepper;
use customer_intelligence::workers;
use customer_intelligence::workers::cron::{Context, Retention, names};
use sqlx::{AssertSqlSafe, Postgres, Row, Transaction};
use uuid::Uuid;

use crate::privacy::rig::office;
use crate::support::TestDb;

pub(crate) const RETENTION: Retention = Retention {
    dead_letter_days: 90,
    job_days: 30,
    audit_read_months: 24,
    export_hours: 24,
    message_days: 30,
};

pub(super) fn noon() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

pub(super) fn tenant(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// A worker; it waits for a lock at most that long.
pub(super) fn worker(db: &TestDb, clock: &Clock, lock: Duration) -> Context {
    let config = PoolConfig {
        max_connections: 3,
        acquire_timeout: Duration::from_secs(20),
        lock_timeout: lock,
        ..PoolConfig::default()
    };
    let work = workers::Context {
        pool: pool::connect_lazy(db.options(), &config),
        clock: clock.clone(),
        pepper: Pepper::new(b"pepper"),
        settings: Settings {
            quarantine_days: 3,
            ..Settings::default()
        },
    };
    let office = office(&work);
    Context {
        work,
        office,
        retention: RETENTION,
    }
}

/// That many messages of strangers wait in each tenant, for longer than the quarantine.
pub(super) async fn strangers(db: &TestDb, tenants: &[Uuid], each: usize) {
    let old = (noon() - TimeDelta::days(10)).to_rfc3339();
    let message = SourceKind::Message.code();
    for tenant in tenants {
        let statement = format!(
            "insert into tenant (tenant_id) values ('{tenant}');
             insert into dossier (tenant_id, kind, id, waiting, recorded_at, body)
             select '{tenant}', {message}, gen_random_uuid(), true, '{old}', '\\x01'
             from generate_series(1, {each})"
        );
        run(db.pool(), statement).await;
    }
}

pub(super) async fn run(pool: &Pool, statement: String) {
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(pool)
        .await
        .unwrap();
}

pub(super) async fn number(pool: &Pool, question: &str) -> i64 {
    let question = AssertSqlSafe(format!("select ({question})::bigint"));
    let row = sqlx::raw_sql(question).fetch_one(pool).await.unwrap();
    row.try_get(0).unwrap_or_default()
}

/// How many strangers' messages were let go, as counted for that tenant.
pub(super) async fn let_go(db: &TestDb, tenant: Uuid) -> i64 {
    let question = format!(
        "select sum(total) from tally where tenant_id = '{tenant}' and name = 'discarded.contact'"
    );
    number(db.pool(), &question).await
}

/// Holds a tenant's row, as a frozen process would, until it is dropped.
pub(super) async fn hold(pool: &Pool, tenant: Uuid) -> Transaction<'static, Postgres> {
    let mut tx = pool.begin().await.unwrap();
    let statement = format!("select from tenant where tenant_id = '{tenant}' for update");
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(&mut *tx)
        .await
        .unwrap();
    tx
}

pub(super) async fn open(db: &TestDb) -> Vec<Job> {
    let names: Vec<String> = names().into_iter().map(str::to_owned).collect();
    runs::open(db.pool(), &names).await.unwrap()
}

pub(super) async fn find(db: &TestDb, key: &Key) -> Job {
    let found = customer_intelligence::jobs::find(db.pool(), key).await;
    found.unwrap().expect("a run")
}
