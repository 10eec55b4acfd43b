//! `customer-intelligence verify`: is what is stored what the log says?

use std::fmt::Write;

use anyhow::bail;
use serde::Serialize;
use uuid::Uuid;

use super::super::progress::{At, Progress};
use super::super::{Database, config::Config, signals};
use super::{folding, say};
use crate::projections::{self, Drift};
use crate::workers::Folding;
use crate::workers::verify::{self, Verdict};

/// What to verify.
#[derive(Debug, clap::Args)]
pub(in crate::app) struct Options {
    /// Only this tenant.
    #[arg(long)]
    tenant: Option<Uuid>,
    /// Only about so many customers of each tenant, from a random place on; no Merkle root then.
    #[arg(long)]
    sample: Option<i64>,
    /// Repair what was found: insights from the log, merges from the profiles.
    #[arg(long)]
    heal: bool,
    /// With --heal: also where the log itself is not what the insight was made of.
    #[arg(long, requires = "heal")]
    believe_the_log: bool,
    /// Report as JSON.
    #[arg(long)]
    json: bool,
}

/// A report for people names so many persons.
const SHOWN: usize = 50;

pub(super) async fn run(config: &Config, options: Options) -> anyhow::Result<()> {
    let database = Database::open(&config.database).await?;
    let folding = folding(&database, config);
    let done = tokio::select! {
        done = verified(&folding, &options) => done,
        () = signals::stop() => Err(anyhow::anyhow!("interrupted; nothing was changed")),
    };
    folding.pool.close().await;
    database.close().await?;
    let left = done?;
    if left > 0 {
        bail!("{left} customers are not what the log says");
    }
    Ok(())
}

/// What was found about a tenant, and what became of it.
#[derive(Serialize)]
struct Report {
    tenant_id: Uuid,
    customers: u64,
    activities: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    merkle_root: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merkle_root_refolded: Option<String>,
    drifts: Vec<Told>,
    healed: usize,
}

/// A person who is not as the log says.
#[derive(Serialize)]
struct Told {
    person_profile_id: Uuid,
    log_differs: bool,
    older_fold: bool,
    /// Metric or column, stored, folded again.
    cells: Vec<[String; 3]>,
}

impl From<Drift> for Told {
    fn from(drift: Drift) -> Self {
        let cells = drift.cells.into_iter();
        Self {
            person_profile_id: drift.person,
            log_differs: drift.log_differs,
            older_fold: drift.older_fold,
            cells: cells
                .map(|cell| [cell.name, cell.stored, cell.refolded])
                .collect(),
        }
    }
}

/// Returns how many customers are still not what the log says.
async fn verified(folding: &Folding, options: &Options) -> anyhow::Result<usize> {
    let tenants = projections::counts(&folding.pool, options.tenant).await?;
    let total = tenants
        .values()
        .filter_map(|n| u64::try_from(*n).ok())
        .sum();
    let mut progress = Progress::new("verify");
    let (mut before, mut left, mut reports) = (0, 0, Vec::new());
    for tenant_id in tenants.into_keys() {
        let verdict = if let Some(customers) = options.sample {
            let somewhere = folding.clock.uuid_v7().as_u128().rotate_left(64);
            verify::sample(folding, tenant_id, Uuid::from_u128(somewhere), customers).await?
        } else {
            verify::tenant(folding, tenant_id, |done| {
                let at = At {
                    items: before + done,
                    done: before + done,
                    total: Some(total),
                };
                progress.at(at, "");
            })
            .await?
        };
        before += verdict.customers;
        let healed = if options.heal {
            verify::heal(folding, &verdict, options.believe_the_log)
                .await?
                .healed
                .len()
        } else {
            0
        };
        left += verdict.drifts.len() - healed;
        reports.push(report(verdict, healed, options.sample.is_none()));
    }
    progress.end();
    if options.json {
        say(&format!("{}\n", serde_json::to_string_pretty(&reports)?))?;
    } else {
        for report in &reports {
            say(&told(report)?)?;
        }
    }
    Ok(left)
}

fn report(verdict: Verdict, healed: usize, whole: bool) -> Report {
    let root = |root: [u8; 32]| whole.then(|| hex::encode(root));
    Report {
        tenant_id: verdict.tenant_id,
        customers: verdict.customers,
        activities: verdict.log_rows,
        merkle_root: root(verdict.stored_root),
        merkle_root_refolded: root(verdict.refolded_root),
        drifts: verdict.drifts.into_iter().map(Told::from).collect(),
        healed,
    }
}

fn told(report: &Report) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(
        text,
        "tenant {}: {} customers, {} activities",
        report.tenant_id, report.customers, report.activities
    )?;
    if let (Some(stored), Some(refolded)) = (&report.merkle_root, &report.merkle_root_refolded) {
        writeln!(text, "  Merkle root, stored        {stored}")?;
        writeln!(text, "  Merkle root, folded again  {refolded}")?;
    }
    for one in report.drifts.iter().take(SHOWN) {
        let why = match (one.log_differs, one.older_fold) {
            (true, _) => "  the log itself differs",
            (false, true) => "  of an older fold: `rebuild` brings it up to date",
            (false, false) => "",
        };
        writeln!(text, "  {}{why}", one.person_profile_id)?;
        for [name, stored, refolded] in &one.cells {
            writeln!(text, "    {name}: {stored}, should be {refolded}")?;
        }
    }
    if report.drifts.len() > SHOWN {
        let more = report.drifts.len() - SHOWN;
        writeln!(text, "  … and {more} more; --json lists them all")?;
    }
    match (report.drifts.len(), report.healed) {
        (0, _) => writeln!(text, "  everything is what the log says")?,
        (found, 0) => writeln!(text, "  {found} differ; --heal repairs them")?,
        (found, healed) => writeln!(text, "  {found} differed, {healed} repaired")?,
    }
    let damaged = report.drifts.iter().filter(|one| one.log_differs).count();
    if damaged > 0 {
        writeln!(
            text,
            "  the log of {damaged} was changed behind the service's back: bring it back from a backup, \
             or take it as it is with --heal --believe-the-log"
        )?;
    }
    Ok(text)
}
