//! Customers: who exists, who is merged into whom, and whose row is locked while it is refolded.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::rebuild::Page;
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

/// A person with everyone merged into them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Set {
    /// The survivor among them.
    pub(super) members: BTreeSet<Uuid>,
    /// Those of whom folded parts are kept; after a merge perhaps not the survivor.
    pub(super) in_parts: BTreeSet<Uuid>,
}

/// A customer as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) merged_into: Option<Uuid>,
    root: Uuid,
    in_parts: bool,
}

/// The sets of merged persons around these, by survivor; all of them locked in the order of their ids.
///
/// For those who hold the tenant's row: nobody else changes merges meanwhile.
pub(super) async fn close_and_lock(
    tx: &mut Tx,
    tenant_id: Uuid,
    persons: BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, Set>, Error> {
    let known = close(tx, tenant_id, persons).await?;
    lock(tx, tenant_id, known.keys().copied().collect()).await?;
    let (sets, moved) = sets(&known);
    set_roots(tx, tenant_id, &moved).await?;
    Ok(sets)
}

/// The same for those who do not hold the tenant's row: what was merged or erased while the locks were waited for
/// is looked at again.
pub(super) async fn lock_and_close(
    tx: &mut Tx,
    tenant_id: Uuid,
    persons: BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, Set>, Error> {
    let mut known = close(tx, tenant_id, persons.clone()).await?;
    loop {
        lock(tx, tenant_id, known.keys().copied().collect()).await?;
        let again = close(tx, tenant_id, persons.clone()).await?;
        let settled = again.keys().all(|person| known.contains_key(person));
        known = again;
        if settled {
            let (sets, _) = sets(&known);
            return Ok(sets);
        }
    }
}

/// The customers around these, closed over merges.
pub(super) async fn close(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    persons: BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, Known>, Error> {
    let mut known: BTreeMap<Uuid, Known> = BTreeMap::new();
    let mut asked: BTreeSet<Uuid> = BTreeSet::new();
    let mut ask = persons;
    // A merge touched here may lead further: repeat until nothing is added.
    while !ask.is_empty() {
        let found = around(&mut *connection, tenant_id, &ask).await?;
        asked.append(&mut ask);
        for (person, one) in found {
            ask.extend(
                [Some(person), one.merged_into, Some(one.root)]
                    .into_iter()
                    .flatten(),
            );
            known.insert(person, one);
        }
        ask.retain(|person| !asked.contains(person));
    }
    Ok(known)
}

/// The sets by survivor, and who has another survivor than is written down.
pub(super) fn sets(known: &BTreeMap<Uuid, Known>) -> (BTreeMap<Uuid, Set>, BTreeMap<Uuid, Uuid>) {
    let merged_into = |person| known.get(&person).map(|one| one.merged_into);
    let mut sets: BTreeMap<Uuid, Set> = BTreeMap::new();
    let mut moved = BTreeMap::new();
    for (person, one) in known {
        let root = merge::root(*person, merged_into);
        let set = sets.entry(root).or_default();
        set.members.insert(*person);
        if one.in_parts {
            set.in_parts.insert(*person);
        }
        if root != one.root {
            moved.insert(*person, root);
        }
    }
    (sets, moved)
}

/// These customers, whoever is merged into them, and whoever shares a survivor with them.
async fn around(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
) -> Result<Vec<(Uuid, Known)>, Error> {
    let persons: Vec<Uuid> = persons.iter().copied().collect();
    let rows = sqlx::query!(
        r#"select c.person_profile_id as "person!", c.merged_into, c.root as "root!",
                  c.in_parts as "in_parts!"
           from unnest($2::uuid[]) as u (person)
           cross join lateral (
             (select person_profile_id, merged_into, root, in_parts from customer
              where tenant_id = $1 and person_profile_id = u.person offset 0)
             union all
             (select person_profile_id, merged_into, root, in_parts from customer
              where tenant_id = $1 and merged_into = u.person offset 0)
             union all
             (select person_profile_id, merged_into, root, in_parts from customer
              where tenant_id = $1 and root = u.person and merged_into is not null offset 0)) c"#,
        tenant_id,
        &persons,
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let known = Known {
            merged_into: row.merged_into,
            root: row.root,
            in_parts: row.in_parts,
        };
        (row.person, known)
    });
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
        .filter_map(|(person, one)| Some((person, one.merged_into?)));
    Ok(merged.collect())
}

/// One who refolds at a time. Whoever is sending a message about a customer holds the row for key share, and neither waits
/// for the other.
async fn lock(tx: &mut Tx, tenant_id: Uuid, persons: Vec<Uuid>) -> Result<(), Error> {
    sqlx::query!(
        r#"select person_profile_id from customer
           where tenant_id = $1 and person_profile_id = any ($2)
           order by person_profile_id for no key update"#,
        tenant_id,
        &persons,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(())
}

/// Waits until nothing is being sent about these customers or anyone merged with them, and lets nothing be sent before
/// this transaction ends: for whoever changes what they allow. The caller holds their rows, as they are folded.
pub(super) async fn lock_against_sending(
    tx: &mut Tx,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
) -> Result<(), Error> {
    let persons: Vec<Uuid> = persons.iter().copied().collect();
    sqlx::query!(
        r#"select person_profile_id from customer
           where tenant_id = $1 and root = any (array(
             select root from customer where tenant_id = $1 and person_profile_id = any ($2)))
           order by person_profile_id for update"#,
        tenant_id,
        &persons,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(())
}

/// Notes whom a customer is merged into.
pub(super) async fn set_merged_into(
    tx: &mut Tx,
    tenant_id: Uuid,
    person: Uuid,
    merged_into: Option<Uuid>,
) -> Result<(), Error> {
    sqlx::query!(
        "update customer set merged_into = $3
         where tenant_id = $1 and person_profile_id = $2 and merged_into is distinct from $3",
        tenant_id,
        person,
        merged_into,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Notes the latest thing that was heard of persons before it is let go.
pub(super) async fn heard_last(
    tx: &mut Tx,
    tenant_id: Uuid,
    last: &BTreeMap<Uuid, DateTime<Utc>>,
) -> Result<(), Error> {
    let persons: Vec<Uuid> = last.keys().copied().collect();
    let at: Vec<DateTime<Utc>> = last.values().copied().collect();
    sqlx::query!(
        "update customer set last_active_at = greatest(last_active_at, u.at)
         from unnest($2::uuid[], $3::timestamptz[]) as u (person, at)
         where customer.tenant_id = $1 and customer.person_profile_id = u.person",
        tenant_id,
        &persons,
        &at,
    )
    .execute(&mut **tx)
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
    connection: &mut PgConnection,
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
    .fetch_all(connection)
    .await?;
    Ok(found)
}

/// Everyone on a page.
pub(super) async fn on(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    page: Page,
) -> Result<BTreeSet<Uuid>, Error> {
    let found = sqlx::query_scalar!(
        "select person_profile_id from customer
         where tenant_id = $1 and person_profile_id > $2 and person_profile_id <= $3",
        tenant_id,
        page.after,
        page.last,
    )
    .fetch_all(connection)
    .await?;
    Ok(found.into_iter().collect())
}

/// How many customers there are, by tenant, or of one.
pub async fn counts(pool: &Pool, tenant_id: Option<Uuid>) -> Result<BTreeMap<Uuid, i64>, Error> {
    let rows = sqlx::query!(
        r#"select tenant_id, count(*) as "customers!" from customer
           where $1::uuid is null or tenant_id = $1
           group by tenant_id order by tenant_id"#,
        tenant_id,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.tenant_id, row.customers))
        .collect())
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
