//! The nightly work of one large operator: how long each kind of model takes, how much memory, and how long it takes
//! until everybody's scores are written down.
//!
//! Everybody's insight is derived by the project's own code from made-up histories (`crowd`) and written into the
//! service's table; what is measured then is what the nightly job and the worker of scores call for a tenant. Trained a
//! second time at the same instant it has to come to the same bytes, which is asked for, too.

use std::time::{Duration, Instant};

use anyhow::ensure;
use chrono::{DateTime, Utc};
use customer_intelligence::derivations::scoring::Scorer;
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::domain::insight::Insight;
use customer_intelligence::workers::train::{self, Step, Trained};
use uuid::Uuid;

use super::database::Database;
use super::{crowd, memory, say};

/// So long the job may take for so many customers, on this machine.
const TARGET: Duration = Duration::from_mins(1);
const TARGET_CUSTOMERS: u64 = 100_000;
/// So much memory training may take, whatever the number of customers up to a million.
const TARGET_MB: u64 = 2_048;
const MILLION: u64 = 1_000_000;
/// Insights of one insert.
const BATCH: u64 = 2_000;
const TENANT: Uuid = Uuid::from_u128(0xb05);

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// How many customers the operator has.
    #[arg(long, env = "CI_NIGHTLY_CUSTOMERS", default_value_t = TARGET_CUSTOMERS)]
    customers: u64,
    /// Train once only, without looking whether it comes to the same again.
    #[arg(long)]
    once: bool,
}

/// Measures and prints.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let database = Database::start().await?;
    let measured = measure(&database, options).await;
    database.stop().await?;
    measured
}

async fn measure(database: &Database, options: &Options) -> anyhow::Result<()> {
    let now = "2026-06-01T02:10:00Z".parse::<DateTime<Utc>>()?;
    fill(database, options.customers, now).await?;
    forget_peak();
    let before = memory::peak_mb();
    let begun = Instant::now();
    let first = train(database, now).await?;
    let trained = begun.elapsed();
    let begun = Instant::now();
    let scored = score(database, now).await?;
    let scoring = begun.elapsed();
    let (took, peak) = (trained + scoring, memory::peak_mb());
    let in_time = if options.customers == TARGET_CUSTOMERS {
        format!(
            "target for {TARGET_CUSTOMERS} customers {} s ({})",
            TARGET.as_secs(),
            verdict(took <= TARGET)
        )
    } else {
        format!(
            "{:.1} s for each {TARGET_CUSTOMERS}",
            took.as_secs_f64() / ratio(options.customers, TARGET_CUSTOMERS)
        )
    };
    let in_room = if options.customers >= MILLION {
        verdict(peak <= TARGET_MB)
    } else {
        "not judged by fewer"
    };
    say(&format!(
        "nightly work for {} customers: training {:.1} s, scores of {scored} {:.1} s, {:.1} s in all; {in_time}\n\
         memory of this process: {peak} MB at its highest ({before} MB before); target {TARGET_MB} MB for {MILLION} ({in_room})",
        options.customers,
        trained.as_secs_f64(),
        scoring.as_secs_f64(),
        took.as_secs_f64(),
    ));
    if !options.once {
        let again = train(database, now).await?;
        let other = again.iter().find(|one| one.learned.is_new);
        ensure!(
            other.is_none() && again.len() == first.len(),
            "trained again at the same instant it is something else: {other:?}"
        );
        say("trained again at the same instant: the same matrix and the same bytes");
    }
    Ok(())
}

async fn train(database: &Database, now: DateTime<Utc>) -> anyhow::Result<Vec<Trained>> {
    let told = |step: Step<'_>| {
        say(&match step {
            Step::Gathered { material, took } => format!(
                "\u{20}  {:<9} {:>6.1} s  {} histories, {:.0} bytes each",
                "reading",
                took.as_secs_f64(),
                material.histories.len(),
                ratio(material.histories.bytes(), material.histories.len() as u64)
            ),
            Step::Trained(one) => format!(
                "\u{20}  {:<9} {:>6.1} s  {}: {}",
                one.learned.kind.name(),
                one.took.as_secs_f64(),
                one.learned.verdict.name(),
                one.learned.reason
            ),
        });
    };
    let clock = Clock::manual(now);
    Ok(train::tenant(&database.pool, &clock, TENANT, (&[], "a benchmark"), told).await?)
}

/// Scores everybody by what was just learned; returns how many have a score then.
async fn score(database: &Database, now: DateTime<Utc>) -> anyhow::Result<i64> {
    let scorer = Scorer::new(database.pool.clone(), Clock::manual(now), 3);
    while scorer.everybody(TENANT).await? {}
    let scored = sqlx::query_scalar!(r#"select count(*) as "scored!" from customer_score"#);
    Ok(scored.fetch_one(&database.pool).await?)
}

/// Writes everybody's insight.
async fn fill(database: &Database, customers: u64, now: DateTime<Utc>) -> anyhow::Result<()> {
    let begun = Instant::now();
    for first in (0..customers).step_by(usize::try_from(BATCH)?) {
        let numbers = first..customers.min(first + BATCH);
        let insights: Vec<Insight> = numbers
            .map(|number| crowd::insight(number, crowd::TOURS, now))
            .collect();
        put(database, &insights).await?;
    }
    say(&format!(
        "{customers} customers written in {:.0} s",
        begun.elapsed().as_secs_f64()
    ));
    Ok(())
}

async fn put(database: &Database, insights: &[Insight]) -> anyhow::Result<()> {
    let ids: Vec<Uuid> = insights.iter().map(|one| one.person_profile_id).collect();
    let at: Vec<DateTime<Utc>> = insights.iter().map(|one| one.computed_at).collect();
    let bodies = insights
        .iter()
        .map(Insight::to_stored)
        .collect::<Result<Vec<_>, _>>()?;
    sqlx::query!(
        "with known as (
           insert into customer (tenant_id, person_profile_id, root)
           select $1, id, id from unnest($2::uuid[]) as u (id))
         insert into customer_insight (tenant_id, person_profile_id, revision, computed_at,
           lifetime_revenue, outstanding, total_bookings, cancelled_bookings, open_reservations,
           trips_taken, upcoming_trips, no_show_count, is_minor, body)
         select $1, u.id, 1, u.at, 0, 0, 0, 0, 0, 0, 0, 0, false, u.body
         from unnest($2::uuid[], $3::timestamptz[], $4::bytea[]) as u (id, at, body)",
        TENANT,
        &ids,
        &at,
        &bodies
    )
    .execute(&database.pool)
    .await?;
    Ok(())
}

/// Lets the kernel count the highest resident size from here on, where it can.
fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").ok();
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "NOT met" }
}

#[expect(clippy::cast_precision_loss, reason = "counts of customers and bytes")]
fn ratio(all: u64, of: u64) -> f64 {
    all as f64 / of.max(1) as f64
}
