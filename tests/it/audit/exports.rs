//! Exports that are asked for: made, encrypted, handed out once, and gone with whoever they are about.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::process::Command;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use chrono::TimeDelta;
use customer_intelligence::db::{PoolConfig, Tx, pool};
use customer_intelligence::outbox;
use customer_intelligence::privacy::export::desk::{Exports, Fetched};
use flate2::read::GzDecoder;
use futures::future::join_all;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use uuid::Uuid;

use super::TENANT;
use super::rig::{Reply, Rig};
use crate::property::crowd;

async fn told(people: u64) -> (Rig, Vec<Uuid>) {
    let rig = Rig::new().await;
    let bodies = crowd::plainly(TENANT, 0..people).bodies;
    rig.told.tell(&bodies, 100).await;
    let customers = rig.told.customers().await;
    (rig, customers)
}

/// The files of an archive, by name.
fn opened(archive: &[u8], key: &str) -> BTreeMap<String, String> {
    let identity: age::x25519::Identity = key.parse().expect("a secret key");
    let decryptor = age::Decryptor::new(archive).expect("an age file");
    let identities = std::iter::once(&identity as &dyn age::Identity);
    let clear = decryptor.decrypt(identities).expect("it is for this key");
    let mut files = tar::Archive::new(GzDecoder::new(clear));
    let read = |file: std::io::Result<tar::Entry<'_, _>>| {
        let mut file = file.expect("a file");
        let name = file.path().expect("a name").display().to_string();
        let mut text = String::new();
        file.read_to_string(&mut text).expect("text");
        (name, text)
    };
    files.entries().expect("files").map(read).collect()
}

async fn states(rig: &Rig) -> Vec<String> {
    let query = "{ export_requests { nodes { status } } }";
    let found = rig
        .ask("data_protection", json!({ "query": query }))
        .await
        .data();
    let nodes = found["export_requests"]["nodes"].as_array().unwrap();
    nodes
        .iter()
        .map(|node| node["status"].as_str().unwrap().to_owned())
        .collect()
}

fn assert_leaves_no_trace(reply: &Reply) {
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(reply.headers[name], value);
    }
}

#[tokio::test]
async fn a_person_s_data_are_asked_for_made_fetched_once_and_opened() {
    let (mut rig, customers) = told(3).await;
    let person = customers[0];
    let asked = rig.request(json!({ "person_profile_id": person })).await;
    assert_eq!(asked["status"], "ACCEPTED");
    assert_eq!(asked["due_at"], "2027-03-31T12:00:00Z");
    let path = asked["download_path"].as_str().unwrap();
    let key = asked["age_secret_key"].as_str().unwrap();
    let early = rig.get(path).await;
    assert_eq!(early.status, StatusCode::ACCEPTED);
    assert!(early.headers.contains_key("retry-after"));
    assert_eq!(states(&rig).await, ["REQUESTED"]);
    assert_eq!(rig.builder.round().await.unwrap(), 1);
    assert_eq!(rig.builder.round().await.unwrap(), 0, "once");
    assert_eq!(states(&rig).await, ["READY"]);

    // Looking at it does not use it up.
    let looked = rig
        .send(Request::head(path).body(Body::empty()).unwrap())
        .await;
    assert_eq!(looked.status, StatusCode::METHOD_NOT_ALLOWED);
    let ahead = Request::get(path).header("sec-purpose", "prefetch");
    let ahead = rig.send(ahead.body(Body::empty()).unwrap()).await;
    assert_eq!(ahead.status, StatusCode::SERVICE_UNAVAILABLE);

    let fetched = rig.get(path).await;
    assert_eq!(fetched.status, StatusCode::OK);
    assert_leaves_no_trace(&fetched);
    let text = String::from_utf8_lossy(&fetched.bytes);
    assert!(text.starts_with("age-encryption.org/v1"));
    assert!(!text.contains(&person.to_string()), "it is encrypted");
    let files = opened(&fetched.bytes, key);
    let document: Value = serde_json::from_str(&files["export/export.json"]).unwrap();
    assert_eq!(document["person_profile_id"], person.to_string());
    let asked_for = &document["exports"][0];
    assert_eq!(
        asked_for["state"], "BUILDING",
        "the request itself is in it"
    );

    let again = rig.get(path).await;
    assert_eq!(again.status, StatusCode::GONE);
    assert_leaves_no_trace(&again);
    assert_eq!(states(&rig).await, ["FETCHED"]);
    assert_eq!(
        rig.lines("select count(*)::text from export_chunk").await,
        ["0"]
    );
    rig.written().await;
    rig.whole().await;
    let acts = rig
        .lines("select concat_ws(' ', act, role, coalesce(user_id, '-')) from audit_act where act like 'export%' order by number")
        .await;
    assert_eq!(
        acts,
        [
            "export_requested manager u-7",
            "export_built service -",
            "export_fetched bearer -"
        ]
    );
}

