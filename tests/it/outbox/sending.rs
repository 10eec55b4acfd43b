//! The dispatcher on the wire: signed, at least once, in order, with patience; and what it does not send.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use customer_intelligence::domain::message::Kind;
use customer_intelligence::inbox::Channel;
use customer_intelligence::outbox;
use customer_intelligence::workers::dispatch::{Dispatcher, Keyring, Outbound, TRIES};
use serde_json::json;
use uuid::Uuid;

use super::receiver::{KEY, OnArrival, Receiver, secret};
use super::rig::{Rig, TENANT, allowing, profile};

const ANNA: Uuid = Uuid::from_u128(0xa);
const BEN: Uuid = Uuid::from_u128(0xb);
const CLARA: Uuid = Uuid::from_u128(0xc);

#[tokio::test]
async fn a_message_is_signed_sent_once_and_emptied() {
    let rig = Rig::new().await;
    let talk = Receiver::start("talk").await;
    rig.tell(&[allowing(ANNA)]).await;
    let dispatcher = rig.dispatcher(&[&talk.target]);
    rig.put(Kind::EngagementTrigger, &[ANNA]).await;
    dispatcher.keep().await.unwrap();
    while dispatcher.round(&talk.target, 10).await.unwrap().taken > 0 {}
    dispatcher.keep().await.unwrap();
    let heard = talk.heard();
    let [news, trigger] = heard.as_slice() else {
        panic!("{heard:?}")
    };
    assert_eq!(news.body["type"], "ProfileEnrichmentAvailable");
    assert_eq!(trigger.body["type"], "EngagementTrigger");
    assert_eq!(trigger.body["data"], json!({ "person_profile_id": ANNA }));
    assert_eq!(trigger.body["timestamp"], "2027-03-01T12:00:00.000000Z");
    assert_eq!(trigger.signatures, 1);
    let payloads = "select coalesce(payload::text, 'nothing') from outbox";
    assert_eq!(rig.lines(payloads).await, ["nothing", "nothing"]);
    assert_eq!(rig.deliveries(&talk.target).await, ["1 204", "1 204"]);
}

#[tokio::test]
async fn while_a_secret_is_rotated_either_key_verifies() {
    let rig = Rig::new().await;
    let talk = Receiver::start("talk").await;
    let keyring = Keyring::new([secret(&[1; 32]).as_str(), secret(&KEY).as_str()]).unwrap();
    let outbound = Outbound {
        targets: vec![talk.target.clone()],
        keyring,
        timeout: Duration::from_secs(5),
    };
    let clock = rig.context.clock.clone();
    let dispatcher = Dispatcher::new(rig.pool().clone(), clock, outbound).unwrap();
    rig.put(Kind::CustomerErased, &[ANNA]).await;
    dispatcher.keep().await.unwrap();
    assert_eq!(
        dispatcher.round(&talk.target, 10).await.unwrap().delivered,
        1
    );
    assert_eq!(talk.heard()[0].signatures, 2);
}

