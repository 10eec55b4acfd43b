//! `customer-intelligence outbox list|replay`.

use std::fmt::Write;

use anyhow::bail;
use uuid::Uuid;

use super::super::{Database, config::Config};
use super::say;
use crate::db::Pool;
use crate::domain::clock::Clock;
use crate::outbox::{parked, replay, waiting};

/// What to do with messages to other systems.
#[derive(Debug, clap::Subcommand)]
pub(in crate::app) enum Command {
    /// What waits, and what was parked after too many tries, the latest first.
    #[command(
        after_help = "Example:\n  customer-intelligence outbox list --tenant 6f1c…-… --limit 20"
    )]
    List {
        /// Parked ones of this tenant only.
        #[arg(long)]
        tenant: Option<Uuid>,
        /// Most to list.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=1000))]
        limit: i64,
    },
    /// Send parked messages again. Whether their persons still allow it is asked when they are sent.
    #[command(
        after_help = "Examples:\n  customer-intelligence outbox replay --tenant 6f1c…-… --id 0d2e…-…\n  \
            customer-intelligence outbox replay --tenant 6f1c…-… --all --target talk"
    )]
    Replay {
        /// Whose messages.
        #[arg(long)]
        tenant: Uuid,
        /// This message.
        #[arg(long, conflicts_with = "all", required_unless_present = "all")]
        id: Option<Uuid>,
        /// All of them.
        #[arg(long)]
        all: bool,
        /// To this receiver only.
        #[arg(long)]
        target: Option<String>,
    },
}

pub(super) async fn run(config: &Config, command: Command) -> anyhow::Result<()> {
    let database = Database::open(&config.database).await?;
    let pool = database.pool(&config.database.pool());
    let done = match command {
        Command::List { tenant, limit } => list(&pool, tenant, limit).await,
        Command::Replay {
            tenant, id, target, ..
        } => again(&pool, tenant, id, target.as_deref()).await,
    };
    pool.close().await;
    database.close().await?;
    done
}

async fn list(pool: &Pool, tenant: Option<Uuid>, limit: i64) -> anyhow::Result<()> {
    let open = waiting(pool).await?;
    let mut text = format!("{} waiting, {} parked\n", open.waiting, open.parked);
    for one in parked(pool, tenant, limit).await? {
        let parked_at = one.parked_at.map_or_else(String::new, |at| at.to_rfc3339());
        let outcome = one.outcome.as_deref().unwrap_or("-");
        writeln!(
            text,
            "{parked_at}  {}  {}  {:<28}  {:<12}  {outcome} after {} tries",
            one.tenant_id, one.id, one.kind, one.target, one.attempts
        )?;
    }
    say(&text)
}

async fn again(
    pool: &Pool,
    tenant: Uuid,
    id: Option<Uuid>,
    target: Option<&str>,
) -> anyhow::Result<()> {
    let now = Clock::system().now();
    match replay(pool, tenant, id, target, now).await? {
        0 => bail!("nothing like it is parked"),
        n => say(&format!("{n} on their way again\n")),
    }
}
