//! Taking a person out of dossiers and links, whole or by categories: names become a nameless mark that swallows what
//! comes later. And letting go of dossiers that grew too old.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::dossier::Dossier;
use super::{bars, rules, store};
use crate::db::{Error, Tx};
use crate::domain::activity::Role;
use crate::domain::category::Category;
use crate::domain::horizon::Horizons;
use crate::domain::source::{Field, SourceKey, SourceKind};

/// How much was forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Dossiers that were the persons' own or lost a name.
    pub dossiers: u64,
    /// Links to and from the persons' profiles.
    pub links: u64,
}

/// Takes persons out of every dossier that names them, and removes their own.
///
/// The fence must have been raised before: what arrives later would name them again.
pub async fn forget(
    tx: &mut Tx,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
    now: DateTime<Utc>,
) -> Result<Forgotten, Error> {
    let mut changed = around(tx, tenant_id, persons, |_, dossier| {
        let before = dossier.clone();
        for person in persons {
            dossier.forget(*person);
        }
        *dossier != before
    })
    .await?;
    let own = |key: &SourceKey| key.kind == SourceKind::PersonProfile && persons.contains(&key.id);
    changed.retain(|key, _| !own(key));
    store::save(tx, tenant_id, &changed, now).await?;
    let mut forgotten = remove(tx, tenant_id, persons).await?;
    forgotten.dossiers += changed.len() as u64;
    Ok(forgotten)
}

/// Takes persons out of the dossiers of these categories; everything else about them stays.
///
/// The fence must have been raised for the categories before.
pub async fn withdraw(
    tx: &mut Tx,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
    categories: &[Category],
    now: DateTime<Utc>,
) -> Result<Forgotten, Error> {
    let changed = around(tx, tenant_id, persons, |key, dossier| {
        let withdrawn = persons
            .iter()
            .filter(|person| dossier.withdraw(key.kind, **person, categories));
        withdrawn.count() > 0
    })
    .await?;
    store::save(tx, tenant_id, &changed, now).await?;
    let ids: Vec<Uuid> = persons.iter().copied().collect();
    let links = sqlx::query!(
        "delete from link
         where tenant_id = $1 and parent_kind = $2 and parent_id = any ($3) and child_kind = any ($4)",
        tenant_id,
        SourceKind::PersonProfile.code(),
        &ids,
        &named_by(categories),
    )
    .execute(&mut **tx)
    .await?;
    Ok(Forgotten {
        dossiers: changed.len() as u64,
        links: links.rows_affected(),
    })
}

/// The kinds whose rows name a person by themselves in one of these categories.
fn named_by(categories: &[Category]) -> Vec<i16> {
    let named = |kind: &SourceKind| {
        let role = bars::naming_role(*kind);
        categories.iter().any(|one| one.covers(*kind, role))
    };
    let kinds = SourceKind::ALL.into_iter().filter(named);
    kinds.map(SourceKind::code).collect()
}

/// What is still kept of these persons in these categories: dossiers and links.
pub async fn left(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
    categories: &[Category],
) -> Result<Forgotten, Error> {
    let of_category = |kind: &SourceKind| {
        Role::ALL
            .iter()
            .any(|role| categories.iter().any(|one| one.covers(*kind, *role)))
    };
    let kinds = SourceKind::ALL.into_iter().filter(of_category);
    let kinds: Vec<i16> = kinds.map(SourceKind::code).collect();
    let bytes: Vec<Vec<u8>> = persons.iter().map(|id| id.as_bytes().to_vec()).collect();
    let rows = sqlx::query!(
        "select kind, id from dossier
         where tenant_id = $1 and kind = any ($2)
           and exists (select from unnest($3::bytea[]) as u (piece) where position(u.piece in body) > 0)",
        tenant_id,
        &kinds,
        &bytes,
    )
    .fetch_all(&mut *connection)
    .await?;
    let keys = rows
        .iter()
        .map(|row| store::key(row.kind, row.id, "dossier"));
    let keys: BTreeSet<SourceKey> = keys.collect::<Result<_, _>>()?;
    let mut dossiers = store::load(connection, tenant_id, &keys).await?;
    dossiers.retain(|key, dossier| {
        let mut persons = persons.iter();
        persons.any(|person| dossier.withdraw(key.kind, *person, categories))
    });
    let ids: Vec<Uuid> = persons.iter().copied().collect();
    let links = sqlx::query_scalar!(
        r#"select count(*) as "links!" from link
           where tenant_id = $1 and parent_kind = $2 and parent_id = any ($3) and child_kind = any ($4)"#,
        tenant_id,
        SourceKind::PersonProfile.code(),
        &ids,
        &named_by(categories),
    )
    .fetch_one(connection)
    .await?;
    Ok(Forgotten {
        dossiers: dossiers.len() as u64,
        links: u64::try_from(links).unwrap_or(0),
    })
}

