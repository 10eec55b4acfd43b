//! Acts: one chain a tenant, which no number of writers forks and no change leaves whole.

use customer_intelligence::audit::verify::{self, Fault, Head, Report};
use customer_intelligence::audit::write;
use customer_intelligence::db::Tx;
use customer_intelligence::resolve::tenant;
use futures::future::join_all;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{TENANT, entry};
use crate::support::TestDb;

async fn verified(db: &TestDb) -> Result<Head, Fault> {
    let mut connection = db.pool().acquire().await.unwrap();
    of_acts(verify::tenant(&mut connection, TENANT).await.unwrap())
}

fn of_acts(report: Report) -> Result<Head, Fault> {
    match report.faults.into_iter().find(|(chain, _)| chain.is_none()) {
        Some((_, fault)) => Err(fault),
        None => Ok(report.heads[0].clone()),
    }
}

async fn written(db: &TestDb, links: u128) {
    for number in 0..links {
        let mut tx = Tx::begin(db.pool()).await.unwrap();
        write(&mut tx, &entry(number)).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_at_the_same_time_make_one_chain_of_what_was_committed() {
    let db = TestDb::new().await;
    tenant::ensure(db.pool(), TENANT).await.unwrap();
    let writers = (0..8_u128).map(|writer| {
        let db = &db;
        async move {
            for turn in 0..25 {
                let mut tx = Tx::begin(db.pool()).await.unwrap();
                // Some hold the tenant's row, as those who change its data do, and some do not.
                if writer % 2 == 0 {
                    let now = "2027-03-01T12:00:00Z".parse().unwrap();
                    tenant::wait(&mut tx, TENANT, now).await.unwrap().unwrap();
                }
                for part in 0..2 {
                    let number = writer * 1_000 + turn * 2 + part;
                    write(&mut tx, &entry(number)).await.unwrap();
                }
                if turn % 5 == 4 {
                    tx.rollback().await.unwrap();
                } else {
                    tx.commit().await.unwrap();
                }
            }
        }
    });
    join_all(writers).await;
    let head = verified(&db).await.expect("it is whole");
    assert_eq!(head.number, 8 * 20 * 2);
    let told = db
        .lines("select distinct subject_tag::text from audit_act")
        .await;
    assert_eq!(told.len(), 8 * 20 * 2, "each once");
}

#[tokio::test]
async fn whoever_writes_an_act_keeps_nobody_from_the_tenant_s_row() {
    let db = TestDb::new().await;
    tenant::ensure(db.pool(), TENANT).await.unwrap();
    let mut open = Tx::begin(db.pool()).await.unwrap();
    write(&mut open, &entry(1)).await.unwrap();
    let mut other = Tx::begin(db.pool()).await.unwrap();
    let now = "2027-03-01T12:00:00Z".parse().unwrap();
    let taken = tenant::take(&mut other, TENANT, now).await.unwrap();
    assert!(taken.is_some(), "ingest does not wait for an act");
}

#[tokio::test]
async fn each_tenant_has_a_chain_of_its_own() {
    let db = TestDb::new().await;
    written(&db, 3).await;
    let mut tx = Tx::begin(db.pool()).await.unwrap();
    let mut other = entry(9);
    other.tenant_id = Uuid::nil();
    write(&mut tx, &other).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(verified(&db).await.unwrap().number, 3);
    let mut connection = db.pool().acquire().await.unwrap();
    let nobody = verify::tenant(&mut connection, Uuid::nil()).await.unwrap();
    assert_eq!(of_acts(nobody).unwrap().number, 1);
}

#[tokio::test]
async fn whatever_is_changed_taken_out_or_moved_is_found() {
    let db = TestDb::new().await;
    written(&db, 6).await;
    assert_eq!(verified(&db).await.unwrap().number, 6);
    let columns = db
        .lines(
            "select column_name::text from information_schema.columns
         where table_name = 'audit_act' and column_name not in ('tenant_id', 'number') order by 1",
        )
        .await;
    assert_eq!(columns.len(), 9);
    for column in columns {
        let other = match column.as_str() {
            "previous" | "hash" => "'\\x00'::bytea",
            "at" => "at + interval '1 microsecond'",
            "subject_tag" | "object_id" => "tenant_id",
            "user_id" => "null",
            _ => "'other'",
        };
        let change = format!("update audit_act set {column} = {other} where number = 3");
        tampered(&db, &change, 3).await;
    }
    for (change, number) in [
        ("delete from audit_act where number = 4", 4),
        ("delete from audit_act where number = 1", 1),
        (
            "delete from audit_act where number = 3;
             update audit_act set number = number - 1 where number > 3",
            3,
        ),
        (
            "update audit_act set number = 100 where number = 2;
             update audit_act set number = 2 where number = 5;
             update audit_act set number = 5 where number = 100",
            2,
        ),
        (
            "insert into audit_act select tenant_id, 7, hash, hash, at, role, user_id, act, subject_tag, object_id, detail
             from audit_act where number = 6",
            7,
        ),
    ] {
        tampered(&db, change, number).await;
    }
}

/// The change is found at that link, and is undone.
async fn tampered(db: &TestDb, change: &str, number: i64) {
    let superuser = db.superuser();
    let mut tx = superuser.begin().await.unwrap();
    let changed = sqlx::raw_sql(AssertSqlSafe(change.to_owned()))
        .execute(&mut *tx)
        .await;
    changed.unwrap_or_else(|err| panic!("{change}: {err}"));
    let fault = of_acts(verify::tenant(&mut tx, TENANT).await.unwrap());
    let found = match fault.expect_err(change) {
        Fault::Missing { number } | Fault::Loose { number } | Fault::Changed { number } => number,
        other => panic!("{change}: {other}"),
    };
    assert_eq!(found, number, "{change}");
    tx.rollback().await.unwrap();
}

#[tokio::test]
async fn the_service_and_its_eraser_can_only_add() {
    let db = TestDb::new().await;
    written(&db, 1).await;
    for role in ["ci_app", "ci_eraser"] {
        for statement in [
            "update audit_act set detail = ''",
            "delete from audit_act",
            "truncate audit_act",
            "update audit_read set lost = 0",
            "truncate audit_read",
        ] {
            let mut tx = db.superuser().begin().await.unwrap();
            let become_one = AssertSqlSafe(format!("set local role {role}"));
            sqlx::raw_sql(become_one).execute(&mut *tx).await.unwrap();
            let refused = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
                .execute(&mut *tx)
                .await;
            let refused = refused.expect_err(statement);
            let code = refused
                .as_database_error()
                .and_then(sqlx::error::DatabaseError::code);
            assert_eq!(code.as_deref(), Some("42501"), "{role}: {statement}");
        }
    }
}
