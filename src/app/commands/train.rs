//! `customer-intelligence train`: learns anew from everybody, as the nightly job does, and says what came of it.

use serde_json::json;
use uuid::Uuid;

use super::super::{Database, config::Config, signals};
use super::{folding, say};
use crate::domain::model::registry::Kind;
use crate::resolve::tenant;
use crate::workers::Folding;
use crate::workers::train::{self, Step, Trained};

/// Whose models, and which.
#[derive(Debug, clap::Args)]
pub(in crate::app) struct Options {
    /// Only this tenant.
    #[arg(long)]
    tenant: Option<Uuid>,
    /// Only these kinds: churn, tours, clusters, habits.
    #[arg(long, value_delimiter = ',', value_parser = kind)]
    only: Vec<Kind>,
    /// Print everything as JSON.
    #[arg(long)]
    json: bool,
}

fn kind(name: &str) -> Result<Kind, String> {
    let names = || Kind::ALL.map(Kind::name).join(", ");
    Kind::named(name).ok_or_else(|| format!("kinds are {}", names()))
}

pub(super) async fn run(config: &Config, options: Options) -> anyhow::Result<()> {
    let database = Database::open(&config.database).await?;
    let folding = folding(&database, config);
    let done = tokio::select! {
        done = work(&folding, &options) => done,
        () = signals::stop() => Err(anyhow::anyhow!(
            "interrupted; what was learned by then is kept, the same command does the rest"
        )),
    };
    folding.pool.close().await;
    database.close().await?;
    done
}

async fn work(folding: &Folding, options: &Options) -> anyhow::Result<()> {
    let tenants = match options.tenant {
        Some(tenant) => vec![tenant],
        None => tenant::all(&folding.pool).await?,
    };
    let mut answers = Vec::new();
    for tenant_id in tenants {
        // A reader that has gone away is no reason to stop learning.
        let told = |step: Step<'_>| {
            if !options.json {
                say(&line(tenant_id, step)).ok();
            }
        };
        let asked = (options.only.as_slice(), "command");
        let trained = train::tenant(&folding.pool, &folding.clock, tenant_id, asked, told).await?;
        answers.push(json!({ "tenant_id": tenant_id, "models": answer(&trained) }));
    }
    if options.json {
        say(&format!("{:#}\n", json!(answers)))?;
    }
    Ok(())
}

fn line(tenant_id: Uuid, step: Step<'_>) -> String {
    match step {
        Step::Gathered { material, took } => format!(
            "tenant {tenant_id}: {} customers read in {:.1} s; {} are not learned from, {} wait for a rebuild\n",
            material.histories.len(),
            took.as_secs_f64(),
            material.left_out,
            material.outdated
        ),
        Step::Trained(Trained {
            learned,
            persons,
            took,
        }) => format!(
            "  {:<9} version {}{}, {}, from {persons} customers in {:.1} s: {}\n",
            learned.kind.name(),
            learned.version,
            if learned.is_new { "" } else { " (as before)" },
            learned.verdict.name(),
            took.as_secs_f64(),
            learned.reason
        ),
    }
}

fn answer(trained: &[Trained]) -> serde_json::Value {
    let each = trained.iter().map(|one| {
        json!({
            "kind": one.learned.kind.name(), "version": one.learned.version, "is_new": one.learned.is_new,
            "verdict": one.learned.verdict.name(), "reason": one.learned.reason, "persons": one.persons,
            "seconds": one.took.as_secs_f64(),
        })
    });
    each.collect()
}
