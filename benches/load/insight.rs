//! One insight over HTTP: how many a second, and how long one takes at a steady 1,000 a second.
//!
//! Baseline of the same run: a bare handler that runs the same look-up and answers the row's bytes.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use sqlx::PgPool;

use super::database::Database;
use super::join::{self, line, request};
use super::{client, say, serving, workload};

/// Different requests that are sent in turns.
const REQUESTS: u128 = 200;
/// Share of the bare handler's requests that has to be reached.
const TARGET: f64 = 0.20;
/// What is sent before anything is measured.
const WARMING: Duration = Duration::from_secs(1);
/// Latency to be content with.
const TARGET_P99_MS: f64 = 10.0;

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// How long each measurement takes.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Closed-loop clients, each with a connection.
    #[arg(long, default_value_t = 8)]
    clients: usize,
    /// Requests a second of the open loop.
    #[arg(long, default_value_t = 1_000)]
    per_second: u32,
}

/// Measures and prints.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let database = Database::start().await?;
    let measured = measure(&database, options).await;
    database.stop().await?;
    measured
}

async fn measure(database: &Database, options: &Options) -> anyhow::Result<()> {
    join::fill(database).await?;
    let time = Duration::from_secs(options.seconds);
    let requests = Arc::new((0..REQUESTS).map(|n| request(n, 1)).collect::<Vec<_>>());
    let closed = async |router: Router| {
        let (address, mut server) = serving(router).await?;
        client::drive(address, &requests, options.clients, WARMING).await?;
        let seen = client::drive(address, &requests, options.clients, time).await?;
        server.shutdown().await;
        anyhow::Ok(seen)
    };
    let bare = closed(bare(database.pool.clone())).await?;
    line("bare handler, same look-up", &bare);
    let ours = closed(join::graphql_door(database)).await?;
    line("one insight", &ours);
    let ratio = ours.per_second / bare.per_second;
    let verdict = if ratio >= TARGET { "met" } else { "NOT met" };
    say(&format!(
        "   target: at least {TARGET:.2} of the bare handler: {ratio:.2} ({verdict})"
    ));
    let (address, mut server) = serving(join::graphql_door(database)).await?;
    // The first second opens the connections.
    client::at_rate(address, &requests, 32, options.per_second, WARMING).await?;
    let steady = client::at_rate(address, &requests, 32, options.per_second, time).await?;
    server.shutdown().await;
    line(
        &format!("one insight, {} sent a second", options.per_second),
        &steady,
    );
    let p99 = steady.quantile_ms(0.99);
    let verdict = if p99 < TARGET_P99_MS {
        "met"
    } else {
        "NOT met"
    };
    say(&format!(
        "   target: p99 below {TARGET_P99_MS} ms ({verdict})"
    ));
    Ok(())
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
