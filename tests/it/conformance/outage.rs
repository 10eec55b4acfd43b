//! The database stopped or slow: every alias is answered in time, and trouble is told as data.

use std::time::{Duration, Instant};

use customer_intelligence::demo::remote_join::{Keys, Step, Target, body, judge, query_text};
use serde_json::{Map, Value, json};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use uuid::Uuid;

use super::introspection;
use super::platform::Platform;
use super::rig::Rig;
use crate::support::TestDb;

/// What `remote_schemas.yaml` allows; later answers fail the whole query.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The status of every key, by a join of this many.
async fn statuses(rig: &Rig, count: u128) -> Vec<Value> {
    let (mut step, mut keys) = (Step::default(), Keys::default());
    for number in 0..count {
        keys.note(&mut step, &json!(Uuid::from_u128(0x10_0000 + number)));
    }
    let target = Target {
        field: "customer_insight".to_owned(),
        argument: "person_profile_id".to_owned(),
        arguments: vec![],
        selection: "{ person_profile_id  status  behavior_aggregate { total_bookings  } activities { nodes { kind  } } }".to_owned(),
        definitions: vec![],
    };
    let tenant = Uuid::from_u128(0xa).to_string();
    let session = [
        ("x-hasura-role", "dispatcher"),
        ("x-hasura-tenant-id", tenant.as_str()),
    ];
    let begun = Instant::now();
    let answer = rig
        .ask(&session, body(&query_text(&target, &keys), &Map::new()))
        .await;
    assert!(
        begun.elapsed() < TIMEOUT,
        "{count} keys took {:?}",
        begun.elapsed()
    );
    let values = judge(&answer, keys.aliases());
    let values =
        values.unwrap_or_else(|fatal| panic!("{fatal}: {}", String::from_utf8_lossy(&answer)));
    keys.aliases()
        .map(|alias| values[&alias]["status"].clone())
        .collect()
}

async fn two_known(db: &TestDb) -> Rig {
    let platform = Platform::new(db).await;
    let tenant = Uuid::from_u128(0xa);
    for number in 0..2_u128 {
        let id = Uuid::from_u128(0x10_0000 + number);
        platform
            .run(&format!(
                "insert into backoffice.person_profiles (id, tenant_id) values ('{id}', '{tenant}')"
            ))
            .await;
    }
    let rig = Rig::new(db);
    for event in platform.events().await {
        assert!(rig.deliver(event.body(5)).await.is_success());
    }
    rig.settle().await;
    rig
}

#[tokio::test]
async fn with_the_database_stopped_every_key_is_unavailable_and_introspection_works() {
    let rig = Rig::without_database();
    for count in [1, 3, 100, 1_000, 5_000] {
        let statuses = statuses(&rig, count).await;
        assert!(
            statuses.iter().all(|status| status == "UNAVAILABLE"),
            "{count}: {statuses:?}"
        );
    }
    let (_, answer) = rig
        .graphql(
            &[("x-ci-secret", super::rig::GATEWAY_SECRET)],
            introspection::request(),
        )
        .await;
    introspection::read(&answer).unwrap();
}

#[tokio::test]
async fn with_the_database_slow_the_answer_comes_in_time_and_the_next_one_is_whole() {
    let db = TestDb::new().await;
    let rig = two_known(&db).await;
    let mut connection = db.options().connect().await.unwrap();
    let mut blocking = connection.begin().await.unwrap();
    sqlx::raw_sql("lock table customer_intelligence.customer_insight in access exclusive mode")
        .execute(&mut *blocking)
        .await
        .unwrap();
    for count in [1, 100] {
        let statuses = statuses(&rig, count).await;
        assert!(
            statuses.iter().all(|status| status == "UNAVAILABLE"),
            "{count}: {statuses:?}"
        );
    }
    blocking.rollback().await.unwrap();
    assert_eq!(
        statuses(&rig, 3).await,
        [json!("READY"), json!("READY"), Value::Null]
    );
}

#[tokio::test]
async fn when_the_database_comes_back_so_do_the_answers() {
    let db = TestDb::new().await;
    let rig = two_known(&db).await;
    let name = db.options().get_database().unwrap().to_owned();
    let admission = |open: bool| format!("alter database {name} allow_connections {open}");
    let mut elsewhere = db.options().database("postgres").connect().await.unwrap();
    let end =
        format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'");
    for statement in [admission(false), end] {
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut elsewhere)
            .await
            .unwrap();
    }
    assert_eq!(statuses(&rig, 2).await, ["UNAVAILABLE", "UNAVAILABLE"]);
    sqlx::raw_sql(AssertSqlSafe(admission(true)))
        .execute(&mut elsewhere)
        .await
        .unwrap();
    assert_eq!(statuses(&rig, 2).await, ["READY", "READY"]);
    elsewhere.close().await.unwrap();
}
