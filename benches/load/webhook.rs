//! The webhook door: acknowledged deliveries a second, each durable before its answer.
//!
//! Baselines of the same run: `h`, a bare server that reads the same requests and answers 204; `i`, the same rows
//! inserted in large batches over one connection. Doing both one after the other would give 1 / (1/h + 1/i).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use customer_intelligence::contracts;
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::http::webhook::{self, Door};
use customer_intelligence::http::{Keys, Limits, serve};
use customer_intelligence::inbox::{self, Writer};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::client::{self, Seen};
use super::database::Database;
use super::say;

const SECRET: &str = "the secret of this benchmark";
/// Share of the baseline that has to be reached.
const TARGET: f64 = 0.5;
/// Latency to be content with.
const TARGET_P99_MS: f64 = 50.0;
/// Different deliveries that are sent in turns.
const DELIVERIES: u128 = 20_000;
const TENANTS: u128 = 10;
/// Rows of one insert of baseline `i`.
const BATCH: usize = 500;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How long each measurement takes.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Closed-loop clients, each with a connection.
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Flushers of the inbox writer; the service has one.
    #[arg(long, default_value_t = 1)]
    flushers: usize,
}

/// Measures and prints.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let database = Database::start().await?;
    database.empty_inbox().await?;
    let bodies: Vec<Vec<u8>> = (0..DELIVERIES).map(delivery).collect();
    let requests = Arc::new(bodies.iter().map(|body| request(body)).collect::<Vec<_>>());
    let time = Duration::from_secs(options.seconds);

    let bare = measure(bare(), &requests, options, time).await?;
    let inserts = inserts(&database, &bodies, time).await?;
    database.empty_inbox().await?;
    let door = measure(door(&database, options.flushers), &requests, options, time).await?;
    database.empty_inbox().await?;
    database.stop().await?;

    let baseline = 1.0 / (1.0 / bare.per_second + 1.0 / inserts);
    let ratio = door.per_second / baseline;
    let p99 = door.quantile_ms(0.99);
    let clients = options.clients;
    say(&format!(
        "webhook ack, {clients} closed-loop clients, durable before the answer\n\
         h  bare server        {:>9.0} requests/s   p50 {:>6.2} ms  p99 {:>6.2} ms\n\
         i  batched inserts    {inserts:>9.0} rows/s\n\
         \u{20}  1/(1/h + 1/i)      {baseline:>9.0} per second\n\
         \u{20}  webhook door       {:>9.0} requests/s   p50 {:>6.2} ms  p99 {p99:>6.2} ms\n\
         target: at least {TARGET:.2} of the baseline: {ratio:.2} {};  p99 below {TARGET_P99_MS} ms: {}",
        bare.per_second,
        bare.quantile_ms(0.5),
        bare.quantile_ms(0.99),
        door.per_second,
        door.quantile_ms(0.5),
        verdict(ratio >= TARGET),
        verdict(p99 < TARGET_P99_MS),
    ));
    Ok(())
}

fn verdict(met: bool) -> &'static str {
    if met { "(met)" } else { "(NOT met)" }
}

/// Serves `router` with the service's own server while clients drive it; a second of warming up is not counted.
async fn measure(
    (router, mut work): (Router, JoinSet<()>),
    requests: &Arc<Vec<Vec<u8>>>,
    options: &Options,
    time: Duration,
) -> anyhow::Result<Seen> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address: SocketAddr = listener.local_addr()?;
    work.spawn(async move {
        serve(listener, router, &Limits::default(), std::future::pending()).await;
    });
    client::drive(address, requests, options.clients, Duration::from_secs(1)).await?;
    let seen = client::drive(address, requests, options.clients, time).await?;
    work.shutdown().await;
    Ok(seen)
}

fn bare() -> (Router, JoinSet<()>) {
    let answer = |body: Bytes| async move {
        drop(body);
        StatusCode::NO_CONTENT
    };
    (
        Router::new().route("/webhooks/hasura", post(answer)),
        JoinSet::new(),
    )
}

fn door(database: &Database, flushers: usize) -> (Router, JoinSet<()>) {
    let limits = inbox::Limits::default();
    let writer = Writer::new(database.pool.clone(), Clock::system(), limits);
    let mut work = JoinSet::new();
    for _ in 0..flushers {
        let flusher = writer.clone();
        work.spawn(async move { flusher.run().await });
    }
    let door = Door::new(
        Keys::new([SECRET]),
        writer,
        Clock::system(),
        Limits::default(),
    );
    (webhook::router(door), work)
}

/// Rows a second of the same rows in batches, one connection, nothing else.
async fn inserts(database: &Database, bodies: &[Vec<u8>], time: Duration) -> anyhow::Result<f64> {
    let clock = Clock::system();
    let mut connection = database.pool.acquire().await?;
    let mut rows = Vec::new();
    for body in bodies {
        let delivery = contracts::read(body)?;
        rows.push((delivery.tenant_id, delivery.cut));
    }
    let begun = Instant::now();
    let mut inserted = 0_u32;
    for batch in rows.chunks(BATCH).cycle() {
        if begun.elapsed() >= time {
            break;
        }
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
        inserted += u32::try_from(batch.len())?;
    }
    Ok(f64::from(inserted) / begun.elapsed().as_secs_f64())
}

fn request(body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST /webhooks/hasura HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         user-agent: hasura-graphql-engine/v2.48.1\r\nx-ci-secret: {SECRET}\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// A booking that was paid: `data.old` and `data.new`, as Hasura sends an UPDATE.
fn delivery(n: u128) -> Vec<u8> {
    let (id, tenant_id) = (
        Uuid::from_u128(1_000_000 + n),
        Uuid::from_u128(1 + n % TENANTS),
    );
    let row = |status: &str, at: &str| {
        json!({
            "id": id, "tenant_id": tenant_id, "tour_offering_id": Uuid::from_u128(7_000 + n % 60),
            "status": status, "booker_profile_id": Uuid::from_u128(8_000 + n % 2_000),
            "reseller_id": null, "channel": "WEB", "passenger_count": 1 + n % 4,
            "replaces_booking_id": null, "total_amount": 1234.5, "deposit_amount": 250.0,
            "currency": "EUR", "cancelled_by": null, "cancellation_fee": null, "refund_amount": null,
            "booked_at": "2026-01-02T01:04:05.6+00:00", "created_at": "2026-01-02T01:04:05.6+00:00",
            "updated_at": at
        })
    };
    json!({
        "created_at": "2026-01-02T03:04:05.678901",
        "delivery_info": { "current_retry": 0, "max_retries": 5 },
        "event": {
            "data": {
                "old": row("PENDING_PAYMENT", "2026-01-02T01:04:05.6+00:00"),
                "new": row("DEPOSIT_PAID", "2026-01-02T01:05:05.6+00:00")
            },
            "op": "UPDATE",
            "session_variables": { "x-hasura-role": "agent" },
            "trace_context": null
        },
        "id": Uuid::from_u128(9_000_000 + n),
        "table": { "name": "bookings", "schema": "commerce" },
        "trigger": { "name": "ci_commerce_bookings" }
    })
    .to_string()
    .into_bytes()
}
