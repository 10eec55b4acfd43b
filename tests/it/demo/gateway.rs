//! The gateway asks as Hasura asks, and judges the answer as Hasura does.

use axum::Json;
use axum::response::{IntoResponse, Response};
use customer_intelligence::demo::gateway::{Gateway, Session};
use serde_json::{Map, Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::receiver::{Receiver, Seen};
use super::{platform_of, run};
use crate::support::TestDb;

pub(super) const TENANT: &str = "22222222-2222-4222-8222-222222222222";
const ANNA: &str = "aaaaaaaa-1111-4111-8111-111111111111";
const BERT: &str = "bbbbbbbb-1111-4111-8111-111111111111";

/// Two persons of the tenant and one of another.
pub(super) async fn people(pool: &PgPool) {
    let sql = format!(
        "insert into backoffice.person_profiles (id, tenant_id, first_name, last_name, email) values
         ('{ANNA}', '{TENANT}', 'Anna', 'Birkenbach', 'anna@example.org'),
         ('{BERT}', '{TENANT}', 'Bert', 'Waldmann', null),
         (gen_random_uuid(), gen_random_uuid(), 'Fremde', 'Person', null)"
    );
    run(pool, &sql).await;
}

pub(super) fn gateway(pool: &PgPool, receiver: &Receiver) -> Gateway {
    let session = Session {
        role: "dispatcher".into(),
        tenant: TENANT.parse().expect("a uuid"),
        user: Uuid::nil(),
    };
    Gateway::new(
        pool.clone(),
        format!("{}/graphql", receiver.url()),
        "gateway-secret",
        session,
    )
    .expect("a gateway")
}

/// Answers every alias with its own name.
pub(super) fn echo(request: &Seen) -> Response {
    let query = request.json()["query"]
        .as_str()
        .expect("a query")
        .to_owned();
    let aliases = query
        .split_whitespace()
        .filter_map(|word| word.strip_suffix(':'));
    let number = |alias: &&str| {
        alias
            .strip_prefix('f')
            .is_some_and(|n| n.parse::<u32>().is_ok())
    };
    let aliases = aliases.filter(number);
    let data: Map<_, _> = aliases
        .map(|a| (a.to_owned(), json!({ "status": a })))
        .collect();
    Json(json!({ "data": data })).into_response()
}

const QUERY: &str = "{ backoffice_person_profiles(order_by: {last_name: asc}) { last_name customer_insight { status } } }";

#[tokio::test]
async fn a_list_is_joined_by_one_request_printed_as_hasuras() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    people(&pool).await;
    let receiver = Receiver::start(|request, _| echo(request)).await;
    let answer = gateway(&pool, &receiver)
        .answer(&json!({ "query": QUERY }))
        .await;
    assert_eq!(
        answer,
        json!({ "data": { "backoffice_person_profiles": [
            { "last_name": "Birkenbach", "customer_insight": { "status": "f0" } },
            { "last_name": "Waldmann", "customer_insight": { "status": "f1" } },
        ] } })
    );
    let [request] = &receiver.seen()[..] else {
        panic!("one request")
    };
    let query = format!(
        r#"query  {{ f0: customer_insight(person_profile_id: "{ANNA}") {{ status  }} f1: customer_insight(person_profile_id: "{BERT}") {{ status  }} }}"#
    );
    assert_eq!(request.json(), json!({ "query": query }));
    for (name, value) in [
        ("x-ci-secret", "gateway-secret"),
        ("x-hasura-role", "dispatcher"),
        ("x-hasura-tenant-id", TENANT),
    ] {
        assert_eq!(request.header(name), value);
    }
    assert_eq!(request.header("x-b3-traceid").len(), 32);
}

