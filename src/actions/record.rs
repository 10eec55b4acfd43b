//! Write down something that a customer said to the operator: the way of a delivery, for one version, in a transaction
//! that somebody else commits.
//!
//! Deliberately absent: what may be said; that is for whoever calls.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::activity_log;
use crate::db::{Error, Pool, Tx};
use crate::domain::activity::NAMESPACE;
use crate::domain::clock::Clock;
use crate::domain::source::{SourceKey, Version};
use crate::projections::{self, Heard, Settings, Touched};
use crate::resolve::dossier::Kept;
use crate::resolve::fence::Pepper;
use crate::resolve::{store, tenant};

/// A transaction that lost against another is run again this often.
pub(super) const TRIES: u32 = 5;
/// The channel of what happens now.
const LIVE: i16 = 0;

/// What it takes to write.
#[derive(Debug, Clone)]
pub(super) struct Pen {
    pub(super) pool: Pool,
    pub(super) clock: Clock,
    pub(super) pepper: Pepper,
    pub(super) settings: Settings,
}

/// A transaction that has a tenant to itself.
pub(super) struct Page {
    pub(super) tx: Tx,
    /// The clock's instant.
    pub(super) now: DateTime<Utc>,
    /// What is written now is recorded as of then: after everything before it.
    pub(super) recorded_at: DateTime<Utc>,
}

impl Pen {
    /// Opens a page, after whoever has the tenant; none where there is no such tenant.
    pub(super) async fn open(&self, tenant_id: Uuid) -> Result<Option<Page>, Error> {
        let mut tx = Tx::begin(&self.pool).await?;
        let now = self.clock.now();
        let recorded_at = tenant::wait(&mut tx, tenant_id, now).await?;
        Ok(recorded_at.map(|recorded_at| Page {
            tx,
            now,
            recorded_at,
        }))
    }

    /// Writes a version to the log and folds whom it is about; returns how many rows are new there.
    pub(super) async fn write(
        &self,
        page: &mut Page,
        version: Version,
        tenant_id: Uuid,
    ) -> Result<usize, Error> {
        let Page {
            tx,
            now,
            recorded_at,
        } = page;
        let (now, recorded_at) = (*now, *recorded_at);
        let versions = vec![version];
        let resolved = store::resolve(tx, &self.pepper, tenant_id, versions, recorded_at).await?;
        let outcome = resolved.outcome;
        let appended =
            activity_log::append(tx, tenant_id, &outcome.rows, LIVE, recorded_at).await?;
        let heard = Heard::of([], &outcome.rows);
        let new = appended.len();
        let touched = Touched {
            persons: outcome.touched,
            appended,
            recorded_at: Some(recorded_at),
        };
        projections::refold(tx, self.settings, tenant_id, touched, now).await?;
        projections::record_consents(tx, tenant_id, &heard, recorded_at).await?;
        tenant::note(tx, tenant_id, recorded_at).await?;
        Ok(new)
    }
}

/// The id of what a key names: the same key of the same person is the same record.
pub(super) fn named(kind: &str, tenant_id: Uuid, person: Uuid, key: &str) -> Uuid {
    let name = [
        kind.as_bytes(),
        tenant_id.as_bytes(),
        person.as_bytes(),
        key.as_bytes(),
    ];
    Uuid::new_v5(&NAMESPACE, &name.concat())
}

/// What was recorded under a key before; none when nothing was.
pub(super) async fn known(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    key: SourceKey,
) -> Result<Option<Kept>, Error> {
    let known = store::load(connection, tenant_id, &[key].into()).await?;
    let mut versions = known.into_values().flat_map(|dossier| dossier.versions);
    Ok(versions.next())
}

/// The survivor of a customer's merges; none when there is no such customer.
pub(super) async fn root(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    person: Uuid,
) -> Result<Option<Uuid>, Error> {
    let root = sqlx::query_scalar!(
        "select root from customer where tenant_id = $1 and person_profile_id = $2",
        tenant_id,
        person,
    );
    Ok(root.fetch_optional(connection).await?)
}