/// The tool that whoever gets an archive has; where it is not installed the test says so and passes.
#[tokio::test]
async fn the_age_command_opens_it_too() {
    if Command::new("age").arg("--version").output().is_err() {
        println!("left out, because there is no `age` on this machine");
        return;
    }
    let (rig, customers) = told(1).await;
    let asked = rig
        .request(json!({ "person_profile_id": customers[0], "format": "CSV" }))
        .await;
    rig.builder.round().await.unwrap();
    let fetched = rig.get(asked["download_path"].as_str().unwrap()).await;
    let folder = tempfile::tempdir().unwrap();
    let (key, archive) = (folder.path().join("key.txt"), folder.path().join("it.age"));
    std::fs::write(&key, asked["age_secret_key"].as_str().unwrap()).unwrap();
    std::fs::write(&archive, &fetched.bytes).unwrap();
    let opened = Command::new("age")
        .arg("--decrypt")
        .arg("--identity")
        .args([&key, &archive])
        .output()
        .unwrap();
    assert!(
        opened.status.success(),
        "{}",
        String::from_utf8_lossy(&opened.stderr)
    );
    let mut files = tar::Archive::new(GzDecoder::new(opened.stdout.as_slice()));
    assert!(files.entries().unwrap().count() > 10);
}

#[tokio::test]
async fn what_opens_it_and_where_it_is_are_kept_nowhere() {
    let (rig, customers) = told(1).await;
    let asked = rig
        .request(json!({ "person_profile_id": customers[0] }))
        .await;
    rig.builder.round().await.unwrap();
    let kept = rig
        .lines(
            "select r::text from export_request r union all select a::text from audit_act a
             union all select encode(body, 'escape') from export_chunk",
        )
        .await
        .join("\n");
    let path = asked["download_path"].as_str().unwrap();
    let token = path.strip_prefix("/exports/").unwrap();
    let key = asked["age_secret_key"].as_str().unwrap();
    let (_, last) = token.split_at(token.len() - 40);
    for secret in [key, token, last] {
        assert!(!kept.to_lowercase().contains(&secret.to_lowercase()));
    }
}

#[tokio::test]
async fn one_can_name_a_key_a_form_a_language_and_parts() {
    let (rig, customers) = told(1).await;
    let identity = age::x25519::Identity::generate();
    let asked = rig
        .request(json!({
            "person_profile_id": customers[0], "recipient_age_key": identity.to_public().to_string(),
            "format": "CSV", "language": "en", "categories": ["CONSENTS", "METRICS"],
        }))
        .await;
    assert_eq!(asked["status"], "ACCEPTED");
    assert_eq!(asked["age_secret_key"], Value::Null);
    rig.builder.round().await.unwrap();
    let fetched = rig.get(asked["download_path"].as_str().unwrap()).await;
    let other = age::x25519::Identity::generate();
    let decryptor = age::Decryptor::new(fetched.bytes.as_slice()).unwrap();
    let identities = std::iter::once(&other as &dyn age::Identity);
    assert!(
        decryptor.decrypt(identities).is_err(),
        "nobody else's key opens it"
    );
    let files = opened(&fetched.bytes, identity.to_string().expose_secret());
    let names: BTreeSet<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        BTreeSet::from([
            "export/export.csv",
            "export/metrics.csv",
            "export/consents.csv",
            "export/consent_history.csv"
        ])
    );
    assert!(files["export/export.csv"].contains("language,en"));
}

