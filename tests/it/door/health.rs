//! Health, metrics and addresses where nothing is.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::rig::{Rig, SECRET};
use crate::support::TestDb;

#[tokio::test]
async fn off_loopback_strangers_learn_whether_but_not_why() {
    let db = TestDb::new().await;
    let rig = Rig::new(db.pool().clone()).await;
    assert_eq!(
        rig.get("/healthz").send().await.unwrap().status(),
        StatusCode::OK
    );

    let stranger = rig.get("/readyz").send().await.unwrap();
    assert_eq!(stranger.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        stranger.json::<Value>().await.unwrap(),
        json!({ "ready": false })
    );
    let holder = rig
        .get("/readyz")
        .header("x-ci-secret", SECRET)
        .send()
        .await
        .unwrap();
    assert_eq!(
        holder.json::<Value>().await.unwrap()["reasons"],
        json!(["a reason"])
    );

    let metrics = || rig.get("/metrics");
    assert_eq!(
        metrics().send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    let holder = metrics()
        .header("x-ci-secret", SECRET)
        .send()
        .await
        .unwrap();
    assert_eq!(holder.text().await.unwrap(), "a_metric 1\n");
}

#[tokio::test]
async fn what_is_not_there_says_so_in_json() {
    let db = TestDb::new().await;
    let rig = Rig::new(db.pool().clone()).await;
    let cases = [
        ("/", StatusCode::NOT_FOUND),
        ("/webhooks/hasura", StatusCode::METHOD_NOT_ALLOWED),
    ];
    for (path, status) in cases {
        let answer = rig.get(path).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        assert!(answer.json::<Value>().await.unwrap()["error"].is_string());
    }
}
