//! Thousands of malformed deliveries and documents against the real program, with good traffic beside them: no panic, no
//! 5xx, nothing stored but dead letters, and the good traffic goes on.
//!
//! `CI_ATTACK_SEED` tells another flood; every case is told by the seed and its number. It comes as fast as it is answered,
//! on a machine that it shares with whoever asks; `CI_ATTACK_RATE` sends so many a second instead.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use customer_intelligence::db::embedded::{Embedded, EmbeddedConfig};
use customer_intelligence::db::pool::SCHEMA;
use futures::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Row};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{cases, malformed};
use crate::faults::program::Program;
use crate::property::crowd;
use crate::property::dice::Dice;
use crate::support::switch;

const TENANT: Uuid = Uuid::from_u128(0x7e);
/// Requests of the flood at the same time.
const AT_ONCE: usize = 16;
/// Good requests that are measured without the flood, at least.
const GOOD: usize = 200;
const GOOD_PAUSE: Duration = Duration::from_millis(5);

fn seed() -> u64 {
    switch("CI_ATTACK_SEED").unwrap_or(7)
}

/// Rows of every table but those of dead letters and of counts, as the program's own database has them.
async fn stored(program: &Program) -> Vec<(String, i64)> {
    let embedded = Embedded::start(EmbeddedConfig::new(program.folder(), None))
        .await
        .expect("the program's database");
    let options = embedded
        .connect_options()
        .options([("search_path", SCHEMA)]);
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_lazy_with(options);
    let tables = sqlx::raw_sql(
        "select relname::text from pg_class where relnamespace = 'customer_intelligence'::regnamespace
         and relkind = 'r' and relname not in ('dead_letter', 'tally', 'job', 'audit_read') order by 1",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let mut stored = Vec::new();
    for table in tables.iter().map(|row| row.get::<String, _>(0)) {
        let count = AssertSqlSafe(format!("select count(*) from {table}"));
        let row = sqlx::raw_sql(count).fetch_one(&pool).await.unwrap();
        stored.push((table, row.get(0)));
    }
    pool.close().await;
    stored
}

/// How long good joins take that are asked one after the other, into a list that lasts when this is given up.
async fn good_traffic(program: &Program, times: &Mutex<Vec<Duration>>, count: usize) {
    let person = "00000000-0000-0000-0000-000000000001";
    let query = format!("{{ f0: customer_insight(person_profile_id: \"{person}\") {{ status }} }}");
    let body = json!({ "query": query }).to_string();
    for _ in 0..count {
        let begun = Instant::now();
        let (status, text) = program
            .ask(TENANT, body.clone().into_bytes())
            .await
            .expect("good traffic is answered");
        times.lock().unwrap().push(begun.elapsed());
        assert!(
            status.is_success() && text == "{\"data\":{\"f0\":null}}",
            "{status} {text}"
        );
        tokio::time::sleep(GOOD_PAUSE).await;
    }
}

fn p99(times: &Mutex<Vec<Duration>>) -> Duration {
    let mut times = std::mem::take(&mut *times.lock().unwrap());
    times.sort_unstable();
    let at = times.len() * 99 / 100;
    times.get(at).copied().unwrap_or_default()
}

/// The cases of a flood, each when it is its turn.
fn paced<T>(cases: impl Iterator<Item = T>) -> impl Stream<Item = T> {
    let rate: Option<u32> = switch("CI_ATTACK_RATE");
    let ticks = rate.map(|rate| tokio::time::interval(Duration::from_secs(1) / rate));
    stream::unfold((cases, ticks), |(mut cases, mut ticks)| async {
        if let Some(ticks) = &mut ticks {
            ticks.tick().await;
        }
        Some((cases.next()?, (cases, ticks)))
    })
}

/// Sends the flood, and good traffic as long as it lasts; both figures are printed.
async fn beside(what: &str, program: &Arc<Program>, flood: impl Future<Output = ()>) {
    let times = Arc::default();
    good_traffic(program, &times, GOOD).await;
    p99(&times);
    // As long as a long flood lasts: what the program does once in a while belongs to both figures.
    let alone = usize::try_from(cases() / 32).unwrap_or(GOOD).max(GOOD);
    good_traffic(program, &times, alone).await;
    let baseline = p99(&times);
    let begun = Instant::now();
    // On a thread of its own: making damaged bodies takes time that is not the program's.
    let mut good = JoinSet::new();
    let (asking, measured) = (Arc::clone(program), Arc::clone(&times));
    good.spawn(async move { good_traffic(&asking, &measured, usize::MAX).await });
    flood.await;
    good.abort_all();
    while let Some(ended) = good.join_next().await {
        assert!(
            ended.is_err_and(|error| error.is_cancelled()),
            "good traffic failed"
        );
    }
    let (took, asked) = (begun.elapsed(), times.lock().unwrap().len());
    let beside = p99(&times);
    println!(
        "{what}: {} cases of seed {} in {took:.1?}; p99 of {asked} good joins {beside:.1?} beside it, {baseline:.1?} of {alone} without",
        cases(),
        seed()
    );
}

fn assert_unharmed(program: Arc<Program>) {
    let mut program = Arc::into_inner(program).expect("nobody else asks any more");
    assert!(program.ended().is_none(), "it ended");
    let log = program.log();
    assert!(!log.contains("panicked"), "it panicked:\n{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_deliveries_become_dead_letters_and_nothing_else() {
    let program = Arc::new(Program::new().await);
    let good = crowd::plainly(TENANT, 0..10).bodies;
    let before = stored(&program).await;
    let door = program.door();
    let mut dice = Dice::new(seed());
    let bodies = (0..cases()).map(|number| (number, malformed::delivery(&mut dice, &good)));
    let flood = paced(bodies).for_each_concurrent(AT_ONCE, |(number, body)| {
        let door = door.clone();
        async move {
            let answer = door.deliver_bytes(body).await;
            let status = answer
                .unwrap_or_else(|| panic!("case {number} got no answer"))
                .status();
            assert!(
                status.as_u16() == 204 || status.as_u16() == 413,
                "case {number}: {status}"
            );
        }
    });
    beside("malformed deliveries", &program, flood).await;
    assert_eq!(stored(&program).await, before);
    // It still knows a good one.
    assert_eq!(door.deliver(&good[0]).await.unwrap().status(), 204);
    assert_unharmed(program);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_documents_are_answered_without_a_server_error_and_tell_nothing() {
    let unlimited = vec![("CI_GRAPHQL_REQUESTS_PER_SECOND", "0".to_owned())];
    let program = Arc::new(Program::with(unlimited).await);
    let before = stored(&program).await;
    let mut dice = Dice::new(seed());
    let bodies = (0..cases()).map(|number| (number, malformed::request(&mut dice)));
    let asked = &*program;
    let flood = paced(bodies).for_each_concurrent(AT_ONCE, |(number, body)| async move {
        let (status, text) = asked
            .ask(TENANT, body.clone())
            .await
            .unwrap_or_else(|| panic!("case {number} got no answer"));
        let case = || {
            format!(
                "case {number}: {} {status} {text}",
                String::from_utf8_lossy(&body)
            )
        };
        assert!(status.as_u16() < 500, "{}", case());
        let answer: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{}", case()));
        assert!(
            answer.get("data").is_some() || answer.get("errors").is_some(),
            "{}",
            case()
        );
        for leak in [
            "panick",
            ".rs:",
            "sqlx",
            "postgres",
            "customer_intelligence.",
            "pg_",
        ] {
            let told = answer["errors"].to_string();
            assert!(!told.contains(leak), "{leak} in {}", case());
        }
    });
    beside("malformed documents", &program, flood).await;
    assert_eq!(stored(&program).await, before);
    assert_unharmed(program);
}
