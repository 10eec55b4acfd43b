//! Folding again whoever was touched: closed over merges, locked in the order of ids, read in a later statement,
//! written in the same transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::announce::Before;
use super::customers::{self, Set};
use super::insight_rows::{self, InsightRow};
use super::large::{self, Growth};
use super::parts::{self, Parts};
use super::{Folded, Settings, Touched, proof};
use crate::activity_log::{self, Appended, Digest, Recorded};
use crate::db::{Error, Tx};
use crate::domain::activity::LogRow;
use crate::domain::derive::derive;
use crate::domain::fold::entity::Entities;
use crate::domain::fold::{booking, combine};
use crate::domain::reference::Reference;
use crate::resolve::reference;

/// After so many persons others get a turn on this thread: reads share it.
const IN_A_ROW: usize = 20;

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
    // Who is merged with whom may lie in several chunks, but is folded, and counts what is new, once.
    let mut done: BTreeSet<Uuid> = BTreeSet::new();
    for chunk in persons.chunks(usize::from(settings.at_a_time.max(1))) {
        let chunk: BTreeSet<Uuid> = chunk.iter().copied().collect();
        let mut sets = customers::close_and_lock(tx, tenant_id, chunk).await?;
        sets.retain(|root, _| done.insert(*root));
        let before = match touched.recorded_at.filter(|_| settings.announces) {
            Some(_) => Before::read(tx, tenant_id, &sets, &appended).await?,
            None => Before::default(),
        };
        let mut rows = Vec::new();
        for (root, set) in &sets {
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
                rows.push(derived(&folded, now)?);
            }
        }
        insight_rows::upsert(tx, tenant_id, &rows.iter().collect::<Vec<_>>()).await?;
        for row in &rows {
            sets.remove(&row.insight.person_profile_id);
        }
        let whole = refolder.whole(tx, &sets).await?;
        if let Some(recorded_at) = touched.recorded_at {
            let rows = rows.iter().chain(whole.iter().map(|one| &one.row));
            before.tell(tx, tenant_id, rows, recorded_at).await?;
        }
    }
    Ok(done.len())
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
        let page =
            customers::all(tx, tenant_id, after, i64::from(settings.at_a_time.max(1))).await?;
        let Some(last) = page.last() else {
            return Ok(written);
        };
        after = *last;
        let sets = customers::close_and_lock(tx, tenant_id, page.into_iter().collect()).await?;
        written += refolder.whole(tx, &sets).await?.len();
    }
}

/// Folds these persons' whole log again, whatever is kept of them.
pub(super) async fn refold_anew(
    tx: &mut Tx,
    settings: Settings,
    tenant_id: Uuid,
    persons: BTreeSet<Uuid>,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let refolder = Refolder {
        settings,
        tenant_id,
        now,
    };
    let sets = customers::close_and_lock(tx, tenant_id, persons).await?;
    Ok(refolder.whole(tx, &sets).await?.len())
}

/// What stays the same from person to person.
pub(super) struct Refolder {
    pub(super) settings: Settings,
    pub(super) tenant_id: Uuid,
    pub(super) now: DateTime<Utc>,
}

/// A person folded from the whole log, not written yet.
pub(super) struct Refolded {
    pub(super) row: InsightRow,
    /// What is to be remembered of a large person.
    pub(super) parts: Option<Parts>,
}

impl Refolder {
    /// Folds the whole log of these sets and writes what it comes to.
    async fn whole(&self, tx: &mut Tx, sets: &BTreeMap<Uuid, Set>) -> Result<Vec<Refolded>, Error> {
        let members: Vec<Uuid> = sets
            .values()
            .flat_map(|set| &set.members)
            .copied()
            .collect();
        let rows = activity_log::slices(tx, self.tenant_id, &members).await?;
        let refolded = self.fold(tx, sets, rows, |_| self.now).await?;
        self.write(tx, sets, &refolded).await?;
        Ok(refolded)
    }

