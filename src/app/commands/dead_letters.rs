//! `customer-intelligence dead-letters list|show|redrive|drop`.

use std::fmt::Write;

use anyhow::{Context, bail, ensure};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::super::{Database, config::Config};
use super::say;
use crate::actions::dead_letters::{Letters, Redriven};
use crate::audit::Actor;
use crate::db::Pool;
use crate::domain::clock::Clock;
use crate::inbox::dead_letters::{Query, Summary, list, show};
use crate::inbox::{Limits, Writer};

/// What to do with dead letters.
#[derive(Debug, clap::Subcommand)]
pub(in crate::app) enum Command {
    /// List them, the latest first.
    #[command(
        after_help = "Example:\n  customer-intelligence dead-letters list --tenant 6f1c…-… --limit 20"
    )]
    List {
        /// Only of this tenant.
        #[arg(long)]
        tenant: Option<Uuid>,
        /// Only with this reason, such as `wrong_type`.
        #[arg(long)]
        reason: Option<String>,
        /// Most letters to list, at most 1000.
        #[arg(long, default_value_t = 50)]
        limit: i64,
        /// Continue after this letter: its time and id, as the last line of a full list says.
        #[arg(long, num_args = 2, value_names = ["TIME", "ID"])]
        after: Option<Vec<String>>,
    },
    /// Show one with what is kept of its envelope.
    #[command(after_help = "Example:\n  customer-intelligence dead-letters show 0d2e…-…")]
    Show {
        /// The letter's id.
        id: Uuid,
    },
    /// Try one again, after an upgrade learnt to read it.
    #[command(after_help = "Example:\n  customer-intelligence dead-letters redrive 0d2e…-…")]
    Redrive {
        /// The letter's id.
        id: Uuid,
    },
    /// Drop one for good.
    #[command(after_help = "Example:\n  customer-intelligence dead-letters drop 0d2e…-…")]
    Drop {
        /// The letter's id.
        id: Uuid,
    },
}

pub(super) async fn run(config: &Config, command: Command) -> anyhow::Result<()> {
    let database = Database::open(&config.database).await?;
    let pool = database.pool(&config.database.pool());
    let done = match command {
        Command::List {
            tenant,
            reason,
            limit,
            after,
        } => {
            let after = after.as_deref().map(position).transpose()?;
            print_list(
                &pool,
                &Query {
                    tenant_id: tenant,
                    reason,
                    after,
                    limit,
                },
            )
            .await
        }
        Command::Show { id } => print_one(&pool, id).await,
        Command::Redrive { id } => again(&pool, id).await,
        Command::Drop { id } => drop_one(&pool, id).await,
    };
    pool.close().await;
    database.close().await?;
    done
}

fn position(after: &[String]) -> anyhow::Result<(DateTime<Utc>, Uuid)> {
    let [time, id] = after else {
        bail!("--after takes a time and an id")
    };
    Ok((
        time.parse().context("--after: the time")?,
        id.parse().context("--after: the id")?,
    ))
}

async fn print_list(pool: &Pool, query: &Query) -> anyhow::Result<()> {
    let letters = list(pool, query).await?;
    let mut text = String::new();
    for letter in &letters {
        let table = letter.table.as_deref().unwrap_or("-");
        let (at, id) = (letter.received_at.to_rfc3339(), letter.id);
        writeln!(
            text,
            "{at}  {id}  {:<20}  {table}  {}",
            letter.reason, letter.detail
        )?;
    }
    let full = i64::try_from(letters.len()).is_ok_and(|count| count >= query.limit);
    match letters.last() {
        None => text.push_str("no dead letters\n"),
        Some(last) if full => {
            let at = last.received_at.to_rfc3339();
            writeln!(text, "for more: --after {at} {}", last.id)?;
        }
        Some(_) => {}
    }
    say(&text)
}

async fn print_one(pool: &Pool, id: Uuid) -> anyhow::Result<()> {
    let (letter, envelope) = show(pool, None, id)
        .await?
        .context("there is no such dead letter")?;
    let Summary {
        tenant_id,
        received_at,
        event_id,
        table,
        trigger,
        reason,
        detail,
        ..
    } = letter;
    let unknown = || "-".to_owned();
    let mut text = format!("id        {id}\ntenant    {tenant_id}\nreceived  {received_at}\n");
    writeln!(text, "event     {}", event_id.unwrap_or_else(unknown))?;
    writeln!(text, "table     {}", table.unwrap_or_else(unknown))?;
    writeln!(text, "trigger   {}", trigger.unwrap_or_else(unknown))?;
    writeln!(text, "reason    {reason}\ndetail    {detail}")?;
    match envelope {
        Some(envelope) => writeln!(text, "{envelope:#}")?,
        None => text.push_str("no envelope was kept; Hasura has to send the event again\n"),
    }
    say(&text)
}

async fn again(pool: &Pool, id: Uuid) -> anyhow::Result<()> {
    let clock = Clock::system();
    let writer = Writer::new(pool.clone(), clock.clone(), Limits::default());
    let work = async {
        let letters = Letters::new(pool.clone(), pool.clone(), writer.clone(), clock);
        let redriven = letters.redrive(None, id, Actor::COMMAND).await;
        writer.close();
        redriven
    };
    let (redriven, ()) = tokio::join!(work, writer.run());
    match redriven? {
        Redriven::Kept => say("it can be read now and lies in the inbox\n"),
        Redriven::StillRefused(reason) => bail!("it still cannot be read: {reason}"),
        Redriven::NeedsRedelivery => bail!(
            "no envelope was kept of it; send the event again from Hasura \
             (Console: Events, the trigger, Processed events, Redeliver)"
        ),
        Redriven::NotFound => bail!("there is no such dead letter"),
    }
}

async fn drop_one(pool: &Pool, id: Uuid) -> anyhow::Result<()> {
    let clock = Clock::system();
    let writer = Writer::new(pool.clone(), clock.clone(), Limits::default());
    let letters = Letters::new(pool.clone(), pool.clone(), writer, clock);
    let dropped = letters.drop(None, id, Actor::COMMAND).await?;
    ensure!(dropped, "there is no such dead letter");
    say("dropped\n")
}
