//! The property through PostgreSQL: deliveries enter by the inbox while several workers empty it, and what the
//! reader then shows is, to the byte, what the same deliveries give in memory, and what the oracle says.
//!
//! All histories share one database, each as a tenant of its own, several at a time.

use std::sync::atomic::{AtomicBool, Ordering};

use customer_intelligence::contracts;
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::domain::insight::Insight;
use customer_intelligence::inbox::{Channel, Entry, Limits, Writer, claim};
use customer_intelligence::insight::Reader;
use customer_intelligence::projections::Settings;
use customer_intelligence::resolve::fence::Pepper;
use customer_intelligence::resolve::tenant;
use customer_intelligence::workers::{Context, batch, verify};
use futures::future::{join, join_all};
use futures::stream::{self, StreamExt as _};

use super::compare::differs;
use super::deliveries::{Told, batches, tell};
use super::history::{History, history};
use super::in_memory::{Insights, cases, listen};
use super::oracle::Oracle;
use super::shrink::transcript;
use super::world::World;
use crate::support::TestDb;

/// Histories of a run without a flag.
const HISTORIES: u64 = 300;
/// Every so many, one in which persons are erased.
const ERASING_EVERY: u64 = 10;
/// Histories at a time, and workers on each.
const AT_A_TIME: usize = 3;
const WORKERS: u64 = 3;
/// Seeds that the runs in memory do not start with.
const FIRST_SEED: u64 = 1 << 32;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_workers_come_to_what_the_definitions_say() {
    let db = TestDb::new().await;
    let writer = Writer::new(db.pool().clone(), Clock::system(), Limits::default());
    let (database, inbox) = (&db, &writer);
    let all = stream::iter(FIRST_SEED..FIRST_SEED + cases(HISTORIES))
        .map(|seed| check(database, inbox, history(seed, seed % ERASING_EVERY == 0)))
        .buffer_unordered(AT_A_TIME)
        .filter_map(|checked| async { checked.err() })
        .collect::<Vec<String>>();
    let work = async {
        let failures = all.await;
        writer.close();
        failures
    };
    let (failures, ()) = join(work, writer.run()).await;
    let shown: Vec<&String> = failures.iter().take(3).collect();
    let shown = shown
        .into_iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        failures.is_empty(),
        "{} histories fail:\n{shown}",
        failures.len()
    );
    // Or the histories would not say anything about persons who are kept in parts.
    let parts = sqlx::query_scalar!(r#"select count(*) as "n!" from fold_part"#);
    let parts = parts.fetch_one(db.pool()).await.unwrap();
    assert!(parts > 0);
}

/// What is wrong with one history, if anything.
async fn check(db: &TestDb, writer: &Writer, history: History) -> Result<(), String> {
    let world = World::run(history.tenant, history.erasing, &history.commands);
    let told = tell(&world, history.seed, 50);
    deliver(db, writer, &history, &told).await?;
    let shown = read(db, &history).await?;
    let explain = |what: String| {
        let (seed, story) = (history.seed, transcript(&history));
        format!("seed {seed}: {what}\n{story}")
    };
    let oracle = Oracle::new(&world, history.quarantine_days, history.now);
    for (person, insight) in &shown {
        if let Some(difference) = differs(insight.as_ref(), oracle.verdict(*person).as_ref()) {
            return Err(explain(format!("{difference} (of {person})")));
        }
    }
    let folding = context(db, &history).folding();
    let verdict = verify::tenant(&folding, history.tenant, |_| {}).await;
    let drifts = verdict.map_err(|err| err.to_string())?.drifts;
    if !drifts.is_empty() {
        return Err(explain(format!(
            "stored is what the log does not say: {drifts:#?}"
        )));
    }
    let in_memory = listen(&history, &world, 0)?;
    let bytes = |insights: &Insights| postcard::to_allocvec(insights).unwrap();
    if bytes(&shown) == bytes(&in_memory) {
        Ok(())
    } else {
        Err(explain(format!(
            "in memory {in_memory:#?}, in the database {shown:#?}"
        )))
    }
}

fn context(db: &TestDb, history: &History) -> Context {
    let dice = |sides: u64| usize::try_from(history.seed % sides).unwrap();
    Context {
        pool: db.pool().clone(),
        clock: Clock::manual(history.now),
        pepper: Pepper::new(b"only for tests"),
        settings: Settings {
            quarantine_days: history.quarantine_days,
            // Everybody in parts, some, nobody; one at a time, a few, all: it must not make a difference.
            large_from: [0, 6, usize::MAX][dice(3)],
            at_a_time: [1, 3, 500, 500][dice(4)],
            announces: dice(5) < 2,
        },
    }
}

/// Through the inbox, batch by batch, with the workers at work all the while.
async fn deliver(
    db: &TestDb,
    writer: &Writer,
    history: &History,
    told: &[Told],
) -> Result<(), String> {
    let context = context(db, history);
    let tenant_id = history.tenant;
    tenant::ensure(db.pool(), tenant_id)
        .await
        .map_err(|err| err.to_string())?;
    let all_in = AtomicBool::new(false);
    let submit = async {
        for batch in batches(told, history.seed) {
            let sent = batch
                .iter()
                .map(|told| submit(writer, told.body.as_bytes()));
            for submitted in join_all(sent).await {
                submitted?;
            }
        }
        all_in.store(true, Ordering::Release);
        Ok::<(), String>(())
    };
    let workers = (0..WORKERS).map(|worker| work(&context, history, worker, &all_in));
    let (submitted, worked) = join(submit, join_all(workers)).await;
    submitted?;
    worked.into_iter().collect()
}

async fn submit(writer: &Writer, body: &[u8]) -> Result<(), String> {
    let delivery = contracts::read(body).map_err(|no| format!("refused: {no:?}"))?;
    let entry = Entry {
        tenant_id: delivery.tenant_id,
        event_id: delivery.event_id,
        table: delivery.table,
        trigger: delivery.trigger,
        payload: delivery.cut,
        dropped_columns: delivery.dropped_columns,
    };
    let submitted = writer.submit(entry, Channel::Live).await;
    submitted.map_err(|err| err.to_string())
}

/// Takes batches of its own size until everything is in and nothing is left.
async fn work(
    context: &Context,
    history: &History,
    worker: u64,
    all_in: &AtomicBool,
) -> Result<(), String> {
    let size = [2, 7, 50][usize::try_from((history.seed + worker) % 3).unwrap()];
    let selection = batch::Selection::Oldest(size);
    loop {
        let done = all_in.load(Ordering::Acquire);
        let taken = batch::process(context, history.tenant, &selection).await;
        let turn = taken.map_err(|failed| format!("{failed:?}"))?;
        if matches!(turn, batch::Turn::Worked(_)) {
            continue;
        }
        let left = claim::oldest(&context.pool, history.tenant, 1).await;
        if done && left.map_err(|err| err.to_string())?.is_empty() {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
}

async fn read(db: &TestDb, history: &History) -> Result<Insights, String> {
    let clock = Clock::manual(history.now);
    let reader = Reader::new(db.reads(), clock, history.quarantine_days);
    let found = reader.insights(history.tenant, &history.persons).await;
    let found = found.map_err(|err| err.to_string())?;
    let mut insights = Insights::new();
    for person in &history.persons {
        let insight: Option<Insight> = match found.get(person) {
            None => None,
            Some(Some(found)) => Some(found.insight.clone()),
            Some(None) => return Err(format!("the insight of {person} cannot be derived")),
        };
        insights.insert(*person, insight);
    }
    Ok(insights)
}
