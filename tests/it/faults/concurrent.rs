//! Workers in each other's way: several loops, each with connections of its own, over several tenants' shuffled and
//! repeated deliveries, some of the loops cut off in the middle of a batch. The outcome is that of one quiet reader.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use customer_intelligence::actions::receive::receive;
use customer_intelligence::db::{Pool, PoolConfig, pool};
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::inbox::{self, Channel, Writer};
use customer_intelligence::projections::Settings;
use customer_intelligence::resolve::fence::Pepper;
use customer_intelligence::workers::{self, Context};
use futures::future::join_all;
use sqlx::{AssertSqlSafe, Row};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::expected::{Expected, QUARANTINE_DAYS};
use crate::property::crowd::{self, Crowd};
use crate::support::TestDb;

const TENANTS: u64 = 3;
const HISTORIES: u64 = 25;
const HISTORIES_ERASING: u64 = 15;
const LOOPS: usize = 4;
/// Deliveries that are on their way into the inbox at the same time.
const ABREAST: usize = 100;
const PATIENCE: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn any_number_of_workers_come_to_what_one_quiet_reader_comes_to() {
    come_to_the_same(HISTORIES, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_was_erased_stays_erased_however_many_work() {
    come_to_the_same(HISTORIES_ERASING, true).await;
}

async fn come_to_the_same(histories: u64, erasing: bool) {
    let db = TestDb::new().await;
    let clock = Clock::manual("2027-03-01T12:00:00Z".parse().unwrap());
    let crowd = |tenant: u64| {
        let seeds = tenant * 1_000..tenant * 1_000 + histories;
        crowd::shuffled(Uuid::from_u128(tenant.into()), seeds, 40, erasing)
    };
    let crowds: Vec<Crowd> = (1..=TENANTS).map(crowd).collect();
    let mut loops = Loops::new(&db, &clock);
    bring(db.pool(), &clock, &crowds, &mut loops).await;
    drain(db.pool(), loops).await;
    for crowd in &crowds {
        let expected = Expected::of(crowd);
        expected.assert_log(db.pool()).await;
        let stored = stored(&db.superuser(), crowd.tenant).await;
        let wanted = insights(&expected, &clock);
        assert_eq!(stored, wanted, "insights of {}", crowd.tenant);
    }
}

/// Loops that empty the inbox. Dropping it cuts all of them off.
struct Loops {
    contexts: Vec<Context>,
    wake: Arc<Notify>,
    running: JoinSet<()>,
    cut: usize,
}

impl Loops {
    fn new(db: &TestDb, clock: &Clock) -> Self {
        let config = PoolConfig {
            max_connections: 2,
            ..PoolConfig::default()
        };
        let context = || Context {
            pool: pool::connect_lazy(db.options(), &config),
            clock: clock.clone(),
            pepper: Pepper::new(b"pepper"),
            settings: Settings {
                quarantine_days: QUARANTINE_DAYS,
                ..Settings::default()
            },
        };
        let contexts = (0..LOOPS).map(|_| context()).collect();
        let mut loops = Self {
            contexts,
            wake: Arc::default(),
            running: JoinSet::new(),
            cut: 0,
        };
        loops.start();
        loops
    }

    fn start(&mut self) {
        for context in self.contexts.clone() {
            let wake = Arc::clone(&self.wake);
            self.running.spawn(async move {
                workers::ingest::run(context, &wake, std::future::pending()).await;
            });
        }
    }

    /// Cuts all loops off wherever they are and starts new ones: their transactions end as if never begun.
    async fn cut(&mut self) {
        self.running.shutdown().await;
        self.cut += 1;
        self.start();
    }
}

/// Brings the tenants' deliveries in turns, and cuts the loops off now and then.
async fn bring(pool: &Pool, clock: &Clock, crowds: &[Crowd], loops: &mut Loops) {
    let writer = Writer::new(pool.clone(), clock.clone(), inbox::Limits::default());
    let longest = crowds
        .iter()
        .map(|crowd| crowd.bodies.len())
        .max()
        .unwrap_or_default();
    let in_turns =
        (0..longest).flat_map(|at| crowds.iter().filter_map(move |one| one.bodies.get(at)));
    let bodies: Vec<&String> = in_turns.collect();
    let deliver = async {
        for (at, some) in bodies.chunks(ABREAST).enumerate() {
            let each = some
                .iter()
                .map(|body| receive(&writer, clock, body.as_bytes(), Channel::Live));
            for received in join_all(each).await {
                received.expect("it is kept");
            }
            loops.wake.notify_one();
            if at % 7 == 6 {
                loops.cut().await;
            }
        }
        writer.close();
    };
    tokio::join!(writer.run(), deliver);
    assert!(loops.cut >= 2, "{}", loops.cut);
}

/// Waits until nothing waits. What a loop has taken counts as waiting until it is done.
async fn drain(pool: &Pool, loops: Loops) {
    let begun = Instant::now();
    loop {
        let backlog = inbox::backlog::read(pool).await.expect("the backlog");
        assert_eq!(backlog.dead_letters, 0);
        if backlog.waiting == 0 {
            drop(loops);
            return;
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "{} deliveries wait",
            backlog.waiting
        );
        tokio::time::sleep(POLL).await;
    }
}

type Bodies = BTreeMap<Uuid, Vec<u8>>;

/// The stored insights of a tenant, byte by byte.
async fn stored(pool: &Pool, tenant: Uuid) -> Bodies {
    let statement = format!(
        "select person_profile_id, body from customer_insight where tenant_id = '{tenant}'"
    );
    let rows = sqlx::raw_sql(AssertSqlSafe(statement))
        .fetch_all(pool)
        .await
        .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// What has to be stored: the survivors' insights behind the format's number.
fn insights(expected: &Expected, clock: &Clock) -> Bodies {
    let everybody = expected.persons.iter();
    let insights = everybody.filter_map(|person| {
        let insight = expected.insight(*person, clock.now())?;
        let own = insight.person_profile_id == *person;
        own.then(|| (*person, insight.to_stored().expect("it is written down")))
    });
    insights.collect()
}