#[tokio::test]
async fn who_may_ask_and_what_is_refused() {
    let (rig, customers) = told(2).await;
    let (person, other) = (customers[0], customers[1]);
    let input = |input: Value| {
        let query = "mutation($input: RequestCustomerExportInput!) { it: request_customer_export(input: $input) { status } }";
        json!({ "query": query, "variables": { "input": input } })
    };
    let about = |id: Uuid| input(json!({ "person_profile_id": id }));
    for role in [
        "dispatcher",
        "marketing",
        "driver",
        "service",
        "busflow_staff",
    ] {
        let refused = rig.ask_as(role, person, about(person)).await.json();
        assert_eq!(
            refused["errors"][0]["extensions"]["code"], "FORBIDDEN",
            "{role}"
        );
    }
    let own = rig.ask_as("customer", person, about(person)).await.data();
    assert_eq!(own["it"]["status"], "ACCEPTED");
    let foreign = rig.ask_as("customer", person, about(other)).await.json();
    assert_eq!(foreign["errors"][0]["extensions"]["code"], "FORBIDDEN");
    for (body, status) in [
        (about(Uuid::from_u128(9)), "UNKNOWN_PERSON"),
        (
            input(json!({ "person_profile_id": other, "recipient_age_key": "age1no" })),
            "INVALID_RECIPIENT",
        ),
        (about(other), "ACCEPTED"),
        (about(other), "ACCEPTED"),
        (about(other), "ACCEPTED"),
        (about(other), "TOO_MANY_REQUESTS"),
    ] {
        let answered = rig.ask("manager", body.clone()).await.data();
        assert_eq!(answered["it"]["status"], status, "{body}");
    }
    rig.told.erase(person).await;
    let gone = rig.ask("manager", about(person)).await.data();
    assert_eq!(gone["it"]["status"], "ERASED");
    let unusable = rig
        .ask("manager", input(json!({ "person_profile_id": "x" })))
        .await
        .json();
    assert_eq!(
        unusable["errors"][0]["extensions"]["code"],
        "BAD_USER_INPUT"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_fetch_at_once_one_gets_it() {
    let (rig, customers) = told(1).await;
    for _ in 0..5 {
        let asked = rig
            .request(json!({ "person_profile_id": customers[0] }))
            .await;
        rig.builder.round().await.unwrap();
        let path = asked["download_path"].as_str().unwrap();
        let token = path.strip_prefix("/exports/").unwrap().to_owned().into();
        let fetching = (0..8).map(|_| rig.rights.exports.fetch(&token));
        let fetched: Vec<Fetched> = join_all(fetching)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        let got = fetched
            .iter()
            .filter(|one| matches!(one, Fetched::Archive { .. }));
        let over = fetched.iter().filter(|one| matches!(one, Fetched::Over));
        assert_eq!((got.count(), over.count()), (1, 7));
    }
    rig.whole().await;
}

#[tokio::test]
async fn a_wrong_address_leads_nowhere_and_costs_the_right_one_nothing() {
    let (rig, customers) = told(1).await;
    let asked = rig
        .request(json!({ "person_profile_id": customers[0] }))
        .await;
    rig.builder.round().await.unwrap();
    let path = asked["download_path"].as_str().unwrap();
    let (start, last) = path.split_at(path.len() - 2);
    let turned = if last.starts_with('A') { "BA" } else { "AA" };
    for wrong in [
        "/exports/x",
        "/exports/%00",
        &format!("{start}{turned}"),
        &format!("/exports/{}", "A".repeat(86)),
    ] {
        let reply = rig.get(wrong).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{wrong}");
        assert_leaves_no_trace(&reply);
    }
    assert_eq!(rig.get(path).await.status, StatusCode::OK);
}

#[tokio::test]
async fn nobody_can_try_addresses_without_end() {
    let (rig, _) = told(1).await;
    let path = format!("/exports/{}", "A".repeat(86));
    let mut busy = 0;
    for _ in 0..200 {
        let reply = rig.get(&path).await;
        busy += u32::from(reply.status == StatusCode::SERVICE_UNAVAILABLE);
    }
    assert!(busy > 0);
}

#[tokio::test]
async fn what_nobody_fetches_in_time_is_taken_away() {
    let (rig, customers) = told(1).await;
    let asked = rig
        .request(json!({ "person_profile_id": customers[0] }))
        .await;
    rig.builder.round().await.unwrap();
    let clock = &rig.told.context.clock;
    assert!(clock.advance(TimeDelta::hours(24)));
    let path = asked["download_path"].as_str().unwrap();
    assert_eq!(
        rig.get(path).await.status,
        StatusCode::GONE,
        "also before it is taken away"
    );
    assert_eq!(rig.builder.expire().await.unwrap(), 1);
    assert_eq!(rig.builder.expire().await.unwrap(), 0);
    assert_eq!(states(&rig).await, ["EXPIRED"]);
    assert_eq!(
        rig.lines("select count(*)::text from export_chunk").await,
        ["0"]
    );
    assert_eq!(rig.get(path).await.status, StatusCode::GONE);
    rig.whole().await;
}

#[tokio::test]
async fn a_request_that_was_left_is_taken_up_again_and_only_one_archive_counts() {
    let (rig, customers) = told(1).await;
    let asked = rig
        .request(json!({ "person_profile_id": customers[0] }))
        .await;
    // As a process leaves it that is killed while it works.
    let left = "update export_request set state = 1, attempts = 1, claimed_at = '2027-03-01T12:00:00Z' returning 'x'";
    rig.lines(left).await;
    let clock = &rig.told.context.clock;
    assert!(clock.advance(TimeDelta::minutes(4)));
    assert_eq!(
        rig.builder.round().await.unwrap(),
        0,
        "somebody may still work on it"
    );
    assert_eq!(states(&rig).await, ["BUILDING"]);
    assert!(clock.advance(TimeDelta::minutes(2)));
    assert_eq!(rig.builder.round().await.unwrap(), 1);
    let fetched = rig.get(asked["download_path"].as_str().unwrap()).await;
    let files = opened(&fetched.bytes, asked["age_secret_key"].as_str().unwrap());
    assert_eq!(files.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_made_is_tried_again_a_few_times_and_then_told() {
    let (rig, customers) = told(1).await;
    let asked = rig
        .request(json!({ "person_profile_id": customers[0] }))
        .await;
    rig.lines("update export_request set recipient = 'broken' returning 'x'")
        .await;
    let clock = &rig.told.context.clock;
    for attempt in 1..=5 {
        assert_eq!(rig.builder.round().await.unwrap(), 1, "{attempt}");
        assert_eq!(rig.builder.round().await.unwrap(), 0, "not at once again");
        assert!(clock.advance(TimeDelta::minutes(1)));
    }
    assert_eq!(states(&rig).await, ["FAILED"]);
    let path = asked["download_path"].as_str().unwrap();
    assert_eq!(rig.get(path).await.status, StatusCode::GONE);
    assert_eq!(rig.builder.pressing().await.unwrap(), 0);
    assert!(clock.advance(TimeDelta::days(26)));
    assert_eq!(
        rig.builder.pressing().await.unwrap(),
        1,
        "an alarm before it is due"
    );
}

#[tokio::test]
async fn an_erasure_cancels_what_is_under_way_and_takes_what_is_ready() {
    let (rig, customers) = told(3).await;
    let (waits, ready) = (customers[0], customers[1]);
    let fetch = rig.request(json!({ "person_profile_id": ready })).await;
    rig.builder.round().await.unwrap();
    rig.request(json!({ "person_profile_id": waits })).await;
    rig.told.erase(waits).await;
    rig.told.erase(ready).await;
    assert_eq!(states(&rig).await, ["CANCELLED", "CANCELLED"]);
    assert_eq!(rig.builder.round().await.unwrap(), 0);
    assert_eq!(
        rig.lines("select count(*)::text from export_chunk").await,
        ["0"]
    );
    let path = fetch["download_path"].as_str().unwrap();
    assert_eq!(rig.get(path).await.status, StatusCode::GONE);
    // What tells the others who was erased goes when everybody has it; here there is nobody.
    let now = rig.told.context.clock.now();
    let mut tx = Tx::begin(rig.db().pool()).await.unwrap();
    outbox::route(&mut tx, TENANT, &[], now).await.unwrap();
    outbox::settle(&mut tx, TENANT, now).await.unwrap();
    tx.commit().await.unwrap();
    for person in [waits, ready] {
        let traces = crate::stories::traces::of(&rig.db().superuser(), person).await;
        assert!(traces.is_empty(), "{traces:#?}");
    }
    rig.whole().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn erasures_and_exports_at_the_same_time_leave_nobody_s_data() {
    let rig = Rig::new().await;
    rig.told
        .tell(&crowd::plainly(TENANT, 0..20).bodies, 200)
        .await;
    let customers = rig.told.customers().await;
    let (mut fetched, mut cancelled) = (0, 0);
    for chunk in customers.chunks(4) {
        let asked = join_all(
            chunk
                .iter()
                .map(|person| rig.request(json!({ "person_profile_id": person }))),
        )
        .await;
        // Whoever was merged with somebody who is gone is gone.
        let asked: Vec<Value> = asked
            .into_iter()
            .filter(|one| one["status"] == "ACCEPTED")
            .collect();
        let erasing = async {
            for person in chunk {
                rig.told.erase(*person).await;
                tokio::task::yield_now().await;
            }
        };
        let building = async {
            for _ in 0..3 {
                rig.builder.round().await.unwrap();
            }
        };
        let fetching = async {
            let mut got = 0;
            for one in &asked {
                let path = one["download_path"].as_str().unwrap();
                let token = path.strip_prefix("/exports/").unwrap().to_owned().into();
                let answer = rig.rights.exports.fetch(&token).await.unwrap();
                got += usize::from(matches!(answer, Fetched::Archive { .. }));
            }
            got
        };
        let ((), (), got) = tokio::join!(erasing, building, fetching);
        fetched += got;
        cancelled += asked.len() - got;
    }
    println!("{fetched} were fetched before their persons went, {cancelled} were not");
    assert!(cancelled > 0);
    let left = rig
        .lines(
            "select (select count(*) from export_chunk)::text || ' '
               || (select count(*) from export_request where person_profile_id is not null or state in (0, 1, 2))",
        )
        .await;
    assert_eq!(left, ["0 0"]);
    rig.whole().await;
}

#[tokio::test]
async fn while_the_database_is_away_the_door_says_come_again() {
    let nowhere = sqlx::postgres::PgConnectOptions::new_without_pgpass().socket("/nowhere/at/all");
    let (rig, customers) = told(1).await;
    let asked = rig
        .request(json!({ "person_profile_id": customers[0] }))
        .await;
    rig.builder.round().await.unwrap();
    let nowhere = pool::connect_lazy(nowhere, &PoolConfig::default());
    let exports = Exports::new(
        nowhere.clone(),
        nowhere,
        rig.told.context.clock.clone(),
        rig.told.context.pepper.clone(),
    );
    let door = customer_intelligence::http::exports::Door::new(
        exports,
        customer_intelligence::http::Limits::default(),
    );
    let router = customer_intelligence::http::exports::router(door);
    let path = asked["download_path"].as_str().unwrap();
    let request = Request::get(path).body(Body::empty()).unwrap();
    let reply = tower::ServiceExt::oneshot(router, request).await.unwrap();
    assert_eq!(reply.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(reply.headers().contains_key("retry-after"));
    assert_eq!(
        rig.get(path).await.status,
        StatusCode::OK,
        "it is still there"
    );
}
