//! Other GraphQL servers over the same rows, asked for the same fields by the same clients: graphql-yoga with a
//! DataLoader, and PostGraphile. One process each, as they come; they read columns, this service reads its stored body.
//!
//! Needs node 22 (which `npm` brings along) and the packages of `benches/peers`; without them it says so and ends.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::client::{self, Connection, Seen};
use super::database::Database;
use super::join::{self, document_of, line, post};
use super::{say, serving, workload};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers");
/// Fields that are columns too.
const SELECTION: &str = "{ behavior_aggregate { lifetime_revenue  total_bookings  trips_taken  \
                         no_show_count  last_booking_at  } }";
/// Different requests that are sent in turns.
const REQUESTS: u128 = 200;
/// How many times theirs our requests a second have to be: keys, yoga, PostGraphile.
const TARGETS: [(u128, f64, Option<f64>); 3] =
    [(1, 5.0, Some(5.0)), (100, 3.0, None), (1_000, 3.0, None)];
const PATIENCE: Duration = Duration::from_secs(60);

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// How long each measurement takes.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Closed-loop clients for one key; joins have one.
    #[arg(long, default_value_t = 8)]
    clients: usize,
}

/// Measures and prints.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    if let Err(reason) = install().await {
        say(&format!("peers: nothing is measured, because {reason}"));
        return Ok(());
    }
    let database = Database::start().await?;
    let measured = measure_all(&database, options).await;
    database.stop().await?;
    measured
}

/// Puts the packages there, node 22 among them.
async fn install() -> Result<(), String> {
    let folder = Path::new(FOLDER);
    if !folder.join("node_modules/.bin/node").exists() {
        let npm = Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .output();
        let npm = npm
            .await
            .map_err(|error| format!("npm cannot be run ({error}); install node and npm"))?;
        if !npm.status.success() {
            let said = String::from_utf8_lossy(&npm.stderr);
            return Err(format!("npm ci failed: {said}"));
        }
    }
    let node = Command::new(folder.join("node_modules/.bin/node"))
        .arg("--version")
        .output();
    match node.await {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err("npm did not bring a node that runs here".to_owned()),
    }
}

/// A server of somebody else's, ended when dropped.
struct Peer {
    child: Child,
    address: SocketAddr,
}

impl Peer {
    async fn start(script: &str, database: &Database) -> anyhow::Result<Self> {
        let mut child = Command::new(Path::new(FOLDER).join("node_modules/.bin/node"))
            .args([script, &database.url()])
            .current_dir(FOLDER)
            .env("NODE_ENV", "production")
            .env("GRAPHILE_ENV", "production")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().context("it is piped")?;
        let mut lines = BufReader::new(output).lines();
        let port = async {
            while let Some(line) = lines.next_line().await? {
                if let Ok(port) = line.trim().parse::<u16>() {
                    return Ok(port);
                }
            }
            bail!("{script} ended without listening")
        };
        let port = tokio::time::timeout(PATIENCE, port).await??;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Ok(Self { child, address })
    }

    async fn stop(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }
}

async fn measure_all(database: &Database, options: &Options) -> anyhow::Result<()> {
    join::fill(database).await?;
    let yoga = Peer::start("yoga.mjs", database).await?;
    let postgraphile = Peer::start("postgraphile.mjs", database).await?;
    let (ours, mut server) = serving(join::graphql_door(database)).await?;
    same_answers(ours, yoga.address, postgraphile.address).await?;
    for (keys, target_yoga, target_postgraphile) in TARGETS {
        let requests = |document: fn(u128, u128) -> String| {
            let all = (0..REQUESTS).map(|n| post("/graphql", &document(n, keys)));
            Arc::new(all.collect::<Vec<_>>())
        };
        let (mine, theirs) = (requests(our_document), requests(postgraphile_document));
        let clients = if keys == 1 { options.clients } else { 1 };
        let measure = async |name: &str, address, requests: &Arc<Vec<Vec<u8>>>| {
            // Half of the time for compilers and caches to warm up.
            let time = Duration::from_secs(options.seconds);
            client::drive(address, requests, clients, time / 2).await?;
            let seen = client::drive(address, requests, clients, time).await?;
            line(&format!("{name}, {keys} keys"), &seen);
            anyhow::Ok(seen)
        };
        let own = measure("this service", ours, &mine).await?;
        let other = measure("graphql-yoga + DataLoader", yoga.address, &mine).await?;
        judge("graphql-yoga", &own, &other, Some(target_yoga));
        let other = measure("PostGraphile", postgraphile.address, &theirs).await?;
        judge("PostGraphile", &own, &other, target_postgraphile);
    }
    server.shutdown().await;
    yoga.stop().await?;
    postgraphile.stop().await
}

fn judge(name: &str, own: &Seen, other: &Seen, target: Option<f64>) {
    let ratio = own.per_second / other.per_second;
    let verdict = match target {
        Some(target) if ratio >= target => format!("target: {target:.0} (met)"),
        Some(target) => format!("target: {target:.0} (NOT met)"),
        None => "no target".to_owned(),
    };
    say(&format!("   {ratio:.1} times {name}; {verdict}"));
}

/// Nobody may be fast by answering something else: one request has to give the same numbers everywhere.
async fn same_answers(
    ours: SocketAddr,
    yoga: SocketAddr,
    postgraphile: SocketAddr,
) -> anyhow::Result<()> {
    let mut all = Vec::new();
    for (address, document, bookings) in [
        (ours, our_document(3, 3), "\"total_bookings\":"),
        (yoga, our_document(3, 3), "\"total_bookings\":"),
        (
            postgraphile,
            postgraphile_document(3, 3),
            "\"totalBookings\":",
        ),
    ] {
        let mut connection = Connection::open(address).await?;
        let answer = connection.exchange(&post("/graphql", &document)).await?;
        let text = String::from_utf8_lossy(answer).into_owned();
        let numbers: Vec<String> = text
            .split(bookings)
            .skip(1)
            .map(|rest| rest.chars().take_while(char::is_ascii_digit).collect())
            .collect();
        anyhow::ensure!(numbers.len() == 3, "three insights were asked for: {text}");
        all.push(numbers);
    }
    anyhow::ensure!(
        all.windows(2).all(|pair| pair.first() == pair.last()),
        "the servers disagree: {all:?}"
    );
    Ok(())
}

fn our_document(n: u128, keys: u128) -> String {
    document_of(n, keys, SELECTION)
}

/// The same question by the primary key, in `PostGraphile`'s words.
fn postgraphile_document(n: u128, keys: u128) -> String {
    let tenant = workload::tenant(0);
    let aliases = (0..keys).map(|alias| {
        let person = workload::person(0, (n * 37 + alias) % workload::PERSONS);
        format!(
            "f{alias}: customerInsightByTenantIdAndPersonProfileId(tenantId: \"{tenant}\", personProfileId: \"{person}\") \
             {{ lifetimeRevenue totalBookings tripsTaken noShowCount lastBookingAt }}"
        )
    });
    format!("query {{ {} }}", aliases.collect::<Vec<_>>().join(" "))
}
