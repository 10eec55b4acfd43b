//! What is acknowledged is there, once the answer is read and not a moment later.

use reqwest::StatusCode;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::rig::{Rig, SECRET, booking};
use crate::support::TestDb;

#[tokio::test]
async fn the_row_is_there_when_the_answer_is() {
    let db = TestDb::new().await;
    let rig = Rig::new(db.pool().clone()).await;
    let tenant = Uuid::from_u128(1);
    for n in 1..=20 {
        let answer = rig.deliver(&booking(tenant, Uuid::from_u128(n))).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert_eq!(rig.kept(tenant).await, i64::try_from(n).unwrap());
    }
}

#[tokio::test]
async fn two_hundred_at_once_are_all_kept_in_the_order_of_their_ids() {
    let db = TestDb::new().await;
    let rig = Rig::new(db.pool().clone()).await;
    let mut deliveries = JoinSet::new();
    for n in 0..200_u128 {
        let envelope = booking(Uuid::from_u128(1 + n % 3), Uuid::from_u128(n)).to_string();
        deliveries.spawn(rig.post(envelope).send());
    }
    while let Some(answer) = deliveries.join_next().await {
        assert_eq!(answer.unwrap().unwrap().status(), StatusCode::NO_CONTENT);
    }
    let mut kept = 0;
    for tenant in 1..=3 {
        kept += rig.kept(Uuid::from_u128(tenant)).await;
    }
    assert_eq!(kept, 200);
    assert_eq!(rig.writer.depth(), 0);
}

#[tokio::test]
async fn a_duplicate_is_welcome() {
    let db = TestDb::new().await;
    let rig = Rig::new(db.pool().clone()).await;
    let envelope = booking(Uuid::from_u128(1), Uuid::from_u128(2));
    for _ in 0..3 {
        assert_eq!(
            rig.deliver(&envelope).await.status(),
            StatusCode::NO_CONTENT
        );
    }
    assert!(rig.reasons().await.is_empty());
}

#[tokio::test]
async fn what_is_kept_holds_no_column_that_nobody_allowed() {
    let db = TestDb::new().await;
    let rig = Rig::new(db.pool().clone()).await;
    let tenant = Uuid::from_u128(1);
    let mut envelope = booking(tenant, Uuid::from_u128(2));
    envelope["event"]["data"]["new"]["internal_note"] = "window seat for Anna".into();
    envelope["event"]["session_variables"] = serde_json::json!({ "x-hasura-user-id": "Anna" });
    assert_eq!(
        rig.deliver(&envelope).await.status(),
        StatusCode::NO_CONTENT
    );
    let payload = sqlx::query_scalar!("select payload from inbox where tenant_id = $1", tenant)
        .fetch_one(&rig.pool)
        .await
        .unwrap();
    let payload = String::from_utf8(payload).unwrap();
    assert!(payload.contains("DEPOSIT_PAID"));
    assert!(
        !payload.contains("Anna") && !payload.contains("internal_note"),
        "{payload}"
    );
}

#[tokio::test]
async fn during_a_rotation_both_secrets_work_and_afterwards_only_the_new_one() {
    let db = TestDb::new().await;
    let rig = Rig::new(db.pool().clone()).await;
    let envelope = booking(Uuid::from_u128(1), Uuid::from_u128(2)).to_string();
    let status = async |secret: &str| {
        let request = rig
            .post_without_secret(envelope.clone())
            .header("x-ci-secret", secret);
        request.send().await.unwrap().status()
    };
    assert_eq!(status("new").await, StatusCode::UNAUTHORIZED);
    rig.keys.replace(["new", SECRET]);
    assert_eq!(status("new").await, StatusCode::NO_CONTENT);
    assert_eq!(status(SECRET).await, StatusCode::NO_CONTENT);
    rig.keys.replace(["new"]);
    assert_eq!(status(SECRET).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_wrong_secret_is_told_to_come_again_and_leaves_nothing_behind() {
    let db = TestDb::new().await;
    let rig = Rig::new(db.pool().clone()).await;
    let tenant = Uuid::from_u128(1);
    let envelope = booking(tenant, Uuid::from_u128(2)).to_string();
    let without = rig.post_without_secret(envelope.clone());
    let wrong = rig
        .post_without_secret(envelope.clone())
        .header("x-ci-secret", "wrong");
    let twice = rig.post(envelope).header("x-ci-secret", SECRET);
    for request in [without, wrong, twice] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers()["retry-after"], "60");
    }
    assert_eq!(rig.kept(tenant).await, 0);
    assert!(rig.reasons().await.is_empty());
}
