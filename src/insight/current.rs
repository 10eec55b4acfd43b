//! What the log says about persons, folded on demand: where time has passed over a stored insight, at earlier moments,
//! and for whatever needs the rows themselves.
//!
//! Read in one snapshot, so that log, merges and references fit each other. Nothing is written: refreshing what is
//! stored is the workers' business.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{Error, Reader};
use crate::activity_log::{self, Recorded};
use crate::domain::activity::LogRow;
use crate::domain::derive::derive;
use crate::domain::fold::fold;
use crate::domain::insight::Insight;
use crate::domain::moment::Moment;
use crate::domain::reference::Reference;
use crate::resolve::presence::{self, Presence, Telling};
use crate::resolve::reference;

/// How many persons are folded before others get a turn, so that memory stays flat.
const CHUNK: usize = 500;
const SNAPSHOT: &str = "begin isolation level repeatable read, read only";

/// What is read beside the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Nothing more than a fold looks at.
    Fold,
    /// Names of channels, which timelines show.
    Timeline,
    /// Names of channels, and what was seen of others at earlier moments.
    Past,
}

/// The surroundings of some persons' rows.
pub(super) struct Around {
    reference: Reference,
    presence: Option<Presence>,
}

impl Around {
    /// What the folds may look at, as it is today.
    pub(super) fn today(&self) -> &Reference {
        &self.reference
    }

    /// The same with what was seen of others by that moment; `without` leaves one telling out.
    pub(super) fn at(&self, moment: Moment, without: Option<Telling>) -> Reference {
        let mut reference = self.reference.clone();
        if let Some(presence) = &self.presence {
            presence.fill(&mut reference, moment, without);
        }
        reference
    }
}

/// Derives the insights of these roots for the instant. A root that is no customer any more is absent.
pub(super) async fn current(
    reader: &Reader,
    tenant: Uuid,
    roots: &[Uuid],
    now: DateTime<Utc>,
) -> Result<HashMap<Uuid, Insight>, Error> {
    let mut found = HashMap::with_capacity(roots.len());
    from_log(reader, tenant, roots, Purpose::Fold, |by_root, around| {
        for (root, recorded) in by_root {
            let rows: Vec<LogRow> = recorded.into_iter().map(|recorded| recorded.row).collect();
            found.insert(root, derive(&fold(root, &rows, around.today()), now));
        }
        Ok(())
    })
    .await?;
    Ok(found)
}

/// Hands the rows of these roots over, some roots at a time. A root that is no customer any more is absent.
pub(super) async fn from_log(
    reader: &Reader,
    tenant: Uuid,
    roots: &[Uuid],
    purpose: Purpose,
    mut read: impl FnMut(BTreeMap<Uuid, Vec<Recorded>>, Around) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut connection = reader.connection(tenant).await?;
    let mut snapshot = connection.begin_with(SNAPSHOT).await?;
    for chunk in roots.chunks(CHUNK) {
        let quarantine_days = reader.quarantine_days;
        let (by_root, around) =
            slices(&mut snapshot, tenant, chunk, purpose, quarantine_days).await?;
        read(by_root, around)?;
    }
    snapshot.commit().await?;
    connection.done();
    Ok(())
}

/// The log rows by root, and what their fold looks at.
async fn slices(
    connection: &mut PgConnection,
    tenant: Uuid,
    roots: &[Uuid],
    purpose: Purpose,
    quarantine_days: i64,
) -> Result<(BTreeMap<Uuid, Vec<Recorded>>, Around), Error> {
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
    let recorded = activity_log::slices(&mut *connection, tenant, &persons).await?;
    let rows: Vec<LogRow> = recorded
        .iter()
        .map(|recorded| recorded.row.clone())
        .collect();
    let channels = match purpose {
        Purpose::Fold => BTreeSet::new(),
        Purpose::Timeline | Purpose::Past => reference::channels_of(&rows),
    };
    let reference =
        reference::load(&mut *connection, tenant, &rows, quarantine_days, channels).await?;
    let presence = match purpose {
        Purpose::Past => Some(presence::load(connection, tenant, &rows).await?),
        Purpose::Fold | Purpose::Timeline => None,
    };
    let mut by_root: BTreeMap<Uuid, Vec<Recorded>> =
        root_of.values().map(|root| (*root, Vec::new())).collect();
    for recorded in recorded {
        let root = root_of.get(&recorded.row.person);
        if let Some(rows) = root.and_then(|root| by_root.get_mut(root)) {
            rows.push(recorded);
        }
    }
    let around = Around {
        reference,
        presence,
    };
    Ok((by_root, around))
}
