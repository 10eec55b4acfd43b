//! What happens now stands before what is brought in.

use chrono::TimeDelta;
use customer_intelligence::db::Tx;
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::inbox::{backlog, claim};
use uuid::Uuid;

use crate::support::TestDb;

const TENANT: Uuid = Uuid::from_u128(0xa1);
const OTHER: Uuid = Uuid::from_u128(0xa2);

async fn put(db: &TestDb, clock: &Clock, tenant: Uuid, channel: i16) -> Uuid {
    clock.advance(TimeDelta::seconds(1));
    let id = clock.uuid_v7();
    sqlx::query!(
        "insert into inbox (tenant_id, id, channel, payload) values ($1, $2, $3, '')",
        tenant,
        id,
        channel,
    )
    .execute(db.pool())
    .await
    .unwrap();
    id
}

fn clock() -> Clock {
    Clock::manual(chrono::DateTime::from_timestamp(1_780_000_000, 0).unwrap())
}

async fn claimed(db: &TestDb, limit: i64) -> Vec<Uuid> {
    let mut tx = Tx::begin(db.pool()).await.unwrap();
    let mut claimed = claim::claim(&mut tx, TENANT, limit).await.unwrap();
    tx.commit().await.unwrap();
    claimed.sort_by_key(|one| (one.channel, one.id));
    claimed.iter().map(|one| one.id).collect()
}

#[tokio::test]
async fn a_claim_takes_live_before_backfill_before_replay() {
    let (db, clock) = (TestDb::new().await, clock());
    let mut ids = Vec::new();
    for channel in [2, 1, 1, 0, 0] {
        ids.push(put(&db, &clock, TENANT, channel).await);
    }
    put(&db, &clock, OTHER, 0).await;
    let waiting = claim::oldest(db.pool(), TENANT, 9).await.unwrap();
    assert_eq!(waiting, [ids[3], ids[4], ids[1], ids[2], ids[0]]);
    assert_eq!(claimed(&db, 1).await, [ids[3]]);
    assert_eq!(claimed(&db, 2).await, [ids[4], ids[1]]);
    assert_eq!(claimed(&db, 9).await, [ids[2], ids[0]]);
    assert!(claimed(&db, 9).await.is_empty());
    assert_eq!(claim::tenants(db.pool()).await.unwrap(), [OTHER]);
}

#[tokio::test]
async fn deliveries_are_taken_by_id_from_every_channel() {
    let (db, clock) = (TestDb::new().await, clock());
    let ids = [
        put(&db, &clock, TENANT, 0).await,
        put(&db, &clock, TENANT, 1).await,
        put(&db, &clock, TENANT, 2).await,
    ];
    let left = put(&db, &clock, TENANT, 1).await;
    let mut tx = Tx::begin(db.pool()).await.unwrap();
    let taken = claim::claim_these(&mut tx, TENANT, &ids).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(taken.len(), 3);
    assert_eq!(claim::oldest(db.pool(), TENANT, 9).await.unwrap(), [left]);
}

#[tokio::test]
async fn the_lag_is_that_of_live_deliveries() {
    let (db, clock) = (TestDb::new().await, clock());
    put(&db, &clock, TENANT, 1).await;
    put(&db, &clock, OTHER, 2).await;
    let backlog = backlog::read(db.pool()).await.unwrap();
    assert_eq!((backlog.waiting, backlog.oldest_at), (2, None));
    put(&db, &clock, OTHER, 0).await;
    let received_at = clock.now();
    put(&db, &clock, TENANT, 0).await;
    let backlog = backlog::read(db.pool()).await.unwrap();
    assert_eq!((backlog.waiting, backlog.oldest_at), (4, Some(received_at)));
}
