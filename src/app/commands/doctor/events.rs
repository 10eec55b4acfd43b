//! Every table and event that is listened to, by tenant: how often it came and when last.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::finding::Finding;
use crate::contracts::{self, TableContract};
use crate::db::Pool;
use crate::inbox::tally::{self, Count};

/// Changed so seldom that their silence says nothing; but every platform has them.
const SELDOM: [&str; 4] = [
    "backoffice.operators",
    "backoffice.tour_templates",
    "backoffice.boarding_points",
    "communications.channel_accounts",
];
/// Not every tenant has any.
const OPTIONAL: [&str; 3] = [
    "backoffice.legal_holds",
    "commerce.trip_feedback",
    "TripFeedbackSubmitted",
];

/// What one tenant's triggers sent.
#[derive(Debug, Clone, Serialize)]
pub(super) struct TenantEvents {
    pub(super) tenant_id: Uuid,
    pub(super) tables: Vec<Seen>,
    pub(super) events: Vec<Seen>,
}

/// One table or event.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Seen {
    pub(super) name: String,
    pub(super) total: i64,
    pub(super) last_at: Option<DateTime<Utc>>,
    pub(super) standing: Standing,
}

/// How it stands with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Standing {
    /// Seen lately.
    Well,
    /// Not seen for some time.
    Silent,
    /// Never seen.
    Never,
    /// Silent or never seen, and that may be so.
    Quiet,
}

/// Lists them, and finds fault with what should have been seen.
pub(super) async fn read(
    findings: &mut Vec<Finding>,
    pool: &Pool,
    tenant: Option<Uuid>,
    silent_since: DateTime<Utc>,
) -> anyhow::Result<Vec<TenantEvents>> {
    let mut by_tenant: BTreeMap<Uuid, Vec<Count>> = BTreeMap::new();
    for count in tally::read(pool, tenant).await? {
        by_tenant.entry(count.tenant_id).or_default().push(count);
    }
    by_tenant.remove(&Uuid::nil());
    let tenants: Vec<TenantEvents> = by_tenant
        .into_iter()
        .map(|(tenant_id, counts)| of_tenant(tenant_id, &counts, silent_since))
        .collect();
    if tenants.is_empty() {
        let todo = "apply the metadata in hasura/ and look at Hasura's Events page; \
            customer-intelligence backfill --event-log URL brings in what Hasura still has";
        findings.push(Finding::warning(
            "events",
            "nothing was ever delivered",
            todo,
        ));
    }
    for tenant in &tenants {
        findings.extend(judge(tenant));
    }
    Ok(tenants)
}

fn of_tenant(tenant_id: Uuid, counts: &[Count], silent_since: DateTime<Utc>) -> TenantEvents {
    let find = |name: &str| counts.iter().find(|count| count.name == name);
    let rows_of =
        |contract: &TableContract| find(&format!("table.{}.{}", contract.schema, contract.table));
    let tables = contracts::allow_list().iter().map(|contract| {
        let name = format!("{}.{}", contract.schema, contract.table);
        let found = rows_of(contract);
        let quiet = contract.kind.is_none()
            || OPTIONAL.contains(&name.as_str())
            || (found.is_some() && SELDOM.contains(&name.as_str()))
            || told_by_events(contract, &find, &rows_of);
        seen(name, found, quiet, silent_since)
    });
    let events = contracts::events().iter().map(|event| {
        let found = find(&format!("event.{}", event.name));
        let name = event.name.to_owned();
        let quiet = OPTIONAL.contains(&event.name);
        seen(name, found, quiet, silent_since)
    });
    TenantEvents {
        tenant_id,
        tables: tables.collect(),
        events: events.collect(),
    }
}

/// Its context writes finished events instead of being listened to row by row.
fn told_by_events<'c>(
    contract: &TableContract,
    find: &impl Fn(&str) -> Option<&'c Count>,
    rows_of: &impl Fn(&TableContract) -> Option<&'c Count>,
) -> bool {
    let mut context = contracts::allow_list()
        .iter()
        .filter(|other| other.schema == contract.schema);
    let (finished, by_rows): (Vec<_>, Vec<_>) =
        (&mut context).partition(|other| other.kind.is_none());
    if !finished.into_iter().any(|events| rows_of(events).is_some()) {
        return false;
    }
    if contract.events.is_empty() {
        return !by_rows.into_iter().any(|other| rows_of(other).is_some());
    }
    let mut announced = contract.events.iter();
    announced.any(|(_, event)| find(&format!("event.{event}")).is_some())
}

fn seen(name: String, count: Option<&Count>, quiet: bool, silent_since: DateTime<Utc>) -> Seen {
    let standing = match count {
        Some(count) if count.last_at >= silent_since => Standing::Well,
        _ if quiet => Standing::Quiet,
        Some(_) => Standing::Silent,
        None => Standing::Never,
    };
    Seen {
        name,
        total: count.map_or(0, |count| count.total),
        last_at: count.map(|count| count.last_at),
        standing,
    }
}

fn judge(tenant: &TenantEvents) -> Vec<Finding> {
    let id = tenant.tenant_id;
    let named = |seen: &[Seen], standing| {
        let found = seen.iter().filter(|one| one.standing == standing);
        found.map(|one| one.name.clone()).collect::<Vec<_>>()
    };
    let mut findings = Vec::new();
    let never = named(&tenant.tables, Standing::Never);
    if !never.is_empty() {
        let says = format!("tenant {id}: never seen: {}", never.join(", "));
        let todo = "look whether these triggers are there and on (apply the metadata in hasura/), or whether the \
            platform has no such rows: customer-intelligence doctor --source URL";
        findings.push(Finding::warning("tables", says, todo));
    }
    let silent = named(&tenant.tables, Standing::Silent);
    if !silent.is_empty() {
        let says = format!("tenant {id}: not seen for some time: {}", silent.join(", "));
        let todo = "look at Hasura's Events page, or hold the platform against what is known here: \
            customer-intelligence doctor --source URL";
        findings.push(Finding::warning("tables", says, todo));
    }
    let events = named(&tenant.events, Standing::Never);
    if !events.is_empty() {
        findings.push(Finding::note(
            "events",
            format!("tenant {id}: never happened: {}", events.join(", ")),
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(
            "tables",
            format!("tenant {id}: all were seen lately"),
        ));
    }
    findings
}
