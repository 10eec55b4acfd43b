//! What was asked for and how far it is: the rows of `erasure_request`, which name nobody.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::{Error, Tx};

/// How far an erasure is. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum State {
    /// Asked for.
    Requested = 0,
    /// Fenced: nothing new can come in.
    Fenced = 1,
    /// Taken out.
    Deleted = 2,
    /// A scan found nothing.
    Verified = 3,
    /// A later scan found nothing again.
    Closed = 4,
    /// A legal hold forbids it for now.
    Suspended = 5,
}

impl State {
    const ALL: [Self; 6] = [
        Self::Requested,
        Self::Fenced,
        Self::Deleted,
        Self::Verified,
        Self::Closed,
        Self::Suspended,
    ];

    const fn code(self) -> i16 {
        self as i16
    }
}

/// One erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Whose customer it was.
    pub tenant_id: Uuid,
    /// Given by whoever asked.
    pub request_id: Uuid,
    /// Tag of the id that was named.
    pub subject_tag: Uuid,
    /// Tags of everyone erased with it.
    pub tags: BTreeSet<Uuid>,
    /// Why.
    pub basis: String,
    /// How far it is.
    pub state: State,
    /// When it was first asked for.
    pub requested_at: DateTime<Utc>,
    /// When the fence was raised.
    pub fenced_at: Option<DateTime<Utc>>,
    /// When the rows were taken out.
    pub deleted_at: Option<DateTime<Utc>>,
    /// When a scan first found nothing.
    pub verified_at: Option<DateTime<Utc>>,
    /// When a later one found nothing again.
    pub closed_at: Option<DateTime<Utc>>,
    /// Rows taken out or emptied, by table.
    pub removed: BTreeMap<String, u64>,
}

/// Stores a new request; one that is known stays as it is.
pub async fn begin(connection: &mut PgConnection, request: &Request) -> Result<(), Error> {
    let tags: Vec<Uuid> = request.tags.iter().copied().collect();
    sqlx::query!(
        "insert into erasure_request
           (tenant_id, request_id, subject_tag, tags, basis, state, requested_at, fenced_at, deleted_at, removed)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (tenant_id, request_id) do nothing",
        request.tenant_id,
        request.request_id,
        request.subject_tag,
        &tags,
        request.basis,
        request.state.code(),
        request.requested_at,
        request.fenced_at,
        request.deleted_at,
        serde_json::json!(request.removed),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes how far it is.
pub async fn advance(tx: &mut Tx, request: &Request) -> Result<(), Error> {
    let tags: Vec<Uuid> = request.tags.iter().copied().collect();
    sqlx::query!(
        "update erasure_request set tags = $3, state = $4, fenced_at = $5, deleted_at = $6,
           verified_at = $7, closed_at = $8, removed = $9
         where tenant_id = $1 and request_id = $2",
        request.tenant_id,
        request.request_id,
        &tags,
        request.state.code(),
        request.fenced_at,
        request.deleted_at,
        request.verified_at,
        request.closed_at,
        serde_json::json!(request.removed),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The request with that id, if there is one.
pub async fn find(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    request_id: Uuid,
) -> Result<Option<Request>, Error> {
    let row = sqlx::query!(
        r#"select subject_tag, tags, basis, state, requested_at, fenced_at, deleted_at, verified_at,
                  closed_at, removed
           from erasure_request where tenant_id = $1 and request_id = $2"#,
        tenant_id,
        request_id,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let misfit = |column| Error::Inconsistent {
        table: "erasure_request",
        column,
        id: request_id,
    };
    let state = State::ALL
        .into_iter()
        .find(|state| state.code() == row.state)
        .ok_or_else(|| misfit("state"))?;
    let removed = serde_json::from_value(row.removed);
    Ok(Some(Request {
        tenant_id,
        request_id,
        subject_tag: row.subject_tag,
        tags: row.tags.into_iter().collect(),
        basis: row.basis,
        state,
        requested_at: row.requested_at,
        fenced_at: row.fenced_at,
        deleted_at: row.deleted_at,
        verified_at: row.verified_at,
        closed_at: row.closed_at,
        removed: removed.map_err(|_not_counts| misfit("removed"))?,
    }))
}

/// The request about this subject that has not come to a scan yet, if there is one.
pub async fn unfinished(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    subject_tag: Uuid,
) -> Result<Option<Uuid>, Error> {
    let found = sqlx::query_scalar!(
        "select request_id from erasure_request
         where tenant_id = $1 and subject_tag = $2 and state in (0, 1, 2, 5)
         order by requested_at, request_id limit 1",
        tenant_id,
        subject_tag,
    )
    .fetch_optional(connection)
    .await?;
    Ok(found)
}

/// The tenant's erasures that still want a scan: deleted, or verified once.
pub async fn open(connection: &mut PgConnection, tenant_id: Uuid) -> Result<Vec<Uuid>, Error> {
    let found = sqlx::query_scalar!(
        "select request_id from erasure_request where tenant_id = $1 and state in (2, 3)
         order by requested_at, request_id",
        tenant_id,
    )
    .fetch_all(connection)
    .await?;
    Ok(found)
}
