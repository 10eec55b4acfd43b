//! `customer-intelligence rebuild`: everybody folded again from the log, while reads and ingest go on.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Instant;

use anyhow::ensure;
use serde::Serialize;
use uuid::Uuid;

use super::super::progress::{At, Progress};
use super::super::{Database, config::Config, signals};
use super::{folding, say};
use crate::domain::fold::FOLD_VERSION;
use crate::projections::{self, Drift};
use crate::workers::{Folding, rebuild, verify};

/// How to rebuild.
#[derive(Debug, clap::Args)]
pub(in crate::app) struct Options {
    /// Only this tenant.
    #[arg(long)]
    tenant: Option<Uuid>,
    /// Pages folded at the same time; one more than there are processors unless told.
    #[arg(long)]
    workers: Option<usize>,
    /// Customers of a page: folded, and locked meanwhile, in one transaction.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    page_size: i64,
    /// Read at most so many activities a second.
    #[arg(long)]
    max_rate: Option<u32>,
    /// Begin anew, also when an earlier rebuild was interrupted.
    #[arg(long)]
    restart: bool,
    /// Change nothing: report which persons and metrics would change, and why.
    #[arg(long)]
    diff: bool,
    /// Report as JSON.
    #[arg(long)]
    json: bool,
}

/// A report for people names so many persons.
const SHOWN: usize = 50;

pub(super) async fn run(config: &Config, options: Options) -> anyhow::Result<()> {
    ensure!(options.workers != Some(0), "--workers has to be at least 1");
    let database = Database::open(&config.database).await?;
    let folding = folding(&database, config);
    let work = async {
        if options.diff {
            diff(&folding, &options).await
        } else {
            fold(&folding, &options).await
        }
    };
    let done = tokio::select! {
        done = work => done,
        () = signals::stop() => Err(anyhow::anyhow!(
            "interrupted; the same command goes on where it was"
        )),
    };
    folding.pool.close().await;
    database.close().await?;
    done
}

/// While one waits for the database the others keep the processors busy.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(2, |cores| cores.get() + 1)
}

/// What a rebuild did.
#[derive(Serialize)]
struct Report {
    fold_version: i16,
    customers: u64,
    insights: u64,
    activities: u64,
    seconds: f64,
}

async fn fold(folding: &Folding, options: &Options) -> anyhow::Result<()> {
    let mut progress = Progress::new("rebuild");
    let begun = Instant::now();
    let asked = rebuild::Options {
        tenant: options.tenant,
        workers: options.workers.unwrap_or_else(workers),
        page: options.page_size,
        max_rate: options.max_rate,
        restart: options.restart,
    };
    let mut first = None;
    let done = rebuild::run(folding, &asked, |at, total| {
        if first.is_none() && at.customers > 0 {
            progress.say(&format!(
                "goes on behind {} customers that are done",
                at.customers
            ));
        }
        let first = *first.get_or_insert(at.log_rows);
        if at.customers > 0 {
            let at = At {
                items: at.log_rows - first,
                done: at.customers,
                total: Some(total),
            };
            progress.at(at, "");
        }
    })
    .await?;
    progress.end();
    let report = Report {
        fold_version: FOLD_VERSION,
        customers: done.customers,
        insights: done.insights,
        activities: done.log_rows,
        seconds: begun.elapsed().as_secs_f64(),
    };
    if options.json {
        return say(&format!("{}\n", serde_json::to_string_pretty(&report)?));
    }
    say(&format!(
        "rebuilt {} insights of {} customers from {} activities in {:.1} s; all are of fold version {}\n",
        report.insights, report.customers, report.activities, report.seconds, report.fold_version
    ))
}

/// What a rebuild would change.
#[derive(Serialize)]
struct Difference<'d> {
    person_profile_id: Uuid,
    why: &'static str,
    metrics: Vec<(&'d str, &'d str, &'d str)>,
}

impl<'d> Difference<'d> {
    fn of(drift: &'d Drift) -> Self {
        let why = match (drift.older_fold, drift.log_differs) {
            (true, _) => "an older version of the fold made it",
            (false, true) => "the log is not what it was made of",
            (false, false) => "what is stored was damaged",
        };
        let cells = drift.cells.iter().filter(|cell| !cell.name.contains('.'));
        Self {
            person_profile_id: drift.person,
            why,
            metrics: cells
                .map(|cell| (&*cell.name, &*cell.stored, &*cell.refolded))
                .collect(),
        }
    }
}

async fn diff(folding: &Folding, options: &Options) -> anyhow::Result<()> {
    let tenants = projections::counts(&folding.pool, options.tenant).await?;
    let mut drifts = Vec::new();
    let (mut customers, total) = (
        0,
        tenants
            .values()
            .filter_map(|n| u64::try_from(*n).ok())
            .sum(),
    );
    let mut progress = Progress::new("diff");
    for tenant_id in tenants.into_keys() {
        let before = customers;
        let verdict = verify::tenant(folding, tenant_id, |done| {
            let at = At {
                items: before + done,
                done: before + done,
                total: Some(total),
            };
            progress.at(at, "");
        })
        .await?;
        customers += verdict.customers;
        drifts.extend(verdict.drifts);
    }
    progress.end();
    let different: Vec<Difference<'_>> = drifts.iter().map(Difference::of).collect();
    if options.json {
        return say(&format!("{}\n", serde_json::to_string_pretty(&different)?));
    }
    say(&told(customers, &different)?)
}

fn told(customers: u64, different: &[Difference<'_>]) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let shown: Vec<_> = different
        .iter()
        .filter(|one| !one.metrics.is_empty())
        .collect();
    for one in shown.iter().take(SHOWN) {
        writeln!(text, "{}  {}", one.person_profile_id, one.why)?;
        for (metric, stored, refolded) in &one.metrics {
            writeln!(text, "  {metric}: {stored} → {refolded}")?;
        }
    }
    let changing = shown.len();
    if changing > SHOWN {
        writeln!(
            text,
            "… and {} more; --json lists them all",
            changing - SHOWN
        )?;
    }
    let mut by_metric: BTreeMap<&str, usize> = BTreeMap::new();
    for (metric, ..) in shown.iter().flat_map(|one| &one.metrics) {
        *by_metric.entry(metric).or_default() += 1;
    }
    for (metric, persons) in by_metric {
        writeln!(text, "{metric} would change for {persons}")?;
    }
    let silent = different.len() - changing;
    writeln!(
        text,
        "{changing} of {customers} customers would show other numbers; {silent} would only be written anew"
    )?;
    Ok(text)
}
