//! Nothing is sent once a withdrawal has been committed, however the two race.
//!
//! The judge is the receiver. When a message arrives, it asks the database, over a connection of its own and before it
//! answers, whether the withdrawal is visible. The order is that of commits, whatever any clock says: a sender that does
//! not keep a withdrawal waiting is found out by this, and so is a withdrawal that does not wait.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use customer_intelligence::actions::consents::{Consents, Decision, Order, Recorded};
use customer_intelligence::audit::Actor;
use customer_intelligence::domain::message::Kind;
use customer_intelligence::inbox::Channel;
use customer_intelligence::workers::dispatch::Dispatcher;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use super::receiver::{OnArrival, Receiver};
use super::rig::{Rig, TENANT, allowing, profile};
use crate::support::switch;

/// How many withdrawals race; `CI_WITHDRAWALS` says otherwise.
const WITHDRAWALS: usize = 300;
/// Persons of one round.
const ABREAST: usize = 20;

fn withdrawals() -> usize {
    switch("CI_WITHDRAWALS").unwrap_or(WITHDRAWALS)
}

/// Whether anything that forbids offers to a person is committed.
const FORBIDDEN: &str = "select not exists (select from customer where tenant_id = $1 and person_profile_id = $2)
    or exists (
      select from customer me
      join customer kin on kin.tenant_id = me.tenant_id and kin.root = me.root
      join consent said on said.tenant_id = kin.tenant_id and said.person_profile_id = kin.person_profile_id
      where me.tenant_id = $1 and me.person_profile_id = $2
        and (said.act = 5 or (said.act in (3, 4) and said.purpose = 'marketing' and kin.person_profile_id = me.root)))
    or (select root <> person_profile_id from customer where tenant_id = $1 and person_profile_id = $2)";

/// What was seen on arrival: how many messages, and those that were forbidden by then.
#[derive(Default)]
struct Judge {
    heard: AtomicUsize,
    guilty: Mutex<Vec<Uuid>>,
}

fn judging(judge: &Arc<Judge>, pool: PgPool) -> OnArrival {
    let judge = Arc::clone(judge);
    Arc::new(move |heard| {
        let (judge, pool) = (Arc::clone(&judge), pool.clone());
        Box::pin(async move {
            // What says nothing of the person is another matter.
            if heard.body["type"] != "EngagementTrigger" {
                return (204, None);
            }
            let person = heard.person().unwrap();
            // Slow and quick receivers, by the message.
            for _ in 0..heard.id.as_bytes()[0] {
                tokio::task::yield_now().await;
            }
            #[expect(clippy::disallowed_methods, reason = "a statement of the judge's own")]
            let forbidden: bool = sqlx::query_scalar(FORBIDDEN)
                .bind(TENANT)
                .bind(person)
                .fetch_one(&pool)
                .await
                .unwrap();
            judge.heard.fetch_add(1, Ordering::Relaxed);
            if forbidden {
                judge.guilty.lock().unwrap().push(person);
            }
            // Some are to be sent again.
            if heard.id.as_bytes()[1] < 20 {
                (500, None)
            } else {
                (204, None)
            }
        })
    })
}

/// One of the ways in which a person comes to allow nothing.
fn withdrawal(person: Uuid, way: u32) -> String {
    let refuses = match way {
        0 => json!({ "marketing_consent": false }),
        1 => json!({ "marketing_consent": null }),
        2 => json!({ "marketing_consent": true, "profiling_objection_at": "2027-03-01T11:00:00Z" }),
        // Into somebody who was never asked.
        3 => json!({ "merged_into_id": nobody() }),
        _ => json!({ "pii_redacted_at": "2027-03-01T11:00:00Z" }),
    };
    profile(person, 30, &refuses)
}

fn revoked(person: Uuid) -> Order {
    Order {
        tenant_id: TENANT,
        person,
        purpose: "marketing".to_owned(),
        channel: None,
        decision: Decision::Revoke,
        effective_at: None,
        expires_at: None,
        text_version: None,
        source: "PHONE".to_owned(),
        idempotency_key: "call".to_owned(),
    }
}

fn nobody() -> Uuid {
    Uuid::from_u128(0xff)
}

async fn idle(dice: &mut StdRng, up_to: u32) {
    for _ in 0..dice.random_range(0..up_to) {
        tokio::task::yield_now().await;
    }
}

