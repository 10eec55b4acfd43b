//! The database away, slow, and back: a join is answered in time and without errors, whatever happens.

use std::time::{Duration, Instant};

use axum::http::Request;
use customer_intelligence::db::{PoolConfig, pool};
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::insight;
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;

use super::rig::{
    Rig, SECRET, TENANT, ask_as_manager, empty, join, key, now, person, router, send,
};
use crate::conformance::introspection;

const SELECTION: &str = "{ person_profile_id  status  fresh_as_of  computed_at  is_minor  locale  behavior_aggregate { total_bookings  } engagement_score { nps_score  } activities { nodes { id  } } }";

/// How long Hasura is ever kept waiting, with some room for a busy machine.
const LIMIT: Duration = Duration::from_secs(4);

fn unavailable(number: u128) -> Value {
    json!({ "person_profile_id": person(number).to_string(), "status": "UNAVAILABLE",
        "fresh_as_of": null, "computed_at": null, "is_minor": null, "locale": null,
        "behavior_aggregate": null, "engagement_score": null, "activities": null })
}

fn stopped() -> axum::Router {
    let options = PgConnectOptions::new()
        .host("/nonexistent")
        .database("away")
        .username("nobody");
    let pool = pool::connect_lazy(options, &insight::pool_config(&PoolConfig::default()));
    router(&pool, Clock::manual(now()))
}

#[tokio::test]
async fn with_the_database_stopped_every_alias_says_so_quickly() {
    let router = stopped();
    let keys: Vec<String> = (0..1_000)
        .map(|n| key(person(n)))
        .chain(["\"x\"".to_owned()])
        .collect();
    let asked = Instant::now();
    let data = ask_as_manager(&router, &join(0, &keys, SELECTION))
        .await
        .joined();
    assert!(asked.elapsed() < LIMIT, "{:?}", asked.elapsed());
    for number in 0..1_000_u128 {
        assert_eq!(data[format!("f{number}")], unavailable(number));
    }
    assert_eq!(data["f1000"], Value::Null);
}

#[tokio::test]
async fn with_the_database_stopped_by_ids_says_so_too_and_a_list_is_an_error() {
    let router = stopped();
    let query = format!(
        "{{ customer_insights_by_ids(person_profile_ids: [{}]) {{ status }} }}",
        key(person(1))
    );
    let data = ask_as_manager(&router, &query).await.joined();
    assert_eq!(
        data["customer_insights_by_ids"],
        json!([{ "status": "UNAVAILABLE" }])
    );
    let body = ask_as_manager(&router, "{ customer_insights { nodes { status } } }")
        .await
        .json();
    assert_eq!(body["data"], json!({ "customer_insights": null }));
    assert_eq!(body["errors"][0]["extensions"]["code"], "UNAVAILABLE");
}

#[tokio::test]
async fn introspection_needs_the_secret_and_nothing_else() {
    let request = Request::post("/graphql")
        .header("content-type", "application/json")
        .header("x-ci-secret", SECRET);
    let body = introspection::request();
    let reply = send(&stopped(), request.body(body.into()).unwrap()).await;
    reply.joined();
    let schema = introspection::read(reply.text.as_bytes()).unwrap();
    let names: Vec<&str> = schema.types.iter().map(|one| one.name.as_str()).collect();
    for name in [
        "Query",
        "CustomerInsight",
        "BehaviorAggregate",
        "uuid",
        "timestamptz",
        "numeric",
        "date",
    ] {
        assert!(names.contains(&name), "{name}");
    }
}

#[tokio::test]
async fn a_slow_database_is_given_up_on_in_time_and_found_again_when_it_is_back() {
    let rig = Rig::new().await;
    rig.put(TENANT, &[empty(1)]).await;
    let reads = pool::connect_lazy(
        rig.db.options(),
        &insight::pool_config(&PoolConfig::default()),
    );
    let router = router(&reads, rig.clock.clone());
    let query = join(0, &[key(person(1)), key(person(2))], SELECTION);
    let mut blocker = rig.db.superuser().begin().await.unwrap();
    sqlx::raw_sql("lock table customer_insight in access exclusive mode")
        .execute(&mut *blocker)
        .await
        .unwrap();
    let asked = Instant::now();
    let data = ask_as_manager(&router, &query).await.joined();
    assert!(asked.elapsed() < LIMIT, "{:?}", asked.elapsed());
    assert_eq!(data, json!({ "f0": unavailable(1), "f1": unavailable(2) }));
    blocker.rollback().await.unwrap();
    let data = ask_as_manager(&router, &query).await.joined();
    assert_eq!(data["f0"]["status"], "READY");
    assert_eq!(data["f1"], Value::Null);
}

#[tokio::test]
async fn trouble_with_the_timeline_leaves_the_rest_of_the_insight_alone() {
    let rig = Rig::new().await;
    rig.put(TENANT, &[empty(1)]).await;
    let mut blocker = rig.db.superuser().begin().await.unwrap();
    sqlx::raw_sql("lock table activity_log in access exclusive mode")
        .execute(&mut *blocker)
        .await
        .unwrap();
    let asked = Instant::now();
    let data = rig
        .ask(&join(
            0,
            &[key(person(1))],
            "{ status  activities { nodes { id  } } }",
        ))
        .await
        .joined();
    assert!(asked.elapsed() < LIMIT, "{:?}", asked.elapsed());
    assert_eq!(data["f0"], json!({ "status": "READY", "activities": null }));
    blocker.rollback().await.unwrap();
}
