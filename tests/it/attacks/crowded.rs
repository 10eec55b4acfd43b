//! A tenant that asks too often: its joins are answered without a statement, everything else is told to come again, and
//! other tenants do not notice.

use axum::http::StatusCode;
use customer_intelligence::graphql::Limits;
use customer_intelligence::graphql::limits::Rate;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::graphql::rig::{Reply, Rig, TENANT, ask, empty, key, person, router_limited};

const BURST: u32 = 5;

/// A bucket that is not refilled within the test.
fn limits() -> Limits {
    Limits {
        rate: Rate {
            requests_per_second: 1,
            burst: BURST,
        },
        ..Limits::default()
    }
}

async fn crowd() -> (Rig, axum::Router) {
    let rig = Rig::new().await;
    rig.put(TENANT, &[empty(1)]).await;
    let router = router_limited(&rig.db, rig.clock.clone(), limits());
    (rig, router)
}

async fn asked(router: &axum::Router, tenant: Uuid, query: &str) -> Reply {
    let tenant = tenant.to_string();
    let headers = [
        ("x-hasura-role", "manager"),
        ("x-hasura-tenant-id", tenant.as_str()),
    ];
    ask(router, &headers, &json!({ "query": query })).await
}

/// Asks until the bucket is empty.
async fn drain(router: &axum::Router) {
    for _ in 0..=BURST {
        asked(router, TENANT, "{ __typename }").await;
    }
}

#[tokio::test]
async fn a_join_over_the_limit_is_unavailable_and_never_an_error() {
    let (_rig, router) = crowd().await;
    let join = format!(
        "{{ a: customer_insight(person_profile_id: {}) {{ status }} \
         b: customer_insights_by_ids(person_profile_ids: [{}]) {{ status }} }}",
        key(person(1)),
        key(person(1))
    );
    let status = |body: &Value| body["a"]["status"].clone();
    assert_eq!(
        status(&asked(&router, TENANT, &join).await.joined()),
        "READY"
    );
    drain(&router).await;
    let reply = asked(&router, TENANT, &join).await;
    assert_eq!(reply.status, StatusCode::OK);
    let data = reply.joined();
    assert_eq!(
        data,
        json!({ "a": { "status": "UNAVAILABLE" }, "b": [{ "status": "UNAVAILABLE" }] })
    );
}

#[tokio::test]
async fn everything_else_over_the_limit_is_told_to_come_again() {
    let (_rig, router) = crowd().await;
    drain(&router).await;
    for query in [
        "{ customer_insights { nodes { status } } }",
        "{ __schema { types { name } } }",
        "mutation { drop_dead_letter(input: { id: \"00000000-0000-0000-0000-000000000001\" }) { status } }",
    ] {
        let reply = asked(&router, TENANT, query).await;
        assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS, "{query}");
        assert_eq!(reply.headers["retry-after"], "1", "{query}");
        let body = reply.json();
        assert_eq!(
            body["errors"][0]["extensions"]["code"], "RATE_LIMITED",
            "{body}"
        );
        assert!(body.get("data").is_none(), "{body}");
    }
}

#[tokio::test]
async fn a_list_beside_a_join_is_an_error_of_its_own() {
    let (_rig, router) = crowd().await;
    drain(&router).await;
    let both = format!(
        "{{ customer_insight(person_profile_id: {}) {{ status }} customer_insights {{ nodes {{ status }} }} }}",
        key(person(1))
    );
    let reply = asked(&router, TENANT, &both).await;
    assert_eq!(reply.status, StatusCode::OK);
    let body = reply.json();
    assert_eq!(
        body["data"]["customer_insight"]["status"], "UNAVAILABLE",
        "{body}"
    );
    assert!(body["data"]["customer_insights"].is_null(), "{body}");
    assert_eq!(
        body["errors"][0]["extensions"]["code"], "RATE_LIMITED",
        "{body}"
    );
}

#[tokio::test]
async fn one_tenant_does_not_empty_anothers_bucket_and_lists_take_more_than_joins() {
    let (_rig, router) = crowd().await;
    drain(&router).await;
    let other = Uuid::from_u128(0x7e_0001);
    let lists = "{ a: customer_insights { nodes { status } } b: customer_insights { nodes { status } } \
        c: customer_insights { nodes { status } } }";
    let status = |reply: Reply| reply.status;
    assert_eq!(status(asked(&router, other, lists).await), StatusCode::OK);
    // Two are left of five.
    assert_eq!(
        status(asked(&router, other, lists).await),
        StatusCode::TOO_MANY_REQUESTS
    );
    assert_eq!(
        status(asked(&router, other, "{ __typename }").await),
        StatusCode::OK
    );
}
