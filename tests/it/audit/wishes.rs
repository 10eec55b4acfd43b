//! The channel that somebody asked for, over HTTP: shown at once and before whatever was learned, told again without harm,
//! the survivor's after a merge, kept when nothing may be learned any more, gone with the person.

use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

use super::rig::Rig;
use crate::rights::recording::profile;

const ANNA: Uuid = Uuid::from_u128(0xa);
const BERT: Uuid = Uuid::from_u128(0xb);

async fn told(rig: &Rig, person: Uuid, at: &str, more: Value) {
    rig.told.tell(&[profile(person, at, &more)], 1).await;
}

async fn state(rig: &Rig, role: &str, input: Value) -> Value {
    let query = "mutation($input: StateChannelPreferenceInput!) { it: state_channel_preference(input: $input) { status } }";
    let body = json!({ "query": query, "variables": { "input": input } });
    rig.ask(role, body).await.json()
}

/// What became of it, said by a dispatcher.
async fn said(rig: &Rig, person: Uuid, channel: Option<&str>, key: &str) -> Value {
    let input = json!({ "person_profile_id": person, "channel": channel, "source": "PHONE", "idempotency_key": key });
    state(rig, "dispatcher", input).await["data"]["it"]["status"].clone()
}

async fn shown(rig: &Rig, person: Uuid, at: &str) -> Value {
    let query = format!(
        r#"{{ it: customer_insight(person_profile_id: "{person}"{at}) {{ channel_preference {{
          channel stated_channel learned_channel resolved ranked {{ channel }} reason(locale: "de") }} }} }}"#
    );
    let data = rig
        .ask("dispatcher", json!({ "query": query }))
        .await
        .data();
    data["it"]["channel_preference"].clone()
}

#[tokio::test]
async fn what_was_asked_for_last_is_shown_first() {
    let rig = Rig::new().await;
    assert_eq!(said(&rig, ANNA, Some("PHONE"), "1").await, "UNKNOWN_PERSON");
    told(&rig, ANNA, "2027-02-01T00:00:00Z", json!({})).await;
    let before = shown(&rig, ANNA, "").await;
    assert_eq!(before["stated_channel"], Value::Null, "{before}");

    assert_eq!(said(&rig, ANNA, Some("PHONE"), "1").await, "RECORDED");
    assert_eq!(
        shown(&rig, ANNA, "").await,
        json!({ "channel": "PHONE", "stated_channel": "PHONE", "learned_channel": null, "resolved": false,
            "ranked": [], "reason": "gewünscht: Telefon" })
    );
    assert_eq!(
        said(&rig, ANNA, Some("PHONE"), "1").await,
        "ALREADY_RECORDED"
    );
    assert_eq!(said(&rig, ANNA, Some("POST"), "1").await, "KEY_REUSED");
    for (said_at, status) in [
        ("2027-02-20T00:00:00Z", "RECORDED"),
        ("2027-03-02T00:00:00Z", "WRONG_TIME"),
    ] {
        let input = json!({ "person_profile_id": ANNA, "channel": "POST", "source": "PAPER",
            "idempotency_key": said_at, "said_at": said_at });
        let done = state(&rig, "dispatcher", input).await;
        assert_eq!(done["data"]["it"]["status"], status, "{done}");
    }
    let now = shown(&rig, ANNA, "").await;
    assert_eq!(now["channel"], "PHONE", "the letter was asked for before");
    let then = shown(&rig, ANNA, r#", as_of: "2027-02-25T00:00:00Z""#).await;
    assert_eq!(then["channel"], "POST", "{then}");

    rig.told.context.clock.advance(TimeDelta::hours(1));
    assert_eq!(said(&rig, ANNA, None, "2").await, "RECORDED");
    let taken_back = shown(&rig, ANNA, "").await;
    assert_eq!(taken_back["stated_channel"], Value::Null, "{taken_back}");
    let acts = "select concat_ws(' ', act, role, user_id, detail) from audit_act where act = 'channel_stated' order by number";
    assert_eq!(
        rig.lines(acts).await,
        [
            r#"channel_stated dispatcher u-7 {"channel":"PHONE","source":"PHONE"}"#,
            r#"channel_stated dispatcher u-7 {"channel":"POST","source":"PAPER"}"#,
            r#"channel_stated dispatcher u-7 {"channel":null,"source":"PHONE"}"#,
        ]
    );
    rig.whole().await;
}

#[tokio::test]
async fn it_is_the_survivor_s_and_stays_where_nothing_may_be_learned() {
    let rig = Rig::new().await;
    told(&rig, ANNA, "2027-02-01T00:00:00Z", json!({})).await;
    told(&rig, BERT, "2027-02-01T00:00:00Z", json!({})).await;
    assert_eq!(said(&rig, ANNA, Some("POST"), "1").await, "RECORDED");
    let merged = json!({ "merged_into_id": BERT });
    told(&rig, ANNA, "2027-02-02T00:00:00Z", merged).await;
    assert_eq!(shown(&rig, BERT, "").await["channel"], "POST");
    let objects = json!({ "profiling_objection_at": "2027-02-03T00:00:00Z" });
    told(&rig, BERT, "2027-02-03T00:00:00Z", objects).await;
    let opposed = shown(&rig, BERT, "").await;
    assert_eq!(opposed["channel"], "POST", "{opposed}");
    assert_eq!(opposed["ranked"], json!([]), "nothing is said of others");

    rig.told.erase(BERT).await;
    let left = "select count(*)::text from (
        select from activity_log union all select from customer_insight union all
        select from dossier where position(uuid_send('00000000-0000-0000-0000-00000000000a') in body) > 0
          or position(uuid_send('00000000-0000-0000-0000-00000000000b') in body) > 0) as rows";
    assert_eq!(rig.lines(left).await, ["0"]);
}

#[tokio::test]
async fn customers_speak_for_themselves_and_others_not_at_all() {
    let rig = Rig::new().await;
    told(&rig, ANNA, "2027-02-01T00:00:00Z", json!({})).await;
    told(&rig, BERT, "2027-02-01T00:00:00Z", json!({})).await;
    let ask = async |whose: Uuid| {
        let query = format!(
            r#"mutation {{ it: state_channel_preference(input: {{ person_profile_id: "{whose}", channel: PUSH,
              source: "FORM", idempotency_key: "1" }}) {{ status }} }}"#
        );
        let reply = rig.ask_as("customer", ANNA, json!({ "query": query }));
        reply.await.json()["data"]["it"]["status"].clone()
    };
    assert_eq!(ask(BERT).await, "UNKNOWN_PERSON");
    assert_eq!(ask(ANNA).await, "RECORDED");
    let input = json!({ "person_profile_id": ANNA, "source": "FORM", "idempotency_key": "2" });
    let refused = state(&rig, "driver", input).await;
    assert_eq!(
        refused["errors"][0]["extensions"]["code"], "FORBIDDEN",
        "{refused}"
    );
}
