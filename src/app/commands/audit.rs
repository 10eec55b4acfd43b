//! `customer-intelligence audit verify|list`: are the chains whole, and what do they say?

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::super::Database;
use super::super::config::Config;
use super::backfill::keyed;
use super::say;
use crate::audit::log::Line;
use crate::audit::verify::{self, Fault, Head, Report};
use crate::db::{Pool, PoolConfig};
use crate::privacy::journal::{Journal, Wanted};
use crate::resolve::fence::Pepper;
use crate::resolve::tenant;

/// What to do with the audit log.
#[derive(Debug, clap::Subcommand)]
pub(in crate::app) enum Command {
    /// Follow every chain from its first link to its last; ends with 1 when one is not whole.
    #[command(
        after_help = "Examples:\n  customer-intelligence audit verify --note heads.json      # keep it away from the database\n  \
            customer-intelligence audit verify --against heads.json   # nothing before these heads was touched"
    )]
    Verify {
        /// Only this tenant's; the nil uuid for what concerns no tenant.
        #[arg(long)]
        tenant: Option<Uuid>,
        /// Write the heads of all chains that are whole to a new file.
        #[arg(long, value_name = "FILE")]
        note: Option<PathBuf>,
        /// Compare with heads that were noted before: also finds a chain that was cut short or written anew.
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
        /// Answer as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show who did what and who read about whom, the latest first.
    #[command(
        after_help = "Examples:\n  customer-intelligence audit list --tenant 6f1c…-… --person 0d2e…-…\n  \
            customer-intelligence audit list --tenant 6f1c…-… --act erased --from 2027-01-01T00:00:00Z"
    )]
    List {
        /// Whose.
        #[arg(long)]
        tenant: Uuid,
        /// Only about this person and everyone merged with them, also if erased.
        #[arg(long)]
        person: Option<Uuid>,
        /// Only this act, such as `erased`; `read` for reads.
        #[arg(long)]
        act: Option<String>,
        /// Only by this user, or in this role.
        #[arg(long)]
        actor: Option<String>,
        /// Only from this instant on.
        #[arg(long)]
        from: Option<DateTime<Utc>>,
        /// Only before this instant.
        #[arg(long)]
        to: Option<DateTime<Utc>>,
        /// Most lines.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
}

pub(super) async fn run(mut config: Config, command: Command) -> anyhow::Result<()> {
    let secrets = keyed(&mut config)?;
    let database = Database::open(&config.database).await?;
    let pool = database.pool(&PoolConfig {
        max_connections: 1,
        statement_timeout: std::time::Duration::ZERO,
        ..config.database.pool()
    });
    let done = match command {
        Command::Verify {
            tenant,
            note,
            against,
            json,
        } => check(&pool, tenant, (note, against), json).await,
        Command::List {
            tenant,
            person,
            act,
            actor,
            from,
            to,
            limit,
        } => {
            let pepper = Pepper::new(&secrets.derive("fence"));
            let wanted = Wanted {
                person,
                act,
                actor,
                from,
                to,
                first: limit,
                after: None,
            };
            show(&Journal::new(pool.clone(), pepper), tenant, wanted).await
        }
    };
    pool.close().await;
    database.close().await?;
    done
}

async fn check(
    pool: &Pool,
    tenant_id: Option<Uuid>,
    (note, against): (Option<PathBuf>, Option<PathBuf>),
    as_json: bool,
) -> anyhow::Result<()> {
    let tenants = if let Some(one) = tenant_id {
        vec![one]
    } else {
        let mut all = vec![Uuid::nil()];
        all.extend(tenant::all(pool).await?);
        all
    };
    let mut connection = pool.acquire().await?;
    let (mut all, mut faults) = (Report::default(), Vec::new());
    for tenant_id in tenants {
        let found = verify::tenant(&mut connection, tenant_id).await?;
        all.links += found.links;
        all.lost += found.lost;
        all.heads
            .extend(found.heads.into_iter().filter(|head| head.number > 0));
        let found = found.faults.into_iter();
        faults.extend(found.map(|(chain, fault)| (tenant_id, chain, fault)));
    }
    let mut compared = 0;
    if let Some(path) = &against {
        for noted in read(path)? {
            compared += 1;
            if let Err(fault) = verify::holds(&mut connection, &noted).await? {
                faults.push((noted.tenant_id, noted.chain, fault));
            }
        }
    }
    if let Some(path) = &note {
        write(path, &all.heads)?;
    }
    tell(&all, &faults, compared, as_json)?;
    ensure!(faults.is_empty(), "{} chains are not whole", faults.len());
    Ok(())
}

fn tell(
    report: &Report,
    faults: &[(Uuid, Option<Uuid>, Fault)],
    compared: usize,
    as_json: bool,
) -> anyhow::Result<()> {
    if as_json {
        let told = faults.iter().map(|(tenant, chain, fault)| {
            json!({ "tenant_id": tenant, "chain": chain, "fault": fault.to_string() })
        });
        let answer = json!({
            "links": report.links, "lost_reads": report.lost, "compared": compared,
            "heads": report.heads, "faults": told.collect::<Vec<_>>(),
        });
        return say(&format!("{answer:#}\n"));
    }
    let mut text = format!(
        "{} links in {} chains are whole",
        report.links,
        report.heads.len()
    );
    if compared > 0 {
        write!(text, ", compared with {compared} heads that were noted")?;
    }
    text.push('\n');
    if report.lost > 0 {
        writeln!(text, "{} reads could not be recorded", report.lost)?;
    }
    for (tenant, chain, fault) in faults {
        let chain = chain.map_or("acts".to_owned(), |chain| format!("reads of {chain}"));
        writeln!(text, "tenant {tenant}, {chain}: {fault}")?;
    }
    say(&text)
}

fn read(path: &Path) -> anyhow::Result<Vec<Head>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} holds no heads", path.display()))
}

fn write(path: &Path, heads: &[Head]) -> anyhow::Result<()> {
    ensure!(
        !path.exists(),
        "{} exists already; name another file",
        path.display()
    );
    std::fs::write(path, serde_json::to_string_pretty(heads)? + "\n")
        .with_context(|| format!("{} cannot be written", path.display()))
}

async fn show(journal: &Journal, tenant_id: Uuid, wanted: Wanted) -> anyhow::Result<()> {
    let page = journal.page(tenant_id, wanted).await?;
    let mut text = String::new();
    for line in &page.lines {
        writeln!(text, "{}", told(line))?;
    }
    if page.lines.is_empty() {
        text.push_str("nothing\n");
    }
    if page.has_next {
        text.push_str("there is more; narrow it with --from and --to, or raise --limit\n");
    }
    say(&text)
}

fn told(line: &Line) -> String {
    let user = line.user_id.as_deref().unwrap_or("-");
    let about = match line.persons {
        Some(persons) => format!("{persons} persons"),
        None => line.detail.clone().unwrap_or_default(),
    };
    let operation = line.operation.as_deref().unwrap_or_default();
    let object = line.object_id.map(|id| id.to_string()).unwrap_or_default();
    format!(
        "{}  {:<16} {user:<20} {:<18} {about} {operation}{object}",
        line.at.to_rfc3339(),
        line.role,
        line.act
    )
}
