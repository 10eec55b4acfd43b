//! Reads: noted whoever asks and however, written behind the answer's back, and missed when a link is touched.

use std::time::Duration;

use chrono::TimeDelta;
use customer_intelligence::audit::verify::{self, Fault};
use customer_intelligence::audit::{Actor, Read, Reads, reads, retention};
use customer_intelligence::db::{PoolConfig, pool};
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::resolve::fence::Pepper;
use customer_intelligence::telemetry::metrics::{AUDIT_READS_LOST, Recorder};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use uuid::Uuid;

use super::TENANT;
use super::rig::{Rig, noting};
use crate::faults::proxy::{Behind, Proxy};
use crate::property::crowd;
use crate::support::TestDb;

fn read(persons: impl IntoIterator<Item = u128>) -> Read {
    Read {
        tenant_id: TENANT,
        actor: Actor::of("dispatcher", Some("u-7")),
        operation: Some("Screen".to_owned()),
        query_hash: Reads::digest("query Screen { a }"),
        persons: persons.into_iter().map(Uuid::from_u128).collect(),
    }
}

async fn told(people: u64) -> (Rig, Vec<Uuid>) {
    let rig = Rig::new().await;
    rig.told
        .tell(&crowd::plainly(TENANT, 0..people).bodies, 100)
        .await;
    let customers = rig.told.customers().await;
    (rig, customers)
}

#[tokio::test]
async fn every_request_that_reads_about_persons_is_a_link_and_no_other() {
    let (mut rig, customers) = told(4).await;
    let (one, two) = (customers[0], customers[1]);
    let insight = |id: Uuid| format!(r#"customer_insight(person_profile_id: "{id}") {{ status }}"#);
    let aliased = |(at, id): (usize, &Uuid)| format!("a{at}: {}", insight(*id));
    let aliases: Vec<String> = customers.iter().enumerate().map(aliased).collect();
    let by_ids = format!(
        r#"{{ customer_insights_by_ids(person_profile_ids: ["{one}", "{two}"]) {{ status }} }}"#
    );
    let page = "{ customer_insights(first: 2) { nodes { status } } }".to_owned();
    for (role, query) in [
        ("dispatcher", format!("query Popup {{ {} }}", insight(one))),
        ("customer", format!("{{ {} }}", insight(one))),
        (
            "manager",
            format!("query Screen {{ {} }}", aliases.join(" ")),
        ),
        ("manager", by_ids),
        ("manager", page),
    ] {
        let asked = json!({ "query": query });
        rig.ask_as(role, one, asked).await.data();
    }
    // Nobody is read about.
    let schema = "{ __schema { queryType { name } } }".to_owned();
    for (role, query) in [
        ("manager", schema),
        ("manager", format!("{{ {} }}", insight(Uuid::from_u128(9)))),
        ("driver", format!("{{ {} }}", insight(one))),
        ("customer", format!("{{ {} }}", insight(two))),
    ] {
        rig.ask_as(role, one, json!({ "query": query })).await;
    }
    rig.written().await;
    let links = "select concat_ws(' ', number, role, coalesce(user_id, '-'), coalesce(operation, '-'), persons,
           cardinality(subject_tags), length(query_hash)) from audit_read order by number";
    let all = customers.len();
    assert_eq!(
        rig.lines(links).await,
        [
            "1 dispatcher u-7 Popup 1 1 32".to_owned(),
            "2 customer - - 1 1 32".to_owned(),
            format!("3 manager u-7 Screen {all} {all} 32"),
            "4 manager u-7 - 2 2 32".to_owned(),
            "5 manager u-7 - 2 2 32".to_owned(),
        ]
    );
    let report = rig.whole().await;
    assert_eq!(report.links, 5 + 2, "and that the chain began and ended");
    let kept = "select l::text from audit_read l union all select a::text from audit_act a";
    let kept = rig.lines(kept).await.join("\n");
    for person in customers {
        assert!(!kept.contains(&person.to_string()), "no id is kept");
    }
}

