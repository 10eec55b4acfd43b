//! `customer-intelligence purposes list|add`.

use std::fmt::Write;

use anyhow::{Context, ensure};
use serde_json::json;
use uuid::Uuid;

use super::super::{Database, config::Config};
use super::say;
use crate::audit::{self, Act, Actor, Entry, Subject};
use crate::db::{Pool, Tx};
use crate::domain::clock::Clock;
use crate::projections::{Purpose, add_purpose, purposes};
use crate::resolve::tenant;

/// What to do with purposes.
#[derive(Debug, clap::Subcommand)]
pub(in crate::app) enum Command {
    /// The purposes of a tenant, everybody's among them.
    #[command(after_help = "Example:\n  customer-intelligence purposes list --tenant 6f1c…-…")]
    List {
        /// Whose.
        #[arg(long)]
        tenant: Uuid,
    },
    /// Add a purpose of a tenant's own, or say otherwise what is done for one. Every customer begins with not having been
    /// asked.
    #[command(
        after_help = "Example:\n  customer-intelligence purposes add --tenant 6f1c…-… --name photos \\\n    \
            --de 'Fotos der Reise in der Werbung zeigen.' --en 'Showing photos of the trip in advertising.'"
    )]
    Add {
        /// Whose.
        #[arg(long)]
        tenant: Uuid,
        /// A stable name: small letters, digits, - and _.
        #[arg(long)]
        name: String,
        /// What is done for it, in German.
        #[arg(long)]
        de: String,
        /// The same in English.
        #[arg(long)]
        en: String,
        /// So many years beyond the end of the year in which a consent ended its proof outlives an erasure; 0 for none.
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(i16).range(0..=30))]
        proof_years: i16,
    },
}

pub(super) async fn run(config: &Config, command: Command) -> anyhow::Result<()> {
    let database = Database::open(&config.database).await?;
    let pool = database.pool(&config.database.pool());
    let done = match command {
        Command::List { tenant } => list(&pool, tenant).await,
        Command::Add {
            tenant,
            name,
            de,
            en,
            proof_years,
        } => {
            let purpose = Purpose {
                tenant_id: tenant,
                name,
                follows: 0,
                description_de: de,
                description_en: en,
                proof_years,
            };
            add(&pool, &purpose).await
        }
    };
    pool.close().await;
    database.close().await?;
    done
}

async fn list(pool: &Pool, tenant: Uuid) -> anyhow::Result<()> {
    let mut text = String::new();
    for one in purposes(pool, tenant).await? {
        let whose = if one.tenant_id.is_nil() {
            "everybody's"
        } else {
            "own"
        };
        let (name, years) = (one.name, one.proof_years);
        writeln!(
            text,
            "{name:<24}  {whose:<11}  proof {years} years  {}",
            one.description_en
        )?;
    }
    say(&text)
}

async fn add(pool: &Pool, purpose: &Purpose) -> anyhow::Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let name = &purpose.name;
    ensure!(
        !name.is_empty() && name.len() <= 64 && name.chars().all(plain),
        "--name is made of small letters, digits, - and _"
    );
    let now = Clock::system().now();
    let mut tx = Tx::begin(pool).await?;
    let recorded_at = tenant::wait(&mut tx, purpose.tenant_id, now).await?;
    let recorded_at =
        recorded_at.context("there is no such tenant: nothing was delivered for it")?;
    let begun = add_purpose(&mut tx, purpose, recorded_at).await?;
    tenant::note(&mut tx, purpose.tenant_id, recorded_at).await?;
    let entry = Entry {
        tenant_id: purpose.tenant_id,
        actor: Actor::COMMAND,
        act: Act::SettingChanged,
        subject: Subject::NONE,
        detail: json!({ "purpose": name, "proof_years": purpose.proof_years }),
        at: now,
    };
    audit::write(&mut tx, &entry).await?;
    tx.commit().await?;
    say(&format!(
        "{begun} customers begin with not having been asked\n"
    ))
}
