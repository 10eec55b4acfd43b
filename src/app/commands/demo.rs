//! `customer-intelligence demo`: the service beside a stand-in for the platform and for Hasura.

use std::io::{IsTerminal, Write};

use anyhow::Context;
use clap::Args;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio_util::sync::CancellationToken;

use super::super::config::{Config, Secrets};
use super::super::wiring::{Extras, Service};
use super::super::{Database, signals};
use super::serve;
use crate::demo::simulate::Plan;
use crate::demo::triggers::triggers;
use crate::demo::{Demo, DemoConfig};
use crate::domain::clock::Clock;

/// Name of the stand-in's own database on our own server.
const PLATFORM: &str = "platform";
const PLATFORM_CONNECTIONS: u32 = 10;

/// What can be said to the demo.
#[derive(Debug, Clone, Args)]
pub(in crate::app) struct Options {
    /// Makes the simulated operator repeatable.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// About how many persons the operator knows.
    #[arg(long, default_value_t = 2_000)]
    persons: u32,
    /// Stop once everything is delivered and applied, instead of living on.
    #[arg(long)]
    once: bool,
}

pub(super) async fn run(mut config: Config, options: Options) -> anyhow::Result<()> {
    anyhow::ensure!(
        config.server.is_loopback(),
        "the demo shows simulated people to whoever asks, so it listens on loopback only; unset CI_BIND"
    );
    let secrets = Secrets::load(&mut config)?;
    let mut out = std::io::stdout();
    write!(out, "{}", serve::greeting(&secrets))?;
    let database = Database::open(&config.database).await?;
    let (platform, psql) = platform(&database).await?;
    let plan = Plan {
        seed: options.seed,
        persons: options.persons,
        now: Clock::system().now(),
    };
    let demo = Demo::open(DemoConfig {
        platform: platform.clone(),
        server: format!("http://{}", config.server.address()),
        webhook_secret: secrets.webhook().current,
        gateway_secret: secrets.gateway().current,
        plan,
        triggers: triggers(),
        psql,
        terminal: out.is_terminal(),
    });
    let demo = demo.await.context("the stand-in's tables cannot be made")?;
    let extras = Extras {
        routes: vec![demo.router()],
    };
    let service = Service::start(config, secrets, database, extras).await?;
    service.prepared().await?;

    let cancel = CancellationToken::new();
    let played = play(&demo, options.once, &mut out, &cancel);
    let ended = service.run_until(async {
        tokio::select! {
            () = signals::stop() => {}
            () = played => {}
        }
    });
    let ended = Box::pin(ended).await;
    platform.close().await;
    ended
}

async fn play(demo: &Demo, once: bool, out: &mut std::io::Stdout, cancel: &CancellationToken) {
    let played = if once {
        demo.catch_up(out, cancel).await.map(drop)
    } else {
        demo.run(out, cancel).await.map(drop)
    };
    if let Err(error) = played {
        let error = anyhow::Error::new(error);
        tracing::error!(error = format!("{error:#}"), "the stand-in stopped");
    }
}

/// Connections to the platform's tables: a database of their own on our own server, else beside our schema.
async fn platform(database: &Database) -> anyhow::Result<(PgPool, String)> {
    let (options, psql): (PgConnectOptions, String) = match database.embedded() {
        Some(embedded) => {
            let options = embedded.database(PLATFORM).await?;
            (options, format!("psql \"{}\"", embedded.url(PLATFORM)))
        }
        None => (
            database.options().clone(),
            "psql \"$DATABASE_URL\"".to_owned(),
        ),
    };
    let pool = PgPoolOptions::new().max_connections(PLATFORM_CONNECTIONS);
    Ok((pool.connect_lazy_with(options), psql))
}