fn log(arguments: &str) -> Value {
    let query = format!(
        "{{ audit_log({arguments}) {{ nodes {{ act role user_id operation persons query_hash }}
         page_info {{ has_next_page end_cursor }} }} }}"
    );
    json!({ "query": query })
}

#[tokio::test]
async fn the_officer_finds_who_read_about_a_person_also_when_they_are_erased() {
    let (mut rig, customers) = told(2).await;
    let person = customers[0];
    let query = format!(
        r#"query Popup {{ customer_insight(person_profile_id: "{person}") {{ status }} }}"#
    );
    rig.ask("dispatcher", json!({ "query": query }))
        .await
        .data();
    let other = format!(
        r#"{{ customer_insight(person_profile_id: "{}") {{ status }} }}"#,
        customers[1]
    );
    rig.ask("dispatcher", json!({ "query": other }))
        .await
        .data();
    rig.written().await;
    rig.told.erase(person).await;
    let about = log(&format!(r#"person_profile_id: "{person}", act: "read""#));
    let found = rig.ask("data_protection", about.clone()).await.data();
    let nodes = found["audit_log"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 1, "{found}");
    assert_eq!(nodes[0]["operation"], "Popup");
    assert_eq!(nodes[0]["user_id"], "u-7");
    assert_eq!(nodes[0]["query_hash"].as_str().unwrap().len(), 64);
    for role in ["dispatcher", "marketing", "customer", "driver", "service"] {
        let refused = rig.ask(role, about.clone()).await.json();
        assert_eq!(
            refused["errors"][0]["extensions"]["code"], "FORBIDDEN",
            "{role}"
        );
    }
}

#[tokio::test]
async fn the_officer_turns_pages_and_asks_by_who_did_what_and_when() {
    let (mut rig, customers) = told(2).await;
    for person in &customers {
        let query =
            format!(r#"{{ customer_insight(person_profile_id: "{person}") {{ status }} }}"#);
        let asked = json!({ "query": query });
        rig.ask("dispatcher", asked).await.data();
    }
    rig.written().await;
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = rig
            .ask("manager", log(&format!("first: 1{after}")))
            .await
            .data();
        let page = &page["audit_log"];
        seen.extend(page["nodes"].as_array().unwrap().iter().cloned());
        if page["page_info"]["has_next_page"] == false {
            break;
        }
        after = format!(r", after: {}", page["page_info"]["end_cursor"]);
    }
    let counted = rig
        .lines(
            "select ((select count(*) from audit_act) + (select count(*) from audit_read))::text",
        )
        .await;
    assert_eq!(seen.len().to_string(), counted[0]);
    for (arguments, number) in [
        (r#"actor: "dispatcher""#, 2),
        (r#"actor: "nobody""#, 0),
        (r#"act: "reads_begun""#, 1),
        (r#"to: "2020-01-01T00:00:00Z""#, 0),
    ] {
        let found = rig.ask("manager", log(arguments)).await.data();
        let nodes = found["audit_log"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), number, "{arguments}: {found}");
    }
}

#[tokio::test]
async fn processes_follow_each_other_and_whatever_is_touched_is_found() {
    let db = TestDb::new().await;
    let clock = Clock::manual("2027-03-01T12:00:00Z".parse().unwrap());
    let pepper = Pepper::new(b"pepper");
    let mut chains = Vec::new();
    for process in 0..3_u128 {
        let reads = noting(
            db.pool().clone(),
            clock.clone(),
            &pepper,
            reads::Limits::default(),
        );
        chains.push(reads.chain());
        for number in 0..4 {
            reads.note(read([process * 10 + number, 77]));
            assert!(clock.advance(TimeDelta::seconds(1)));
        }
        reads.close();
        reads.run().await;
    }
    let mut connection = db.pool().acquire().await.unwrap();
    let report = verify::tenant(&mut connection, TENANT).await.unwrap();
    assert_eq!(
        (report.faults.len(), report.heads.len(), report.links),
        (0, 4, 18)
    );
    let anchors = db
        .lines("select coalesce(anchor::text, '-') from audit_read where number = 1 order by at")
        .await;
    assert_eq!(
        anchors,
        ["-".to_owned(), chains[0].to_string(), chains[1].to_string()]
    );
    let superuser = db.superuser();
    for (change, chain) in touched(chains[0], chains[2]) {
        let mut tx = superuser.begin().await.unwrap();
        let changed = sqlx::raw_sql(AssertSqlSafe(change.clone()))
            .execute(&mut *tx)
            .await;
        assert!(changed.unwrap().rows_affected() > 0, "{change}");
        let report = verify::tenant(&mut tx, TENANT).await.unwrap();
        let found = report.faults.iter().any(|(of, _)| *of == Some(chain));
        assert!(found, "{change}: {report:?}");
        tx.rollback().await.unwrap();
    }
    // What no chain tells by itself: heads that were noted elsewhere do.
    let heads = report.heads;
    let mut tx = superuser.begin().await.unwrap();
    let rewritten = "delete from audit_act where number > 3";
    sqlx::raw_sql(rewritten).execute(&mut *tx).await.unwrap();
    let acts = heads.iter().find(|head| head.chain.is_none()).unwrap();
    let held = verify::holds(&mut tx, acts).await.unwrap();
    assert_eq!(
        held,
        Err(Fault::NotAsNoted {
            number: acts.number
        })
    );
    tx.rollback().await.unwrap();
    for head in &heads {
        assert_eq!(verify::holds(&mut connection, head).await.unwrap(), Ok(()));
    }
}

/// Ways to touch the chains of the first and of the last process, and in whose it has to be found.
fn touched(first: Uuid, last: Uuid) -> [(String, Uuid); 8] {
    let of = |what: &str, chain: Uuid| format!("{what} where chain = '{chain}'");
    let link = |what: &str, chain: Uuid, number: u8| {
        let change = of(what, chain);
        (format!("{change} and number = {number}"), chain)
    };
    let elsewhere = format!("update audit_read set chain = '{}'", Uuid::from_u128(5));
    [
        link(
            "update audit_read set subject_tags = subject_tags[2:]",
            last,
            2,
        ),
        link("update audit_read set role = 'manager'", first, 4),
        link("update audit_read set lost = 1", first, 4),
        link("delete from audit_read", last, 3),
        link("delete from audit_read", last, 4),
        link("delete from audit_read", first, 1),
        (of("delete from audit_read", last), last),
        (of(&elsewhere, last), last),
    ]
}

#[tokio::test]
async fn what_is_older_than_it_has_to_be_kept_goes_and_the_rest_stays_whole() {
    let db = TestDb::new().await;
    let clock = Clock::manual("2025-01-01T00:00:00Z".parse().unwrap());
    let pepper = Pepper::new(b"pepper");
    for _ in 0..3 {
        let reads = noting(
            db.pool().clone(),
            clock.clone(),
            &pepper,
            reads::Limits::default(),
        );
        for number in 0..4 {
            reads.note(read([number]));
            assert!(clock.advance(TimeDelta::days(10)));
        }
        reads.close();
        reads.run().await;
    }
    let mut connection = db.pool().acquire().await.unwrap();
    let all: usize = 12;
    for (day, left) in [(-1, all), (5, 11), (45, 7), (75, 4), (400, 0)] {
        let start: chrono::DateTime<chrono::Utc> = "2025-01-01T00:00:00Z".parse().unwrap();
        let before = start + TimeDelta::days(day);
        let gone = retention::prune(db.pool(), TENANT, before, clock.now())
            .await
            .unwrap();
        let again = retention::prune(db.pool(), TENANT, before, clock.now())
            .await
            .unwrap();
        assert_eq!(again, 0, "{day}: once is enough, after {gone}");
        let counted = db.lines("select count(*)::text from audit_read").await;
        assert_eq!(counted[0], left.to_string(), "{day}");
        let report = verify::tenant(&mut connection, TENANT).await.unwrap();
        assert_eq!(report.faults, [], "{day}");
    }
}

#[tokio::test]
async fn a_full_queue_costs_no_answer_and_the_chain_tells_how_many_are_missing() {
    let db = TestDb::new().await;
    let limits = reads::Limits {
        queue_reads: 3,
        persons_listed: 2,
        ..reads::Limits::default()
    };
    let clock = Clock::manual("2027-03-01T12:00:00Z".parse().unwrap());
    let reads = noting(db.pool().clone(), clock, &Pepper::new(b"pepper"), limits);
    for number in 0..10 {
        reads.note(read([number]));
    }
    assert_eq!(reads.depth(), 3);
    let running = async {
        while reads.depth() > 0 {
            tokio::task::yield_now().await;
        }
        // The same persons several times, and more than are listed.
        reads.note(read([1, 2, 1, 2]));
        reads.note(read([1, 2, 3]));
        reads.close();
        reads.note(read([5]));
    };
    tokio::join!(reads.run(), running);
    let found = db.lines("select concat_ws(' ', number, persons, cardinality(subject_tags), lost) from audit_read order by number",
    )
    .await;
    assert_eq!(
        found,
        ["1 1 1 0", "2 1 1 0", "3 1 1 0", "4 2 2 7", "5 3 0 0"]
    );
    let mut connection = db.pool().acquire().await.unwrap();
    let report = verify::tenant(&mut connection, TENANT).await.unwrap();
    assert_eq!((report.faults.len(), report.lost), (0, 7));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_that_break_cost_no_read_and_double_none() {
    let db = TestDb::new().await;
    let options = db.options();
    let folder = options.get_socket().expect("the test server has a socket");
    let socket = folder.join(format!(".s.PGSQL.{}", options.get_port()));
    let proxy = Proxy::before(Behind::Database(socket)).await;
    let through = PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(proxy.port())
        .ssl_mode(PgSslMode::Disable)
        .username(options.get_username())
        .database(options.get_database().unwrap());
    let config = PoolConfig {
        max_connections: 1,
        ..PoolConfig::default()
    };
    let limits = reads::Limits {
        retry: Duration::from_millis(10),
        gather: Duration::ZERO,
        ..reads::Limits::default()
    };
    let clock = Clock::manual("2027-03-01T12:00:00Z".parse().unwrap());
    let over = pool::connect_lazy(through, &config);
    let reads = noting(over, clock, &Pepper::new(b"pepper"), limits);
    let noting = async {
        for round in 0..20_u128 {
            // Not more than what was noted by then can be caught.
            let caught = proxy.catch();
            let noted = async {
                for number in 0..3 {
                    reads.note(read([round * 3 + number]));
                }
            };
            tokio::join!(caught, noted);
            // It is committed, and whoever wrote it is never told.
            proxy.cut();
        }
        reads.close();
    };
    tokio::join!(reads.run(), noting);
    let counted = db
        .lines("select concat_ws(' ', count(*), count(distinct subject_tags)) from audit_read")
        .await;
    assert_eq!(counted, ["60 60"], "each once");
    let mut connection = db.pool().acquire().await.unwrap();
    let report = verify::tenant(&mut connection, TENANT).await.unwrap();
    assert_eq!((report.faults, report.lost), (Vec::new(), 0));
    assert_eq!(report.links, 60 + 2);
}

#[tokio::test]
async fn a_database_that_does_not_come_back_is_counted_and_keeps_nobody_from_ending() {
    let nowhere = PgConnectOptions::new_without_pgpass()
        .socket("/nowhere/at/all")
        .username("nobody");
    let limits = reads::Limits {
        retry: Duration::from_millis(1),
        last_patience: Duration::from_millis(50),
        ..reads::Limits::default()
    };
    let clock = Clock::manual("2027-03-01T12:00:00Z".parse().unwrap());
    let over = pool::connect_lazy(nowhere, &PoolConfig::default());
    let reads = noting(over, clock, &Pepper::new(b"pepper"), limits);
    let recorder = Recorder::install().unwrap();
    let lost = || {
        let text = recorder.render();
        let line = text.lines().find(|line| line.starts_with(AUDIT_READS_LOST));
        line.map_or(0, |line| {
            line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
        })
    };
    let before = lost();
    for number in 0..7 {
        reads.note(read([number]));
    }
    reads.close();
    reads.run().await;
    assert!(lost() >= before + 7);
}