/// Sends until nothing is left.
async fn send(rig: &Rig, dispatcher: &Dispatcher, receiver: &Receiver, mut dice: StdRng) {
    let mut quiet = 0;
    while quiet < 5 {
        rig.context.clock.advance(TimeDelta::milliseconds(300));
        idle(&mut dice, 200).await;
        let moved = dispatcher.keep().await.unwrap();
        let at_a_time = dice.random_range(1..8);
        let sent = dispatcher.round(&receiver.target, at_a_time).await.unwrap();
        quiet = if moved == 0 && sent.taken == 0 {
            quiet + 1
        } else {
            0
        };
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_sent_after_a_withdrawal_was_committed() {
    let rig = Rig::new().await;
    let judge = Arc::new(Judge::default());
    let receiver = Receiver::with("talk", judging(&judge, rig.db.superuser())).await;
    rig.tell(&[profile(nobody(), 0, &json!({}))]).await;
    let context = rig.context.clone();
    let desk = Consents::new(
        context.pool,
        context.clock,
        context.pepper,
        context.settings,
    );
    let mut dice = StdRng::seed_from_u64(7);
    let (mut all, mut withdrawn) = (0_u128, 0);
    while withdrawn < withdrawals() {
        let persons: Vec<Uuid> = (0..ABREAST as u128)
            .map(|n| Uuid::from_u128((1 << 64) + all + n))
            .collect();
        all += ABREAST as u128;
        let allow: Vec<String> = persons.iter().map(|person| allowing(*person)).collect();
        rig.tell(&allow).await;
        rig.put(Kind::EngagementTrigger, &persons).await;
        // Two of ten change nothing, so that it is seen that something goes out at all.
        let (keep, change) = persons.split_at(ABREAST / 5);
        let told: Vec<String> = change
            .iter()
            .map(|person| withdrawal(*person, dice.random_range(0..5)))
            .collect();
        // The last few say it to somebody who writes it down.
        let (told, said) = told.split_at(told.len() - 4);
        let said = &change[change.len() - said.len()..];
        withdrawn += change.len();
        let [one, other] = [(); 2].map(|()| rig.dispatcher(&[&receiver.target]));
        let seeds =
            [dice.random(), dice.random(), dice.random(), dice.random()].map(StdRng::seed_from_u64);
        let [first, second, mut third, mut fourth] = seeds;
        let withdraw = async {
            for some in told.chunks(third.random_range(1..6)) {
                idle(&mut third, 4_000).await;
                rig.bring(some, Channel::Live).await;
                rig.fold().await;
            }
        };
        let write_down = async {
            for person in said {
                idle(&mut fourth, 8_000).await;
                let done = desk.record(&revoked(*person), &Actor::SERVICE).await;
                assert!(matches!(done, Ok(Recorded::Done(_))), "{done:?}");
            }
        };
        tokio::join!(
            send(&rig, &one, &receiver, first),
            send(&rig, &other, &receiver, second),
            withdraw,
            write_down
        );
        assert_none_was_kept_back(&rig, keep).await;
    }
    let guilty = judge.guilty.lock().unwrap().clone();
    assert!(guilty.is_empty(), "sent after the withdrawal: {guilty:?}");
    let count = async |what: &str| {
        let counted = format!("select count(*)::text from outbox_delivery where {what}");
        rig.lines(&counted).await[0].parse::<usize>().unwrap()
    };
    let (out, withheld) = (count("state = 1").await, count("state = 3").await);
    assert!(out > all as usize / 5, "some went out before: {out}");
    assert!(
        withheld > withdrawn / 20,
        "some were withheld: {withheld} of {withdrawn}"
    );
}

/// What nobody withdrew went out, or will.
async fn assert_none_was_kept_back(rig: &Rig, persons: &[Uuid]) {
    let persons: Vec<String> = persons.iter().map(Uuid::to_string).collect();
    let lost = format!(
        "select person_profile_id::text from outbox where kind = 'EngagementTrigger'
         and person_profile_id::text in ('{}') and not exists (
           select from outbox_delivery d where d.id = outbox.id and d.outcome in ('204', '500'))",
        persons.join("', '")
    );
    assert_eq!(rig.lines(&lost).await, [""; 0]);
}
