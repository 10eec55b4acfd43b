//! The doctor notices what was never sent, lists exactly what lacks, and the command it prints closes the gap.

use std::collections::BTreeSet;

use customer_intelligence::contracts;
use customer_intelligence::inbox::tally;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::program::{Commands, Ran, text};
use crate::property::crowd::{self, Crowd};
use crate::support::TestDb;

const TENANT: Uuid = Uuid::from_u128(0xd0c_702);
const PLATFORM: &str =
    include_str!("../../../hasura/migrations/default/1760000000000_platform_tables/up.sql");

fn lines<'b>(bodies: impl IntoIterator<Item = &'b String>) -> Vec<u8> {
    let line = |body: &String| {
        let body: Value = serde_json::from_str(body).unwrap();
        format!("{body}\n")
    };
    bodies
        .into_iter()
        .map(line)
        .collect::<String>()
        .into_bytes()
}

fn findings(ran: &Ran, about: &str) -> Vec<Value> {
    let diagnosis: Value = serde_json::from_str(&ran.said).unwrap();
    let findings = diagnosis["findings"].as_array().unwrap().iter();
    findings
        .filter(|one| one["about"] == about)
        .cloned()
        .collect()
}

/// The platform's tables, with the last state of every row that the crowd tells of.
async fn platform(db: &TestDb, crowd: &Crowd) {
    let superuser = db.superuser();
    sqlx::raw_sql(PLATFORM).execute(&superuser).await.unwrap();
    // The histories tell only what this service reads, so the other columns may be empty.
    let mut rows = Vec::new();
    for body in &crowd.bodies {
        let event: Value = serde_json::from_str(body).unwrap();
        let delivery = contracts::read(body.as_bytes()).unwrap();
        let data = &event["event"]["data"];
        let deleted = event["event"]["op"] == "DELETE";
        let row = if deleted { &data["old"] } else { &data["new"] };
        rows.push(json!({ "table": delivery.table, "row": row, "deleted": deleted }));
    }
    let rows = Value::from(rows).to_string();
    let statement = format!(
        "do $do$
         declare one jsonb; relation text; required text;
         begin
           for relation in select distinct e->>'table' from jsonb_array_elements($rows${rows}$rows$) e loop
             for required in select attname from pg_attribute where attrelid = relation::regclass
                 and attnum > 0 and attnotnull and attname <> 'id' loop
               execute format('alter table %s alter column %I drop not null', relation, required);
             end loop;
           end loop;
           for one in select e from jsonb_array_elements($rows${rows}$rows$) e loop
             relation := one->>'table';
             execute format('delete from %s where id = $1', relation) using (one->'row'->>'id')::uuid;
             if not (one->>'deleted')::boolean then
               execute (select format('insert into %s (%s) select %s from jsonb_populate_record(null::%s, $1) r',
                   relation, string_agg(quote_ident(a.attname), ', '),
                   string_agg('r.' || quote_ident(a.attname), ', '), relation)
                 from pg_attribute a where a.attrelid = relation::regclass and a.attnum > 0
                   and a.attgenerated = '' and one->'row' ? a.attname)
               using one->'row';
             end if;
           end loop;
         end $do$"
    );
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(&superuser)
        .await
        .unwrap();
}

/// Which row a delivery is about.
fn about(body: &str) -> (String, String) {
    let event: Value = serde_json::from_str(body).unwrap();
    let table = contracts::read(body.as_bytes()).unwrap().table;
    let data = &event["event"]["data"];
    let row = if data["new"].is_null() {
        &data["old"]
    } else {
        &data["new"]
    };
    let id = row["id"].as_str().or(row["event_id"].as_str());
    (table, id.unwrap().to_owned())
}

