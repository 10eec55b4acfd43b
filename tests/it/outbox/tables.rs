//! The tables: a message is put down once, goes its way to each receiver, keeps its person's order and is emptied.

use chrono::{DateTime, TimeDelta, Utc};
use customer_intelligence::db::{Pool, Tx};
use customer_intelligence::domain::activity::Provenance;
use customer_intelligence::domain::message::Kind;
use customer_intelligence::outbox::{
    self, Done, Message, Outcome, claim, id_of, note, parked, put, put_all, replay, route, settle,
};
use serde_json::json;
use uuid::Uuid;

use crate::support::TestDb;

const TENANT: Uuid = Uuid::from_u128(0x7e);
const ANNA: Uuid = Uuid::from_u128(0xa);
const BEN: Uuid = Uuid::from_u128(0xb);

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
}

fn message(person: Option<Uuid>, second: i64) -> Message {
    let kind = Kind::EngagementTrigger;
    let cause = [
        person.unwrap_or_default().as_bytes().as_slice(),
        &second.to_be_bytes(),
    ]
    .concat();
    Message {
        tenant_id: TENANT,
        id: id_of(TENANT, kind, &cause),
        kind,
        person,
        provenance: Provenance::Live,
        written_at: at(second),
        payload: json!({ "person_profile_id": person, "n": second }),
    }
}

async fn transact<T>(pool: &Pool, work: impl AsyncFnOnce(&mut Tx) -> T) -> T {
    let mut tx = Tx::begin(pool).await.unwrap();
    let done = work(&mut tx).await;
    tx.commit().await.unwrap();
    done
}

fn done(id: Uuid, outcome: Outcome) -> Done {
    Done {
        id,
        outcome,
        word: "200".to_owned(),
    }
}

/// Claims what is due for a receiver and says how it went.
async fn turn(pool: &Pool, target: &str, now: DateTime<Utc>, outcome: Outcome) -> Vec<Uuid> {
    transact(pool, async |tx| {
        let claimed = claim(tx, TENANT, target, now, 10).await.unwrap();
        let ids: Vec<Uuid> = claimed.iter().map(|one| one.id).collect();
        let all: Vec<Done> = ids.iter().map(|id| done(*id, outcome.clone())).collect();
        note(tx, TENANT, target, &all, now).await.unwrap();
        ids
    })
    .await
}

fn targets() -> Vec<String> {
    ["commerce", "talk"].map(str::to_owned).into()
}

#[tokio::test]
async fn a_message_is_put_down_once_and_only_when_it_just_happened() {
    let db = TestDb::new().await;
    let first = message(Some(ANNA), 1);
    transact(db.pool(), async |tx| {
        assert!(put(tx, &first).await.unwrap());
        assert!(!put(tx, &first).await.unwrap(), "the same cause");
        for provenance in [Provenance::Late, Provenance::Backfill, Provenance::Replay] {
            let past = Message {
                provenance,
                ..message(Some(ANNA), 2)
            };
            assert!(!put(tx, &past).await.unwrap(), "{provenance:?}");
        }
    })
    .await;
    let gates = "select granted::text || unopposed::text from outbox";
    assert_eq!(
        db.lines(gates).await,
        ["{marketing}{analytics,personalisation}"]
    );
}

#[tokio::test]
async fn messages_of_a_person_keep_their_order_to_each_receiver_and_others_do_not_wait() {
    let db = TestDb::new().await;
    let pool = db.pool();
    let [one, two] = [1, 2].map(|second| message(Some(ANNA), second));
    let other = message(Some(BEN), 3);
    let nobodys = message(None, 4);
    let all = [&two, &one, &other, &nobodys].map(Clone::clone);
    transact(pool, async |tx| {
        assert_eq!(put_all(tx, TENANT, &all).await.unwrap(), 4);
        assert_eq!(route(tx, TENANT, &targets(), at(5)).await.unwrap(), 4);
        assert_eq!(route(tx, TENANT, &targets(), at(5)).await.unwrap(), 0);
    })
    .await;
    let taken = turn(pool, "commerce", at(6), Outcome::Again(at(60))).await;
    assert_eq!(taken, [one.id, other.id, nobodys.id]);
    // The first failed, so the second waits for it; the other receiver is another matter.
    assert!(
        turn(pool, "commerce", at(7), Outcome::Delivered)
            .await
            .is_empty()
    );
    let taken = turn(pool, "talk", at(7), Outcome::Delivered).await;
    assert_eq!(taken, [one.id, other.id, nobodys.id]);
    assert_eq!(
        turn(pool, "talk", at(7), Outcome::Delivered).await,
        [two.id]
    );
    let taken = turn(pool, "commerce", at(60), Outcome::Parked).await;
    assert_eq!(taken, [one.id, other.id, nobodys.id]);
    // One that was given up keeps nobody waiting.
    assert_eq!(
        turn(pool, "commerce", at(61), Outcome::Delivered).await,
        [two.id]
    );
    let found = parked(pool, Some(TENANT), 10).await.unwrap();
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|one| one.attempts == 2));
    let again = replay(pool, TENANT, Some(one.id), Some("commerce"), at(70)).await;
    assert_eq!(again.unwrap(), 1);
    let again = replay(pool, TENANT, None, Some("talk"), at(70)).await;
    assert_eq!(again.unwrap(), 0);
    assert_eq!(
        turn(pool, "commerce", at(70), Outcome::Delivered).await,
        [one.id]
    );
}

