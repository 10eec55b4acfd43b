//! From the log to the read models: the only floor that writes customers and insight rows.
//!
//! Whoever is touched is refolded whole: closed over merges, locked in the order of ids, read in a later
//! statement, written in the same transaction. Deliberately absent: reading insights; that is `insight`.

mod customers;
mod insight_rows;
mod erasure;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::activity_log;
use crate::db::{Error, Tx};
use crate::domain::activity::LogRow;
use crate::domain::derive::derive;
use crate::domain::fold::fold;
use crate::domain::insight::Insight;
use crate::resolve::reference;

pub use customers::{due, due_of, upsert_profiles};
pub use erasure::{Erasure, erase};

/// How many persons are folded at a time, so that memory stays flat.
const CHUNK: u16 = 500;

/// What a refold depends on besides the log.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long a contact may stay unlinked before what was written is forgotten, in days.
    pub quarantine_days: i64,
}

/// Refolds these persons, and whoever they are merged with, for the instant `now`.
///
/// Returns how many insights were written. The caller holds the tenant's row.
pub async fn refold(
    tx: &mut Tx,
    settings: Settings,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let persons: Vec<Uuid> = persons.iter().copied().collect();
    let mut written = 0;
    for chunk in persons.chunks(usize::from(CHUNK)) {
        let chunk: BTreeSet<Uuid> = chunk.iter().copied().collect();
        let sets = customers::close_and_lock(tx, tenant_id, chunk).await?;
        written += refold_sets(tx, settings, tenant_id, &sets, now).await?;
    }
    Ok(written)
}

/// Refolds everybody of a tenant: its own settings changed.
pub async fn refold_all(
    tx: &mut Tx,
    settings: Settings,
    tenant_id: Uuid,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let mut written = 0;
    let mut after = Uuid::nil();
    loop {
        let page = customers::all(tx, tenant_id, after, i64::from(CHUNK)).await?;
        let Some(last) = page.last() else {
            return Ok(written);
        };
        after = *last;
        written += refold(tx, settings, tenant_id, &page.into_iter().collect(), now).await?;
    }
}

async fn refold_sets(
    tx: &mut Tx,
    settings: Settings,
    tenant_id: Uuid,
    sets: &BTreeMap<Uuid, BTreeSet<Uuid>>,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let members: Vec<Uuid> = sets.values().flatten().copied().collect();
    let recorded = activity_log::slices(tx, tenant_id, &members).await?;
    let rows: Vec<LogRow> = recorded.into_iter().map(|recorded| recorded.row).collect();
    let reference = reference::load(
        tx,
        tenant_id,
        &rows,
        settings.quarantine_days,
        BTreeSet::new(),
    )
    .await?;
    let root_of: HashMap<Uuid, Uuid> = sets
        .iter()
        .flat_map(|(root, members)| members.iter().map(|member| (*member, *root)))
        .collect();
    let mut by_root: BTreeMap<Uuid, Vec<LogRow>> =
        sets.keys().map(|root| (*root, Vec::new())).collect();
    for row in rows {
        if let Some(of_root) = root_of
            .get(&row.person)
            .and_then(|root| by_root.get_mut(root))
        {
            of_root.push(row);
        }
    }
    let folded = by_root
        .iter()
        .map(|(root, rows)| derive(&fold(*root, rows, &reference), now));
    let insights: Vec<Insight> = folded.collect();
    insight_rows::upsert(tx, tenant_id, &insights).await?;
    let aliases: Vec<Uuid> = members
        .into_iter()
        .filter(|member| !sets.contains_key(member))
        .collect();
    insight_rows::remove(tx, tenant_id, &aliases).await?;
    Ok(insights.len())
}
