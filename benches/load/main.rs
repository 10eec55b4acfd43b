//! Load figures, each printed beside its target and beside baselines measured in the same run.
//!
//!     cargo bench --bench load -- webhook
//!     cargo bench --bench load -- ingest
//!     cargo bench --bench load -- rebuild
//!     cargo bench --bench load -- join
//!
//! Machines differ and are noisy: what counts is the ratio to the baseline. Everything (client, server, PostgreSQL with
//! its disk syncs on) shares this machine. One file a load; `database` and `client` are what they share.

mod database;
mod client;
mod memory;
mod workload;
mod webhook;
mod ingest;
mod rebuild;
mod join;

use std::io::Write;

use clap::{Parser, Subcommand};

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
    /// Requests with 1, 100 and 1,000 keys at the GraphQL door.
    Join(join::Options),
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
            Load::Rebuild(options) => rebuild::run(&options).await,
            Load::Join(options) => join::run(&options).await,
        }
    })
}

/// Prints to standard output, as far as somebody reads it.
fn say(text: &str) {
    writeln!(std::io::stdout(), "{text}").ok();
}
