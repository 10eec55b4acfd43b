//! `customer-intelligence retain`: lets go of what was kept long enough, or says what would go.

use std::fmt::Write;

use serde_json::json;
use uuid::Uuid;

use super::super::config::{Config, Secrets};
use super::super::office::office;
use super::super::{Database, signals};
use super::{eraser, keys_of_the_service, say};
use crate::audit::Actor;
use crate::resolve::fence_file::FenceFile;
use crate::resolve::tenant;
use crate::workers::Context;
use crate::workers::retain::{self, Report};

/// Of whom, and whether at all.
#[derive(Debug, clap::Args)]
pub(in crate::app) struct Options {
    /// Only this tenant.
    #[arg(long)]
    tenant: Option<Uuid>,
    /// Change nothing: say what would go.
    #[arg(long)]
    dry_run: bool,
    /// Print everything as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(mut config: Config, options: Options) -> anyhow::Result<()> {
    let secrets = keys_of_the_service(&mut config)?;
    let database = Database::open(&config.database).await?;
    let file = FenceFile::new(config.database.fence_ledger());
    let context = eraser(&database, &config, &secrets, file);
    let work = work(&config, &secrets, &context, &options);
    let done = tokio::select! {
        done = work => done,
        () = signals::stop() => Err(anyhow::anyhow!("interrupted; the same command does the rest")),
    };
    context.pool.close().await;
    database.close().await?;
    done
}

async fn work(
    config: &Config,
    secrets: &Secrets,
    context: &Context,
    options: &Options,
) -> anyhow::Result<()> {
    let office = office(config, secrets, context, Actor::COMMAND)?;
    let tenants = match options.tenant {
        Some(tenant) => vec![tenant],
        None => tenant::all(&context.pool).await?,
    };
    let mut answers = Vec::new();
    for tenant_id in tenants {
        let report = if options.dry_run {
            retain::preview(context, &office, tenant_id).await?
        } else {
            retain::tenant(context, &office, tenant_id).await?
        };
        if options.json {
            answers.push(json!({ "tenant_id": tenant_id, "report": report }));
        } else {
            say(&told(tenant_id, &report, options.dry_run)?)?;
        }
    }
    if options.json {
        say(&format!("{:#}\n", json!(answers)))?;
    } else if options.dry_run {
        say("nothing was changed\n")?;
    }
    Ok(())
}

fn told(tenant_id: Uuid, report: &Report, dry_run: bool) -> anyhow::Result<String> {
    let mut text = format!("tenant {tenant_id}\n");
    for (clock, at) in &report.reaches_to {
        let rows = report.rows.get(clock).copied().unwrap_or_default();
        let at = at.format("%Y-%m-%d %H:%M UTC");
        writeln!(text, "  {rows:>8}  rows of {clock} up to {at}")?;
    }
    let fresh = if dry_run { "" } else { "newly " };
    writeln!(
        text,
        "  {:>8}  persons {fresh}up for a review",
        report.reviews
    )?;
    writeln!(text, "  {:>8}  persons to be erased", report.persons)?;
    if report.held > 0 {
        writeln!(text, "  {:>8}  persons kept by legal holds", report.held)?;
    }
    Ok(text)
}