/// Lets go of what lies behind the horizon in these dossiers, and of those that have nothing left.
pub async fn age(
    tx: &mut Tx,
    tenant_id: Uuid,
    keys: &BTreeSet<SourceKey>,
    horizons: &Horizons,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let mut dossiers = store::load(tx, tenant_id, keys).await?;
    let mut empty = BTreeSet::new();
    for (key, dossier) in &mut dossiers {
        dossier.age(key.kind, horizons);
        if dossier.versions.is_empty() {
            empty.insert(*key);
        }
    }
    let touched = dossiers.len() as u64;
    dossiers.retain(|key, _| !empty.contains(key));
    store::save(tx, tenant_id, &dossiers, now).await?;
    let (kinds, ids) = store::columns(&empty);
    sqlx::query!(
        "with gone as (
           delete from dossier where tenant_id = $1 and (kind, id) in (
             select * from unnest($2::smallint[], $3::uuid[]))
           returning kind, id)
         delete from link using gone
         where link.tenant_id = $1 and child_kind = gone.kind and child_id = gone.id",
        tenant_id,
        &kinds,
        &ids,
    )
    .execute(&mut **tx)
    .await?;
    Ok(touched)
}

/// Every dossier around these persons that `change` says it has changed. The persons' own are among those it sees.
async fn around(
    tx: &mut Tx,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
    mut change: impl FnMut(SourceKey, &mut Dossier) -> bool + Send,
) -> Result<BTreeMap<SourceKey, Dossier>, Error> {
    let own = persons.iter();
    let own = own.map(|person| SourceKey::new(SourceKind::PersonProfile, *person));
    let mut level: BTreeSet<SourceKey> = own.collect();
    let mut seen = level.clone();
    let mut changed: BTreeMap<SourceKey, Dossier> = BTreeMap::new();
    while !level.is_empty() {
        let below = store::children(tx, tenant_id, &level).await?;
        let below: BTreeSet<SourceKey> = below.into_values().flatten().collect();
        let mut next: BTreeSet<SourceKey> = below.difference(&seen).copied().collect();
        seen.extend(next.iter().copied());
        let found = store::load(tx, tenant_id, &next).await?;
        next.retain(|key| rules::tells(key.kind));
        // Travellers are known to their booking as well, which stands above the passenger.
        let passengers = found
            .iter()
            .filter(|(key, _)| key.kind == SourceKind::Passenger);
        let versions = passengers.flat_map(|(_, dossier)| &dossier.versions);
        let bookings = versions.filter_map(|kept| kept.id(Field::Booking));
        let bookings = bookings.map(|id| SourceKey::new(SourceKind::Booking, id));
        let bookings: BTreeSet<_> = bookings.filter(|key| seen.insert(*key)).collect();
        let above = store::load(tx, tenant_id, &bookings).await?;
        next.extend(bookings);
        for (key, mut dossier) in found.into_iter().chain(above) {
            if change(key, &mut dossier) {
                changed.insert(key, dossier);
            }
        }
        level = next;
    }
    Ok(changed)
}

async fn remove(
    tx: &mut Tx,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
) -> Result<Forgotten, Error> {
    let ids: Vec<Uuid> = persons.iter().copied().collect();
    let kind = SourceKind::PersonProfile.code();
    let dossiers = sqlx::query!(
        "delete from dossier where tenant_id = $1 and kind = $2 and id = any ($3)",
        tenant_id,
        kind,
        &ids,
    )
    .execute(&mut **tx)
    .await?;
    let named = sqlx::query!(
        "delete from link where tenant_id = $1 and parent_kind = $2 and parent_id = any ($3)",
        tenant_id,
        kind,
        &ids,
    )
    .execute(&mut **tx)
    .await?;
    // Whom the profile was once merged into may live on.
    let naming = sqlx::query!(
        "delete from link where tenant_id = $1 and child_kind = $2 and child_id = any ($3)",
        tenant_id,
        kind,
        &ids,
    )
    .execute(&mut **tx)
    .await?;
    Ok(Forgotten {
        dossiers: dossiers.rows_affected(),
        links: named.rows_affected() + naming.rows_affected(),
    })
}
