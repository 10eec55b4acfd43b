//! A job goes on where it was left, is begun once, and ends once.

use chrono::{DateTime, TimeDelta, Utc};
use customer_intelligence::db::{Error, Tx};
use customer_intelligence::jobs::{self, Begun, Key, SILENT_AFTER, State};
use serde_json::json;
use uuid::Uuid;

use crate::support::TestDb;

const TENANT: Uuid = Uuid::from_u128(0xa1);

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000, 0).unwrap()
}

fn key() -> Key {
    Key::new(TENANT, "rebuild", "7")
}

#[tokio::test]
async fn a_run_begins_once_goes_on_where_it_was_and_ends_for_good() {
    let db = TestDb::new().await;
    let (pool, key) = (db.pool(), key());
    let later = noon() + TimeDelta::minutes(1);
    assert_eq!(
        jobs::begin(pool, &key, &0_u32, noon()).await.unwrap(),
        Begun::Fresh
    );
    jobs::advance(pool, &key, &5_u32, noon()).await.unwrap();
    let resumed = jobs::begin(pool, &key, &0_u32, later).await.unwrap();
    let expected = Begun::Resumed {
        progress: 5,
        touched_at: noon(),
    };
    assert_eq!(resumed, expected);
    jobs::finish(pool, &key, State::Finished, &9_u32, later)
        .await
        .unwrap();
    let finished = jobs::begin(pool, &key, &0_u32, later).await.unwrap();
    assert_eq!(finished, Begun::Finished(9));
    assert_eq!(jobs::running(pool).await.unwrap(), []);
    let stored = jobs::find(pool, &key).await.unwrap().unwrap();
    assert_eq!(
        (stored.started_at, stored.touched_at, stored.progress),
        (noon(), later, json!(9))
    );
    jobs::forget(pool, &key).await.unwrap();
    assert_eq!(
        jobs::begin(pool, &key, &0_u32, later).await.unwrap(),
        Begun::Fresh
    );
}

#[tokio::test]
async fn of_many_who_begin_at_once_exactly_one_begins_afresh() {
    let db = TestDb::new().await;
    let key = key();
    let all = (0..8).map(|_| jobs::begin(db.pool(), &key, &0_u32, noon()));
    let begun = futures::future::try_join_all(all).await.unwrap();
    let fresh = begun
        .iter()
        .filter(|begun| matches!(begun, Begun::Fresh))
        .count();
    assert_eq!(fresh, 1, "{begun:?}");
}

#[tokio::test]
async fn progress_is_as_durable_as_the_work_it_tells_of() {
    let db = TestDb::new().await;
    let key = key();
    jobs::begin(db.pool(), &key, &1_u32, noon()).await.unwrap();
    let mut tx = Tx::begin(db.pool()).await.unwrap();
    jobs::advance(&mut *tx, &key, &2_u32, noon()).await.unwrap();
    tx.rollback().await.unwrap();
    let stored = jobs::find(db.pool(), &key).await.unwrap().unwrap();
    assert_eq!(stored.progress, json!(1));
}

#[tokio::test]
async fn a_failed_run_goes_on_and_a_silent_one_is_not_alive() {
    let db = TestDb::new().await;
    let (pool, key) = (db.pool(), key());
    let other = Key::new(Uuid::nil(), "rebuild", "7");
    jobs::begin(pool, &other, &0_u32, noon()).await.unwrap();
    jobs::begin(pool, &key, &0_u32, noon()).await.unwrap();
    jobs::finish(pool, &key, State::Failed, &3_u32, noon())
        .await
        .unwrap();
    let running = jobs::running(pool).await.unwrap();
    assert_eq!(
        running.iter().map(|job| &job.key).collect::<Vec<_>>(),
        [&other]
    );
    assert!(running[0].is_alive(noon() + SILENT_AFTER));
    assert!(!running[0].is_alive(noon() + SILENT_AFTER + TimeDelta::seconds(1)));
    let resumed = jobs::begin(pool, &key, &0_u32, noon()).await.unwrap();
    assert!(matches!(resumed, Begun::Resumed { progress: 3, .. }));
    assert_eq!(jobs::running(pool).await.unwrap().len(), 2);
}

#[tokio::test]
async fn progress_of_another_shape_is_reported_and_not_overwritten() {
    let db = TestDb::new().await;
    let key = key();
    jobs::begin(db.pool(), &key, &"words".to_owned(), noon())
        .await
        .unwrap();
    let error = jobs::begin(db.pool(), &key, &0_u32, noon())
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        Error::Inconsistent {
            table: "job",
            column: "progress",
            ..
        }
    ));
    let stored = jobs::find(db.pool(), &key).await.unwrap().unwrap();
    assert_eq!(stored.progress, json!("words"));
}
