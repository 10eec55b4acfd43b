//! Dossiers and links in tables: what the engine asks for, in as few round trips as it asks.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::bars::{self, Bars};
use super::dossier::Dossier;
use super::engine::{Engine, Outcome};
use super::fence::{self, Pepper};
use super::{horizons, rules};
use crate::db::{Error, Tx};
use crate::domain::source::{SourceKey, SourceKind, Version, VersionOrder};

/// A batch that was resolved.
#[derive(Debug)]
pub struct Resolved {
    /// What it leads to.
    pub outcome: Outcome,
    /// Versions that were swallowed by the fence.
    pub fenced: u64,
    /// Versions and rows that lie behind the horizon of their kind.
    pub aged: u64,
    /// Of each version handed in, in their order: whether it was new. Of the same version twice, the first is.
    pub news: Vec<bool>,
}

/// Resolves versions against what the tenant's dossiers know, and writes the dossiers back.
///
/// The caller holds the tenant's row.
pub async fn resolve(
    tx: &mut Tx,
    pepper: &Pepper,
    tenant_id: Uuid,
    versions: Vec<Version>,
    recorded_at: DateTime<Utc>,
) -> Result<Resolved, Error> {
    let standing = fence::standing(tx, tenant_id).await?;
    let mut bars = Bars {
        horizons: horizons::load(tx, tenant_id).await?,
        ..Bars::default()
    };
    if standing.any {
        let named: BTreeSet<Uuid> = versions.iter().flat_map(bars::named).collect();
        bars.persons = fence::bars(tx, pepper, tenant_id, &named).await?;
    }
    let aged = versions.iter().filter(|version| bars.is_aged(version));
    let aged_whole = aged.count() as u64;
    let veil = |version| bars.veil(version);
    let versions: Vec<Option<Version>> = versions.into_iter().map(veil).collect();
    let swallowed = versions.iter().filter(|version| version.is_none()).count() as u64;
    let told = |version: &Version| (version.source, version.order());
    let told: Vec<_> = versions
        .iter()
        .map(|version| version.as_ref().map(told))
        .collect();
    let mut engine = Engine::new(versions.into_iter().flatten());
    loop {
        let need = engine.run();
        if need.is_empty() {
            break;
        }
        let mut found = load(tx, tenant_id, &need.dossiers).await?;
        let dossiers = need
            .dossiers
            .into_iter()
            .map(|key| (key, found.remove(&key)));
        let dossiers: Vec<_> = dossiers.collect();
        let mut children = children(tx, tenant_id, &need.children).await?;
        let listed = need.children.into_iter();
        let listed = listed.map(|key| (key, children.remove(&key).unwrap_or_default()));
        engine.supply(dossiers, listed);
    }
    let mut outcome = engine.finish();
    if standing.partial {
        let linked = outcome.dossiers.values().flat_map(|one| &one.persons);
        let linked = linked.map(|(person, _)| *person);
        let told = outcome.rows.iter().map(|row| row.person);
        let persons: BTreeSet<Uuid> = linked.chain(told).collect();
        bars.persons = fence::bars(tx, pepper, tenant_id, &persons).await?;
    }
    let aged = aged_whole + bars.apply(&mut outcome);
    let mut is_new = |told: Option<(SourceKey, VersionOrder)>| {
        let fresh = told.and_then(|(key, order)| Some((outcome.fresh.get_mut(&key)?, order)));
        fresh.is_some_and(|(fresh, order)| fresh.remove(&order))
    };
    let news = told.into_iter().map(&mut is_new).collect();
    save(tx, tenant_id, &outcome.dossiers, recorded_at).await?;
    link(tx, tenant_id, &outcome.links).await?;
    Ok(Resolved {
        outcome,
        fenced: swallowed.saturating_sub(aged_whole),
        aged,
        news,
    })
}

