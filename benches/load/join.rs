//! The remote join: one request with 1, 100 or 1,000 keys, as Hasura sends it.
//!
//! Baseline of the same run: a bare handler that runs the same statement for one key and answers its bytes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::graphql::Caller;
use customer_intelligence::graphql::caller::Role;
use customer_intelligence::http::{Keys, Limits, graphql as door, serve};
use customer_intelligence::{graphql, insight};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::client::{self, Seen};
use super::database::Database;
use super::{ingest, memory, say, workload};

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
    #[arg(long, default_value_t = 8)]
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
    let single = Arc::new((0..REQUESTS).map(|n| request(n, 1)).collect::<Vec<_>>());
    let bare = measure(bare(database.pool.clone()), &single, options.clients, time).await?;
    line("bare handler, same statement, 1 key", &bare);
    for (keys, target_p99) in [(1, 10.0), (100, 15.0), (1_000, 60.0)] {
        let requests = Arc::new((0..REQUESTS).map(|n| request(n, keys)).collect::<Vec<_>>());
        // One dispatcher at a time for the large ones: two cores are client, server and database together.
        let clients = if keys == 1 { options.clients } else { 1 };
        let seen = measure(graphql_door(database), &requests, clients, time).await?;
        line(
            &format!("remote join, {keys} keys, {clients} clients"),
            &seen,
        );
        let p99 = seen.quantile_ms(0.99);
        let verdict = if p99 < target_p99 { "met" } else { "NOT met" };
        say(&format!("   target: p99 below {target_p99} ms ({verdict})"));
        if keys == 1 {
            let ratio = seen.per_second / bare.per_second;
            let verdict = if ratio >= 0.2 { "met" } else { "NOT met" };
            say(&format!(
                "   target: at least 0.20 of the bare handler: {ratio:.2} ({verdict})"
            ));
        }
    }
    say(&format!(
        "memory of this process at its highest: {} MB",
        memory::peak_mb()
    ));
    Ok(())
}

fn line(name: &str, seen: &Seen) {
    let (p50, p99) = (seen.quantile_ms(0.5), seen.quantile_ms(0.99));
    say(&format!(
        "{name:<40} {:>8.0} requests/s  p50 {p50:>7.2} ms  p99 {p99:>7.2} ms",
        seen.per_second
    ));
}

async fn measure(
    router: Router,
    requests: &Arc<Vec<Vec<u8>>>,
    clients: usize,
    time: Duration,
) -> anyhow::Result<Seen> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address: SocketAddr = listener.local_addr()?;
    let mut work = JoinSet::new();
    work.spawn(async move {
        serve(listener, router, &Limits::default(), std::future::pending()).await;
    });
    client::drive(address, requests, clients, Duration::from_secs(1)).await?;
    let seen = client::drive(address, requests, clients, time).await?;
    work.shutdown().await;
    Ok(seen)
}

fn graphql_door(database: &Database) -> Router {
    door::router(door::Door::new(
        Keys::new([SECRET]),
        schema(database),
        Duration::from_secs(10),
    ))
}

/// The service's schema over this database.
pub(crate) fn schema(database: &Database) -> graphql::Schema {
    let reader = insight::Reader::new(database.pool.clone(), Clock::system(), 3);
    graphql::Schema::new(reader, graphql::Limits::default())
}

/// Who asks in the joins.
pub(crate) fn dispatcher() -> Caller {
    Caller {
        role: Role::Dispatcher,
        tenant: Some(workload::tenant(0)),
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

fn bare(pool: PgPool) -> Router {
    let answer = |State(pool): State<PgPool>| async move {
        let found = sqlx::query_scalar!(
            "select i.body from customer c
             join customer_insight i on i.tenant_id = c.tenant_id and i.person_profile_id = c.root
             where c.tenant_id = $1 and c.person_profile_id = $2",
            workload::tenant(0),
            workload::person(0, 7),
        );
        found
            .fetch_optional(&pool)
            .await
            .ok()
            .flatten()
            .unwrap_or_default()
    };
    Router::new()
        .route("/graphql", post(answer))
        .with_state(pool)
}

/// The document of a join with this many keys, as Hasura writes it.
pub(crate) fn document(n: u128, keys: u128) -> String {
    let aliases = (0..keys).map(|alias| {
        let person = workload::person(0, (n * 37 + alias) % workload::PERSONS);
        format!("f{alias}: customer_insight(person_profile_id: \"{person}\") {SELECTION}")
    });
    let aliases: Vec<String> = aliases.collect();
    format!("query  {{ {} }}", aliases.join(" "))
}

/// The same as an HTTP request.
pub(crate) fn request(n: u128, keys: u128) -> Vec<u8> {
    let body = serde_json::json!({ "query": document(n, keys) }).to_string();
    let (length, tenant) = (body.len(), workload::tenant(0));
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         x-hasura-role: dispatcher\r\nx-hasura-tenant-id: {tenant}\r\nx-ci-secret: {SECRET}\r\n\
         content-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body.as_bytes()].concat()
}
