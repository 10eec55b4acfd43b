//! Versions and champions are kept append-only: a past instant finds who spoke then, and a step back is a step on.

use chrono::{DateTime, TimeDelta, Utc};
use customer_intelligence::db::{Error, Pool, Tx};
use customer_intelligence::domain::model::registry::{Kind, Verdict};
use customer_intelligence::models::{
    self, Candidate, Cause, Crowning, Kept, RolledBack, champions, crown, roll_back,
};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::support::TestDb;

const TENANT: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

fn noon() -> DateTime<Utc> {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

fn candidate(matrix: u8, artefact: Option<&[u8]>) -> Candidate {
    Candidate {
        kind: Kind::Churn,
        algorithm: "mbg-nbd".to_owned(),
        settings: serde_json::json!({ "horizon_days": 456 }),
        seed: 7,
        window_from: None,
        window_until: noon(),
        high_water: Some(noon()),
        persons: 1_000,
        matrix_hash: [matrix; 32],
        report: serde_json::json!({ "log_loss": 0.48 }),
        artefact: artefact.map(<[u8]>::to_vec),
        verdict: Verdict::Promoted,
        reason: "better than the baseline".to_owned(),
        took_ms: 12,
    }
}

async fn keep(pool: &Pool, candidate: &Candidate, now: DateTime<Utc>) -> Kept {
    let mut tx = Tx::begin(pool).await.unwrap();
    let kept = models::keep(&mut tx, TENANT, candidate, now).await.unwrap();
    tx.commit().await.unwrap();
    kept
}

async fn speak(pool: &Pool, version: Option<i32>, now: DateTime<Utc>) -> DateTime<Utc> {
    let mut tx = Tx::begin(pool).await.unwrap();
    let crowning = Crowning {
        version,
        cause: Cause::Won,
        reason: "won",
        actor: "a test",
    };
    let since = crown(&mut tx, TENANT, Kind::Churn, &crowning, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    since
}

async fn back(pool: &Pool, now: DateTime<Utc>) -> RolledBack {
    let mut tx = Tx::begin(pool).await.unwrap();
    let done = roll_back(&mut tx, TENANT, Kind::Churn, "worse", "a test", now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    done
}

async fn speaks(pool: &Pool, tenant: Uuid, at: DateTime<Utc>) -> Option<i32> {
    let mut connection = pool.acquire().await.unwrap();
    let found = champions(&mut connection, tenant, at).await.unwrap();
    found
        .get(&Kind::Churn)
        .and_then(|champion| champion.version)
}

#[tokio::test]
async fn what_was_learned_again_without_any_difference_is_no_new_version() {
    let db = TestDb::new().await;
    let pool = db.pool().clone();
    let first = keep(&pool, &candidate(1, Some(b"weights")), noon()).await;
    assert_eq!(
        first,
        Kept {
            version: 1,
            is_new: true
        }
    );
    let later = noon() + TimeDelta::days(1);
    let again = keep(&pool, &candidate(1, Some(b"weights")), later).await;
    assert_eq!(
        again,
        Kept {
            version: 1,
            is_new: false
        }
    );
    for (other, version) in [
        (candidate(2, Some(b"weights")), 2),
        (candidate(2, Some(b"others")), 3),
        (candidate(2, None), 4),
    ] {
        let kept = keep(&pool, &other, later).await;
        assert_eq!(
            kept,
            Kept {
                version,
                is_new: true
            }
        );
    }
    let mut connection = pool.acquire().await.unwrap();
    let all = models::versions(&mut connection, TENANT, &Kind::ALL, 10)
        .await
        .unwrap();
    let numbers: Vec<i32> = all.iter().map(|version| version.version).collect();
    assert_eq!(numbers, [4, 3, 2, 1]);
    let oldest = all.last().unwrap();
    assert_eq!((oldest.trained_at, oldest.confirmed_at), (noon(), later));
    assert_eq!(oldest.settings, candidate(1, None).settings);
    let one = models::version(&mut connection, TENANT, Kind::Churn, 1).await;
    assert_eq!(one.unwrap().as_ref(), Some(oldest));
    let none = models::versions(&mut connection, OTHER, &Kind::ALL, 10).await;
    assert_eq!(none.unwrap(), []);
}

#[tokio::test]
async fn a_past_instant_finds_who_spoke_then() {
    let db = TestDb::new().await;
    let pool = db.pool().clone();
    assert_eq!(speaks(&pool, TENANT, noon()).await, None);
    for version in 1..=3 {
        let day = noon() + TimeDelta::days(version.into());
        assert_eq!(speak(&pool, Some(version), day).await, day);
    }
    // The clock stands still, time does not.
    let third = noon() + TimeDelta::days(3);
    let after = speak(&pool, Some(2), third).await;
    assert_eq!(after, third + TimeDelta::microseconds(1));
    let instant = TimeDelta::microseconds(1);
    for (at, who) in [
        (noon(), None),
        (noon() + TimeDelta::days(1) - instant, None),
        (noon() + TimeDelta::days(1), Some(1)),
        (noon() + TimeDelta::days(2), Some(2)),
        (third - instant, Some(2)),
        (third, Some(3)),
        (after, Some(2)),
    ] {
        assert_eq!(speaks(&pool, TENANT, at).await, who, "{at}");
    }
    assert_eq!(speaks(&pool, OTHER, after).await, None);
}

#[tokio::test]
async fn steps_back_go_back_one_by_one_until_nobody_speaks() {
    let db = TestDb::new().await;
    let pool = db.pool().clone();
    assert_eq!(back(&pool, noon()).await, RolledBack::Nothing);
    // The second was never promoted.
    for version in [1, 3, 4] {
        speak(&pool, Some(version), noon()).await;
    }
    assert_eq!(back(&pool, noon()).await, RolledBack::To(3));
    assert_eq!(back(&pool, noon()).await, RolledBack::To(1));
    assert_eq!(back(&pool, noon()).await, RolledBack::Withdrawn);
    let later = noon() + TimeDelta::days(1);
    assert_eq!(speaks(&pool, TENANT, later).await, None);
    assert_eq!(back(&pool, later).await, RolledBack::Nothing);
    speak(&pool, Some(5), later).await;
    assert_eq!(back(&pool, later).await, RolledBack::To(4));
}

#[tokio::test]
async fn nobody_is_scored_by_an_artefact_that_was_tampered_with() {
    let db = TestDb::new().await;
    let pool = db.pool().clone();
    keep(&pool, &candidate(1, Some(b"weights")), noon()).await;
    let mut connection = pool.acquire().await.unwrap();
    let found = models::artefact(&mut connection, TENANT, Kind::Churn, 1).await;
    assert_eq!(found.unwrap().as_deref(), Some(b"weights".as_slice()));
    let superuser = db.superuser();
    let tamper = "update customer_intelligence.model_version set artefact = 'heavier'";
    sqlx::raw_sql(tamper).execute(&superuser).await.unwrap();
    let found = models::artefact(&mut connection, TENANT, Kind::Churn, 1).await;
    assert!(
        matches!(found, Err(Error::Inconsistent { .. })),
        "{found:?}"
    );
}

#[tokio::test]
async fn the_service_cannot_rewrite_what_was_learned() {
    let db = TestDb::new().await;
    let pool = db.pool().clone();
    keep(&pool, &candidate(1, Some(b"weights")), noon()).await;
    speak(&pool, Some(1), noon()).await;
    for statement in [
        "update model_version set report = '{}'",
        "delete from model_version",
        "update model_champion set version = 2",
        "delete from model_champion",
    ] {
        let done = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&pool).await;
        let refused = done.unwrap_err().to_string();
        assert!(
            refused.contains("permission denied"),
            "{statement}: {refused}"
        );
    }
}
