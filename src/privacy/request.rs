//! What was asked for and how far it is: the rows of `erasure_request`, which name nobody once the rows are gone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::{Error, Tx};
use crate::domain::category::Category;

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
    /// Taken out, and everybody downstream knows.
    Propagated = 6,
}

impl State {
    /// Every state, in the order in which an erasure passes them; a suspended one is before all of it.
    pub const ALL: [Self; 7] = [
        Self::Suspended,
        Self::Requested,
        Self::Fenced,
        Self::Deleted,
        Self::Propagated,
        Self::Verified,
        Self::Closed,
    ];

    /// As it is shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Suspended => "SUSPENDED",
            Self::Requested => "REQUESTED",
            Self::Fenced => "FENCED",
            Self::Deleted => "DELETED",
            Self::Propagated => "PROPAGATED",
            Self::Verified => "VERIFIED",
            Self::Closed => "CLOSED",
        }
    }

    /// The rows are still there.
    #[must_use]
    pub const fn is_before_deletion(self) -> bool {
        matches!(self, Self::Suspended | Self::Requested | Self::Fenced)
    }

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
    /// Whom it is about, until their rows are taken out.
    pub person: Option<Uuid>,
    /// Tag of the id that was named.
    pub subject_tag: Uuid,
    /// Tags of everyone erased with it.
    pub tags: BTreeSet<Uuid>,
    /// What goes; nothing named means everything.
    pub categories: BTreeSet<Category>,
    /// Why.
    pub basis: String,
    /// A reference of whoever asked.
    pub reason: Option<String>,
    /// How far it is.
    pub state: State,
    /// When it was first asked for.
    pub requested_at: DateTime<Utc>,
    /// When it has to be done.
    pub due_at: Option<DateTime<Utc>>,
    /// When the fence was raised.
    pub fenced_at: Option<DateTime<Utc>>,
    /// When the rows were taken out.
    pub deleted_at: Option<DateTime<Utc>>,
    /// When everybody downstream had confirmed.
    pub propagated_at: Option<DateTime<Utc>>,
    /// When a scan first found nothing.
    pub verified_at: Option<DateTime<Utc>>,
    /// When a later one found nothing again.
    pub closed_at: Option<DateTime<Utc>>,
    /// Rows taken out or emptied, by table.
    pub removed: BTreeMap<String, u64>,
    /// Who downstream was told.
    pub told: BTreeSet<String>,
    /// When the worker looks at it again.
    pub next_at: Option<DateTime<Utc>>,
}

impl Request {
    /// A request of that instant about a whole person, who is not named yet.
    #[must_use]
    pub fn new(
        tenant_id: Uuid,
        request_id: Uuid,
        subject_tag: Uuid,
        basis: &str,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            tenant_id,
            request_id,
            person: None,
            subject_tag,
            tags: [subject_tag].into(),
            categories: BTreeSet::new(),
            basis: basis.to_owned(),
            reason: None,
            state: State::Requested,
            requested_at: now,
            due_at: None,
            fenced_at: None,
            deleted_at: None,
            propagated_at: None,
            verified_at: None,
            closed_at: None,
            removed: BTreeMap::new(),
            told: BTreeSet::new(),
            next_at: Some(now),
        }
    }

    /// It is about the whole person.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.categories.is_empty()
    }

    /// What goes, in a fixed order.
    #[must_use]
    pub fn categories(&self) -> Vec<Category> {
        self.categories.iter().copied().collect()
    }

    /// Their names.
    #[must_use]
    pub fn category_names(&self) -> Vec<String> {
        let names = self.categories.iter().map(|one| one.name().to_owned());
        names.collect()
    }
}

