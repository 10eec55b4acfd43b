//! Models over HTTP: a manager sees what was learned and takes it back.

use chrono::TimeDelta;
use customer_intelligence::db::Tx;
use customer_intelligence::domain::model::registry::{Kind, Verdict};
use customer_intelligence::models::{Candidate, Cause, Crowning, crown, keep};
use serde_json::json;
use uuid::Uuid;

use super::rig::{Rig, TENANT, ask, now};

/// Versions of one kind, each the champion after the one before.
async fn learned(rig: &Rig, tenant: Uuid, versions: u8) {
    for version in 1..=versions {
        let candidate = Candidate {
            kind: Kind::Churn,
            algorithm: "mbg-nbd".to_owned(),
            settings: json!({ "horizon_days": 456 }),
            seed: 7,
            window_from: None,
            window_until: now(),
            high_water: Some(now()),
            persons: 1_000,
            matrix_hash: [version; 32],
            report: json!({ "log_loss": 0.5 }),
            artefact: Some(vec![version]),
            verdict: Verdict::Promoted,
            reason: "better than the baseline".to_owned(),
            took_ms: 12,
        };
        let crowning = Crowning {
            version: Some(version.into()),
            cause: Cause::Won,
            reason: "won",
            actor: "a test",
        };
        let mut tx = Tx::begin(rig.db.pool()).await.unwrap();
        keep(&mut tx, tenant, &candidate, now()).await.unwrap();
        let since = now() - TimeDelta::days((versions - version).into());
        crown(&mut tx, tenant, Kind::Churn, &crowning, since)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}

const BACK: &str = "mutation { roll_back_model(input: {kind: CHURN, reason: \"too many false alarms\"}) { status version } }";

#[tokio::test]
async fn a_manager_sees_every_version_with_its_report_and_which_one_speaks() {
    let rig = Rig::new().await;
    learned(&rig, TENANT, 2).await;
    learned(&rig, Uuid::from_u128(9), 1).await;
    let query = "{ models { kind version verdict report persons matrix_sha256 champion_since } }";
    let models = rig.ask(query).await.joined()["models"].take();
    let numbers: Vec<_> = models.as_array().unwrap().iter().collect();
    assert_eq!(numbers.len(), 2, "only the tenant's own: {models}");
    assert_eq!(
        (&models[0]["version"], &models[1]["version"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(models[0]["report"], json!({ "log_loss": 0.5 }));
    assert_eq!(models[0]["matrix_sha256"], "02".repeat(32));
    assert!(models[0]["champion_since"].is_string() && models[1]["champion_since"].is_null());
    let none = rig
        .ask("{ models(kind: TOURS) { version } }")
        .await
        .joined();
    assert_eq!(none["models"], json!([]));
    let refused = rig.ask("{ models(first: -1) { version } }").await.json();
    assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_manager_takes_steps_back_until_none_speaks() {
    let rig = Rig::new().await;
    learned(&rig, TENANT, 2).await;
    let mut steps = Vec::new();
    for _ in 0..3 {
        let mut done = rig.ask(BACK).await.joined()["roll_back_model"].take();
        steps.push((
            done["status"].as_str().unwrap().to_owned(),
            done["version"].take(),
        ));
    }
    let expected = [
        ("ROLLED_BACK".to_owned(), json!(1)),
        ("WITHDRAWN".to_owned(), json!(null)),
        ("NOTHING_TO_ROLL_BACK".to_owned(), json!(null)),
    ];
    assert_eq!(steps, expected);
    let actor = "select actor || ': ' || reason from model_champion order by since desc limit 1";
    let actor = rig.db.lines(actor).await;
    assert_eq!(actor, ["manager: too many false alarms"]);
    let acts = "select string_agg(act || ' ' || detail, '; ' order by number) from audit_act";
    let acts = rig.db.lines(acts).await;
    let written = r#"model_rolled_back {"kind":"churn","version":1}; model_rolled_back {"kind":"churn","version":null}"#;
    assert_eq!(acts, [written], "what did nothing is no act");
}

#[tokio::test]
async fn a_dispatcher_takes_nothing_back() {
    let rig = Rig::new().await;
    learned(&rig, TENANT, 2).await;
    let tenant = TENANT.to_string();
    let headers = [
        ("x-hasura-role", "dispatcher"),
        ("x-hasura-tenant-id", tenant.as_str()),
    ];
    for query in [BACK, "{ models { version } }"] {
        let reply = ask(&rig.router, &headers, &json!({ "query": query }))
            .await
            .json();
        assert_eq!(
            reply["errors"][0]["extensions"]["code"], "FORBIDDEN",
            "{query}"
        );
    }
}
