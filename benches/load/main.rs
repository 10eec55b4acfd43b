//! Load figures, each printed beside its target and beside baselines measured in the same run.
//!
//!     cargo bench --bench load -- webhook
//!     cargo bench --bench load -- ingest
//!     cargo bench --bench load -- rebuild
//!     cargo bench --bench load -- visible
//!     cargo bench --bench load -- insight
//!     cargo bench --bench load -- join
//!     cargo bench --bench load -- peers
//!     cargo bench --bench load -- phases
//!     cargo bench --bench load -- memory
//!     cargo bench --bench load -- export
//!     cargo bench --bench load -- nightly
//!     cargo bench --bench load -- taste
//!
//! Machines differ and are noisy: what counts is the ratio to the baseline. Everything (client, server, PostgreSQL with
//! its disk syncs on) shares this machine. One file a load; `database` and `client` are what they share.

mod database;
mod client;
mod program;
mod workload;
mod webhook;
mod ingest;
mod rebuild;
mod visible;
mod insight;
mod join;
mod peers;
mod phases;
mod memory;
mod export;
mod crowd;
mod nightly;
mod taste;

use std::io::Write;
use std::net::SocketAddr;

use axum::Router;
use clap::{Parser, Subcommand};
use customer_intelligence::http::{Limits, serve};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The program's own allocator: what is measured is what runs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measure the service under load.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  cargo bench --bench load -- webhook --seconds 10 --clients 64")]
struct Cli {
    #[command(subcommand)]
    load: Load,
    /// Passed by cargo; means nothing here.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Debug, Subcommand)]
enum Load {
    /// Acknowledged deliveries a second at the webhook door.
    Webhook(webhook::Options),
    /// Deliveries a second from the inbox to the insight.
    Ingest(ingest::Options),
    /// Activities a second when everybody is folded again.
    Rebuild(rebuild::Options),
    /// How long an event takes to be seen in the insight.
    Visible(visible::Options),
    /// Requests for one insight at the GraphQL door.
    Insight(insight::Options),
    /// Requests with 100 and 1,000 keys at the GraphQL door.
    Join(join::Options),
    /// The same for other GraphQL servers over the same rows.
    Peers(peers::Options),
    /// Where the time of one GraphQL request goes.
    Phases(phases::Options),
    /// Memory of the server alone.
    Memory(memory::Options),
    /// Everything about one person, encrypted; and what noting a read costs.
    Export(export::Options),
    /// The nightly work of one large operator: seconds by kind of model and for everybody's scores, and memory.
    Nightly(nightly::Options),
    /// The solver for many tours, and one customer's lists.
    Taste(taste::Options),
}

fn main() -> anyhow::Result<()> {
    let Ok(cli) = Cli::try_parse() else {
        // `cargo bench` and `cargo test --benches` name no load: say which there are, and succeed.
        say(&Cli::try_parse_from(["load", "--help"])
            .map_or_else(|help| help.to_string(), |_| String::new()));
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match cli.load {
            Load::Webhook(options) => webhook::run(&options).await,
            Load::Ingest(options) => ingest::run(&options).await,
            Load::Rebuild(options) => Box::pin(rebuild::run(&options)).await,
            Load::Visible(options) => visible::run(&options).await,
            Load::Insight(options) => insight::run(&options).await,
            Load::Join(options) => join::run(&options).await,
            Load::Peers(options) => peers::run(&options).await,
            Load::Phases(options) => phases::run(&options).await,
            Load::Memory(options) => memory::run(&options).await,
            Load::Export(options) => Box::pin(export::run(&options)).await,
            Load::Nightly(options) => Box::pin(nightly::run(&options)).await,
            Load::Taste(options) => taste::run(&options),
        }
    })
}

/// Prints to standard output, as far as somebody reads it.
fn say(text: &str) {
    writeln!(std::io::stdout(), "{text}").ok();
}

/// Serves a router with the service's own server, in this process, until the set is shut down.
async fn serving(router: Router) -> anyhow::Result<(SocketAddr, JoinSet<()>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let mut server = JoinSet::new();
    server.spawn(async move {
        serve(listener, router, &Limits::default(), std::future::pending()).await;
    });
    Ok((address, server))
}
