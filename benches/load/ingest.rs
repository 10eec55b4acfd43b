//! From the inbox to the insight: deliveries a second, and how long a backlog takes.
//!
//! Baseline of the same run: the same rows inserted into the inbox in large batches over one connection.

use std::collections::BTreeMap;
use std::time::Instant;

use customer_intelligence::contracts;
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::projections::Settings;
use customer_intelligence::resolve::fence::Pepper;
use customer_intelligence::workers::{Context, ingest};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::database::Database;
use super::{memory, say, workload};

/// Rows of one insert of the baseline.
const BATCH: usize = 500;
/// Share of deliveries that come twice when shuffled.
const TWICE_EVERY: usize = 10;
const WORKERS: usize = 2;

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// How many deliveries, about.
    #[arg(long, default_value_t = 100_000)]
    deliveries: u32,
}

/// One way of delivering.
struct Way {
    name: &'static str,
    tenants: u128,
    shuffled: bool,
    /// Share of the baseline that has to be reached.
    target: f64,
}

const WAYS: [Way; 3] = [
    Way {
        name: "10 tenants, shuffled, duplicates",
        tenants: 10,
        shuffled: true,
        target: 0.12,
    },
    Way {
        name: "10 tenants, in source order",
        tenants: 10,
        shuffled: false,
        target: 0.20,
    },
    Way {
        name: "one hot tenant, shuffled",
        tenants: 1,
        shuffled: true,
        target: 0.07,
    },
];

/// Bookings the agency has before anything is measured, and its share of those that follow.
const AGENCY_BOOKINGS: u128 = 3_000;
const AGENCY_EVERY: u128 = 20;

/// Measures and prints.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    for way in &WAYS {
        let database = Database::start().await?;
        let measured = measure(&database, way, options).await;
        database.stop().await?;
        measured?;
    }
    agency(options).await?;
    say(&format!(
        "memory of this process at its highest: {} MB",
        memory::peak_mb()
    ));
    Ok(())
}

/// What a person with thousands of bookings costs the tenant: the same deliveries, once with every twentieth booking
/// made by the agency, once made by the travellers themselves.
async fn agency(options: &Options) -> anyhow::Result<()> {
    let bookings = u128::from(options.deliveries) / 2 / workload::PER_BOOKING;
    let mut figures = Vec::new();
    for booked in [workload::booking, workload::brokered] {
        let database = Database::start().await?;
        let context = context(&database);
        fill(&database, &cut(&workload::base(0))?).await?;
        let before = (0..AGENCY_BOOKINGS).flat_map(|n| booked(0, n));
        fill(&database, &cut(&before.collect::<Vec<_>>())?).await?;
        drain(&context).await?;
        let stream = (AGENCY_BOOKINGS..AGENCY_BOOKINGS + bookings).flat_map(|n| {
            if n % AGENCY_EVERY == 0 {
                booked(0, n)
            } else {
                workload::booking(0, n)
            }
        });
        let rows = cut(&stream.collect::<Vec<_>>())?;
        fill(&database, &rows).await?;
        let begun = Instant::now();
        drain(&context).await?;
        #[expect(clippy::cast_precision_loss, reason = "a count of deliveries")]
        figures.push(rows.len() as f64 / begun.elapsed().as_secs_f64());
        database.stop().await?;
    }
    if let [without, with] = figures.as_slice() {
        say(&format!(
            "inbox to insight, one tenant in source order: {without:.0}/s; with an agency of {AGENCY_BOOKINGS} bookings \
             that makes every {AGENCY_EVERY}th: {with:.0}/s; ratio {:.2}",
            with / without
        ));
    }
    Ok(())
}

async fn measure(database: &Database, way: &Way, options: &Options) -> anyhow::Result<()> {
    let context = context(database);
    for tenant in 0..way.tenants {
        fill(database, &cut(&workload::base(tenant))?).await?;
    }
    drain(&context).await?;
    let mut rows = cut(&deliveries(way, options))?;
    if way.shuffled {
        let twice: Vec<_> = rows.iter().step_by(TWICE_EVERY).cloned().collect();
        rows.extend(twice);
        rows.shuffle(&mut StdRng::seed_from_u64(1));
    }
    let inserts = fill(database, &rows).await?;
    let begun = Instant::now();
    drain(&context).await?;
    let seconds = begun.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a count of deliveries")]
    let per_second = rows.len() as f64 / seconds;
    let ratio = per_second / inserts;
    let (target, verdict) = (
        way.target,
        if ratio >= way.target {
            "met"
        } else {
            "NOT met"
        },
    );
    say(&format!(
        "inbox to insight, {}: {} deliveries in {seconds:.1} s = {per_second:.0}/s\n\
         \u{20}  batched inserts of the same rows {inserts:.0}/s; ratio {ratio:.3}, target {target:.2} ({verdict}); \
         figure to be content with 8000/s",
        way.name,
        rows.len(),
    ));
    Ok(())
}

/// Deliveries in the order of their happening, tenants in turns.
fn deliveries(way: &Way, options: &Options) -> Vec<Vec<u8>> {
    let bookings = u128::from(options.deliveries) / workload::PER_BOOKING;
    let each = (0..bookings).map(|n| workload::booking(n % way.tenants, n / way.tenants));
    each.flatten().collect()
}

pub(crate) fn cut(bodies: &[Vec<u8>]) -> anyhow::Result<Vec<(Uuid, Vec<u8>)>> {
    let read = bodies.iter().map(|body| {
        let delivery = contracts::read(body)?;
        Ok((delivery.tenant_id, delivery.cut))
    });
    read.collect()
}

/// Puts rows into the inbox; returns rows a second.
pub(crate) async fn fill(database: &Database, rows: &[(Uuid, Vec<u8>)]) -> anyhow::Result<f64> {
    let clock = Clock::system();
    let mut connection = database.pool.acquire().await?;
    let begun = Instant::now();
    for batch in rows.chunks(BATCH) {
        let tenants: Vec<Uuid> = batch.iter().map(|(tenant, _)| *tenant).collect();
        let ids: Vec<Uuid> = batch.iter().map(|_| clock.uuid_v7()).collect();
        let payloads: Vec<&[u8]> = batch.iter().map(|(_, cut)| cut.as_slice()).collect();
        sqlx::query!(
            "insert into inbox (tenant_id, id, payload)
             select * from unnest($1::uuid[], $2::uuid[], $3::bytea[])",
            &tenants,
            &ids,
            payloads.as_slice() as &[&[u8]],
        )
        .execute(&mut *connection)
        .await?;
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of deliveries")]
    let rows = rows.len() as f64;
    Ok(rows / begun.elapsed().as_secs_f64())
}

pub(crate) fn context(database: &Database) -> Context {
    Context {
        pool: database.pool.clone(),
        clock: Clock::system(),
        pepper: Pepper::new(b"a benchmark's key"),
        settings: Settings::default(),
    }
}

/// Works until the inbox is empty.
pub(crate) async fn drain(context: &Context) -> anyhow::Result<()> {
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        let context = context.clone();
        workers.spawn(async move {
            let mut sizes = BTreeMap::new();
            while !customer_intelligence::inbox::claim::tenants(&context.pool)
                .await?
                .is_empty()
            {
                ingest::round(&context, &mut sizes).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended??;
    }
    Ok(())
}
