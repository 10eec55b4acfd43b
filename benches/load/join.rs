//! The remote join: one request with 100 or 1,000 keys, as Hasura sends it. `peers` measures others on the same rows.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use customer_intelligence::actions::consents::Consents;
use customer_intelligence::actions::desks::Desks;
use customer_intelligence::audit::{self, Actor};
use customer_intelligence::db::fenced::Reads;
use customer_intelligence::db::{Pool, PoolConfig, pool};
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::graphql::Caller;
use customer_intelligence::graphql::caller::Role;
use customer_intelligence::http::{self, Keys, graphql as door};
use customer_intelligence::inbox::{self, Writer};
use customer_intelligence::privacy::desk::Rights;
use customer_intelligence::privacy::erase::{Office, Timing};
use customer_intelligence::privacy::export::desk::Exports;
use customer_intelligence::privacy::journal::Journal;
use customer_intelligence::privacy::receipt::Signer;
use customer_intelligence::privacy::requests::Erasures;
use customer_intelligence::projections::Settings;
use customer_intelligence::resolve::fence::Pepper;
use customer_intelligence::{graphql, insight};
use tokio::task::JoinSet;

use super::client::{self, Seen};
use super::database::Database;
use super::{ingest, memory, say, serving, workload};

const SECRET: &str = "the secret of this benchmark";
/// Different requests that are sent in turns.
const REQUESTS: u128 = 200;
/// Bookings in the database.
const BOOKINGS: u128 = 6_000;
const SELECTION: &str = "{ status  behavior_aggregate { lifetime_revenue  total_bookings  trips_taken  \
                         preferred_seat_position  last_booking_at  } }";

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// How long each measurement takes.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Closed-loop clients, each with a connection.
    #[arg(long, default_value_t = 1)]
    clients: usize,
}

/// Measures and prints.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let database = Database::start().await?;
    let measured = measure_all(&database, options).await;
    database.stop().await?;
    measured
}

/// Bookings and what they lead to, worked through to the insights.
pub(crate) async fn fill(database: &Database) -> anyhow::Result<()> {
    let bodies = (0..BOOKINGS).flat_map(|n| workload::booking(0, n));
    let bodies = workload::base(0).into_iter().chain(bodies);
    let rows = bodies.map(|body| {
        let delivery = customer_intelligence::contracts::read(&body)?;
        anyhow::Ok((delivery.tenant_id, delivery.cut))
    });
    ingest::fill(database, &rows.collect::<anyhow::Result<Vec<_>>>()?).await?;
    ingest::drain(&ingest::context(database)).await
}

async fn measure_all(database: &Database, options: &Options) -> anyhow::Result<()> {
    fill(database).await?;
    let time = Duration::from_secs(options.seconds);
    for (keys, target_p99) in [(100, 15.0), (1_000, 60.0)] {
        let requests = Arc::new((0..REQUESTS).map(|n| request(n, keys)).collect::<Vec<_>>());
        // One dispatcher at a time: two cores are client, server and database together.
        let (address, mut server) = serving(graphql_door(database)).await?;
        client::drive(address, &requests, options.clients, Duration::from_secs(1)).await?;
        let seen = client::drive(address, &requests, options.clients, time).await?;
        server.shutdown().await;
        line(&format!("remote join, {keys} keys"), &seen);
        let p99 = seen.quantile_ms(0.99);
        let verdict = if p99 < target_p99 { "met" } else { "NOT met" };
        say(&format!("   target: p99 below {target_p99} ms ({verdict})"));
    }
    say(&format!(
        "memory of this process at its highest: {} MB",
        memory::peak_mb()
    ));
    Ok(())
}

/// Prints what the clients saw.
pub(crate) fn line(name: &str, seen: &Seen) {
    let (p50, p99) = (seen.quantile_ms(0.5), seen.quantile_ms(0.99));
    say(&format!(
        "{name:<40} {:>8.0} requests/s  p50 {p50:>7.2} ms  p99 {p99:>7.2} ms",
        seen.per_second
    ));
}

/// The service's GraphQL door over this database.
pub(crate) fn graphql_door(database: &Database) -> Router {
    let times = http::Limits::default();
    door::router(door::Door::new(
        Keys::new([SECRET]),
        schema(database),
        &times,
    ))
}

