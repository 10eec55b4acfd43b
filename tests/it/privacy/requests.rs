//! Erasures that are asked for and carried out by the worker: through all their states, with everybody downstream told,
//! over GraphQL, and back again by a lawful return.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use customer_intelligence::actions::consents::Consents;
use customer_intelligence::actions::desks::Desks;
use customer_intelligence::audit::{Actor, Reads, reads};
use customer_intelligence::db::Tx;
use customer_intelligence::graphql::{Call, Caller, Limits, Schema};
use customer_intelligence::inbox::{self, Writer};
use customer_intelligence::insight::Reader;
use customer_intelligence::outbox;
use customer_intelligence::privacy::comeback::{Comeback, Leave};
use customer_intelligence::privacy::desk::Rights;
use customer_intelligence::privacy::export::desk::Exports;
use customer_intelligence::privacy::journal::Journal;
use customer_intelligence::privacy::queue;
use customer_intelligence::privacy::request::{Request, State};
use customer_intelligence::privacy::requests::Erasures;
use customer_intelligence::workers::{erase, erasures};
use serde_json::{Value, json};
use uuid::Uuid;

use super::rig::{Rig, TENANT, backoffice, profile};
use crate::property::crowd;

fn person() -> Uuid {
    Uuid::new_v5(&TENANT, b"somebody")
}

async fn known(rig: &Rig) {
    rig.tell(&[backoffice(
        "person_profiles",
        &Value::Null,
        &profile(person(), None, 1),
    )])
    .await;
}

async fn request(rig: &Rig, id: Uuid) -> Request {
    rig.office.request(TENANT, id).await.unwrap()
}

