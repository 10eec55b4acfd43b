//! What is recorded apart from profiles: by the mutation's desk or as a canonical event, the same in any order, for a time,
//! and proven beyond an erasure.

use chrono::{DateTime, TimeDelta, Utc};
use customer_intelligence::actions::consents::{Consents, Decision, Order, Recorded};
use customer_intelligence::audit::Actor;
use customer_intelligence::db::Tx;
use customer_intelligence::domain::consent::State;
use customer_intelligence::projections::{Purpose, add_purpose};
use customer_intelligence::workers::due;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Rig, TENANT};
use crate::property::crowd;

const ANNA: Uuid = Uuid::from_u128(0xa);
const STANDS: &str = "select coalesce(marketing_consent::text, 'null') from customer_insight
    where person_profile_id = '00000000-0000-0000-0000-00000000000a'";
const LEDGER: &str = "select (to_jsonb(c) - 'recorded_at')::text from consent c order by 1";
const HASHES: &str = "select encode(state_hash, 'hex') || coalesce(marketing_consent::text, '-')
    from customer_insight order by person_profile_id";

fn backoffice(table: &str, row: &Value) -> String {
    let envelope = json!({
        "id": Uuid::new_v5(&TENANT, row.to_string().as_bytes()),
        "created_at": "2027-03-01T11:59:00.678901",
        "table": { "schema": "backoffice", "name": table },
        "trigger": { "name": format!("ci_backoffice_{table}") },
        "event": { "op": "INSERT", "data": { "old": null, "new": row }, "session_variables": null },
    });
    envelope.to_string()
}

pub(crate) fn profile(person: Uuid, at: &str, more: &Value) -> String {
    let mut row = json!({ "id": person, "tenant_id": TENANT, "updated_at": at });
    for (column, value) in more.as_object().unwrap() {
        row[column] = value.clone();
    }
    backoffice("person_profiles", &row)
}

/// A `ConsentChanged` about Anna and marketing, unless `more` says otherwise.
fn changed(at: &str, decision: &str, more: &Value) -> String {
    let mut payload = json!({
        "consent_id": Uuid::new_v5(&TENANT, format!("{at} {decision} {more}").as_bytes()),
        "person_profile_id": ANNA, "purpose": "marketing", "decision": decision,
    });
    for (field, value) in more.as_object().unwrap() {
        payload[field] = value.clone();
    }
    let row = json!({
        "event_id": Uuid::new_v5(&TENANT, payload.to_string().as_bytes()), "tenant_id": TENANT,
        "event_type": "ConsentChanged", "schema_version": 1, "occurred_at": at, "payload": payload,
    });
    backoffice("domain_events", &row)
}

fn order(decision: Decision, key: &str) -> Order {
    Order {
        tenant_id: TENANT,
        person: ANNA,
        purpose: "marketing".to_owned(),
        channel: None,
        decision,
        effective_at: None,
        expires_at: None,
        text_version: Some("2027-01".to_owned()),
        source: "FORM".to_owned(),
        idempotency_key: key.to_owned(),
    }
}

fn desk(rig: &Rig) -> Consents {
    let context = rig.context.clone();
    Consents::new(
        context.pool,
        context.clock,
        context.pepper,
        context.settings,
    )
}

async fn record(rig: &Rig, order: &Order) -> Recorded {
    let actor = Actor::of("data_protection", Some("dpo-1"));
    desk(rig).record(order, &actor).await.unwrap()
}

fn state(recorded: &Recorded) -> State {
    match recorded {
        Recorded::Done(standing) | Recorded::Known(standing) => standing.state,
        refused => panic!("{refused:?}"),
    }
}

