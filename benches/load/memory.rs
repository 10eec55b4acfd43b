//! How much memory the server takes under all of this: deliveries, the backlog they leave, and large joins.
//!
//! The server is a process of its own here; its clients and its PostgreSQL are not counted.

use std::sync::Arc;
use std::time::Duration;

use super::program::{self, Program, ask};
use super::{client, say, workload};

/// What to be content with.
const TARGET_MB: u64 = 512;
const TENANTS: u128 = 10;

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// How long each load takes.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Connections that deliver.
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Connections that ask for 1,000 keys each.
    #[arg(long, default_value_t = 8)]
    joining: usize,
    /// Bookings that are delivered in turns.
    #[arg(long, default_value_t = 4_000)]
    bookings: u32,
}

/// Measures and prints.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let program = Program::start().await?;
    let measured = measure(&program, options).await;
    program.stop().await?;
    measured
}

async fn measure(program: &Program, options: &Options) -> anyhow::Result<()> {
    let time = Duration::from_secs(options.seconds);
    let at_rest = program.peak_mb();
    let base = (0..TENANTS).flat_map(workload::base);
    let base: Vec<_> = base.map(|body| program::deliver(&body)).collect();
    client::once(program.address, &Arc::new(base), options.clients).await?;
    let bookings =
        (0..u128::from(options.bookings)).flat_map(|n| workload::booking(n % TENANTS, n / TENANTS));
    let bookings = Arc::new(
        bookings
            .map(|body| program::deliver(&body))
            .collect::<Vec<_>>(),
    );
    let delivered = client::drive(program.address, &bookings, options.clients, time).await?;
    let delivering = program.peak_mb();
    program.until_known(TENANTS, workload::PERSONS).await?;
    let joins = (0..TENANTS).map(|tenant| {
        let persons = (0..1_000).map(|n| workload::person(tenant, n));
        let everything = "{ status  behavior_aggregate { lifetime_revenue  total_bookings  trips_taken  } \
                          activities { nodes { id  } } }";
        ask(tenant, persons, everything)
    });
    let joins = Arc::new(joins.collect::<Vec<_>>());
    let joined = client::drive(program.address, &joins, options.joining, time).await?;
    let peak = program.peak_mb();
    let verdict = if peak < TARGET_MB { "met" } else { "NOT met" };
    say(&format!(
        "memory of the server alone, at its highest\n\
         \u{20}  started                                {at_rest:>6} MB\n\
         \u{20}  {:>6.0} deliveries/s over {} connections {delivering:>6} MB\n\
         \u{20}  {:>6.1} joins/s of 1,000 keys with timelines, {} at once {peak:>6} MB\n\
         target: below {TARGET_MB} MB ({verdict})",
        delivered.per_second, options.clients, joined.per_second, options.joining,
    ));
    Ok(())
}

/// The highest resident size of this process so far, in MB; 0 where it cannot be told.
pub(crate) fn peak_mb() -> u64 {
    peak_mb_of("self")
}

/// The same of a process.
pub(crate) fn peak_mb_of(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() / 1024
}
