//! `customer-intelligence doctor`: is everything well, and if not, what is to be done.
//!
//! Silence upstream is the commonest fault: a trigger that was never wired sends no error. So every table and event
//! that is listened to is listed with its count and when it was last seen, and with `--source` the platform's own
//! rows are held against what is known here. Changes nothing, anywhere, but for the file of `--export-gap`.

mod checks;
mod events;
mod finding;
mod gap;
mod show;
mod source;
mod verdict;

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use uuid::Uuid;

use self::events::TenantEvents;
use self::finding::{Finding, Level};
use self::source::Comparison;
use super::super::Database;
use super::super::config::Config;
use super::say;
use crate::db::Pool;
use crate::domain::clock::Clock;

/// What to look at.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::app) struct Options {
    /// The platform's database: hold its rows against what is known here. Read only; the password may come from
    /// ~/.pgpass.
    #[arg(long, value_name = "URL")]
    source: Option<String>,
    /// Write the rows that are missing or outdated here into this file, as envelopes that `backfill` takes.
    #[arg(long, value_name = "FILE", requires = "source")]
    export_gap: Option<PathBuf>,
    /// Only this tenant.
    #[arg(long)]
    tenant: Option<Uuid>,
    /// Silent is what was not seen for so many days; with `--source`, only rows that changed within them are compared
    /// (all of them unless this is given).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    days: Option<u32>,
    /// Print everything as JSON.
    #[arg(long)]
    json: bool,
}

/// Without `--days`.
const DAYS: u32 = 7;

impl Options {
    fn silent_since(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now - TimeDelta::days(self.days.unwrap_or(DAYS).into())
    }
}

/// Everything the doctor found.
#[derive(Debug, Default, Serialize)]
pub(super) struct Diagnosis {
    findings: Vec<Finding>,
    tenants: Vec<TenantEvents>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Comparison>,
}

/// Ends with 0 when all is well, 1 with warnings, 2 with errors.
pub(super) async fn run(config: Config, options: Options) -> anyhow::Result<ExitCode> {
    let mut diagnosis = Diagnosis::default();
    diagnosis.findings.extend(checks::configuration(&config));
    match Database::open(&config.database).await {
        Ok(database) => {
            let pool = database.pool(&config.database.pool());
            let warned = config.privacy.due - config.privacy.alarm;
            let looked = look(&mut diagnosis, &database, &pool, &options, warned).await;
            pool.close().await;
            database.close().await?;
            if let Err(error) = looked {
                let todo = "see the reason; the other lines still hold";
                diagnosis
                    .findings
                    .push(Finding::error("doctor", format!("{error:#}"), todo));
            }
        }
        Err(error) => {
            let todo = "start the database, or correct DATABASE_URL";
            diagnosis
                .findings
                .push(Finding::error("database", format!("{error:#}"), todo));
        }
    }
    say(&show::text(&diagnosis, options.json)?)?;
    let worst = diagnosis.findings.iter().map(|finding| finding.level).max();
    Ok(ExitCode::from(match worst {
        Some(Level::Error) => 2,
        Some(Level::Warning) => 1,
        Some(Level::Ok | Level::Note) | None => 0,
    }))
}

async fn look(
    diagnosis: &mut Diagnosis,
    database: &Database,
    pool: &Pool,
    options: &Options,
    warned: TimeDelta,
) -> anyhow::Result<()> {
    let now = Clock::system().now();
    let findings = &mut diagnosis.findings;
    if !checks::database(findings, database, pool).await {
        return Ok(());
    }
    checks::backlog(findings, pool, now).await?;
    checks::folds(findings, pool).await?;
    let silent_since = options.silent_since(now);
    checks::dead_letters(findings, pool, options.tenant, silent_since).await?;
    checks::jobs(findings, pool, now).await?;
    checks::erasures(findings, pool, warned, now).await?;
    diagnosis.tenants = events::read(findings, pool, options.tenant, silent_since).await?;
    if let Some(url) = &options.source {
        match source::compare(findings, pool, url, options, now).await {
            Ok(compared) => diagnosis.source = Some(compared),
            Err(error) => {
                let todo = "name the platform's database with a login that may read its tables";
                findings.push(Finding::error("source", format!("{error:#}"), todo));
            }
        }
    }
    Ok(())
}