/// Stores a new request; one that is known stays as it is.
pub async fn begin(connection: &mut PgConnection, request: &Request) -> Result<bool, Error> {
    let tags: Vec<Uuid> = request.tags.iter().copied().collect();
    let stored = sqlx::query!(
        "insert into erasure_request
           (tenant_id, request_id, person_profile_id, subject_tag, tags, categories, basis, reason, state,
            requested_at, due_at, fenced_at, deleted_at, removed, next_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         on conflict (tenant_id, request_id) do nothing",
        request.tenant_id,
        request.request_id,
        request.person,
        request.subject_tag,
        &tags,
        &request.category_names(),
        request.basis,
        request.reason,
        request.state.code(),
        request.requested_at,
        request.due_at,
        request.fenced_at,
        request.deleted_at,
        serde_json::json!(request.removed),
        request.next_at,
    )
    .execute(connection)
    .await?;
    Ok(stored.rows_affected() > 0)
}

/// Notes how far it is.
pub async fn advance(tx: &mut Tx, request: &Request) -> Result<(), Error> {
    let tags: Vec<Uuid> = request.tags.iter().copied().collect();
    sqlx::query!(
        "update erasure_request set person_profile_id = $3, tags = $4, state = $5, fenced_at = $6,
           deleted_at = $7, propagated_at = $8, verified_at = $9, closed_at = $10, removed = $11,
           told = $12, next_at = $13
         where tenant_id = $1 and request_id = $2",
        request.tenant_id,
        request.request_id,
        request.person,
        &tags,
        request.state.code(),
        request.fenced_at,
        request.deleted_at,
        request.propagated_at,
        request.verified_at,
        request.closed_at,
        serde_json::json!(request.removed),
        serde_json::json!(request.told),
        request.next_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A row of the table.
struct Row {
    tenant_id: Uuid,
    request_id: Uuid,
    person_profile_id: Option<Uuid>,
    subject_tag: Uuid,
    tags: Vec<Uuid>,
    categories: Vec<String>,
    basis: String,
    reason: Option<String>,
    state: i16,
    requested_at: DateTime<Utc>,
    due_at: Option<DateTime<Utc>>,
    fenced_at: Option<DateTime<Utc>>,
    deleted_at: Option<DateTime<Utc>>,
    propagated_at: Option<DateTime<Utc>>,
    verified_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    removed: serde_json::Value,
    told: serde_json::Value,
    next_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Request {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let misfit = |column| Error::Inconsistent {
            table: "erasure_request",
            column,
            id: row.request_id,
        };
        let state = State::ALL
            .into_iter()
            .find(|state| state.code() == row.state)
            .ok_or_else(|| misfit("state"))?;
        let categories = row.categories.iter();
        let categories =
            categories.map(|name| Category::named(name).ok_or_else(|| misfit("categories")));
        let removed = serde_json::from_value(row.removed);
        let told = serde_json::from_value(row.told);
        Ok(Self {
            tenant_id: row.tenant_id,
            request_id: row.request_id,
            person: row.person_profile_id,
            subject_tag: row.subject_tag,
            tags: row.tags.into_iter().collect(),
            categories: categories.collect::<Result<_, _>>()?,
            basis: row.basis,
            reason: row.reason,
            state,
            requested_at: row.requested_at,
            due_at: row.due_at,
            fenced_at: row.fenced_at,
            deleted_at: row.deleted_at,
            propagated_at: row.propagated_at,
            verified_at: row.verified_at,
            closed_at: row.closed_at,
            removed: removed.map_err(|_not_counts| misfit("removed"))?,
            told: told.map_err(|_no_names| misfit("told"))?,
            next_at: row.next_at,
        })
    }
}

/// The request with that id, if there is one.
pub async fn find(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    request_id: Uuid,
) -> Result<Option<Request>, Error> {
    let row = sqlx::query_as!(
        Row,
        "select tenant_id, request_id, person_profile_id, subject_tag, tags, categories, basis, reason, state,
           requested_at, due_at, fenced_at, deleted_at, propagated_at, verified_at, closed_at, removed, told, next_at
         from erasure_request where tenant_id = $1 and request_id = $2",
        tenant_id,
        request_id,
    )
    .fetch_optional(connection)
    .await?;
    row.map(Request::try_from).transpose()
}

/// The tenant's requests, the latest first, behind the one that `after` names, at most `limit`.
pub async fn list(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Request>, Error> {
    let (at, id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        "select tenant_id, request_id, person_profile_id, subject_tag, tags, categories, basis, reason, state,
           requested_at, due_at, fenced_at, deleted_at, propagated_at, verified_at, closed_at, removed, told, next_at
         from erasure_request
         where tenant_id = $1 and ($2::timestamptz is null or (requested_at, request_id) < ($2, $3))
         order by requested_at desc, request_id desc limit $4",
        tenant_id,
        at,
        id,
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Request::try_from).collect()
}