#[tokio::test]
async fn what_fails_is_tried_again_under_the_same_id_until_it_is_parked_and_can_be_replayed() {
    let rig = Rig::new().await;
    let talk = Receiver::start("talk").await;
    let dispatcher = rig.dispatcher(&[&talk.target]);
    rig.put(Kind::CustomerErased, &[ANNA]).await;
    dispatcher.keep().await.unwrap();
    talk.answer([(500, None), (503, Some(90)), (302, None)]);
    talk.answer((3..TRIES).map(|_| (404, None)));
    let step = |minutes| rig.context.clock.advance(TimeDelta::minutes(minutes));
    assert_eq!(dispatcher.round(&talk.target, 10).await.unwrap().failed, 1);
    // Not before its time.
    assert_eq!(dispatcher.round(&talk.target, 10).await.unwrap().taken, 0);
    step(1);
    assert_eq!(dispatcher.round(&talk.target, 10).await.unwrap().failed, 1);
    // The receiver asked for ninety seconds.
    step(1);
    assert_eq!(dispatcher.round(&talk.target, 10).await.unwrap().taken, 0);
    for _ in 2..TRIES {
        step(241);
        assert_eq!(dispatcher.round(&talk.target, 10).await.unwrap().failed, 1);
    }
    assert_eq!(rig.deliveries(&talk.target).await, ["2 404"]);
    step(241);
    assert_eq!(dispatcher.round(&talk.target, 10).await.unwrap().taken, 0);
    let now = rig.context.clock.now();
    let replayed = outbox::replay(rig.pool(), TENANT, None, None, now).await;
    assert_eq!(replayed.unwrap(), 1);
    assert_eq!(
        dispatcher.round(&talk.target, 10).await.unwrap().delivered,
        1
    );
    let heard = talk.heard();
    assert_eq!(heard.len(), usize::from(TRIES) + 1);
    assert!(heard.iter().all(|one| one.id == heard[0].id));
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_is_given_up_in_time() {
    let rig = Rig::new().await;
    let never: OnArrival = Arc::new(|_| Box::pin(std::future::pending()));
    let talk = Receiver::with("talk", never).await;
    let shop = Receiver::start("shop").await;
    let dispatcher =
        rig.dispatcher_within(&[&talk.target, &shop.target], Duration::from_millis(200));
    rig.put(Kind::CustomerErased, &[ANNA]).await;
    dispatcher.keep().await.unwrap();
    assert_eq!(dispatcher.round(&talk.target, 10).await.unwrap().failed, 1);
    assert_eq!(rig.deliveries(&talk.target).await, ["0 timeout"]);
    assert_eq!(
        dispatcher.round(&shop.target, 10).await.unwrap().delivered,
        1
    );
}

#[tokio::test]
async fn nobody_hears_of_whoever_does_not_allow_it() {
    let rig = Rig::new().await;
    let talk = Receiver::start("talk").await;
    let objects =
        json!({ "marketing_consent": true, "profiling_objection_at": "2027-03-01T10:00:00Z" });
    rig.tell(&[
        allowing(ANNA),
        profile(BEN, 0, &json!({ "marketing_consent": null })),
        profile(CLARA, 0, &objects),
    ])
    .await;
    let dispatcher = rig.dispatcher(&[&talk.target]);
    while dispatcher.keep().await.unwrap() > 0
        || dispatcher.round(&talk.target, 10).await.unwrap().taken > 0
    {}
    let news = talk.heard().len();
    // Whom nobody knows allows nothing, either.
    let all = [ANNA, BEN, CLARA, Uuid::from_u128(0xd)];
    rig.put(Kind::EngagementTrigger, &all).await;
    rig.put(Kind::ChannelPreferenceResolved, &all).await;
    while dispatcher.keep().await.unwrap() > 0
        || dispatcher.round(&talk.target, 10).await.unwrap().taken > 0
    {}
    let heard = talk.heard();
    let mut told: Vec<(String, Uuid)> = heard[news..]
        .iter()
        .map(|one| {
            (
                one.body["type"].as_str().unwrap().to_owned(),
                one.person().unwrap(),
            )
        })
        .collect();
    told.sort();
    let expected = [
        ("ChannelPreferenceResolved", ANNA),
        ("ChannelPreferenceResolved", BEN),
        ("EngagementTrigger", ANNA),
    ];
    assert_eq!(
        told,
        expected.map(|(kind, person)| (kind.to_owned(), person))
    );
    // What was withheld is settled: a later yes does not bring it back.
    let open = "select payload::text from outbox where payload is not null";
    assert_eq!(rig.lines(open).await, [""; 0]);
}

#[tokio::test]
async fn an_insight_that_changed_is_told_when_it_was_heard_live_and_only_then() {
    let rig = Rig::new().await;
    let talk = Receiver::start("talk").await;
    let dispatcher = rig.dispatcher(&[&talk.target]);
    let drain = async || {
        while dispatcher.keep().await.unwrap() > 0
            || dispatcher.round(&talk.target, 10).await.unwrap().taken > 0
        {}
        talk.heard()
    };
    rig.bring(&[allowing(BEN)], Channel::Backfill).await;
    rig.fold().await;
    assert!(drain().await.is_empty(), "history causes nothing");
    rig.tell(&[allowing(ANNA), allowing(ANNA)]).await;
    let heard = drain().await;
    assert_eq!(heard.len(), 1);
    let data = &heard[0].body["data"];
    assert_eq!(data["insight_version"], 1);
    assert_eq!(
        data["changed_groups"],
        json!(["behavior_aggregate", "engagement_score", "standing"])
    );
    assert_eq!(data["event_id"], heard[0].id.to_string());
    // The same again, and a change that nobody sees.
    rig.tell(&[
        allowing(ANNA),
        profile(ANNA, 5, &json!({ "marketing_consent": true })),
    ])
    .await;
    assert_eq!(drain().await.len(), 1);
    rig.tell(&[profile(ANNA, 9, &json!({ "locale": "de-AT" }))])
        .await;
    let heard = drain().await;
    assert_eq!(heard.len(), 2);
    assert_eq!(heard[1].body["data"]["changed_groups"], json!(["standing"]));
    let stored = "select revision::text from customer_insight where person_profile_id = '00000000-0000-0000-0000-00000000000a'";
    assert_eq!(
        rig.lines(stored).await,
        [heard[1].body["data"]["insight_version"].to_string()]
    );
    // What was too late to be news.
    let late = profile(ANNA, 11, &json!({ "locale": "fr-FR" }));
    rig.bring(&[late], Channel::Replay).await;
    rig.fold().await;
    assert_eq!(drain().await.len(), 2);
}

#[tokio::test]
async fn the_loops_bring_out_what_is_put_down() {
    let rig = Rig::new().await;
    let (talk, shop) = (Receiver::start("talk").await, Receiver::start("shop").await);
    let dispatcher = rig.dispatcher(&[&talk.target, &shop.target]);
    rig.put(Kind::CustomerErased, &[ANNA, BEN, CLARA]).await;
    let both = async {
        let begun = std::time::Instant::now();
        while talk.heard().len() + shop.heard().len() < 6 {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "they are not sent"
            );
            tokio::task::yield_now().await;
        }
    };
    dispatcher.run(both).await;
    assert_eq!((talk.heard().len(), shop.heard().len()), (3, 3));
}
