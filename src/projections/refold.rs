//! Folding again whoever was touched: closed over merges, locked in the order of ids, read in a later statement,
//! written in the same transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::customers::{self, Set};
use super::insight_rows::{self, InsightRow};
use super::large::{self, Growth};
use super::{Folded, Settings, Touched, parts, proof};
use crate::activity_log::{self, Appended, Digest};
use crate::db::{Error, Tx};
use crate::domain::activity::LogRow;
use crate::domain::derive::derive;
use crate::domain::fold::entity::Entities;
use crate::domain::fold::{booking, combine};
use crate::domain::reference::Reference;
use crate::resolve::reference;

/// How many persons are folded at a time, so that memory stays flat.
const CHUNK: u16 = 500;

/// Folds these persons again, and whoever they are merged with, for the instant `now`.
///
/// Returns how many insights were written. The caller holds the tenant's row.
pub async fn refold(
    tx: &mut Tx,
    settings: Settings,
    tenant_id: Uuid,
    touched: Touched,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let refolder = Refolder {
        settings,
        tenant_id,
        now,
    };
    let mut appended: BTreeMap<Uuid, Vec<Appended>> = BTreeMap::new();
    for row in touched.appended {
        appended.entry(row.person).or_default().push(row);
    }
    let persons: Vec<Uuid> = touched.persons.keys().copied().collect();
    let mut written = 0;
    for chunk in persons.chunks(usize::from(CHUNK)) {
        let chunk: BTreeSet<Uuid> = chunk.iter().copied().collect();
        let mut sets = customers::close_and_lock(tx, tenant_id, chunk).await?;
        let mut rows = Vec::new();
        for (root, set) in &mut sets {
            if !set.in_parts.contains(root) {
                continue;
            }
            let (bookings, appended) = large::of_set(&set.members, &touched.persons, &appended);
            let growth = Growth {
                root: *root,
                members: &set.members,
                touched: bookings,
                appended,
            };
            if let Some(folded) = large::refold(tx, settings, tenant_id, growth).await? {
                rows.push(refolder.derived(folded)?);
                set.members.clear();
            }
        }
        sets.retain(|_, set| !set.members.is_empty());
        rows.extend(refolder.whole(tx, &sets).await?);
        insight_rows::upsert(tx, tenant_id, &rows).await?;
        written += rows.len();
    }
    Ok(written)
}

/// Folds everybody of a tenant again: its own settings changed.
pub async fn refold_all(
    tx: &mut Tx,
    settings: Settings,
    tenant_id: Uuid,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let refolder = Refolder {
        settings,
        tenant_id,
        now,
    };
    let mut written = 0;
    let mut after = Uuid::nil();
    loop {
        let page = customers::all(tx, tenant_id, after, i64::from(CHUNK)).await?;
        let Some(last) = page.last() else {
            return Ok(written);
        };
        after = *last;
        let sets = customers::close_and_lock(tx, tenant_id, page.into_iter().collect()).await?;
        let rows = refolder.whole(tx, &sets).await?;
        insight_rows::upsert(tx, tenant_id, &rows).await?;
        written += rows.len();
    }
}

/// What stays the same from person to person.
pub(super) struct Refolder {
    pub(super) settings: Settings,
    pub(super) tenant_id: Uuid,
    pub(super) now: DateTime<Utc>,
}

impl Refolder {
    /// Folds the whole log of these sets.
    pub(super) async fn whole(
        &self,
        tx: &mut Tx,
        sets: &BTreeMap<Uuid, Set>,
    ) -> Result<Vec<InsightRow>, Error> {
        let by_root = self.read(tx, sets).await?;
        let all = by_root.values().flat_map(|own| &own.rows);
        let days = self.settings.quarantine_days;
        let reference = reference::load(tx, self.tenant_id, all, days, BTreeSet::new()).await?;
        let mut folded = Vec::with_capacity(by_root.len());
        for (root, own) in by_root {
            let Some(set) = sets.get(&root) else { continue };
            folded.push(self.one(tx, root, set, &own, &reference).await?);
        }
        self.clear_aliases(tx, sets).await?;
        Ok(folded)
    }

    async fn read(
        &self,
        tx: &mut Tx,
        sets: &BTreeMap<Uuid, Set>,
    ) -> Result<BTreeMap<Uuid, Own>, Error> {
        let root_of: HashMap<Uuid, Uuid> = sets
            .iter()
            .flat_map(|(root, set)| set.members.iter().map(|member| (*member, *root)))
            .collect();
        let members: Vec<Uuid> = sets
            .values()
            .flat_map(|set| &set.members)
            .copied()
            .collect();
        let mut by_root: BTreeMap<Uuid, Own> =
            sets.keys().map(|root| (*root, Own::default())).collect();
        for recorded in activity_log::slices(tx, self.tenant_id, &members).await? {
            let root = root_of.get(&recorded.row.person);
            if let Some(own) = root.and_then(|root| by_root.get_mut(root)) {
                own.digest += recorded.digest;
                own.rows.push(recorded.row);
            }
        }
        Ok(by_root)
    }

    async fn one(
        &self,
        tx: &mut Tx,
        root: Uuid,
        set: &Set,
        own: &Own,
        reference: &Reference,
    ) -> Result<InsightRow, Error> {
        let entities = Entities::group(&own.rows);
        let bookings = booking::parts(&entities, reference);
        if own.rows.len() > self.settings.large_from {
            let parts = large::remember(&set.members, &own.rows, own.digest, bookings.clone());
            parts::replace(tx, self.tenant_id, root, &parts).await?;
        }
        self.derived(Folded {
            state: combine(root, bookings, &entities, reference),
            log_rows: u32::try_from(own.rows.len()).unwrap_or(u32::MAX),
            log_digest: own.digest,
        })
    }

    fn derived(&self, folded: Folded) -> Result<InsightRow, Error> {
        Ok(InsightRow {
            insight: derive(&folded.state, self.now),
            state_hash: proof::state_hash(&folded.state)?,
            log_rows: folded.log_rows,
            log_digest: folded.log_digest,
        })
    }

    /// Those who were merged into somebody have nothing of their own any more.
    async fn clear_aliases(&self, tx: &mut Tx, sets: &BTreeMap<Uuid, Set>) -> Result<(), Error> {
        let aliases = |members: fn(&Set) -> &BTreeSet<Uuid>| -> Vec<Uuid> {
            let all = sets.values().flat_map(members).copied();
            all.filter(|person| !sets.contains_key(person)).collect()
        };
        insight_rows::remove(tx, self.tenant_id, &aliases(|set| &set.members)).await?;
        parts::remove(tx, self.tenant_id, &aliases(|set| &set.in_parts)).await
    }
}

/// The log rows of a person and of everyone merged into them.
#[derive(Default)]
struct Own {
    rows: Vec<LogRow>,
    digest: Digest,
}
