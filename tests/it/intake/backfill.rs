//! History comes in once, whatever it is read from, and the report says what is true.

use std::io::Write;

use customer_intelligence::activity_log::Provenance;
use customer_intelligence::contracts;
use customer_intelligence::inbox::dead_letters::{self, Query};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use sqlx::Row;
use uuid::Uuid;

use super::program::{Commands, text};
use crate::property::crowd::{self, Crowd};
use crate::support::TestDb;

const TENANT: Uuid = Uuid::from_u128(0xbac_f111);
const CATALOGUE: &str = include_str!("../../../src/demo/hdb_catalog.sql");

fn crowd() -> Crowd {
    crowd::plainly(TENANT, 0..8)
}

fn ndjson(bodies: &[String]) -> String {
    bodies.iter().map(|body| one_line(body) + "\n").collect()
}

fn one_line(body: &str) -> String {
    serde_json::from_str::<Value>(body).unwrap().to_string()
}

/// Everything in the log, by key; every row is there as history.
async fn log(db: &TestDb) -> Vec<(Uuid, Uuid, Vec<u8>)> {
    let rows = sqlx::raw_sql(
        "select person_profile_id, activity_id, content_hash, provenance from activity_log
         order by tenant_id, person_profile_id, activity_id, version_at, content_hash",
    )
    .fetch_all(db.pool())
    .await
    .unwrap();
    let history = Provenance::Backfill as i16;
    assert!(rows.iter().all(|row| row.get::<i16, _>(3) == history));
    rows.iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect()
}

#[tokio::test]
async fn a_file_a_compressed_file_and_a_stream_bring_in_the_same() {
    let crowd = crowd();
    let lines = ndjson(&crowd.bodies);
    let mut logs = Vec::new();
    let plain = TestDb::new().await;
    let commands = Commands::on(&plain);
    let file = commands.file("history.ndjson", lines.as_bytes());
    let report = commands.run(&["backfill", text(&file), "--json"]).await;
    let report = report.json();
    assert_eq!(report["read"], crowd.bodies.len());
    assert_eq!(report["accepted"], crowd.bodies.len());
    logs.push(log(&plain).await);
    assert_eq!(report["outputs_withheld"], logs[0].len());
    let persons: std::collections::BTreeSet<_> = logs[0].iter().map(|row| row.0).collect();
    assert_eq!(report["persons"], persons.len());

    let zipped = TestDb::new().await;
    let commands = Commands::on(&zipped);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(lines.as_bytes()).unwrap();
    let file = commands.file("history.gz", &gzip.finish().unwrap());
    let same = commands.run(&["backfill", text(&file), "--json"]).await;
    assert_eq!(same.json()["duplicate"], report["duplicate"]);
    logs.push(log(&zipped).await);

    let streamed = TestDb::new().await;
    let commands = Commands::on(&streamed);
    // As Windows would save it.
    let odd = format!("\u{feff}{}", lines.replace('\n', "\r\n\r\n"));
    let same = commands
        .feed(&["backfill", "-", "--json"], odd.into_bytes())
        .await;
    assert_eq!(same.json()["accepted"], report["accepted"]);
    logs.push(log(&streamed).await);
    assert!(!logs[0].is_empty());
    assert_eq!(logs[0], logs[1]);
    assert_eq!(logs[0], logs[2]);
}

#[tokio::test]
async fn duplicates_are_counted_and_a_line_that_cannot_be_read_is_a_letter_with_its_number() {
    let crowd = crowd();
    let n = crowd.bodies.len();
    let db = TestDb::new().await;
    let commands = Commands::on(&db);
    let once = ndjson(&crowd.bodies);
    let file = commands.file("once.ndjson", once.as_bytes());
    let first = commands
        .run(&["backfill", text(&file), "--json"])
        .await
        .json();
    let before = log(&db).await;
    let too_large = "x".repeat((1 << 20) + 1);
    let other = crowd::plainly(Uuid::from_u128(0x07), 0..1);
    let more = format!(
        "not json\n{once}{{\"id\":1}}\n{too_large}\n{}",
        ndjson(&other.bodies)
    );
    let file = commands.file("more.ndjson", more.as_bytes());
    let tenant = TENANT.to_string();
    let arguments = ["backfill", text(&file), "--json", "--tenant", &tenant];
    let report = commands.run(&arguments).await.json();
    assert!(first["duplicate"].as_u64().unwrap() < n as u64);
    assert_eq!(report["read"], n + 3 + other.bodies.len());
    assert_eq!(report["filtered"], other.bodies.len());
    assert_eq!(report["accepted"], n);
    assert_eq!(report["duplicate"], n);
    assert_eq!(report["persons"], 0);
    assert_eq!(report["outputs_withheld"], 0);
    let refused = serde_json::json!({ "missing_event": 1, "not_json": 1, "too_large": 1 });
    assert_eq!(report["dead_letters"], refused);
    assert_eq!(log(&db).await, before);
    let query = Query {
        limit: 9,
        ..Query::default()
    };
    let letters = dead_letters::list(db.pool(), &query).await.unwrap();
    let mut details: Vec<&str> = letters
        .iter()
        .filter_map(|letter| letter.detail.split_once(": "))
        .map(|(line, _)| line)
        .collect();
    details.sort_unstable();
    assert_eq!(
        details,
        [
            "line 1".to_owned(),
            format!("line {}", n + 2),
            format!("line {}", n + 3)
        ]
    );
}

