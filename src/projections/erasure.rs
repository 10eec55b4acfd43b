//! Erasing a person with everyone merged into them, or categories of what is known about them: fence first, then
//! everything that names them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::refold::refold_anew;
use super::{Settings, customers};
use crate::activity_log;
use crate::db::{Error, Tx, roles};
use crate::domain::activity::Role;
use crate::domain::category::Category;
use crate::domain::source::SourceKind;
use crate::outbox;
use crate::resolve::fence::{self, Grounds, Pepper};
use crate::resolve::forget;

/// What an erasure took out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erasure {
    /// The person and everyone merged into them.
    pub persons: BTreeSet<Uuid>,
    /// Rows taken out, and for dossiers also those that lost a name, by table.
    pub removed: BTreeMap<&'static str, u64>,
}

/// The person with everyone of the same merged set, whoever of them survives: one human being. The caller holds the
/// tenant's row.
pub async fn family(tx: &mut Tx, tenant_id: Uuid, person: Uuid) -> Result<BTreeSet<Uuid>, Error> {
    let sets = customers::close_and_lock(tx, tenant_id, [person].into()).await?;
    let members = sets.into_values().map(|set| set.members);
    let mut family = members
        .into_iter()
        .find(|members| members.contains(&person))
        .unwrap_or_default();
    family.insert(person);
    Ok(family)
}

/// Erases persons and leaves the fence. The caller holds the tenant's row.
///
/// The rest of the transaction runs in the eraser's role.
pub async fn erase(
    tx: &mut Tx,
    pepper: &Pepper,
    tenant_id: Uuid,
    asked: &BTreeMap<Uuid, &'static str>,
    now: DateTime<Utc>,
) -> Result<Erasure, Error> {
    let mut persons: BTreeSet<Uuid> = asked.keys().copied().collect();
    let sets = customers::close_and_lock(tx, tenant_id, persons.clone()).await?;
    // Whoever is merged into an erased person, however far down the chain, is the same human being.
    let known: BTreeSet<Uuid> = sets.into_values().flat_map(|set| set.members).collect();
    let merged = customers::merged_into(tx, tenant_id, &known).await?;
    while let Some((alias, _)) = merged
        .iter()
        .find(|(alias, into)| persons.contains(into) && !persons.contains(*alias))
    {
        persons.insert(*alias);
    }
    let grounds = |reason| Grounds {
        category: None,
        reason,
        now,
    };
    for (person, reason) in asked {
        fence::raise(tx, pepper, tenant_id, &[*person].into(), grounds(reason)).await?;
    }
    fence::raise(tx, pepper, tenant_id, &persons, grounds("merged")).await?;
    roles::become_eraser(tx).await?;
    let log_rows = activity_log::erase(tx, tenant_id, &persons).await?;
    let forgotten = forget::forget(tx, tenant_id, &persons, now).await?;
    let messages = outbox::erase(tx, tenant_id, &persons).await?;
    let [insights, scores, parts, consents, customers] =
        remove(tx, pepper, tenant_id, &persons, now).await?;
    let removed = BTreeMap::from([
        ("activity_log", log_rows),
        ("dossier", forgotten.dossiers),
        ("link", forgotten.links),
        ("customer_insight", insights),
        ("customer_score", scores),
        ("fold_part", parts),
        ("consent", consents),
        ("outbox", messages),
        ("customer", customers),
    ]);
    Ok(Erasure { persons, removed })
}

/// Takes categories of persons out for good, leaves a fence for each, and folds what remains. The caller holds the
/// tenant's row; the persons are whole merged sets, as `family` gives them.
///
/// The rest of the transaction runs in the eraser's role.
pub async fn purge(
    tx: &mut Tx,
    settings: Settings,
    pepper: &Pepper,
    tenant_id: Uuid,
    (persons, categories): (&BTreeSet<Uuid>, &[Category]),
    now: DateTime<Utc>,
) -> Result<Erasure, Error> {
    customers::close_and_lock(tx, tenant_id, persons.clone()).await?;
    for category in categories {
        let grounds = Grounds {
            category: Some(*category),
            reason: "purged",
            now,
        };
        fence::raise(tx, pepper, tenant_id, persons, grounds).await?;
    }
    roles::become_eraser(tx).await?;
    let log_rows = activity_log::purge(tx, tenant_id, persons, &sorts(categories)).await?;
    let forgotten = forget::withdraw(tx, tenant_id, persons, categories, now).await?;
    let known = customers::close(tx, tenant_id, persons.clone()).await?;
    let known: BTreeSet<Uuid> = known.into_keys().collect();
    refold_anew(tx, settings, tenant_id, known, now).await?;
    let removed = BTreeMap::from([
        ("activity_log", log_rows),
        ("dossier", forgotten.dossiers),
        ("link", forgotten.links),
    ]);
    Ok(Erasure {
        persons: persons.clone(),
        removed,
    })
}

/// The rows of the log that belong to these categories.
#[must_use]
pub fn sorts(categories: &[Category]) -> Vec<(SourceKind, Role)> {
    let all = SourceKind::ALL
        .into_iter()
        .flat_map(|kind| Role::ALL.map(|role| (kind, role)));
    let covered =
        |(kind, role): &(SourceKind, Role)| categories.iter().any(|one| one.covers(*kind, *role));
    all.filter(covered).collect()
}

/// Insights, scores, parts, consents, customers.
async fn remove(
    tx: &mut Tx,
    pepper: &Pepper,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
    now: DateTime<Utc>,
) -> Result<[u64; 5], Error> {
    let ids: Vec<Uuid> = persons.iter().copied().collect();
    let scores = super::scores::remove(tx, tenant_id, &ids).await?;
    let insights = super::insight_rows::remove(tx, tenant_id, &ids).await?;
    let parts = super::parts::remove(tx, tenant_id, &ids).await?;
    let consents = super::consents::remove(tx, pepper, tenant_id, &ids, now).await?;
    let customers = sqlx::query!(
        "delete from customer where tenant_id = $1 and person_profile_id = any ($2)",
        tenant_id,
        &ids,
    )
    .execute(&mut **tx)
    .await?;
    Ok([insights, scores, parts, consents, customers.rows_affected()])
}
