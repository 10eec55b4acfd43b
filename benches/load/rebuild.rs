//! Rebuilding everybody from the log: activities a second, and what readers notice of it.
//!
//! Baseline of the same run: the same rows copied out of the database in the order of persons, by one connection and
//! by as many as there are workers.

use std::time::{Duration, Instant};

use customer_intelligence::db::Pool;
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::insight::Reader;
use customer_intelligence::workers::rebuild;
use futures::TryStreamExt as _;
use uuid::Uuid;

use super::database::Database;
use super::{ingest, say, workload};

const TENANTS: u128 = 10;
const WORKERS: usize = 2;
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
    let reader = Reader::new(database.pool.clone(), Clock::system(), 3);
    let quiet = p99(
        &reader,
        Duration::from_secs(3),
        std::future::pending::<()>(),
    )
    .await?;
    for _ in 0..options.rounds {
        let begun = Instant::now();
        let work = async {
            let folding = context.folding();
            let asked = rebuild::Options {
                tenant: None,
                workers: WORKERS,
                page: 500,
                max_rate: None,
                restart: true,
            };
            rebuild::run(&folding, &asked, |_, _| {}).await
        };
        let done = work.await?;
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
    let folding = context.folding();
    let rebuilding = async move {
        let asked = rebuild::Options {
            tenant: None,
            workers: WORKERS,
            page: 500,
            max_rate: None,
            restart: true,
        };
        rebuild::run(&folding, &asked, |_, _| {}).await.map(|_| ())
    };
    let busy = Box::pin(p99(&reader, Duration::from_mins(5), rebuilding)).await?;
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

/// Reads one insight after the other until the time is over or the work is done; the 99th percentile of how long.
async fn p99(
    reader: &Reader,
    time: Duration,
    work: impl Future<Output: Ended>,
) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let mut took = Vec::new();
    let mut work = std::pin::pin!(work);
    let mut n = 0;
    loop {
        let read = async {
            let tenant = n % TENANTS;
            let person: Uuid = workload::person(tenant, n % workload::PERSONS);
            let begun = Instant::now();
            reader.insights(workload::tenant(tenant), &[person]).await?;
            anyhow::Ok(begun.elapsed())
        };
        took.push(read.await?);
        n += 1;
        tokio::select! {
            ended = &mut work => {
                ended.check()?;
                break;
            }
            () = tokio::time::sleep(READ_EVERY) => {}
        }
        if begun.elapsed() > time {
            break;
        }
    }
    took.sort_unstable();
    let last = took.get(took.len() * 99 / 100).copied();
    Ok(last.unwrap_or_default())
}

/// How work ends beside which is read.
trait Ended {
    fn check(self) -> anyhow::Result<()>;
}

impl Ended for () {
    fn check(self) -> anyhow::Result<()> {
        Ok(())
    }
}

impl Ended for Result<(), customer_intelligence::db::Error> {
    fn check(self) -> anyhow::Result<()> {
        Ok(self?)
    }
}
