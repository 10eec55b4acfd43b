//! What must be well for the service itself: settings, database, schema, roles, inbox, letters, jobs.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::super::super::Database;
use super::super::super::config::{Config, SecretSource};
use super::finding::{Finding, Level};
use crate::db::{Pool, migrate, roles};
use crate::inbox::{backlog, dead_letters};
use crate::jobs::{self, BACKFILL};
use crate::privacy::queue;
use crate::projections;

/// A live delivery that waits for longer has no worker.
const LAG_MAX: TimeDelta = TimeDelta::seconds(60);

/// Versions and secrets.
pub(super) fn configuration(config: &Config) -> Vec<Finding> {
    let version = concat!("customer-intelligence ", env!("CARGO_PKG_VERSION"));
    let mut findings = vec![Finding::ok("version", version)];
    let secrets = [
        ("CI_WEBHOOK_SECRET", &config.secrets.webhook),
        ("CI_GATEWAY_SECRET", &config.secrets.gateway),
        ("CI_MASTER_KEY", &config.secrets.master_key),
    ];
    let unset = secrets
        .into_iter()
        .filter(|(_, source)| matches!(source, SecretSource::Unset));
    let unset: Vec<&str> = unset.map(|(name, _)| name).collect();
    let names = unset.join(", ");
    findings.push(if unset.is_empty() {
        Finding::ok("secrets", "all are set")
    } else if !config.server.is_loopback() {
        let says = format!("{names} not set, and CI_BIND can be reached from other machines");
        Finding::error("secrets", says, "set them, or their _FILE twins; serve refuses to start")
    } else if config.database.url.is_some() && unset.contains(&"CI_MASTER_KEY") {
        let says = "CI_MASTER_KEY is not set, but the database is not our own";
        let todo = "set it, and keep a copy apart from the database: with another key erased persons come back";
        Finding::warning("secrets", says, todo)
    } else {
        let says = format!("{names} not set: made up, and kept in CI_DATA_DIR");
        Finding::note("secrets", says)
    });
    findings
}

/// The database answers and has the schema and roles of this program; false when nothing else can be asked.
pub(super) async fn database(
    findings: &mut Vec<Finding>,
    database: &Database,
    pool: &Pool,
) -> bool {
    let standing = match migrate::standing(pool).await {
        Ok(standing) => standing,
        Err(error) => {
            let says = format!("{:#}", anyhow::Error::new(error));
            let todo = "start the database, or correct DATABASE_URL";
            findings.push(Finding::error("database", says, todo));
            return false;
        }
    };
    findings.push(Finding::ok("database", "it answers"));
    if !standing.unknown.is_empty() {
        let says = format!(
            "the database is newer than this program: {:?}",
            standing.unknown
        );
        findings.push(Finding::error("migrations", says, "use the newer program"));
        return false;
    }
    if !standing.pending.is_empty() {
        let says = format!("not applied yet: {:?}", standing.pending);
        findings.push(Finding::error(
            "migrations",
            says,
            "customer-intelligence migrate",
        ));
        return false;
    }
    findings.push(Finding::ok("migrations", "all are applied"));
    match roles::login_is_superuser(pool).await {
        Ok(true) if database.embedded().is_none() => findings.push(Finding::warning(
            "roles",
            "DATABASE_URL logs in as a superuser, whom no restriction holds; serve refuses it",
            "create role ci_service login password '…'; grant ci_owner, ci_app, ci_eraser to ci_service",
        )),
        Ok(_) => findings.push(Finding::ok("roles", "the login is restricted as it should be")),
        Err(error) => {
            let says = format!("{:#}", anyhow::Error::new(error));
            findings.push(Finding::error("roles", says, "see the reason"));
        }
    }
    true
}

