//! Everything about one person with many activities: asked for, made, encrypted, fetched. And what it costs a request
//! to be noted in the audit log.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::ensure;
use chrono::TimeDelta;
use customer_intelligence::audit::{Actor, Read, Reads};
use customer_intelligence::privacy::export::Category;
use customer_intelligence::privacy::export::build::Builder;
use customer_intelligence::privacy::export::desk::{Asked, Exports, Fetched, Order};
use customer_intelligence::privacy::export::request::Form;
use uuid::Uuid;

use super::database::Database;
use super::{ingest, join, say, workload};

const TARGET: Duration = Duration::from_mins(1);
/// A booking of the agency's becomes about so many activities of its own.
const PER_BOOKING: u128 = 3;
const ROUNDS: u32 = 200;

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// At least so many activities of one person.
    #[arg(long, default_value_t = 10_000)]
    activities: u32,
}

/// Measures and prints.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let database = Database::start().await?;
    let measured = measure(&database, options).await;
    database.stop().await?;
    measured?;
    noting();
    Ok(())
}

async fn measure(database: &Database, options: &Options) -> anyhow::Result<()> {
    let bookings = u128::from(options.activities).div_ceil(PER_BOOKING);
    let bodies = (0..bookings).flat_map(|n| workload::brokered(0, n));
    let bodies = workload::base(0).into_iter().chain(bodies);
    let rows = bodies.map(|body| {
        let delivery = customer_intelligence::contracts::read(&body)?;
        anyhow::Ok((delivery.tenant_id, delivery.cut))
    });
    ingest::fill(database, &rows.collect::<anyhow::Result<Vec<_>>>()?).await?;
    let context = ingest::context(database);
    ingest::drain(&context).await?;
    let (pool, clock, pepper) = (context.pool, context.clock, context.pepper);
    let exports = Exports::new(pool.clone(), pool.clone(), clock.clone(), pepper.clone());
    let builder = Builder {
        pool,
        clock,
        pepper,
        quarantine_days: context.settings.quarantine_days,
        kept_for: TimeDelta::hours(1),
    };
    for form in [Form::Json, Form::Csv] {
        let order = Order {
            tenant_id: workload::tenant(0),
            person: workload::agency(0),
            categories: Category::ALL.into(),
            form,
            language: None,
            recipient: None,
            actor: Actor::COMMAND,
        };
        let begun = Instant::now();
        let Asked::Accepted(accepted) = exports.ask(&order).await? else {
            anyhow::bail!("the export was not accepted");
        };
        ensure!(builder.round().await? == 1, "the archive was not made");
        let Fetched::Archive { bytes, .. } = exports.fetch(&accepted.token).await? else {
            anyhow::bail!("the archive cannot be fetched");
        };
        let took = begun.elapsed();
        let verdict = if took < TARGET { "met" } else { "NOT met" };
        say(&format!(
            "export of one person, at least {} activities, {}: {:.2} s from asking to the encrypted archive ({} kB); \
             target: below {} s ({verdict})",
            options.activities,
            form.name(),
            took.as_secs_f64(),
            bytes.len() / 1024,
            TARGET.as_secs(),
        ));
    }
    Ok(())
}

/// What stands in a request's way: a hash of its document, and a moment's lock.
fn noting() {
    for keys in [1_u128, 100, 1_000, 5_000] {
        let document = join::document(0, keys);
        let persons: Vec<Uuid> = (0..keys).map(Uuid::from_u128).collect();
        let reads = join::unwritten();
        let mut took = Duration::ZERO;
        for _ in 0..ROUNDS {
            let persons = persons.clone();
            let begun = Instant::now();
            reads.note(black_box(Read {
                tenant_id: workload::tenant(0),
                actor: Actor::of("dispatcher", Some("u-7")),
                operation: None,
                query_hash: Reads::digest(&document),
                persons,
            }));
            took += begun.elapsed();
        }
        let micros = took.as_secs_f64() * 1e6 / f64::from(ROUNDS);
        let kilobytes = document.len() / 1024;
        say(&format!(
            "noting a request about {keys} persons (a document of {kilobytes} kB): {micros:.1} µs"
        ));
    }
}
