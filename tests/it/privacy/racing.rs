//! Erasures against everything that could bring a person back or tell of them: ingest, rebuilds, repeated deliveries and
//! the outbox at once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use customer_intelligence::db;
use customer_intelligence::privacy::erase::Error;
use customer_intelligence::privacy::receipt::Signed;
use customer_intelligence::privacy::scan::Counts;
use customer_intelligence::workers::dispatch::{Dispatcher, Outbound};
use customer_intelligence::workers::rebuild::{self, Options};
use customer_intelligence::workers::{erase, ingest};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::rig::{Rig, TENANT, backoffice, profile};
use crate::outbox::receiver::{OnArrival, Receiver, keyring};
use crate::property::crowd;
use crate::stories::traces;
use crate::support::switch;

/// How many persons are erased; `CI_ERASURES` says otherwise.
const ERASURES: usize = 50;
/// At the same time.
const ABREAST: usize = 4;
const LOOPS: usize = 2;
/// Between two looks whether everybody downstream has confirmed.
const POLL: Duration = Duration::from_millis(20);
/// What has not happened by then will not happen any more.
const PATIENCE: Duration = Duration::from_mins(10);
const REBUILD: Options = Options {
    tenant: None,
    workers: 1,
    page: 5,
    max_rate: None,
    restart: false,
};

