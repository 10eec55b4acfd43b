//! What is true now, derived from the log on demand: where time has passed over a stored insight, and timelines.
//!
//! Read in one snapshot, so that log, merges and references fit each other. Nothing is written: refreshing what is
//! stored is the workers' business.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, Reader};
use crate::activity_log::{self, Recorded};
use crate::domain::activity::LogRow;
use crate::domain::derive::derive;
use crate::domain::fold::fold;
use crate::domain::insight::Insight;
use crate::domain::reference::Reference;
use crate::domain::timeline::{Activity, timeline};
use crate::resolve::reference;

/// How many persons are folded before others get a turn, so that memory stays flat.
const CHUNK: usize = 500;
const SNAPSHOT: &str = "begin isolation level repeatable read, read only";

/// Derives the insights of these roots for the instant. A root that is no customer any more is absent.
pub(super) async fn current(
    reader: &Reader,
    tenant: Uuid,
    roots: &[Uuid],
    now: DateTime<Utc>,
) -> Result<HashMap<Uuid, Insight>, Error> {
    let folded = |root: Uuid, rows: Vec<Recorded>, reference: &Reference| {
        let rows: Vec<LogRow> = rows.into_iter().map(|recorded| recorded.row).collect();
        derive(&fold(root, &rows, reference), now)
    };
    from_log(reader, tenant, roots, Purpose::Fold, folded).await
}

/// The timelines of these roots, latest first.
pub(super) async fn timelines(
    reader: &Reader,
    tenant: Uuid,
    roots: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Activity>>, Error> {
    let told = |root: Uuid, rows: Vec<Recorded>, reference: &Reference| {
        let heard = rows
            .into_iter()
            .map(|recorded| (recorded.row, recorded.recorded_at));
        timeline(root, &heard.collect::<Vec<_>>(), reference)
    };
    from_log(reader, tenant, roots, Purpose::Timeline, told).await
}

/// Names of channels are only looked up where they are shown.
#[derive(Clone, Copy)]
enum Purpose {
    Fold,
    Timeline,
}

async fn from_log<T>(
    reader: &Reader,
    tenant: Uuid,
    roots: &[Uuid],
    purpose: Purpose,
    read: impl Fn(Uuid, Vec<Recorded>, &Reference) -> T,
) -> Result<HashMap<Uuid, T>, Error> {
    let mut snapshot = reader.pool.begin_with(SNAPSHOT).await?;
    let mut found = HashMap::with_capacity(roots.len());
    for chunk in roots.chunks(CHUNK) {
        let (slices, reference) = slices(
            &mut snapshot,
            tenant,
            chunk,
            purpose,
            reader.quarantine_days,
        )
        .await?;
        found.extend(
            slices
                .into_iter()
                .map(|(root, rows)| (root, read(root, rows, &reference))),
        );
    }
    snapshot.commit().await?;
    Ok(found)
}

/// The log rows by root, and what their fold looks at.
async fn slices(
    connection: &mut PgConnection,
    tenant: Uuid,
    roots: &[Uuid],
    purpose: Purpose,
    quarantine_days: i64,
) -> Result<(BTreeMap<Uuid, Vec<Recorded>>, Reference), Error> {
    let members = sqlx::query!(
        r#"
        select customer.root as "root!", customer.person_profile_id as "member!"
        from unnest($2::uuid[]) as asked(root)
        cross join lateral (
          select root, person_profile_id from customer
          where tenant_id = $1 and root = asked.root
          offset 0
        ) as customer
        "#,
        tenant,
        roots
    )
    .fetch_all(&mut *connection)
    .await?;
    let root_of: HashMap<Uuid, Uuid> = members.iter().map(|row| (row.member, row.root)).collect();
    let persons: Vec<Uuid> = root_of.keys().copied().collect();
    let recorded = activity_log::slices(connection, tenant, &persons).await?;
    let rows: Vec<LogRow> = recorded
        .iter()
        .map(|recorded| recorded.row.clone())
        .collect();
    let channels = match purpose {
        Purpose::Fold => BTreeSet::new(),
        Purpose::Timeline => reference::channels_of(&rows),
    };
    let reference = reference::load(connection, tenant, &rows, quarantine_days, channels).await?;
    let mut by_root: BTreeMap<Uuid, Vec<Recorded>> =
        root_of.values().map(|root| (*root, Vec::new())).collect();
    for recorded in recorded {
        let root = root_of.get(&recorded.row.person);
        if let Some(rows) = root.and_then(|root| by_root.get_mut(root)) {
            rows.push(recorded);
        }
    }
    Ok((by_root, reference))
}
