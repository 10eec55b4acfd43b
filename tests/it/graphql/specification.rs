//! What the pinned library must keep doing: keys in the order asked, null where the specification wants null.
//!
//! These fail on a release that answers in order of completion or leaves failed keys out, as some do.

use std::time::Duration;

use async_graphql::{EmptyMutation, EmptySubscription, Object, Result, Schema};
use serde_json::json;

use super::rig::{Rig, TENANT, person, with_revenue};

struct Query;

struct Inner;

#[Object]
impl Query {
    async fn slow(&self, ms: i32) -> i32 {
        // A timer, not a wait for something: the fields must finish in another order than they are asked in.
        tokio::time::sleep(Duration::from_millis(u64::try_from(ms).unwrap())).await;
        ms
    }

    async fn inner(&self) -> Option<Inner> {
        Some(Inner)
    }
}

#[Object]
impl Inner {
    async fn fine(&self) -> i32 {
        1
    }

    async fn broken(&self) -> Result<i32> {
        Err("broken".into())
    }
}

fn schema() -> Schema<Query, EmptyMutation, EmptySubscription> {
    Schema::new(Query, EmptyMutation, EmptySubscription)
}

#[tokio::test]
async fn keys_come_in_the_order_asked_whoever_finishes_first() {
    let answer = schema()
        .execute("{ a: slow(ms: 30) b: slow(ms: 1) c: slow(ms: 10) }")
        .await;
    assert_eq!(
        serde_json::to_string(&answer.data).unwrap(),
        r#"{"a":30,"b":1,"c":10}"#
    );
}

#[tokio::test]
async fn an_error_in_a_non_null_field_makes_its_nullable_parent_null() {
    let answer = schema()
        .execute("{ before: slow(ms: 0) inner { fine broken } after: slow(ms: 0) }")
        .await;
    assert_eq!(
        serde_json::to_value(&answer.data).unwrap(),
        json!({ "before": 0, "inner": null, "after": 0 })
    );
    assert_eq!(answer.errors.len(), 1);
}

#[tokio::test]
async fn an_error_in_a_nullable_field_leaves_its_siblings_alone() {
    let rig = Rig::new().await;
    rig.put(TENANT, &[with_revenue(1, 100)]).await;
    let query = format!(
        "{{ a: customer_insight(person_profile_id: \"{}\") {{ status }} \
         b: customer_insights(after: \"no cursor\") {{ nodes {{ status }} }} }}",
        person(1)
    );
    let body = rig.ask(&query).await.json();
    assert_eq!(
        body["data"],
        json!({ "a": { "status": "READY" }, "b": null })
    );
    assert_eq!(body["errors"][0]["path"], json!(["b"]));
    assert_eq!(body["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    assert_eq!(body["errors"].as_array().unwrap().len(), 1);
}