/// The worker's rounds after so much time.
async fn later(rig: &Rig, time: TimeDelta) {
    rig.context.clock.advance(time);
    while erasures::round(&rig.context, &rig.office).await.unwrap() > 0 {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_carried_out_and_closed_without_anybody_coming_back_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    known(&rig).await;
    // Whoever asked may be gone: all that is needed stands in the request.
    let id = rig
        .office
        .begin(&Rig::order(person()), &Actor::SERVICE)
        .await
        .unwrap()
        .request_id;
    assert_eq!(request(&rig, id).await.state, State::Requested);
    later(&rig, TimeDelta::zero()).await;
    let deleted = request(&rig, id).await;
    assert_eq!((deleted.state, deleted.person), (State::Deleted, None));
    rig.assert_gone_but_for(person(), &["outbox"]).await;
    later(&rig, TimeDelta::seconds(59)).await;
    assert_eq!(request(&rig, id).await.state, State::Deleted);
    later(&rig, TimeDelta::seconds(1)).await;
    let verified = request(&rig, id).await;
    assert_eq!(verified.state, State::Verified);
    rig.assert_gone(person()).await;
    later(&rig, TimeDelta::hours(23)).await;
    assert_eq!(request(&rig, id).await.state, State::Verified);
    later(&rig, TimeDelta::hours(1)).await;
    let closed = request(&rig, id).await;
    assert_eq!((closed.state, closed.next_at), (State::Closed, None));
    let receipt = rig.office.latest(&closed).await.unwrap();
    assert_eq!(receipt.receipt.scans, 2);
    assert_eq!(receipt.receipt.told, Some([].into()));
    assert_eq!(rig.office.check(&receipt).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_platform_erases_is_closed_by_the_worker_too() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    known(&rig).await;
    let before = profile(person(), None, 1);
    let mut redacted = profile(person(), None, 2);
    redacted["pii_redacted_at"] = json!("2027-02-01T00:02:00Z");
    rig.tell(&[backoffice("person_profiles", &before, &redacted)])
        .await;
    let open = rig.office.open_requests(TENANT).await.unwrap();
    later(&rig, TimeDelta::minutes(2)).await;
    later(&rig, TimeDelta::hours(25)).await;
    let closed = request(&rig, open[0]).await;
    assert_eq!(
        (closed.state, closed.basis.as_str()),
        (State::Closed, "redacted")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_not_proven_before_everybody_downstream_has_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(folder.path()).await;
    let target = "commerce".to_owned();
    rig.office.receivers = Arc::from([target.clone()]);
    known(&rig).await;
    let id = rig
        .office
        .begin(&Rig::order(person()), &Actor::SERVICE)
        .await
        .unwrap()
        .request_id;
    later(&rig, TimeDelta::zero()).await;
    later(&rig, TimeDelta::minutes(5)).await;
    assert_eq!(request(&rig, id).await.state, State::Deleted);
    let now = rig.context.clock.now();
    let pool = rig.db.pool();
    let mut tx = Tx::begin(pool).await.unwrap();
    outbox::route(&mut tx, TENANT, std::slice::from_ref(&target), now)
        .await
        .unwrap();
    let claimed = outbox::claim(&mut tx, TENANT, &target, now, 10)
        .await
        .unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].kind, "CustomerErased");
    assert_eq!(claimed[0].payload["person_profile_id"], json!(person()));
    let done = outbox::Done {
        id: claimed[0].id,
        outcome: outbox::Outcome::Delivered,
        word: "204".to_owned(),
    };
    outbox::note(&mut tx, TENANT, &target, &[done], now)
        .await
        .unwrap();
    outbox::settle(&mut tx, TENANT, now).await.unwrap();
    tx.commit().await.unwrap();
    later(&rig, TimeDelta::minutes(2)).await;
    let verified = request(&rig, id).await;
    assert_eq!(
        (verified.state, verified.told),
        (State::Verified, [target].into())
    );
    rig.assert_gone(person()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_done_in_time_is_counted_and_what_is_done_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    known(&rig).await;
    let begun = rig.context.clock.now();
    rig.office
        .begin(&Rig::order(person()), &Actor::SERVICE)
        .await
        .unwrap();
    let late = async |days: i64| {
        let now: DateTime<Utc> = begun + TimeDelta::days(days);
        let soon = now + rig.office.timing.warned_before_due();
        let late = queue::lateness(rig.db.pool(), Some(TENANT), now, soon).await;
        let late = late.unwrap();
        (late.due_soon, late.overdue)
    };
    assert_eq!(late(24).await, (0, 0));
    assert_eq!(late(25).await, (1, 0));
    assert_eq!(late(30).await, (1, 1));
    later(&rig, TimeDelta::zero()).await;
    later(&rig, TimeDelta::minutes(1)).await;
    assert_eq!(late(30).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_let_back_brings_nothing_from_before() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let crowd = crowd::shuffled(TENANT, 0..15, 30, false);
    rig.tell(&crowd.bodies).await;
    let person = crowd.persons[0];
    let leave = Leave {
        tenant_id: TENANT,
        person,
        category: None,
        reason: "TICKET-1".to_owned(),
        actor: Actor::SERVICE,
    };
    let let_back = async || rig.office.let_return(&leave).await.unwrap();
    assert_eq!(let_back().await, Comeback::NotErased);
    let done = erase::run(&rig.context, &rig.office, &Rig::order(person))
        .await
        .unwrap();
    assert_eq!(let_back().await, Comeback::UnderWay);
    let id = done.request.request_id;
    erase::verify(&rig.context, &rig.office, TENANT, id)
        .await
        .unwrap();
    rig.context.clock.advance(TimeDelta::days(1));
    let returned_at = rig.context.clock.now();
    assert_eq!(let_back().await, Comeback::Allowed(returned_at));
    assert_eq!(let_back().await, Comeback::NotErased, "once");

    rig.tell(&crowd.bodies).await;
    rig.assert_gone(person).await;
    let at = |seconds: i64| (returned_at + TimeDelta::seconds(seconds)).to_rfc3339();
    let mut again = profile(person, None, 1);
    again["updated_at"] = json!(at(10));
    rig.tell(&[backoffice("person_profiles", &Value::Null, &again)])
        .await;
    let counts = rig.office.count(TENANT, &[person].into()).await.unwrap();
    assert_eq!(
        (counts["customer"], counts["activity_log"]),
        (1, 1),
        "{counts:?}"
    );
    rig.tell(&crowd.bodies).await;
    let counts = rig.office.count(TENANT, &[person].into()).await.unwrap();
    assert_eq!(
        (counts["customer"], counts["activity_log"]),
        (1, 1),
        "{counts:?}"
    );
    // The file knows of it as well, so that a restore keeps what was allowed.
    let kept = rig.file.read().await.unwrap();
    let tag = rig.context.pepper.tag(TENANT, person);
    let kept = kept.iter().find(|entry| entry.tag == tag).unwrap();
    assert_eq!(kept.returned_at, Some(returned_at));
}

/// Asks as a role; the answer as JSON.
async fn ask(schema: &Schema, role: &str, query: &str, variables: Value) -> Value {
    let tenant = TENANT.to_string();
    let caller = Caller::read(|name| match name {
        "x-hasura-role" => Some(role),
        "x-hasura-tenant-id" => Some(tenant.as_str()),
        "x-hasura-user-id" => Some("u-7"),
        _ => None,
    });
    let Value::Object(variables) = variables else {
        panic!("variables are an object");
    };
    let call = Call {
        query: query.to_owned(),
        operation_name: None,
        variables,
        only_query: false,
    };
    let answer = schema.answer(call, caller).await.unwrap();
    serde_json::from_slice(&answer.to_json().unwrap()).unwrap()
}

const ASK: &str = "mutation ($input: RequestCustomerErasureInput!) {
    request_customer_erasure(input: $input) { status request { id state legal_basis categories overdue } } }";
const LIST: &str = "{ erasure_requests(first: 5) {
    nodes { id state legal_basis categories reason requested_at due_at overdue closed_at receipt } } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_graphql_it_is_asked_for_and_followed_without_ever_telling_whom() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    known(&rig).await;
    let (pool, clock) = (rig.db.pool().clone(), rig.context.clock.clone());
    let writer = Writer::new(pool.clone(), clock.clone(), inbox::Limits::default());
    let consents = Consents::new(
        pool.clone(),
        clock.clone(),
        rig.context.pepper.clone(),
        rig.context.settings,
    );
    let lists = rig.db.reads();
    let desks = Desks::new(&pool, &lists, &writer, &clock, consents);
    let pepper = rig.context.pepper.clone();
    let rights = Rights {
        journal: Journal::new(lists.clone(), pepper.clone()),
        exports: Exports::new(pool.clone(), lists.clone(), clock.clone(), pepper.clone()),
        erasures: Erasures::new(rig.office.clone(), lists),
    };
    let tags = Arc::new(move |tenant_id, persons: &[Uuid]| pepper.tags(tenant_id, persons));
    let reads = Reads::new(pool.clone(), clock.clone(), tags, reads::Limits::default());
    let schema = Schema::new(Reader::new(pool, clock, 3), desks, Limits::default())
        .with_rights(rights, reads);
    let input = json!({ "input": { "person_profile_id": person(), "legal_basis": "GDPR_REQUEST",
        "reason": "TICKET-17" } });
    let refused = ask(&schema, "dispatcher", ASK, input.clone()).await;
    assert_eq!(
        refused["errors"][0]["extensions"]["code"],
        json!("FORBIDDEN")
    );
    let asked = ask(&schema, "data_protection", ASK, input.clone()).await;
    let payload = &asked["data"]["request_customer_erasure"];
    assert_eq!(payload["status"], json!("ACCEPTED"), "{asked}");
    assert_eq!(payload["request"]["state"], json!("REQUESTED"));
    rig.context.clock.advance(TimeDelta::seconds(1));
    let again = ask(&schema, "manager", ASK, input).await;
    let again = &again["data"]["request_customer_erasure"];
    assert_eq!(again["status"], json!("KNOWN"));
    assert_eq!(again["request"]["id"], payload["request"]["id"]);
    for (field, value, status) in [
        ("due", json!("2020-01-01T00:00:00Z"), "UNUSABLE_DUE"),
        ("reason", json!("erika@example.org"), "UNUSABLE_REASON"),
        ("person_profile_id", json!("nobody"), "UNUSABLE_PERSON"),
    ] {
        let mut input = json!({ "person_profile_id": person(), "legal_basis": "CCPA_REQUEST" });
        input[field] = value;
        let answer = ask(&schema, "manager", ASK, json!({ "input": input })).await;
        let answer = &answer["data"]["request_customer_erasure"]["status"];
        assert_eq!(answer, status);
    }
    for wait in [TimeDelta::zero(), TimeDelta::minutes(1), TimeDelta::days(1)] {
        later(&rig, wait).await;
    }
    let listed = ask(&schema, "data_protection", LIST, json!({})).await;
    let node = &listed["data"]["erasure_requests"]["nodes"][0];
    assert_eq!(node["state"], json!("CLOSED"), "{listed}");
    assert_eq!(node["legal_basis"], json!("GDPR_REQUEST"));
    assert_eq!(node["receipt"]["receipt"]["scans"], json!(2));
    assert!(!listed.to_string().contains(&person().to_string()));
    let refused = ask(&schema, "dispatcher", LIST, json!({})).await;
    assert_eq!(
        refused["errors"][0]["extensions"]["code"],
        json!("FORBIDDEN")
    );
}