#[tokio::test]
async fn what_is_written_down_holds_at_once_and_leaves_a_trace() {
    let rig = Rig::new().await;
    assert_eq!(
        record(&rig, &order(Decision::Grant, "1")).await,
        Recorded::UnknownPerson
    );
    rig.tell(&[profile(ANNA, "2027-02-01T00:00:00Z", &json!({}))], 1)
        .await;
    let of = |purpose: &str, decision| Order {
        purpose: purpose.to_owned(),
        ..order(decision, "1")
    };
    assert_eq!(
        record(&rig, &of("skydiving", Decision::Grant)).await,
        Recorded::UnknownPurpose
    );
    assert_eq!(
        record(&rig, &order(Decision::Renew, "1")).await,
        Recorded::NothingToRenew
    );
    let now = rig.context.clock.now();
    for (effective_at, expires_at) in [
        (Some(now + TimeDelta::days(1)), None),
        (None, Some(now - TimeDelta::days(1))),
    ] {
        let wrong = Order {
            effective_at,
            expires_at,
            ..order(Decision::Grant, "1")
        };
        assert_eq!(record(&rig, &wrong).await, Recorded::WrongTime);
    }
    assert_eq!(rig.lines(STANDS).await, ["null"]);
    assert_eq!(
        state(&record(&rig, &order(Decision::Ask, "0")).await),
        State::Pending
    );
    rig.context.clock.advance(TimeDelta::seconds(1));
    let granted = record(&rig, &order(Decision::Grant, "1")).await;
    assert!(
        matches!(&granted, Recorded::Done(one) if one.state == State::Granted),
        "{granted:?}"
    );
    assert_eq!(rig.lines(STANDS).await, ["true"]);
    rig.context.clock.advance(TimeDelta::hours(1));
    // The same again is the same, and nothing else can be it.
    let again = record(&rig, &order(Decision::Grant, "1")).await;
    assert!(matches!(again, Recorded::Known(_)), "{again:?}");
    assert_eq!(
        record(&rig, &order(Decision::Deny, "1")).await,
        Recorded::KeyReused
    );
    assert_eq!(
        state(&record(&rig, &order(Decision::Revoke, "2")).await),
        State::Revoked
    );
    assert_eq!(rig.lines(STANDS).await, ["false"]);
    let trace = "select act || ' ' || role || ' ' || user_id || ' ' || (detail::jsonb ->> 'decision') from audit_act order by number";
    let acts = ["ASK", "GRANT", "REVOKE"];
    assert_eq!(
        rig.lines(trace).await,
        acts.map(|act| format!("consent_changed data_protection dpo-1 {act}"))
    );
    let named = format!("select number::text from audit_act where detail::text like '%{ANNA}%'");
    assert_eq!(rig.lines(&named).await, [""; 0]);
}

#[tokio::test]
async fn a_consent_for_a_time_is_over_when_it_is_due_wherever_it_stands() {
    let rig = Rig::new().await;
    rig.tell(&[profile(ANNA, "2027-02-01T00:00:00Z", &json!({}))], 1)
        .await;
    let now = rig.context.clock.now();
    let until = |days| Some(now + TimeDelta::days(days));
    let grant = Order {
        expires_at: until(10),
        ..order(Decision::Grant, "1")
    };
    assert_eq!(state(&record(&rig, &grant).await), State::Granted);
    let due = "select coalesce(valid_until::text, 'never') from customer_insight";
    assert_eq!(rig.lines(due).await, ["2027-03-11 12:00:00+00"]);
    rig.context.clock.advance(TimeDelta::days(10));
    assert_eq!(due::tenant(&rig.context, TENANT).await.unwrap(), 1);
    assert_eq!(rig.lines(STANDS).await, ["false"]);
    assert_eq!(rig.lines(due).await, ["never"]);
    let again = record(&rig, &grant).await;
    assert_eq!(state(&again), State::Expired);
    let renew = Order {
        expires_at: until(20),
        ..order(Decision::Renew, "2")
    };
    assert_eq!(state(&record(&rig, &renew).await), State::Granted);
    assert_eq!(rig.lines(STANDS).await, ["true"]);
}

#[tokio::test]
async fn events_and_profiles_in_whatever_order_come_to_the_same() {
    let told = [
        profile(
            ANNA,
            "2027-02-01T00:00:00Z",
            &json!({ "marketing_consent": true }),
        ),
        changed(
            "2027-02-02T00:00:00Z",
            "REVOKE",
            &json!({ "source": "PHONE" }),
        ),
        changed(
            "2027-02-03T00:00:00Z",
            "GRANT",
            &json!({ "text_version": "v2", "expires_at": "2027-02-20T00:00:00Z" }),
        ),
        changed("2027-02-04T00:00:00Z", "DENY", &json!({ "channel": "SMS" })),
        changed(
            "2027-02-05T00:00:00Z",
            "DENY",
            &json!({ "purpose": "analytics" }),
        ),
        changed("2027-02-21T00:00:00Z", "ASK", &json!({})),
        profile(
            ANNA,
            "2027-02-22T00:00:00Z",
            &json!({ "marketing_consent": true }),
        ),
        changed("2027-02-23T00:00:00Z", "REVOKE", &json!({})),
    ];
    let one = Rig::new().await;
    one.tell(&told, 1).await;
    let (ledger, hashes) = (one.lines(LEDGER).await, one.lines(HASHES).await);
    assert!(hashes[0].ends_with("false"), "{hashes:?}");
    let recorded = "select purpose || ' ' || channel || ' ' || act from consent where source = 2 order by told_at";
    assert_eq!(
        one.lines(recorded).await,
        [
            "marketing ANY 3",
            "marketing ANY 2",
            "marketing SMS 3",
            "analytics ANY 3",
            "marketing ANY 1",
            "marketing ANY 3"
        ]
    );
    for (turn, at_a_time) in [(3, 8), (5, 1), (0, 3)] {
        let other = Rig::new().await;
        let mut bodies: Vec<String> = told.iter().chain(&told[2..6]).cloned().collect();
        bodies.rotate_left(turn);
        bodies.reverse();
        other.tell(&bodies, at_a_time).await;
        assert_eq!(other.lines(LEDGER).await, ledger, "{turn}");
        assert_eq!(other.lines(HASHES).await, hashes, "{turn}");
    }
}