#[tokio::test]
async fn what_is_claimed_is_not_claimed_by_another() {
    let db = TestDb::new().await;
    transact(db.pool(), async |tx| {
        put_all(
            tx,
            TENANT,
            &[message(Some(ANNA), 1), message(Some(ANNA), 2)],
        )
        .await
        .unwrap();
        route(tx, TENANT, &targets(), at(3)).await.unwrap();
    })
    .await;
    let mut one = Tx::begin(db.pool()).await.unwrap();
    let held = claim(&mut one, TENANT, "talk", at(3), 10).await.unwrap();
    assert_eq!(held.len(), 1);
    assert!(
        turn(db.pool(), "talk", at(3), Outcome::Delivered)
            .await
            .is_empty()
    );
    one.rollback().await.unwrap();
    assert_eq!(
        turn(db.pool(), "talk", at(3), Outcome::Delivered)
            .await
            .len(),
        1
    );
}

#[tokio::test]
async fn what_every_receiver_has_loses_what_it_says_and_is_taken_away_in_time() {
    let db = TestDb::new().await;
    let pool = db.pool();
    let one = message(Some(ANNA), 1);
    transact(pool, async |tx| {
        put(tx, &one).await.unwrap();
        route(tx, TENANT, &targets(), at(2)).await.unwrap();
    })
    .await;
    let through =
        async |now| transact(pool, async |tx| settle(tx, TENANT, now).await.unwrap()).await;
    turn(pool, "talk", at(3), Outcome::Withheld).await;
    assert_eq!(through(at(3)).await, 0);
    turn(pool, "commerce", at(4), Outcome::Delivered).await;
    let settled = async || {
        let mut connection = pool.acquire().await.unwrap();
        outbox::is_settled(&mut connection, TENANT, one.id)
            .await
            .unwrap()
    };
    assert_eq!(settled().await, Some(false));
    assert_eq!(through(at(5)).await, 1);
    assert_eq!(settled().await, Some(true));
    let says = "select coalesce(payload::text, 'nothing') from outbox";
    assert_eq!(db.lines(says).await, ["nothing"]);
    let prune = async |now| {
        transact(pool, async |tx| {
            outbox::prune(tx, TENANT, now).await.unwrap()
        })
        .await
    };
    assert_eq!(prune(at(5)).await, 0);
    assert_eq!(prune(at(5) + TimeDelta::seconds(1)).await, 1);
    assert_eq!(settled().await, None);
    assert_eq!(
        db.lines("select id::text from outbox_delivery").await,
        [""; 0]
    );
}

#[tokio::test]
async fn where_nobody_listens_a_message_is_settled_at_once() {
    let db = TestDb::new().await;
    transact(db.pool(), async |tx| {
        put(tx, &message(None, 1)).await.unwrap();
        assert_eq!(route(tx, TENANT, &[], at(2)).await.unwrap(), 1);
        assert_eq!(settle(tx, TENANT, at(2)).await.unwrap(), 1);
    })
    .await;
    let says = "select coalesce(payload::text, 'nothing') from outbox";
    assert_eq!(db.lines(says).await, ["nothing"]);
}

#[tokio::test]
async fn with_the_person_every_message_goes() {
    let db = TestDb::new().await;
    let pool = db.pool();
    let all = [
        message(Some(ANNA), 1),
        message(Some(ANNA), 2),
        message(Some(BEN), 3),
    ];
    transact(pool, async |tx| {
        put_all(tx, TENANT, &all).await.unwrap();
        route(tx, TENANT, &targets(), at(4)).await.unwrap();
    })
    .await;
    turn(pool, "talk", at(4), Outcome::Delivered).await;
    let gone = transact(pool, async |tx| {
        outbox::erase(tx, TENANT, &[ANNA].into()).await.unwrap()
    })
    .await;
    assert_eq!(gone, 2);
    let left = "select person_profile_id::text from outbox_delivery
        union select person_profile_id::text from outbox";
    assert_eq!(db.lines(left).await, [BEN.to_string()]);
}
