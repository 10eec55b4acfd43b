//! PostgreSQL's row level security: what a reading connection sees when a statement forgets to say whose rows it wants.

use std::collections::BTreeSet;
use std::time::Duration;

use customer_intelligence::actions::dead_letters::{Letters, Wanted};
use customer_intelligence::actions::models::Models;
use customer_intelligence::db::fenced::Reads;
use customer_intelligence::db::{Error, PoolConfig, migrate, pool};
use customer_intelligence::inbox::{self, Writer};
use customer_intelligence::privacy::export::desk::Exports;
use customer_intelligence::privacy::journal::{self, Journal};
use customer_intelligence::resolve::fence::Pepper;
use futures::future::join_all;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use uuid::Uuid;

use super::tenants::World;
use crate::support::TestDb;

const PERMISSION_DENIED: Option<&str> = Some("42501");
/// What a caller may be answered from.
const SHOWN: [&str; 19] = [
    "activity_log",
    "audit_act",
    "audit_read",
    "consent",
    "consent_purpose",
    "customer",
    "customer_insight",
    "customer_score",
    "dead_letter",
    "dossier",
    "erasure_receipt",
    "erasure_request",
    "job",
    "link",
    "model_champion",
    "model_setting",
    "model_version",
    "retention_setting",
    "tenant",
];