    /// Folds these rows, which are all of the sets' members, each person for an instant. Writes nothing.
    pub(super) async fn fold(
        &self,
        connection: &mut PgConnection,
        sets: &BTreeMap<Uuid, Set>,
        rows: Vec<Recorded>,
        at: impl Fn(Uuid) -> DateTime<Utc> + Send,
    ) -> Result<Vec<Refolded>, Error> {
        let by_root = by_root(sets, rows);
        let all = by_root.values().flat_map(|own| &own.rows);
        let days = self.settings.quarantine_days;
        let reference =
            reference::load(connection, self.tenant_id, all, days, BTreeSet::new()).await?;
        let mut folded = Vec::with_capacity(by_root.len());
        for (n, (root, own)) in by_root.iter().enumerate() {
            if let Some(set) = sets.get(root) {
                folded.push(self.one(*root, set, own, &reference, at(*root))?);
            }
            if n % IN_A_ROW == IN_A_ROW - 1 {
                tokio::task::yield_now().await;
            }
        }
        Ok(folded)
    }

    fn one(
        &self,
        root: Uuid,
        set: &Set,
        own: &Own,
        reference: &Reference,
        at: DateTime<Utc>,
    ) -> Result<Refolded, Error> {
        let entities = Entities::group(&own.rows);
        let bookings = booking::parts(&entities, reference);
        let large = own.rows.len() > self.settings.large_from || set.in_parts.contains(&root);
        let parts =
            large.then(|| large::remember(&set.members, &own.rows, own.digest, bookings.clone()));
        let folded = Folded {
            state: combine(root, bookings, &entities, reference),
            log_rows: u32::try_from(own.rows.len()).unwrap_or(u32::MAX),
            log_digest: own.digest,
        };
        let row = derived(&folded, at)?;
        Ok(Refolded { row, parts })
    }

    /// Writes what was folded; the sets are locked.
    pub(super) async fn write(
        &self,
        tx: &mut Tx,
        sets: &BTreeMap<Uuid, Set>,
        refolded: &[Refolded],
    ) -> Result<(), Error> {
        let rows: Vec<&InsightRow> = refolded.iter().map(|one| &one.row).collect();
        insight_rows::upsert(tx, self.tenant_id, &rows).await?;
        for one in refolded {
            if let Some(parts) = &one.parts {
                let root = one.row.insight.person_profile_id;
                parts::replace(tx, self.tenant_id, root, parts).await?;
            }
        }
        // Those who were merged into somebody have nothing of their own any more.
        let aliases = |members: fn(&Set) -> &BTreeSet<Uuid>| -> Vec<Uuid> {
            let all = sets.values().flat_map(members).copied();
            all.filter(|person| !sets.contains_key(person)).collect()
        };
        insight_rows::remove(tx, self.tenant_id, &aliases(|set| &set.members)).await?;
        parts::remove(tx, self.tenant_id, &aliases(|set| &set.in_parts)).await?;
        Ok(())
    }
}

fn derived(folded: &Folded, at: DateTime<Utc>) -> Result<InsightRow, Error> {
    Ok(InsightRow {
        insight: derive(&folded.state, at),
        state_hash: proof::state_hash(&folded.state)?,
        log_rows: folded.log_rows,
        log_digest: folded.log_digest,
    })
}

/// The log rows of a person and of everyone merged into them.
#[derive(Default)]
struct Own {
    rows: Vec<LogRow>,
    digest: Digest,
}

fn by_root(sets: &BTreeMap<Uuid, Set>, rows: Vec<Recorded>) -> BTreeMap<Uuid, Own> {
    let root_of: HashMap<Uuid, Uuid> = sets
        .iter()
        .flat_map(|(root, set)| set.members.iter().map(|member| (*member, *root)))
        .collect();
    let mut by_root: BTreeMap<Uuid, Own> =
        sets.keys().map(|root| (*root, Own::default())).collect();
    for recorded in rows {
        let root = root_of.get(&recorded.row.person);
        if let Some(own) = root.and_then(|root| by_root.get_mut(root)) {
            own.digest += recorded.digest;
            own.rows.push(recorded.row);
        }
    }
    by_root
}
