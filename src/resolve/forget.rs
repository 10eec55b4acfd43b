//! Taking a person out of dossiers and links: names become a nameless mark that swallows what comes later.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::dossier::Dossier;
use super::{rules, store};
use crate::db::{Error, Tx};
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
    let own: BTreeSet<SourceKey> = persons
        .iter()
        .map(|person| SourceKey::new(SourceKind::PersonProfile, *person))
        .collect();
    let mut changed: BTreeMap<SourceKey, Dossier> = BTreeMap::new();
    let mut seen = own.clone();
    let mut level = own.clone();
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
            let before = dossier.clone();
            for person in persons {
                dossier.forget(*person);
            }
            if dossier != before {
                changed.insert(key, dossier);
            }
        }
        level = next;
    }
    changed.retain(|key, _| !own.contains(key));
    store::save(tx, tenant_id, &changed, now).await?;
    let mut forgotten = remove(tx, tenant_id, persons).await?;
    forgotten.dossiers += changed.len() as u64;
    Ok(forgotten)
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