#[tokio::test]
async fn what_is_in_already_is_said_and_read_again_on_request_only() {
    let db = TestDb::new().await;
    let commands = Commands::on(&db);
    let lines = ndjson(&crowd().bodies[..40]);
    let file = commands.file("some.ndjson", lines.as_bytes());
    let arguments = ["backfill", text(&file), "--json"];
    assert_eq!(commands.run(&arguments).await.json()["accepted"], 40);
    let again = commands.run(&arguments).await.json();
    assert_eq!(again["already_finished"], true);
    let restart = ["backfill", text(&file), "--json", "--restart"];
    assert_eq!(commands.run(&restart).await.json()["duplicate"], 40);
}

#[tokio::test]
async fn a_damaged_archive_keeps_what_stands_before_and_says_where_it_ends() {
    let db = TestDb::new().await;
    let commands = Commands::on(&db);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(ndjson(&crowd().bodies).as_bytes()).unwrap();
    let mut bytes = gzip.finish().unwrap();
    bytes.truncate(bytes.len() / 2);
    let file = commands.file("half.gz", &bytes);
    let ran = commands.run(&["backfill", text(&file)]).await;
    assert_eq!(ran.code, 1);
    assert!(
        ran.remarked.contains("the same command goes on from there"),
        "{}",
        ran.remarked
    );
    assert!(
        ran.remarked.contains("half.gz cannot be read behind line"),
        "{}",
        ran.remarked
    );
    let commands = Commands::on(&db);
    let ran = commands.run(&["backfill", "/nowhere/at/all"]).await;
    assert_eq!(ran.code, 1);
    assert!(ran.remarked.contains("/nowhere/at/all cannot be opened"));
}

#[tokio::test]
async fn the_event_log_is_read_as_hasura_would_send_it() {
    let crowd = crowd();
    let db = TestDb::new().await;
    event_log(&db, &crowd.bodies).await;
    let commands = Commands::on(&db);
    let url = commands.url();
    let arguments = ["backfill", "--event-log", &url, "--json"];
    let ran = commands.run(&arguments).await;
    let report = ran.json();
    assert_eq!(report["accepted"], crowd.bodies.len() - 1);
    assert_eq!(report["unlistened"], 1);
    assert_eq!(report["dead_letters"], serde_json::json!({}));
    assert!(ran.remarked.contains("and will: 1"), "{}", ran.remarked);
    let from_log = log(&db).await;

    let other = TestDb::new().await;
    let commands = Commands::on(&other);
    let lines = ndjson(&crowd.bodies[..crowd.bodies.len() - 1]);
    let file = commands.file("history.ndjson", lines.as_bytes());
    commands
        .run(&["backfill", text(&file), "--json"])
        .await
        .json();
    assert_eq!(from_log, log(&other).await);

    // Once more: it has not grown, and from its last minute on there is little.
    let commands = Commands::on(&db);
    let again = commands.run(&arguments).await.json();
    assert_eq!(again["duplicate"], crowd.bodies.len() - 1);
    let bounds = [
        "--from",
        "2026-03-01T00:00:10Z",
        "--to",
        "2026-03-01T00:00:20",
    ];
    let part = commands
        .run(&[&arguments[..], &bounds].concat())
        .await
        .json();
    assert_eq!(part["read"], 10);
}

/// One event a second; the last one is still to be delivered, and one is of a table that nobody listens to.
async fn event_log(db: &TestDb, bodies: &[String]) {
    let superuser = db.superuser();
    sqlx::raw_sql(CATALOGUE).execute(&superuser).await.unwrap();
    let read = |body: &String| {
        let event: Value = serde_json::from_str(body).unwrap();
        let delivery = contracts::read(body.as_bytes()).unwrap();
        let table = delivery.table.split_once('.').unwrap();
        serde_json::json!({ "schema": table.0, "table": table.1, "payload": event["event"] })
    };
    let mut rows: Vec<Value> = bodies.iter().map(read).collect();
    let stranger = serde_json::json!({ "schema": "billing", "table": "invoices", "payload": {} });
    rows.insert(0, stranger);
    let rows = Value::from(rows).to_string();
    let statement = format!(
        "insert into hdb_catalog.event_log
           (schema_name, table_name, trigger_name, payload, delivered, created_at)
         select row->>'schema', row->>'table', 'a_trigger', row->'payload',
           at <= {last}, timestamp '2026-03-01' + make_interval(secs => at)
         from jsonb_array_elements($rows${rows}$rows$::jsonb) with ordinality as r (row, at)",
        last = bodies.len(),
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(&superuser)
        .await
        .unwrap();
}