fn erasures() -> usize {
    switch("CI_ERASURES").unwrap_or(ERASURES)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_survives_an_erasure_whatever_goes_on_meanwhile_and_no_replay_brings_them_back() {
    let erasures = erasures();
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(folder.path()).await;
    rig.context.settings.announces = true;
    let crowd = crowd::shuffled(TENANT, 0..erasures as u64, 30, false);
    let erased: Vec<Uuid> = crowd.persons.iter().copied().take(erasures).collect();
    assert_eq!(erased.len(), erasures);
    let (half, rest) = crowd.bodies.split_at(crowd.bodies.len() / 2);
    rig.tell(half).await;

    let mut busy = JoinSet::new();
    for _ in 0..LOOPS {
        let context = rig.context.clone();
        let wake = Arc::new(Notify::new());
        busy.spawn(async move { ingest::run(context, &wake, std::future::pending()).await });
    }
    let (judge, receiver, dispatcher) = outbox(&rig).await;
    let clock = rig.context.clock.clone();
    let target = receiver.target.clone();
    busy.spawn(async move {
        loop {
            // What is told again later is due then.
            clock.advance(TimeDelta::milliseconds(100));
            dispatcher.keep().await.unwrap();
            dispatcher.round(&target, 5).await.unwrap();
        }
    });
    let folding = rig.context.folding();
    busy.spawn(async move {
        loop {
            // One that loses against an erasure is begun again.
            rebuild::run(&folding, &REBUILD, |_, _| {}).await.ok();
        }
    });
    // What happens just now is told elsewhere.
    let now = rig.context.clock.now();
    let news = erased.iter().map(|person| news_of(*person, now));
    let news: Vec<String> = news.collect();
    let bring = async {
        rig.bring(&news).await;
        // The rest, and everything once more.
        rig.bring(rest).await;
        rig.bring(&crowd.bodies).await;
    };
    let rig = &rig;
    let erase = stream::iter(erased.clone())
        .map(|person| erased_in_the_end(rig, person))
        .buffer_unordered(ABREAST)
        .collect::<Vec<_>>();
    let ((), receipts) = tokio::join!(bring, erase);
    busy.shutdown().await;
    let told = judge.lock().unwrap().clone();
    assert!(
        told.after.is_empty(),
        "told of the erased: {:?}",
        told.after
    );
    assert!(told.of_customers > 0, "something was told meanwhile");
    rig.fold().await;
    rebuild::run(&rig.context.folding(), &REBUILD, |_, _| {})
        .await
        .unwrap();
    assert_nobody(rig, &erased).await;

    assert_eq!(receipts.len(), erasures);
    for receipt in &receipts {
        assert_eq!(rig.office.check(receipt).await.unwrap(), erasures);
    }
    rig.tell(&crowd.bodies).await;
    assert_nobody(rig, &erased).await;
}

/// The receipt of a person's erasure, when everybody downstream has confirmed it.
async fn erased_in_the_end(rig: &Rig, person: Uuid) -> Signed {
    let order = Rig::order(person);
    let begun = Instant::now();
    loop {
        match erase::run(&rig.context, &rig.office, &order).await {
            Ok(done) => return done.receipt,
            // The outbox is at work on it, so much is in the inbox that it was not through in time, or a batch holds the
            // tenant for longer than a lock is waited for: asked again, as the service does.
            Err(Error::Unconfirmed(_) | Error::Database(db::Error::Retry(_))) => {}
            Err(Error::Left(rows)) if only_waits(&rows) => {}
            Err(error) => panic!("{person}: {error:?}"),
        }
        assert!(begun.elapsed() < PATIENCE, "{person} is not erased");
        tokio::time::sleep(POLL).await;
    }
}

/// Nothing is left but deliveries that nobody has read yet.
fn only_waits(rows: &Counts) -> bool {
    rows.iter().all(|(table, n)| table == "inbox" || *n == 0)
}

/// A profile that was changed at that instant.
fn news_of(person: Uuid, at: DateTime<Utc>) -> String {
    let mut row = profile(person, None, 1);
    row["locale"] = json!("fr-FR");
    row["updated_at"] = json!(at);
    backoffice("person_profiles", &Value::Null, &row)
}

/// What was told to a receiver.
#[derive(Clone, Debug, Default)]
struct Told {
    /// Messages about somebody who was a customer when they arrived.
    of_customers: usize,
    /// Of whom something else was told than that they are erased when they were.
    after: Vec<Uuid>,
}

/// A receiver that looks up whether whoever it is told of is still there, and what brings messages to it.
async fn outbox(rig: &Rig) -> (Arc<Mutex<Told>>, Receiver, Dispatcher) {
    let judge: Arc<Mutex<Told>> = Arc::default();
    let (told, pool) = (Arc::clone(&judge), rig.db.superuser());
    let on_arrival: OnArrival = Arc::new(move |heard| {
        let (told, pool) = (Arc::clone(&told), pool.clone());
        Box::pin(async move {
            let person = heard.person();
            let Some(person) = person.filter(|_| heard.body["type"] != "CustomerErased") else {
                return (204, None);
            };
            let known = sqlx::query_scalar!(
                r#"select exists (
                     select from customer where tenant_id = $1 and person_profile_id = $2) as "known!""#,
                TENANT,
                person,
            );
            let known = known.fetch_one(&pool).await.unwrap();
            let mut told = told.lock().unwrap();
            if known {
                told.of_customers += 1;
            } else {
                told.after.push(person);
            }
            (204, None)
        })
    });
    let receiver = Receiver::with("elsewhere", on_arrival).await;
    let outbound = Outbound {
        targets: [receiver.target.clone()].into(),
        keyring: keyring(),
        timeout: Duration::from_secs(10),
    };
    let (pool, clock) = (rig.context.pool.clone(), rig.context.clock.clone());
    let dispatcher = Dispatcher::new(pool, clock, outbound).unwrap();
    (judge, receiver, dispatcher)
}

/// By the ledger's scans, and of some by looking into every column of every table.
async fn assert_nobody(rig: &Rig, erased: &[Uuid]) {
    let all: BTreeSet<Uuid> = erased.iter().copied().collect();
    let counts = rig.office.count(TENANT, &all).await.unwrap();
    assert!(counts.values().all(|rows| *rows == 0), "{counts:?}");
    let tags = all
        .iter()
        .map(|person| rig.context.pepper.tag(TENANT, *person));
    let found = rig.office.find(TENANT, &tags.collect()).await.unwrap();
    assert!(found.is_empty(), "{found:?}");
    let superuser = rig.db.superuser();
    for person in erased.iter().take(50) {
        let traces = traces::of(&superuser, *person).await;
        assert!(traces.is_empty(), "{person} is still named: {traces:#?}");
    }
}