pub(super) async fn backlog(
    findings: &mut Vec<Finding>,
    pool: &Pool,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let backlog = backlog::read(pool).await?;
    let lag = backlog.oldest_at.map_or(TimeDelta::zero(), |at| now - at);
    let waiting = format!("{} deliveries wait to be folded", backlog.waiting);
    findings.push(if lag > LAG_MAX {
        let says = format!("{waiting}, the oldest live one for {} s", lag.num_seconds());
        let todo = "look whether a server runs (customer-intelligence serve) and what its log says";
        Finding::warning("backlog", says, todo)
    } else {
        Finding::ok("backlog", waiting)
    });
    Ok(())
}

/// Insights that another version of the fold made are right by its rules, not by today's.
pub(super) async fn folds(findings: &mut Vec<Finding>, pool: &Pool) -> anyhow::Result<()> {
    let other = projections::of_other_folds(pool).await?;
    findings.push(if other == 0 {
        Finding::ok("folds", "every insight is of this program's fold")
    } else {
        Finding::warning(
            "folds",
            format!("{other} insights were made by another version of the fold"),
            "customer-intelligence rebuild (--diff shows first what would change)",
        )
    });
    Ok(())
}

pub(super) async fn dead_letters(
    findings: &mut Vec<Finding>,
    pool: &Pool,
    tenant: Option<Uuid>,
    since: DateTime<Utc>,
) -> anyhow::Result<()> {
    let found = dead_letters::by_reason(pool, tenant, None).await?;
    if found.is_empty() {
        findings.push(Finding::ok("dead letters", "none"));
    }
    for one in found {
        let whose = if one.tenant_id.is_nil() {
            "without a tenant".to_owned()
        } else {
            format!("of tenant {}", one.tenant_id)
        };
        let at = one.last_at.format("%Y-%m-%d %H:%M UTC");
        let says = format!("{} {} {whose}, the latest {at}", one.letters, one.reason);
        findings.push(if one.last_at >= since {
            let list = "customer-intelligence dead-letters list --reason";
            Finding::warning("dead letters", says, format!("{list} {}", one.reason))
        } else {
            Finding::note("dead letters", says)
        });
    }
    Ok(())
}

/// Erasures that have to be done soon, or had to be.
pub(super) async fn erasures(
    findings: &mut Vec<Finding>,
    pool: &Pool,
    warned: TimeDelta,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let late = queue::lateness(pool, None, now, now + warned).await?;
    let todo =
        "look at erasure_requests: a legal hold, or somebody downstream who does not confirm?";
    let says = format!(
        "{} not done and due soon, {} of them overdue",
        late.due_soon, late.overdue
    );
    findings.push(match (late.due_soon, late.overdue) {
        (0, _) => Finding::ok("erasures", "none is due soon"),
        (_, 0) => Finding::warning("erasures", says, todo),
        _ => Finding::error("erasures", says, todo),
    });
    Ok(())
}

pub(super) async fn jobs(
    findings: &mut Vec<Finding>,
    pool: &Pool,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let running = jobs::running(pool).await?;
    // A backfill has a row for itself and one for each tenant it met.
    let mains = running
        .iter()
        .filter(|job| job.key.name != BACKFILL || job.key.tenant_id.is_nil());
    let before = findings.len();
    for job in mains {
        let (name, run) = (&job.key.name, &job.key.run);
        let what = job
            .progress
            .get("source")
            .and_then(serde_json::Value::as_str);
        let what = what.unwrap_or(run);
        let at = job.touched_at.format("%Y-%m-%d %H:%M:%S UTC");
        findings.push(if job.is_alive(now) {
            Finding::note("jobs", format!("{name} of {what} runs, last active {at}"))
        } else {
            let says = format!("{name} of {what} was broken off, last active {at}");
            let todo = "give the same command again: it goes on where it was";
            Finding::of(Level::Warning, "jobs", says, vec![todo.to_owned()])
        });
    }
    if findings.len() == before {
        findings.push(Finding::ok("jobs", "none runs"));
    }
    Ok(())
}
