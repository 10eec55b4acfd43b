//! Folding everybody again with the code of today, a page of persons at a time, while reads and ingest go on.
//!
//! Takes customer locks only, never the tenant's row: a batch that appends meanwhile waits for the page or is waited
//! for, and whichever comes second reads what the first wrote. Readers see a person's old insight until the new one is
//! committed. Deliberately absent: outputs; a rebuild changes no fact, so it tells nobody anything.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Settings;
use super::refold::Refolder;
use super::{consents, customers};
use crate::activity_log;
use crate::db::{Error, Pool, Tx};

/// Persons who follow each other by id: those behind `after` up to and with `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Behind this person.
    pub after: Uuid,
    /// Up to and with this one.
    pub last: Uuid,
    /// How many customers there are.
    pub customers: usize,
}

impl Page {
    /// Whether a person is on it.
    #[must_use]
    pub fn covers(&self, person: Uuid) -> bool {
        person > self.after && person <= self.last
    }
}

/// What a page came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Insights written.
    pub insights: usize,
    /// Rows of the log that were read.
    pub log_rows: usize,
}

/// The page behind `after`; none behind the last, which reaches to the end of all ids, so that what belongs to nobody
/// is on a page, too.
pub async fn page(
    pool: &Pool,
    tenant_id: Uuid,
    after: Uuid,
    limit: i64,
) -> Result<Option<Page>, Error> {
    if after.is_max() {
        return Ok(None);
    }
    let mut connection = pool.acquire().await?;
    let persons = customers::all(&mut connection, tenant_id, after, limit).await?;
    let full = i64::try_from(persons.len()).is_ok_and(|n| n >= limit);
    let last = persons.last().copied().filter(|_| full);
    Ok(Some(Page {
        after,
        last: last.unwrap_or(Uuid::max()),
        customers: persons.len(),
    }))
}

/// Folds a page again, for the instant `now`.
pub async fn rebuild(
    tx: &mut Tx,
    settings: Settings,
    tenant_id: Uuid,
    page: Page,
    now: DateTime<Utc>,
) -> Result<Rebuilt, Error> {
    let refolder = Refolder {
        settings,
        tenant_id,
        now,
    };
    let covered = |person: Uuid| page.covers(person);
    let persons = customers::on(tx, tenant_id, page).await?;
    let mut sets = customers::lock_and_close(tx, tenant_id, persons).await?;
    // A set is folded with its survivor's page.
    sets.retain(|root, _| covered(*root));
    let members = sets.values().flat_map(|set| &set.members).copied();
    let elsewhere: Vec<Uuid> = members.filter(|one| !covered(*one)).collect();
    let mut rows = activity_log::stretch(tx, tenant_id, page.after, page.last).await?;
    rows.extend(activity_log::slices(tx, tenant_id, &elsewhere).await?);
    let log_rows = rows.len();
    let told = rows.iter().map(|recorded| &recorded.row);
    consents::catch_up(tx, tenant_id, &sets, told, now).await?;
    let refolded = refolder.fold(tx, &sets, rows, |_| now).await?;
    refolder.write(tx, &sets, &refolded).await?;
    Ok(Rebuilt {
        insights: refolded.len(),
        log_rows,
    })
}