async fn tables(db: &TestDb) -> Vec<String> {
    let rows = sqlx::raw_sql(
        "select relname::text from pg_class where relnamespace = 'customer_intelligence'::regnamespace
         and relkind in ('r', 'p') and relname <> '_sqlx_migrations' order by 1",
    )
    .fetch_all(&db.superuser())
    .await
    .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// How many rows of this tenant and how many of others a statement without a condition finds.
async fn seen(connection: &mut PgConnection, table: &str, tenant: Uuid) -> (i64, i64) {
    let count = format!(
        "select count(*) filter (where tenant_id = '{tenant}'),
           count(*) filter (where tenant_id <> '{tenant}' and tenant_id <> '{}') from {table}",
        Uuid::nil()
    );
    let row = sqlx::raw_sql(AssertSqlSafe(count))
        .fetch_one(connection)
        .await
        .unwrap();
    (row.get(0), row.get(1))
}

async fn refusal(connection: &mut PgConnection, statement: &str) -> Option<String> {
    let refused = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
        .execute(connection)
        .await;
    let error = refused.expect_err(statement);
    Error::from(error).sqlstate()
}

#[tokio::test]
async fn a_statement_without_a_condition_sees_the_rows_of_the_one_tenant_that_was_told() {
    let world = World::new().await;
    let reads = world.db.reads();
    let mut everywhere = world.db.superuser().acquire().await.unwrap();
    let mut filled = 0;
    for table in SHOWN {
        for tenant in world.tenants() {
            let (own, foreign) = seen(&mut everywhere, table, tenant).await;
            filled += usize::from(own > 0 && foreign > 0);
            let mut reading = reads.of(tenant).await.unwrap();
            assert_eq!(seen(&mut reading, table, tenant).await, (own, 0), "{table}");
            reading.done();
        }
    }
    assert!(filled >= 15, "only {filled} tables had anything to hide");
}

#[tokio::test]
async fn who_was_told_no_tenant_sees_nothing() {
    let world = World::new().await;
    let mut reading = world.db.reads().of(Uuid::nil()).await.unwrap();
    for untold in ["", "reset ci.tenant_id"] {
        sqlx::raw_sql(untold).execute(&mut *reading).await.unwrap();
        for table in ["customer", "customer_insight", "activity_log", "consent"] {
            let tenant = world.tenants()[0];
            assert_eq!(seen(&mut reading, table, tenant).await, (0, 0), "{table}");
        }
    }
}

#[tokio::test]
async fn a_reading_connection_can_neither_write_nor_see_what_callers_are_never_shown() {
    let db = TestDb::new().await;
    let mut reading = db.reads().of(Uuid::from_u128(1)).await.unwrap();
    for table in tables(&db).await {
        for verb in ["delete from", "truncate"] {
            let statement = format!("{verb} {table}");
            let refused = refusal(&mut reading, &statement).await;
            assert_eq!(refused.as_deref(), PERMISSION_DENIED, "{statement}");
        }
        if SHOWN.contains(&table.as_str()) {
            continue;
        }
        let statement = format!("select * from {table}");
        let refused = refusal(&mut reading, &statement).await;
        assert_eq!(refused.as_deref(), PERMISSION_DENIED, "{statement}");
    }
}

/// The desks' own connections lead nowhere here, so whatever is listed came from behind the fence.
#[tokio::test]
async fn lists_of_desks_are_read_behind_the_fence() {
    let world = World::new().await;
    let (tenant, reads, clock) = (world.tenants()[0], world.db.reads(), world.clock.clone());
    let nowhere = PgConnectOptions::new_without_pgpass().socket("/nowhere/at/all");
    let nowhere = pool::connect_lazy(nowhere, &PoolConfig::default());
    let pepper = Pepper::new(b"pepper");
    let writer = Writer::new(nowhere.clone(), clock.clone(), inbox::Limits::default());
    let letters = Letters::new(nowhere.clone(), reads.clone(), writer, clock.clone());
    let wanted = Wanted {
        tenant_id: Some(tenant),
        first: 10,
        ..Wanted::default()
    };
    let page = letters.page(wanted.clone()).await.unwrap();
    assert_eq!(page.letters.len(), 1);
    let letter = letters.letter(Some(tenant), page.letters[0].id).await;
    assert!(letter.unwrap().is_some());
    let everybodys = Wanted {
        tenant_id: None,
        ..wanted
    };
    assert!(letters.page(everybodys).await.is_err(), "it is not nowhere");
    let models = Models::new(nowhere.clone(), reads.clone(), clock.clone());
    models.list(tenant, None, 5).await.unwrap();
    models.settings(tenant).await.unwrap();
    let exports = Exports::new(nowhere, reads.clone(), clock, pepper.clone());
    exports.page(tenant, None, 5, None).await.unwrap();
    let journal = Journal::new(reads, pepper);
    journal
        .page(tenant, journal::Wanted::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn the_next_read_of_a_tenant_finds_a_connection_that_was_told_already() {
    let db = TestDb::new().await;
    let reads = db.reads();
    let told = |tenant: u128| {
        let reads = reads.clone();
        async move {
            let mut reading = reads.of(Uuid::from_u128(tenant)).await.unwrap();
            let row = sqlx::raw_sql(
                "select pg_backend_pid(), current_setting('ci.tenant_id'), current_user::text",
            )
            .fetch_one(&mut *reading)
            .await
            .unwrap();
            reading.done();
            assert_eq!(row.get::<String, _>(1), Uuid::from_u128(tenant).to_string());
            assert_eq!(row.get::<String, _>(2), "ci_reader");
            row.get::<i32, _>(0)
        }
    };
    let (one, two) = (told(1).await, told(2).await);
    for _ in 0..10 {
        assert_eq!((told(1).await, told(2).await), (one, two));
    }
}

#[tokio::test]
async fn many_tenants_share_few_connections_and_nobody_waits_for_ever_or_sees_another() {
    let db = TestDb::new().await;
    let config = PoolConfig {
        max_connections: 3,
        acquire_timeout: Duration::from_secs(20),
        ..PoolConfig::default()
    };
    let reads = Reads::fenced(db.options(), &config);
    let asks = (0..400_u128).map(|number| {
        let (reads, tenant) = (reads.clone(), Uuid::from_u128(number * 7 % 11));
        async move {
            let mut reading = reads.of(tenant).await.unwrap();
            let row = sqlx::raw_sql("select current_setting('ci.tenant_id'), pg_backend_pid()")
                .fetch_one(&mut *reading)
                .await
                .unwrap();
            // Every third is dropped instead, as when a request's time is up.
            if number % 3 > 0 {
                reading.done();
            }
            assert_eq!(row.get::<String, _>(0), tenant.to_string());
            row.get::<i32, _>(1)
        }
    });
    let used: BTreeSet<i32> = join_all(asks).await.into_iter().collect();
    assert!(used.len() <= 3, "{used:?}");
}

/// As an installation of before the fence: tables are there, the role perhaps not known to the database.
#[tokio::test]
async fn a_database_of_before_gets_the_fence_with_the_upgrade_and_only_once() {
    let db = TestDb::new().await;
    let superuser = db.superuser();
    let tables = tables(&db).await;
    for table in &tables {
        let open = format!(
            "drop policy every_tenant on {table}; drop policy one_tenant on {table};
             drop policy if exists rows_of_no_tenant on {table};
             alter table {table} disable row level security; revoke all on {table} from ci_reader"
        );
        sqlx::raw_sql(AssertSqlSafe(open))
            .execute(&superuser)
            .await
            .unwrap();
    }
    sqlx::raw_sql("delete from _sqlx_migrations where version = 8")
        .execute(&superuser)
        .await
        .unwrap();
    assert_eq!(migrate::run(&db.options()).await.unwrap(), 1);
    let policies = || async {
        let rows = sqlx::raw_sql(
            "select tablename::text, policyname::text, o.xmin::text from pg_policies p join pg_policy o
               on o.polname = p.policyname and o.polrelid = format('%I.%I', schemaname, tablename)::regclass
             where schemaname = 'customer_intelligence' order by 1, 2",
        )
        .fetch_all(&superuser)
        .await
        .unwrap();
        let lines = rows.iter().map(|row| {
            let cells: [String; 3] = [row.get(0), row.get(1), row.get(2)];
            cells
        });
        lines.collect::<Vec<_>>()
    };
    let made = policies().await;
    assert_eq!(made.len(), tables.len() * 2 + 1);
    assert_eq!(migrate::run(&db.options()).await.unwrap(), 0);
    assert_eq!(policies().await, made, "they were made anew");
    let mut reading = db.reads().of(Uuid::from_u128(1)).await.unwrap();
    assert_eq!(
        seen(&mut reading, "customer", Uuid::from_u128(1)).await,
        (0, 0)
    );
}

#[tokio::test]
async fn who_may_not_become_the_reader_is_told_what_an_administrator_has_to_do() {
    let db = TestDb::new().await;
    let login = format!("login_{}", db.options().get_database().unwrap());
    let superuser = db.superuser();
    let make = format!("create role {login} login; grant ci_owner, ci_app, ci_eraser to {login}");
    sqlx::raw_sql(AssertSqlSafe(make))
        .execute(&superuser)
        .await
        .unwrap();
    let refused = migrate::run(&db.options().username(&login)).await;
    let unmake = format!("drop role {login}");
    sqlx::raw_sql(AssertSqlSafe(unmake))
        .execute(&superuser)
        .await
        .unwrap();
    let refused = format!("{:#}", anyhow::Error::new(refused.unwrap_err()));
    let todo = format!("create role ci_reader nologin; grant ci_reader to {login}");
    assert!(refused.contains(&todo), "{refused}");
}

#[tokio::test]
async fn an_erasure_takes_rows_out_in_the_erasers_role_and_in_no_other() {
    let db = TestDb::new().await;
    let mut connection = db.pool().acquire().await.unwrap();
    let mut tx = connection.begin().await.unwrap();
    for statement in [
        "delete from activity_log",
        "update activity_log set kind = 1",
        "delete from consent",
        "update consent set act = 1",
        "delete from erasure_receipt",
        "update erasure_receipt set body = ''",
    ] {
        sqlx::raw_sql("savepoint before")
            .execute(&mut *tx)
            .await
            .unwrap();
        let refused = refusal(&mut tx, statement).await;
        assert_eq!(refused.as_deref(), PERMISSION_DENIED, "{statement}");
        sqlx::raw_sql("rollback to savepoint before")
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    sqlx::raw_sql("set local role ci_eraser")
        .execute(&mut *tx)
        .await
        .unwrap();
    for statement in ["delete from activity_log", "delete from consent"] {
        sqlx::raw_sql(statement).execute(&mut *tx).await.unwrap();
    }
}