#[tokio::test]
async fn two_selections_share_the_alias_counter_and_variables_travel() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    people(&pool).await;
    let receiver = Receiver::start(|request, _| echo(request)).await;
    let query = "query Q($then: timestamptz!) { backoffice_person_profiles(where: {id: {_eq: \"aaaaaaaa-1111-4111-8111-111111111111\"}}) {
      now: customer_insight { status } past: customer_insight(as_of: $then) { status } } }";
    let body = json!({ "query": query, "variables": { "then": "2026-01-01T00:00:00Z" } });
    let answer = gateway(&pool, &receiver).answer(&body).await;
    let row = &answer["data"]["backoffice_person_profiles"][0];
    assert_eq!(
        *row,
        json!({ "now": { "status": "f0" }, "past": { "status": "f1" } })
    );
    let seen = receiver.seen();
    assert_eq!(
        seen[1].json(),
        json!({
            "query": format!("query ($then: timestamptz!) {{ f1: customer_insight(person_profile_id: \"{ANNA}\",as_of: $then) {{ status  }} }}"),
            "variables": { "then": "2026-01-01T00:00:00Z" },
        })
    );
}

#[tokio::test]
async fn one_error_of_the_service_costs_the_whole_query() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    people(&pool).await;
    let receiver = Receiver::start(|_, _| {
        Json(json!({ "data": { "f0": null, "f1": null }, "errors": [] })).into_response()
    })
    .await;
    let answer = gateway(&pool, &receiver)
        .answer(&json!({ "query": QUERY }))
        .await;
    assert_eq!(answer["data"], Value::Null);
    assert_eq!(answer["errors"][0]["message"], "Errors from remote server");
    assert_eq!(
        answer["errors"][0]["extensions"]["code"],
        "remote-schema-error"
    );
}

#[tokio::test]
async fn a_missing_alias_costs_the_whole_query_and_a_null_does_not() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    people(&pool).await;
    let receiver = Receiver::start(|_, before| {
        let data = if before == 0 {
            json!({ "f0": null, "f1": null })
        } else {
            json!({ "f0": null })
        };
        Json(json!({ "data": data })).into_response()
    })
    .await;
    let gateway = gateway(&pool, &receiver);
    let nulls = gateway.answer(&json!({ "query": QUERY })).await;
    assert_eq!(
        nulls["data"]["backoffice_person_profiles"][1]["customer_insight"],
        Value::Null
    );
    let missing = gateway.answer(&json!({ "query": QUERY })).await;
    assert_eq!(
        missing["errors"][0]["message"],
        "failed to lookup key 'f1' in response"
    );
}

#[tokio::test]
async fn other_root_fields_go_to_the_service_under_the_operations_name() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    let receiver =
        Receiver::start(|_, _| Json(json!({ "data": { "top": { "nodes": [] } } })).into_response())
            .await;
    let query = "query Best($n: Int) { top: customer_insights(first: $n) { nodes { status } } }";
    let body = json!({ "query": query, "operationName": "Best", "variables": { "n": 3 } });
    let answer = gateway(&pool, &receiver)
        .with_role("manager")
        .answer(&body)
        .await;
    assert_eq!(answer, json!({ "data": { "top": { "nodes": [] } } }));
    let request = &receiver.seen()[0];
    assert_eq!(request.header("x-hasura-role"), "manager");
    assert_eq!(
        request.json(),
        json!({
            "query": "query Best($n: Int) { top: customer_insights(first: $n) { nodes { status  } } }",
            "operationName": "Best", "variables": { "n": 3 },
        })
    );
}

#[tokio::test]
async fn what_the_gateway_does_not_know_is_refused_without_asking_anybody() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    let receiver = Receiver::start(|request, _| echo(request)).await;
    let gateway = gateway(&pool, &receiver);
    for query in [
        "{ backoffice_person_profiles(where: {secret: {_eq: 1}}) { id } }",
        "{ backoffice_person_profiles(where: {id: {_raw: 1}}) { id } }",
        "mutation { delete_everything }",
        "{ broken",
    ] {
        let answer = gateway.answer(&json!({ "query": query })).await;
        assert!(
            answer["errors"][0]["message"].is_string(),
            "{query}: {answer}"
        );
    }
    assert!(receiver.seen().is_empty());
}