/// The service's schema over this database.
pub(crate) fn schema(database: &Database) -> graphql::Schema {
    let (pool, clock) = (database.pool.clone(), Clock::system());
    // As the service reads: behind row level security.
    let connections = insight::pool_config(&PoolConfig::default());
    let fenced = Reads::fenced(database.options(), &connections);
    let reader = insight::Reader::new(fenced.clone(), clock.clone(), 3);
    let writer = Writer::new(pool.clone(), clock.clone(), inbox::Limits::default());
    let pepper = Pepper::new(b"pepper");
    let consents = Consents::new(pool.clone(), clock.clone(), pepper, Settings::default());
    let desks = Desks::new(&pool, &fenced, &writer, &clock, consents);
    let reads = noted(pool.clone(), &clock);
    let rights = rights(pool, &fenced, &clock);
    // As the service runs: whoever reads is written down, behind the answer's back.
    let (writing, mut tasks) = (reads.clone(), JoinSet::new());
    tasks.spawn(async move { writing.run().await });
    tasks.detach_all();
    let mut limits = graphql::Limits::default();
    // The clients ask for one tenant as fast as they can.
    limits.rate.requests_per_second = 0;
    graphql::Schema::new(reader, desks, limits).with_rights(rights, reads)
}

/// Where the rights of persons are dealt with; nobody asks here.
fn rights(pool: Pool, lists: &Reads, clock: &Clock) -> Rights {
    let pepper = Pepper::new(b"pepper");
    let Some(signer) = Signer::new(&[7; 32]) else {
        unreachable!("any 32 bytes are a seed")
    };
    let office = Office {
        pool: pool.clone(),
        clock: clock.clone(),
        pepper: pepper.clone(),
        signer: Arc::new(signer),
        settings: Settings::default(),
        timing: Timing::default(),
        receivers: Arc::from([]),
        actor: Actor::SERVICE,
    };
    Rights {
        journal: Journal::new(lists.clone(), pepper.clone()),
        exports: Exports::new(pool, lists.clone(), clock.clone(), pepper),
        erasures: Erasures::new(office, lists.clone()),
    }
}

/// Where reads are noted over this pool.
fn noted(pool: Pool, clock: &Clock) -> audit::Reads {
    let pepper = Pepper::new(b"pepper");
    let tags = Arc::new(move |tenant_id, persons: &[_]| pepper.tags(tenant_id, persons));
    let limits = audit::reads::Limits::default();
    audit::Reads::new(pool, clock.clone(), tags, limits)
}

/// Where reads are noted and nobody writes them down.
pub(crate) fn unwritten() -> audit::Reads {
    let nowhere = "postgres://nowhere/nothing".parse().unwrap_or_default();
    let pool = pool::connect_lazy(nowhere, &PoolConfig::default());
    noted(pool, &Clock::system())
}

/// Who asks in the joins.
pub(crate) fn dispatcher() -> Caller {
    Caller {
        role: Role::Dispatcher,
        tenant: Some(workload::tenant(0)),
        names_tenant: true,
        user_id: None,
        person_profile_id: None,
    }
}

/// Somebody who is shown nothing.
pub(crate) fn nobody() -> Caller {
    Caller {
        role: Role::Absent,
        ..dispatcher()
    }
}

/// The document of a join with this many keys, as Hasura writes it.
pub(crate) fn document(n: u128, keys: u128) -> String {
    document_of(n, keys, SELECTION)
}

/// The same with another selection.
pub(crate) fn document_of(n: u128, keys: u128, selection: &str) -> String {
    let aliases = (0..keys).map(|alias| {
        let person = workload::person(0, (n * 37 + alias) % workload::PERSONS);
        format!("f{alias}: customer_insight(person_profile_id: \"{person}\") {selection}")
    });
    let aliases: Vec<String> = aliases.collect();
    format!("query  {{ {} }}", aliases.join(" "))
}

/// The same as an HTTP request.
pub(crate) fn request(n: u128, keys: u128) -> Vec<u8> {
    post("/graphql", &document(n, keys))
}

/// A document as an HTTP request to this path.
pub(crate) fn post(path: &str, document: &str) -> Vec<u8> {
    let body = serde_json::json!({ "query": document }).to_string();
    let (length, tenant) = (body.len(), workload::tenant(0));
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         x-hasura-role: dispatcher\r\nx-hasura-tenant-id: {tenant}\r\nx-ci-secret: {SECRET}\r\n\
         content-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body.as_bytes()].concat()
}