#[tokio::test]
async fn deliveries_that_never_came_are_found_exactly_and_the_printed_command_closes_the_gap() {
    // Row by row only: a finished event could tell of a row that was lost.
    let mut crowd = crowd::plainly(TENANT, 0..6);
    crowd
        .bodies
        .retain(|body| !about(body).0.ends_with("domain_events"));
    let there = TestDb::new().await;
    platform(&there, &crowd).await;
    let source = Commands::on(&there).url();
    let db = TestDb::new().await;
    let commands = Commands::on(&db);

    // Everything but what is told of every ninth payment and booking.
    let rows: BTreeSet<_> = crowd.bodies.iter().map(|body| about(body)).collect();
    let some = |table: &str| {
        let of_table = rows.iter().filter(|row| row.0 == table);
        of_table.step_by(9).cloned().collect::<BTreeSet<_>>()
    };
    let lost: BTreeSet<_> = some("commerce.payments")
        .union(&some("commerce.bookings"))
        .cloned()
        .collect();
    let delivered = crowd
        .bodies
        .iter()
        .filter(|body| !lost.contains(&about(body)));
    let file = commands.file("delivered.ndjson", &lines(delivered));
    commands
        .run(&["backfill", text(&file), "--json"])
        .await
        .json();

    let gap = commands.path("gap.ndjson");
    let arguments = ["doctor", "--source", &source, "--json"];
    let found = commands.run(&arguments).await;
    assert_eq!(found.code, 1, "{}{}", found.said, found.remarked);
    let todo = findings(&found, "source").last().unwrap()["todo"].clone();
    let command = todo[0].as_str().unwrap();
    assert!(command.contains("--export-gap gap.ndjson"), "{command}");

    let export = [&arguments[..], &["--export-gap", text(&gap)]].concat();
    let exported = commands.run(&export).await;
    let written = std::fs::read_to_string(&gap).unwrap();
    let written: BTreeSet<_> = written.lines().map(about).collect();
    let still_there = existing(&there, &lost).await;
    assert_eq!(written, still_there);
    assert!(written.len() >= 2, "{written:?}");
    let todo = findings(&exported, "source").last().unwrap()["todo"][0].clone();
    let command = todo.as_str().unwrap();
    let printed: Vec<&str> = command
        .split("customer-intelligence ")
        .last()
        .unwrap()
        .split(' ')
        .collect();
    let closed = commands.run(&printed).await;
    assert_eq!(closed.code, 0, "{}", closed.remarked);

    let content = commands.run(&arguments).await;
    let source_findings = findings(&content, "source");
    assert_eq!(source_findings.len(), 1, "{source_findings:?}");
    assert_eq!(source_findings[0]["level"], "ok");
}

/// Those of these rows that the platform still has.
async fn existing(db: &TestDb, rows: &BTreeSet<(String, String)>) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (table, id) in rows {
        let statement = format!("select from {table} where id = '{id}'");
        let row = sqlx::raw_sql(AssertSqlSafe(statement))
            .fetch_optional(&db.superuser())
            .await
            .unwrap();
        found.extend(row.map(|_| (table.clone(), id.clone())));
    }
    found
}

#[tokio::test]
async fn a_trigger_that_was_never_wired_and_a_database_that_is_away_are_told_apart() {
    let db = TestDb::new().await;
    let commands = Commands::on(&db);
    let nothing = commands.run(&["doctor", "--json"]).await;
    assert_eq!(nothing.code, 1);
    assert_eq!(
        findings(&nothing, "events")[0]["says"],
        "nothing was ever delivered"
    );

    let crowd = crowd::plainly(TENANT, 0..4);
    let unwired = ["commerce.payments", "commerce.domain_events"];
    let told = |body: &&String| !unwired.contains(&about(body).0.as_str());
    let wired = crowd.bodies.iter().filter(told);
    let mut some = lines(wired);
    some.extend_from_slice(b"{}\n");
    let file = commands.file("some.ndjson", &some);
    commands
        .run(&["backfill", text(&file), "--json"])
        .await
        .json();
    let tables = tally::tables_last_at(db.pool()).await.unwrap();
    let tables: Vec<&str> = tables.iter().map(|(table, _)| table.as_str()).collect();
    assert!(tables.contains(&"commerce.bookings") && !tables.contains(&"commerce.payments"));
    let doctor = commands.run(&["doctor", "--json"]).await;
    assert_eq!(doctor.code, 1);
    let tables = findings(&doctor, "tables");
    let says = tables[0]["says"].as_str().unwrap();
    assert!(
        says.contains("never seen: ") && says.contains("commerce.payments"),
        "{says}"
    );
    assert!(!says.contains("commerce.bookings"), "{says}");
    assert_eq!(findings(&doctor, "dead letters")[0]["level"], "warning");
    let plain = commands.run(&["doctor"]).await;
    assert!(plain.said.contains("commerce.payments"));
    assert!(plain.said.contains("! never seen"));

    // The source is away: an error, but all the rest is told.
    let away = [
        "doctor",
        "--json",
        "--source",
        "postgres://nobody@localhost:1/x",
    ];
    let away = commands.run(&away).await;
    assert_eq!(away.code, 2);
    assert_eq!(findings(&away, "source")[0]["level"], "error");
    assert_eq!(findings(&away, "tables").len(), tables.len());
}
