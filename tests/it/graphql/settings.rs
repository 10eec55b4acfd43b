//! What a tenant decides about its models: versions that hold from an instant on, audited with it.

use std::time::Duration;

use chrono::TimeDelta;
use customer_intelligence::derivations::training;
use serde_json::{Value, json};

use super::rig::{Rig, TENANT, ask, key, person};
use super::taste::Guest;

const SHOWN: &str = "status settings { churn_horizon { months version }
    engagement_weights { rhythm trend response feedback reliability version } }";

async fn weights(rig: &Rig, each: [f64; 5]) -> Value {
    let [rhythm, trend, response, feedback, reliability] = each;
    let query = format!(
        "mutation {{ set_engagement_weights(input: {{rhythm: {rhythm}, trend: {trend}, response: {response}, \
         feedback: {feedback}, reliability: {reliability}}}) {{ {SHOWN} }} }}"
    );
    rig.ask(&query).await.joined()["set_engagement_weights"].take()
}

async fn horizon(rig: &Rig, months: i64) -> Value {
    let query =
        format!("mutation {{ set_churn_horizon(input: {{months: {months}}}) {{ {SHOWN} }} }}");
    rig.ask(&query).await.joined()["set_churn_horizon"].take()
}

async fn read(rig: &Rig) -> Value {
    let query = format!(
        "{{ customer_insight(person_profile_id: {}) {{ engagement_score {{ score weights_version parts {{ part }} }} }} }}",
        key(person(1))
    );
    rig.ask(&query).await.joined()["customer_insight"]["engagement_score"].take()
}

#[tokio::test]
async fn weights_hold_from_the_moment_they_are_set_and_never_before() {
    let rig = Rig::new().await;
    let guest = Guest::of(1, &[(1, 300), (2, 650), (1, 680)]);
    rig.put(TENANT, &[guest.insight()]).await;
    let before = read(&rig).await;
    assert_eq!(before["weights_version"], 0);
    rig.clock.advance(TimeDelta::seconds(1));
    let set = weights(&rig, [0.0, 1.0, 0.0, 0.0, 0.0]).await;
    assert_eq!(set["status"], "SET");
    assert_eq!(set["settings"]["engagement_weights"]["version"], 1);
    let after = read(&rig).await;
    assert_eq!(after["weights_version"], 1);
    assert_eq!(
        after["parts"],
        json!([{ "part": "TREND" }]),
        "the others weigh nothing"
    );
    assert_ne!(after["score"], before["score"]);
    for unusable in [
        [0.0; 5],
        [-1.0, 1.0, 1.0, 1.0, 1.0],
        [1_001.0, 1.0, 1.0, 1.0, 1.0],
    ] {
        let refused = weights(&rig, unusable).await;
        assert_eq!(refused["status"], "UNUSABLE");
        assert_eq!(refused["settings"]["engagement_weights"]["version"], 1);
    }
    // At the same instant once more: a version after it.
    assert_eq!(
        weights(&rig, [1.0; 5]).await["settings"]["engagement_weights"]["version"],
        2
    );
    let audited = rig
        .db
        .lines("select detail::text from audit_act where act = 'setting_changed' order by 1")
        .await;
    assert_eq!(audited.len(), 2);
    assert!(
        audited[0].contains("models.engagement_weights"),
        "{audited:?}"
    );
    let now = rig.clock.now();
    let mut connection = rig.db.pool().acquire().await.unwrap();
    for (ago, version) in [(TimeDelta::seconds(2), 0), (TimeDelta::zero(), 1)] {
        let held = customer_intelligence::models::settings(&mut connection, TENANT, now - ago);
        assert_eq!(held.await.unwrap().weights.version, version, "{ago}");
    }
}

#[tokio::test]
async fn a_horizon_asks_for_the_training_that_it_holds_from() {
    let rig = Rig::new().await;
    assert_eq!(horizon(&rig, 0).await["status"], "UNUSABLE");
    assert_eq!(horizon(&rig, 61).await["status"], "UNUSABLE");
    assert_eq!(
        horizon(&rig, -5).await["settings"]["churn_horizon"]["months"],
        15
    );
    let runs = "select name from job where name = 'ci_train'";
    assert!(rig.db.lines(runs).await.is_empty());
    let set = horizon(&rig, 12).await;
    assert_eq!(
        set["settings"]["churn_horizon"],
        json!({ "months": 12, "version": 1 })
    );
    assert_eq!(rig.db.lines(runs).await, ["ci_train"]);
    let material = training::gather(rig.db.pool(), TENANT, rig.clock.now())
        .await
        .unwrap();
    assert_eq!(material.about.settings.horizon.months, 12);
    let (kind, trainer) = training::TRAINERS[0];
    let trained = trainer(&material, None);
    assert_eq!(trained.settings["horizon_days"], 365.0, "{kind:?}");
    let at = (Duration::from_millis(1), rig.clock.now());
    training::keep(
        rig.db.pool(),
        TENANT,
        kind,
        (&material, trained),
        at,
        "a test",
    )
    .await
    .unwrap();
    let seen = rig
        .ask("{ model_settings { churn_horizon { months } } models { settings } }")
        .await
        .joined();
    assert_eq!(seen["model_settings"]["churn_horizon"]["months"], 12);
    assert_eq!(seen["models"][0]["settings"]["horizon_days"], 365.0);
    // Others may look at neither.
    let tenant = TENANT.to_string();
    let headers = [
        ("x-hasura-role", "dispatcher"),
        ("x-hasura-tenant-id", tenant.as_str()),
    ];
    for query in [
        "{ model_settings { churn_horizon { months } } }",
        "mutation { set_churn_horizon(input: {months: 3}) { status } }",
    ] {
        let refused = ask(&rig.router, &headers, &json!({ "query": query }))
            .await
            .json();
        assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
    }
}
