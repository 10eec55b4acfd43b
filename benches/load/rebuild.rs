//! Rebuilding everybody from the log: activities a second, and what readers notice of it.
//!
//! Baseline of the same run: the same rows copied out of the database in the order of persons, by one connection and
//! by as many as there are workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use customer_intelligence::db::{Pool, PoolConfig, pool};
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::insight::Reader;
use customer_intelligence::workers::rebuild;
use futures::TryStreamExt as _;

use super::database::Database;
use super::{ingest, say, workload};

const TENANTS: u128 = 10;
const WORKERS: usize = 3;
/// Share of the baseline that has to be reached.
const TARGET: f64 = 0.5;
/// Readers may become slower by this factor.
const SLOWER: f64 = 1.5;
/// Between two reads of one insight.
const READ_EVERY: Duration = Duration::from_millis(5);

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// How many deliveries make the log, about; each leads to one to three rows.
    #[arg(long, default_value_t = 200_000)]
    deliveries: u32,
    /// How many times everybody is rebuilt.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

/// Measures and prints.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let database = Database::start().await?;
    let measured = Box::pin(measure(&database, options)).await;
    database.stop().await?;
    measured
}

async fn measure(database: &Database, options: &Options) -> anyhow::Result<()> {
    let context = ingest::context(database);
    let bodies = (0..TENANTS).flat_map(workload::base);
    ingest::fill(database, &ingest::cut(&bodies.collect::<Vec<_>>())?).await?;
    let bookings = u128::from(options.deliveries) / workload::PER_BOOKING;
    let bodies = (0..bookings).flat_map(|n| workload::booking(n % TENANTS, n / TENANTS));
    ingest::fill(database, &ingest::cut(&bodies.collect::<Vec<_>>())?).await?;
    ingest::drain(&context).await?;
    sqlx::raw_sql("analyze activity_log")
        .execute(&database.pool)
        .await
        .ok();
    let rows = copied(&database.pool).await?;
    let begun = Instant::now();
    copied(&database.pool).await?;
    let baseline = per_second(rows, begun.elapsed());
    let quiet = Readers::start(database);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let quiet = quiet.p99()?;
    let busy = Readers::start(database);
    for _ in 0..options.rounds {
        let begun = Instant::now();
        let folding = context.folding();
        let asked = rebuild::Options {
            tenant: None,
            workers: WORKERS,
            page: 500,
            max_rate: None,
            restart: true,
        };
        let done = rebuild::run(&folding, &asked, |_, _| {}).await?;
        let figure = per_second(done.log_rows, begun.elapsed());
        let (ratio, verdict) = (figure / baseline, verdict(figure / baseline >= TARGET));
        say(&format!(
            "rebuild: {} activities of {} customers in {:.1} s = {figure:.0}/s\n\
             \u{20}  copied out in the order of persons {baseline:.0}/s; ratio {ratio:.2}, target {TARGET:.2} ({verdict}); \
             figure to be content with 300000/s",
            done.log_rows,
            done.customers,
            begun.elapsed().as_secs_f64()
        ));
    }
    let busy = busy.p99()?;
    let slower = busy.as_secs_f64() / quiet.as_secs_f64();
    say(&format!(
        "one insight read every {} ms: p99 {:.1} ms, while rebuilding {:.1} ms; ratio {slower:.2}, target {SLOWER:.2} ({})",
        READ_EVERY.as_millis(),
        quiet.as_secs_f64() * 1e3,
        busy.as_secs_f64() * 1e3,
        verdict(slower <= SLOWER)
    ));
    Ok(())
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "NOT met" }
}

#[expect(clippy::cast_precision_loss, reason = "a count of rows")]
fn per_second(rows: u64, time: Duration) -> f64 {
    rows as f64 / time.as_secs_f64()
}

/// Copies the log out, tenant by tenant in the order of persons; returns how many rows there are.
async fn copied(pool: &Pool) -> anyhow::Result<u64> {
    let mut connection = pool.acquire().await?;
    let mut bytes = 0;
    for tenant in 0..TENANTS {
        let statement = format!(
            "copy (select * from activity_log where tenant_id = '{}' order by person_profile_id)
             to stdout (format binary)",
            workload::tenant(tenant)
        );
        let mut stream = connection.copy_out_raw(&statement).await?;
        while let Some(part) = stream.try_next().await? {
            bytes += part.len();
        }
    }
    anyhow::ensure!(bytes > 0, "nothing was copied");
    let rows = sqlx::query_scalar!(r#"select count(*) as "n!" from activity_log"#);
    let rows = rows.fetch_one(&mut *connection).await?;
    Ok(rows.try_into()?)
}

/// Somebody who reads one insight after the other, on a thread of their own as the server is a process of its own.
struct Readers {
    stop: Arc<AtomicBool>,
    reading: JoinHandle<anyhow::Result<Vec<Duration>>>,
}

impl Readers {
    fn start(database: &Database) -> Self {
        let (options, stop) = (database.options(), Arc::<AtomicBool>::default());
        let stopped = Arc::clone(&stop);
        let reading = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let pool = pool::connect_lazy(options, &PoolConfig::default());
                let took = read(&pool, &stopped).await;
                pool.close().await;
                took
            })
        });
        Self { stop, reading }
    }

    /// Stops; the 99th percentile of how long a read took.
    fn p99(self) -> anyhow::Result<Duration> {
        self.stop.store(true, Ordering::Relaxed);
        let Ok(took) = self.reading.join() else {
            anyhow::bail!("the reader panicked");
        };
        let mut took = took?;
        took.sort_unstable();
        let last = took.get(took.len() * 99 / 100).copied();
        Ok(last.unwrap_or_default())
    }
}

async fn read(pool: &Pool, stopped: &AtomicBool) -> anyhow::Result<Vec<Duration>> {
    let reader = Reader::new(pool.clone(), Clock::system(), 3);
    let mut took = Vec::new();
    let mut n = 0;
    while !stopped.load(Ordering::Relaxed) {
        let tenant = n % TENANTS;
        let person = workload::person(tenant, n % workload::PERSONS);
        let begun = Instant::now();
        reader.insights(workload::tenant(tenant), &[person]).await?;
        took.push(begun.elapsed());
        n += 1;
        tokio::time::sleep(READ_EVERY).await;
    }
    Ok(took)
}