#[tokio::test]
async fn a_tenant_s_own_purpose_covers_everybody_from_the_first_moment() {
    let rig = Rig::new().await;
    rig.tell(&crowd::plainly(TENANT, 0..4).bodies, 100).await;
    let purpose = Purpose {
        tenant_id: TENANT,
        name: "photos".to_owned(),
        follows: 0,
        description_de: "Fotos zeigen.".to_owned(),
        description_en: "Showing photos.".to_owned(),
        proof_years: 3,
    };
    let mut tx = Tx::begin(&rig.context.pool).await.unwrap();
    let begun = add_purpose(&mut tx, &purpose, rig.context.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(begun, rig.customers().await.len() as u64);
    // And whoever comes later.
    rig.tell(&[profile(ANNA, "2027-02-01T00:00:00Z", &json!({}))], 1)
        .await;
    let uncovered = "select c.person_profile_id::text from customer c where (
        select count(*) from consent k where k.tenant_id = c.tenant_id
          and k.person_profile_id = c.person_profile_id and k.act = 0) <> 4";
    assert_eq!(rig.lines(uncovered).await, [""; 0]);
}

#[tokio::test]
async fn an_erasure_leaves_the_proof_of_what_was_allowed_and_nothing_else() {
    let rig = Rig::new().await;
    rig.tell(
        &[
            profile(
                ANNA,
                "2026-02-01T00:00:00Z",
                &json!({ "marketing_consent": true }),
            ),
            changed("2026-06-01T00:00:00Z", "REVOKE", &json!({})),
            changed(
                "2027-02-01T00:00:00Z",
                "GRANT",
                &json!({ "text_version": "v2" }),
            ),
            changed(
                "2027-02-02T00:00:00Z",
                "DENY",
                &json!({ "purpose": "personalisation" }),
            ),
        ],
        10,
    )
    .await;
    rig.tell(
        &[profile(
            ANNA,
            "2027-02-10T00:00:00Z",
            &json!({ "pii_redacted_at": "2027-02-10T00:00:00Z" }),
        )],
        1,
    )
    .await;
    let proofs = "select tag::text || ' ' || purpose || ' ' || channel || ' ' || granted_at::date || ' ' || ended_at::date
        || ' ' || coalesce(text_version, '-') || ' ' || kept_until::date from consent_proof order by granted_at";
    let tag = rig.context.pepper.tag(TENANT, ANNA);
    let expected = [
        format!("{tag} marketing ANY 2026-02-01 2026-06-01 - 2030-01-01"),
        format!("{tag} marketing ANY 2027-02-01 2027-03-01 v2 2031-01-01"),
    ];
    assert_eq!(rig.lines(proofs).await, expected);
    assert_eq!(rig.lines("select purpose from consent").await, [""; 0]);
    let prune = async |at: DateTime<Utc>| {
        let mut tx = Tx::begin(&rig.context.pool).await.unwrap();
        let gone = customer_intelligence::projections::prune_proofs(&mut tx, TENANT, at).await;
        tx.commit().await.unwrap();
        gone.unwrap()
    };
    assert_eq!(prune("2029-12-31T23:59:59Z".parse().unwrap()).await, 0);
    assert_eq!(prune("2030-01-01T00:00:00Z".parse().unwrap()).await, 1);
}

#[tokio::test]
async fn an_objection_takes_away_what_was_concluded_and_lifted_it_comes_back() {
    let rig = Rig::new().await;
    rig.tell(&crowd::plainly(TENANT, 0..8).bodies, 200).await;
    let scored = "select count(*)::text from customer_insight where nps_score is not null or satisfaction is not null";
    let free = "select person_profile_id::text || ' ' || encode(body, 'hex') from customer_insight order by 1";
    let before = rig.lines(free).await;
    assert_ne!(rig.lines(scored).await, ["0"], "somebody gave a score");
    let customers = rig.customers().await;
    let all = |at: &str, objection: Value| {
        let row = json!({ "profiling_objection_at": objection });
        customers
            .iter()
            .map(|person| profile(*person, at, &row))
            .collect::<Vec<_>>()
    };
    rig.tell(&all("2027-02-27T00:00:00Z", json!(null)), 500)
        .await;
    let allowed = rig.lines(free).await;
    assert_eq!(before.len(), allowed.len());
    rig.tell(
        &all("2027-02-28T00:00:00Z", json!("2027-02-28T00:00:00Z")),
        500,
    )
    .await;
    assert_eq!(rig.lines(scored).await, ["0"]);
    let opposed = rig.lines(free).await;
    let lost: usize = allowed
        .iter()
        .zip(&opposed)
        .map(|(had, has)| had.len().saturating_sub(has.len()))
        .sum();
    assert!(lost > 0, "what was concluded is not kept");
    rig.tell(&all("2027-02-28T01:00:00Z", json!(null)), 500)
        .await;
    assert_eq!(rig.lines(free).await, allowed);
}
