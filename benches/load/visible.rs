//! From an event to the insight that shows it: sent through the door at a steady rate, asked for as Hasura would.
//!
//! Baseline of the same run: one write of a page with its disk sync, in the folder of the database.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::Value;
use tokio::task::JoinSet;

use super::client::{self, Connection, Seen};
use super::program::{Program, ask, deliver};
use super::{say, workload};

const TENANTS: u32 = 10;
const SYNCS: usize = 50;
/// Connections that deliver.
const CLIENTS: u32 = 16;
/// Events that nobody counts come first, for this long.
const WARMING: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(30);
/// Latency to be content with.
const FIGURE_MS: f64 = 250.0;

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// How long events are sent.
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// Events a second.
    #[arg(long, default_value_t = 500)]
    per_second: u32,
}

/// An event under way: whose, and when it was due.
struct Sent {
    person: u128,
    due: Instant,
}

/// By tenant.
type Sky = Arc<Mutex<BTreeMap<u128, Vec<Sent>>>>;

/// Measures and prints.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let program = Program::start().await?;
    let measured = measure(&program, options).await;
    program.stop().await?;
    measured
}

async fn measure(program: &Program, options: &Options) -> anyhow::Result<()> {
    let events = options.per_second * options.seconds;
    let persons = u128::from(events.div_ceil(TENANTS));
    ensure!(
        persons <= workload::PERSONS,
        "every event is about somebody else; there are {} persons",
        workload::PERSONS * u128::from(TENANTS)
    );
    let base = (0..TENANTS.into()).flat_map(workload::base);
    let base: Vec<_> = base.map(|body| deliver(&body)).collect();
    client::once(program.address, &Arc::new(base), 32).await?;
    program.until_known(TENANTS.into(), persons).await?;

    let sync = sync()?;
    let seen = events_seen(program, options, events).await?;
    let sync_ms = sync.as_secs_f64() * 1_000.0;
    let (p50, p99) = (seen.quantile_ms(0.5), seen.quantile_ms(0.99));
    let target = 10.0 * sync_ms + 100.0;
    say(&format!(
        "event to visible insight, {} events/s for {} s through the door, {TENANTS} tenants\n\
         \u{20}  one write with its disk sync  {sync_ms:>8.2} ms\n\
         \u{20}  visible                       p50 {p50:>8.2} ms  p99 {p99:>8.2} ms  longest {:.2} ms\n\
         target: p99 at most 10 x sync + 100 ms = {target:.0} ms ({}); figure to be content with {FIGURE_MS} ms ({})",
        options.per_second,
        options.seconds,
        seen.quantile_ms(1.0),
        verdict(p99 <= target),
        verdict(p99 < FIGURE_MS),
    ));
    Ok(())
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "NOT met" }
}

/// The median time of one page written and synced.
fn sync() -> anyhow::Result<Duration> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("one-sync");
    let mut file = std::fs::File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..SYNCS {
        let begun = Instant::now();
        file.write_all(&[7; 8192])?;
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    std::fs::remove_file(path)?;
    times.sort_unstable();
    Ok(times.get(SYNCS / 2).copied().unwrap_or_default())
}

async fn events_seen(program: &Program, options: &Options, events: u32) -> anyhow::Result<Seen> {
    let sky = Sky::default();
    let begun = Instant::now();
    let mut senders = JoinSet::new();
    for first in 0..CLIENTS {
        let (sky, address, rate) = (Arc::clone(&sky), program.address, options.per_second);
        senders.spawn(async move {
            let mut connection = Connection::open(address).await?;
            for number in (first..events).step_by(CLIENTS as usize) {
                let (tenant, person) = (number % TENANTS, number / TENANTS);
                let request = deliver(&workload::confirmed(tenant.into(), person.into()));
                let due = begun + Duration::from_secs(number.into()) / rate;
                tokio::time::sleep_until(due.into()).await;
                let sent = Sent {
                    person: person.into(),
                    due,
                };
                up(&sky, tenant.into(), sent);
                connection.exchange(&request).await?;
            }
            anyhow::Ok(())
        });
    }
    let mut latencies = Vec::new();
    let mut connection = Connection::open(program.address).await?;
    let mut seen = 0;
    while seen < events {
        ensure!(
            begun.elapsed() < Duration::from_secs(options.seconds.into()) + PATIENCE,
            "only {seen} of {events} events became visible"
        );
        for tenant in 0..u128::from(TENANTS) {
            for due in look(&mut connection, &sky, tenant).await? {
                seen += 1;
                if due >= begun + WARMING {
                    latencies.push(due.elapsed());
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    while let Some(sender) = senders.join_next().await {
        sender??;
    }
    Seen::new(latencies, begun.elapsed())
}

fn up(sky: &Sky, tenant: u128, sent: Sent) {
    let mut sky = sky.lock().unwrap_or_else(PoisonError::into_inner);
    sky.entry(tenant).or_default().push(sent);
}

/// Asks for everybody of a tenant whose event is under way; gives when those who show it now were due.
async fn look(
    connection: &mut Connection,
    sky: &Sky,
    tenant: u128,
) -> anyhow::Result<Vec<Instant>> {
    let asked: Vec<u128> = {
        let up = sky.lock().unwrap_or_else(PoisonError::into_inner);
        let up = up.get(&tenant).map(Vec::as_slice).unwrap_or_default();
        up.iter().map(|sent| sent.person).collect()
    };
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let persons = asked.iter().map(|person| workload::person(tenant, *person));
    let request = ask(
        tenant,
        persons,
        "{ behavior_aggregate { total_bookings  } }",
    );
    let answer: Value = serde_json::from_slice(connection.exchange(&request).await?)?;
    let shown: Vec<u128> = asked
        .into_iter()
        .enumerate()
        .filter(|(n, _)| {
            let insight = &answer["data"][format!("f{n}")];
            insight["behavior_aggregate"]["total_bookings"].as_i64() > Some(0)
        })
        .map(|(_, person)| person)
        .collect();
    let mut up = sky.lock().unwrap_or_else(PoisonError::into_inner);
    let up = up.entry(tenant).or_default();
    let gone = up.extract_if(.., |sent| shown.contains(&sent.person));
    Ok(gone.map(|sent| sent.due).collect())
}
