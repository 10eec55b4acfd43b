//! Customers: who exists, who is merged into whom, and whose row is locked while it is refolded.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::db::{Error, Pool, Tx};
use crate::resolve::merge;

/// Makes customers of the profiles that became known, and notes whom they are merged into.
pub async fn upsert_profiles(
    tx: &mut Tx,
    tenant_id: Uuid,
    profiles: &BTreeMap<Uuid, Option<Uuid>>,
) -> Result<(), Error> {
    if profiles.is_empty() {
        return Ok(());
    }
    let persons: Vec<Uuid> = profiles.keys().copied().collect();
    let merged: Vec<Option<Uuid>> = profiles.values().copied().collect();
    sqlx::query!(
        "insert into customer (tenant_id, person_profile_id, merged_into, root)
         select $1, u.person, u.merged_into, u.person
         from unnest($2::uuid[], $3::uuid[]) as u (person, merged_into)
         on conflict (tenant_id, person_profile_id) do update set merged_into = excluded.merged_into",
        tenant_id,
        &persons,
        &merged as &[Option<Uuid>],
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The sets of merged persons around these, by survivor; all of them locked in the order of their ids.
pub(super) async fn close_and_lock(
    tx: &mut Tx,
    tenant_id: Uuid,
    persons: BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, BTreeSet<Uuid>>, Error> {
    let mut known: BTreeMap<Uuid, (Option<Uuid>, Uuid)> = BTreeMap::new();
    let mut asked: BTreeSet<Uuid> = BTreeSet::new();
    let mut ask = persons;
    // A merge touched here may lead further: repeat until nothing is added.
    while !ask.is_empty() {
        let found = around(tx, tenant_id, &ask).await?;
        asked.append(&mut ask);
        for (person, merged_into, root) in found {
            ask.extend(
                [Some(person), merged_into, Some(root)]
                    .into_iter()
                    .flatten(),
            );
            known.insert(person, (merged_into, root));
        }
        ask.retain(|person| !asked.contains(person));
    }
    lock(tx, tenant_id, known.keys().copied().collect()).await?;
    let merged_into = |person| known.get(&person).map(|(merged_into, _)| *merged_into);
    let mut sets: BTreeMap<Uuid, BTreeSet<Uuid>> = BTreeMap::new();
    let mut moved = BTreeMap::new();
    for (person, (_, old_root)) in &known {
        let root = merge::root(*person, merged_into);
        sets.entry(root).or_default().insert(*person);
        if root != *old_root {
            moved.insert(*person, root);
        }
    }
    set_roots(tx, tenant_id, &moved).await?;
    Ok(sets)
}

/// These customers, whoever is merged into them, and whoever shares a survivor with them.
async fn around(
    tx: &mut Tx,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
) -> Result<Vec<(Uuid, Option<Uuid>, Uuid)>, Error> {
    let persons: Vec<Uuid> = persons.iter().copied().collect();
    let rows = sqlx::query!(
        r#"select c.person_profile_id as "person!", c.merged_into, c.root as "root!"
           from unnest($2::uuid[]) as u (person)
           cross join lateral (
             (select person_profile_id, merged_into, root from customer
              where tenant_id = $1 and person_profile_id = u.person offset 0)
             union all
             (select person_profile_id, merged_into, root from customer
              where tenant_id = $1 and merged_into = u.person offset 0)
             union all
             (select person_profile_id, merged_into, root from customer
              where tenant_id = $1 and root = u.person and merged_into is not null offset 0)) c"#,
        tenant_id,
        &persons,
    )
    .fetch_all(&mut **tx)
    .await?;
    let rows = rows
        .into_iter()
        .map(|row| (row.person, row.merged_into, row.root));
    Ok(rows.collect())
}

/// Whom each of these customers is merged into, where they are.
pub(super) async fn merged_into(
    tx: &mut Tx,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, Uuid>, Error> {
    let found = around(tx, tenant_id, persons).await?;
    let merged = found
        .into_iter()
        .filter_map(|(person, into, _)| Some((person, into?)));
    Ok(merged.collect())
}

async fn lock(tx: &mut Tx, tenant_id: Uuid, persons: Vec<Uuid>) -> Result<(), Error> {
    sqlx::query!(
        r#"select person_profile_id from customer
           where tenant_id = $1 and person_profile_id = any ($2)
           order by person_profile_id for update"#,
        tenant_id,
        &persons,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(())
}

async fn set_roots(
    tx: &mut Tx,
    tenant_id: Uuid,
    moved: &BTreeMap<Uuid, Uuid>,
) -> Result<(), Error> {
    if moved.is_empty() {
        return Ok(());
    }
    let persons: Vec<Uuid> = moved.keys().copied().collect();
    let roots: Vec<Uuid> = moved.values().copied().collect();
    sqlx::query!(
        "update customer set root = u.root
         from unnest($2::uuid[], $3::uuid[]) as u (person, root)
         where customer.tenant_id = $1 and customer.person_profile_id = u.person",
        tenant_id,
        &persons,
        &roots,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Everyone, a page at a time, in the order of ids.
pub(super) async fn all(
    tx: &mut Tx,
    tenant_id: Uuid,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Uuid>, Error> {
    let found = sqlx::query_scalar!(
        "select person_profile_id from customer
         where tenant_id = $1 and person_profile_id > $2 order by person_profile_id limit $3",
        tenant_id,
        after,
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(found)
}

/// Insights that time alone has made wrong, oldest first: tenant and person.
pub async fn due(pool: &Pool, now: DateTime<Utc>, limit: i64) -> Result<Vec<(Uuid, Uuid)>, Error> {
    let found = sqlx::query!(
        r#"select t.tenant_id as "tenant_id!", i.person_profile_id as "person!"
           from tenant t
           cross join lateral (
             select person_profile_id from customer_insight
             where tenant_id = t.tenant_id and valid_until <= $1
             order by valid_until limit $2) i"#,
        now,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(found
        .into_iter()
        .map(|row| (row.tenant_id, row.person))
        .collect())
}

/// Customers of one tenant whose insight time alone has changed, up to `limit`.
pub async fn due_of(
    tx: &mut Tx,
    tenant_id: Uuid,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<BTreeSet<Uuid>, Error> {
    let found = sqlx::query_scalar!(
        "select person_profile_id from customer_insight
         where tenant_id = $1 and valid_until <= $2 order by valid_until limit $3",
        tenant_id,
        now,
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(found.into_iter().collect())
}