/// Loads dossiers; those that do not exist are absent from the answer.
pub async fn load(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    keys: &BTreeSet<SourceKey>,
) -> Result<BTreeMap<SourceKey, Dossier>, Error> {
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (kinds, ids) = columns(keys);
    let rows = sqlx::query!(
        r#"select u.kind as "kind!", u.id as "id!", d.body as "body!"
           from unnest($2::smallint[], $3::uuid[]) as u (kind, id)
           cross join lateral (
             select body from dossier
             where tenant_id = $1 and kind = u.kind and id = u.id offset 0) d"#,
        tenant_id,
        &kinds,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    let read = rows.into_iter().map(|row| {
        let key = key(row.kind, row.id, "dossier")?;
        let dossier = Dossier::decode(&row.body).ok_or(Error::Inconsistent {
            table: "dossier",
            column: "body",
            id: row.id,
        })?;
        Ok((key, dossier))
    });
    read.collect()
}

/// The rows that ever named these.
pub async fn children(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    keys: &BTreeSet<SourceKey>,
) -> Result<BTreeMap<SourceKey, Vec<SourceKey>>, Error> {
    let mut found: BTreeMap<SourceKey, Vec<SourceKey>> = BTreeMap::new();
    if keys.is_empty() {
        return Ok(found);
    }
    let (kinds, ids) = columns(keys);
    let rows = sqlx::query!(
        r#"select u.kind as "kind!", u.id as "id!",
                  l.child_kind as "child_kind!", l.child_id as "child_id!"
           from unnest($2::smallint[], $3::uuid[]) as u (kind, id)
           cross join lateral (
             select child_kind, child_id from link
             where tenant_id = $1 and parent_kind = u.kind and parent_id = u.id offset 0) l"#,
        tenant_id,
        &kinds,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let parent = key(row.kind, row.id, "link")?;
        let child = key(row.child_kind, row.child_id, "link")?;
        found.entry(parent).or_default().push(child);
    }
    Ok(found)
}

/// Writes dossiers.
pub(super) async fn save(
    tx: &mut Tx,
    tenant_id: Uuid,
    dossiers: &BTreeMap<SourceKey, Dossier>,
    recorded_at: DateTime<Utc>,
) -> Result<(), Error> {
    if dossiers.is_empty() {
        return Ok(());
    }
    let (kinds, ids) = columns(dossiers.keys());
    let waits = |(key, dossier): (&SourceKey, &Dossier)| {
        dossier.persons.is_empty() && !rules::about_nobody(key.kind)
    };
    let waiting: Vec<bool> = dossiers.iter().map(waits).collect();
    let bodies = dossiers.iter().map(|(key, dossier)| {
        dossier.encode().map_err(|source| {
            tracing::error!(error = %source, "a dossier could not be written down");
            Error::Inconsistent {
                table: "dossier",
                column: "body",
                id: key.id,
            }
        })
    });
    let bodies: Vec<Vec<u8>> = bodies.collect::<Result<_, _>>()?;
    sqlx::query!(
        "insert into dossier (tenant_id, kind, id, waiting, recorded_at, body)
         select $1, u.kind, u.id, u.waiting, $6, u.body
         from unnest($2::smallint[], $3::uuid[], $4::boolean[], $5::bytea[])
           as u (kind, id, waiting, body)
         on conflict (tenant_id, kind, id) do update set
           waiting = excluded.waiting, body = excluded.body",
        tenant_id,
        &kinds,
        &ids,
        &waiting,
        &bodies,
        recorded_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn link(
    tx: &mut Tx,
    tenant_id: Uuid,
    links: &BTreeSet<(SourceKey, SourceKey)>,
) -> Result<(), Error> {
    if links.is_empty() {
        return Ok(());
    }
    let (parent_kinds, parent_ids) = columns(links.iter().map(|(parent, _)| parent));
    let (child_kinds, child_ids) = columns(links.iter().map(|(_, child)| child));
    sqlx::query!(
        "insert into link (tenant_id, parent_kind, parent_id, child_kind, child_id)
         select $1, * from unnest($2::smallint[], $3::uuid[], $4::smallint[], $5::uuid[])
         on conflict do nothing",
        tenant_id,
        &parent_kinds,
        &parent_ids,
        &child_kinds,
        &child_ids,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) fn columns<'k>(keys: impl IntoIterator<Item = &'k SourceKey>) -> (Vec<i16>, Vec<Uuid>) {
    keys.into_iter()
        .map(|key| (key.kind.code(), key.id))
        .unzip()
}

pub(super) fn key(kind: i16, id: Uuid, table: &'static str) -> Result<SourceKey, Error> {
    let kind = SourceKind::from_code(kind);
    let kind = kind.ok_or(Error::Inconsistent {
        table,
        column: "kind",
        id,
    })?;
    Ok(SourceKey::new(kind, id))
}
