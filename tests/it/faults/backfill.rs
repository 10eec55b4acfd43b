//! A backfill is killed again and again, and what happens now does not wait for it.
//!
//! Short form by default; `CI_FAULT_KILLS=20` is the full one.

use std::collections::BTreeSet;
use std::process::Child;
use std::time::{Duration, Instant};

use customer_intelligence::actions::receive::{self, Received};
use customer_intelligence::db::Pool;
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::inbox::{Channel, Limits, Writer};
use customer_intelligence::insight::Reader;
use customer_intelligence::jobs::{self, BACKFILL, State};
use serde_json::{Value, json};
use sqlx::Row;
use uuid::Uuid;

use super::expected::{Expected, QUARANTINE_DAYS};
use crate::intake::program::{Commands, Ran, text};
use crate::property::crowd::{self, Crowd};
use crate::support::TestDb;
use crate::support::switch;

const TENANT: Uuid = Uuid::from_u128(0xbac_f112);
const PATIENCE: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(10);

fn lines(crowd: &Crowd) -> Vec<u8> {
    let lines = crowd.bodies.iter().map(|body| {
        let body: Value = serde_json::from_str(body).unwrap();
        format!("{body}\n")
    });
    lines.collect::<String>().into_bytes()
}

async fn number(pool: &Pool, statement: &'static str) -> i64 {
    let row = sqlx::raw_sql(statement).fetch_one(pool).await.unwrap();
    row.get(0)
}

/// Polls until it is so; false when the process ended before.
async fn until(child: &mut Child, mut so: impl AsyncFnMut() -> bool) -> bool {
    let begun = Instant::now();
    loop {
        if so().await {
            return true;
        }
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        assert!(begun.elapsed() < PATIENCE, "it takes too long");
        tokio::time::sleep(POLL).await;
    }
}

/// Random numbers that can be had again.
fn dice() -> impl FnMut(u64) -> u64 {
    let mut state = switch("CI_FAULT_SEED").unwrap_or(1_u64);
    move |below| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below.max(1)
    }
}

#[tokio::test]
async fn a_backfill_killed_at_random_points_ends_as_one_that_was_not() {
    let kills = super::switches::kills(3);
    let crowd = crowd::plainly(TENANT, 0..14 * kills);
    let expected = Expected::of(&crowd);
    let db = TestDb::new().await;
    let commands = Commands::on(&db);
    let mut file = lines(&crowd);
    file.extend_from_slice(b"this is no json\n");
    let file = commands.file("history.ndjson", &file);
    let arguments = ["backfill", text(&file), "--json", "--max-rate", "1500"];
    let mut roll = dice();
    let all = crowd.bodies.len() as u64 + 1;
    let mut under_way = 0;
    for kill in 0..kills {
        let mut child = commands.start(&arguments);
        let position = kill * all / kills;
        let reached = until(&mut child, async || {
            let running = jobs::running(db.pool()).await.unwrap();
            let whole = running.iter().find(|job| job.key.tenant_id.is_nil());
            whole.is_some_and(|job| job.progress["read"].as_u64().unwrap() >= position)
        });
        reached.await;
        // And a random while later, unless it is over before.
        let (begun, while_longer) = (Instant::now(), Duration::from_micros(roll(200_000)));
        until(&mut child, async || begun.elapsed() >= while_longer).await;
        under_way += u64::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(
        under_way * 4 >= kills * 3,
        "only {under_way} of {kills} hit"
    );
    let last = commands.run(&arguments).await;
    if last.json().get("already_finished").is_none() {
        assert!(
            last.remarked.contains("going on with history.ndjson"),
            "{}",
            last.remarked
        );
        let report = last.json();
        assert_eq!(report["read"], crowd.bodies.len() + 1);
        assert_eq!(report["accepted"], crowd.bodies.len());
        assert_eq!(report["dead_letters"], json!({ "not_json": 1 }));
    }
    expected.assert_log(db.pool()).await;
    assert_eq!(number(db.pool(), "select count(*) from inbox").await, 0);
    // Outputs follow live appends; of those there are none.
    let live = "select count(*) from activity_log where provenance <> 2";
    assert_eq!(number(db.pool(), live).await, 0);
    let reader = Reader::new(db.pool().clone(), Clock::system(), QUARANTINE_DAYS);
    let found = reader.insights(TENANT, &crowd.persons).await.unwrap();
    for person in &crowd.persons {
        let found = found
            .get(person)
            .map(|found| found.as_ref().unwrap().insight.clone());
        let now = found
            .as_ref()
            .map_or(Clock::system().now(), |found| found.computed_at);
        assert_eq!(found, expected.insight(*person, now), "{person}");
    }
    let ended = jobs::of_run(db.pool(), BACKFILL, &run(&db).await)
        .await
        .unwrap();
    assert!(ended.iter().all(|job| job.state == State::Finished));
}

async fn run(db: &TestDb) -> String {
    let row = sqlx::raw_sql("select distinct run from job")
        .fetch_one(db.pool())
        .await;
    row.unwrap().get(0)
}

#[tokio::test]
async fn what_happens_now_overtakes_a_backfill_which_makes_answers_partial_while_it_lasts() {
    let crowd = crowd::plainly(TENANT, 0..150);
    let db = TestDb::new().await;
    let commands = Commands::on(&db);
    let file = commands.file("history.ndjson", &lines(&crowd));
    let mut child = commands.start(&["backfill", text(&file), "--json"]);
    let pool = db.pool();
    let waiting = "select count(*) from inbox where channel = 1";
    assert!(until(&mut child, async || number(pool, waiting).await >= 1_000).await);

    let person = Uuid::from_u128(0x11fe);
    let writer = Writer::new(pool.clone(), Clock::system(), Limits::default());
    let body = json!({ "id": "a-live-one", "table": { "schema": "backoffice", "name": "person_profiles" },
        "trigger": { "name": "t" }, "event": { "op": "INSERT", "data": { "old": null, "new": {
            "id": person, "tenant_id": TENANT, "created_at": "2026-03-01T00:00:00Z",
            "updated_at": "2026-03-01T00:00:00Z" } } } });
    let body = body.to_string();
    let clock = Clock::system();
    let given = async {
        let received = receive::receive(&writer, &clock, body.as_bytes(), Channel::Live).await;
        writer.close();
        received
    };
    let (received, ()) = tokio::join!(given, writer.run());
    assert!(matches!(received, Ok(Received::Kept { .. })));
    let begun = Instant::now();
    let reader = Reader::new(pool.clone(), Clock::system(), QUARANTINE_DAYS);
    let mut partial = BTreeSet::new();
    let seen = until(&mut child, async || {
        let found = reader.insights(TENANT, &[person]).await.unwrap();
        let found = found.get(&person).cloned().flatten();
        partial.extend(found.as_ref().map(|found| found.partial));
        found.is_some()
    });
    assert!(seen.await);
    let (lag, behind) = (begun.elapsed(), number(pool, waiting).await);
    assert!(behind > 0, "the history was in before, after {lag:?}");
    assert_eq!(partial, BTreeSet::from([true]));

    let ended = tokio::task::spawn_blocking(move || Ran::of(child.wait_with_output().unwrap()));
    let report = ended.await.unwrap().json();
    assert_eq!(report["accepted"], crowd.bodies.len());
    let found = reader.insights(TENANT, &[person]).await.unwrap();
    assert!(!found[&person].as_ref().unwrap().partial);
}
