//! Letting activities go by age: the horizon moves, what lies behind it leaves, and whoever it was about is folded anew.
//!
//! All in one transaction, so that at no instant an insight rests on what is not accepted any more.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::refold::refold_anew;
use super::{Settings, customers};
use crate::activity_log;
use crate::db::{Error, Tx, roles};
use crate::domain::horizon::AgeingKind;
use crate::domain::source::SourceKey;
use crate::resolve::{forget, horizons};

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Rows of the log that left.
    pub rows: u64,
    /// How far back the facts of the kind reach now.
    pub reached: DateTime<Utc>,
}

/// How far, and for whom not.
#[derive(Debug, Clone, Copy)]
pub struct Ageing<'a> {
    /// What goes.
    pub kind: AgeingKind,
    /// Whatever happened at this instant or before.
    pub until: DateTime<Utc>,
    /// About so many rows at once.
    pub limit: i64,
    /// Nothing of these persons: a legal hold keeps them.
    pub held: &'a BTreeSet<Uuid>,
}

/// Moves the horizon of a kind towards its end, as far as some `limit` rows. The caller holds the tenant's row.
///
/// The rest of the transaction runs in the eraser's role.
pub async fn age(
    tx: &mut Tx,
    settings: Settings,
    tenant_id: Uuid,
    ageing: Ageing<'_>,
    now: DateTime<Utc>,
) -> Result<Step, Error> {
    let Ageing {
        kind, until, limit, ..
    } = ageing;
    let source = kind.source();
    let held: Vec<Uuid> = ageing.held.iter().copied().collect();
    let reached = activity_log::reach(tx, tenant_id, (source, until), limit, &held).await?;
    horizons::reach(tx, tenant_id, kind, reached).await?;
    roles::become_eraser(tx).await?;
    let gone = activity_log::age(tx, tenant_id, (source, reached), &held).await?;
    let mut last: BTreeMap<Uuid, DateTime<Utc>> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    for row in &gone {
        let at = last.entry(row.person).or_insert(row.occurred_at);
        *at = row.occurred_at.max(*at);
        keys.insert(SourceKey::new(source, row.source_id));
    }
    customers::heard_last(tx, tenant_id, &last).await?;
    let all = horizons::load(tx, tenant_id).await?;
    forget::age(tx, tenant_id, &keys, &all, now).await?;
    let persons: Vec<Uuid> = last.into_keys().collect();
    for some in persons.chunks(usize::from(settings.at_a_time.max(1))) {
        let some = some.iter().copied().collect();
        refold_anew(tx, settings, tenant_id, some, now).await?;
    }
    Ok(Step {
        rows: gone.len() as u64,
        reached,
    })
}
