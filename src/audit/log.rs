//! Acts and reads of a tenant in one list, the latest first, for whoever sees to it that the law is kept.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::db::Error;

/// The name under which reads stand among acts.
pub const READ: &str = "read";

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Only about persons of these tags.
    pub tags: Option<Vec<Uuid>>,
    /// Only this act, by its stable name; `read` for reads.
    pub act: Option<String>,
    /// Only by this user, or in this role.
    pub actor: Option<String>,
    /// Only from this instant on.
    pub from: Option<DateTime<Utc>>,
    /// Only before this instant.
    pub to: Option<DateTime<Utc>>,
    /// Only what comes after this place in the list.
    pub after: Option<Place>,
    /// At most so many.
    pub limit: i64,
}

/// A line's place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// When.
    pub at: DateTime<Utc>,
    /// The chain of reads; the nil uuid for acts.
    pub chain: Uuid,
    /// Place in the chain.
    pub number: i64,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: DateTime<Utc>,
    /// The chain of reads; the nil uuid for acts.
    pub chain: Uuid,
    /// Place in the chain.
    pub number: i64,
    /// In which role.
    pub role: String,
    /// By which user.
    pub user_id: Option<String>,
    /// What was done, by its stable name.
    pub act: String,
    /// Tags of the persons it is about, where they are not too many.
    pub subject_tags: Vec<Uuid>,
    /// The thing it is about.
    pub object_id: Option<Uuid>,
    /// What more is to be said, as JSON.
    pub detail: Option<String>,
    /// Of a read: about how many persons.
    pub persons: Option<i32>,
    /// Of a read: the operation's name.
    pub operation: Option<String>,
    /// Of a read: SHA-256 of the document.
    pub query_hash: Option<Vec<u8>>,
    /// Of a read: how many before it could not be recorded.
    pub lost: i64,
}

impl Line {
    /// Its place.
    #[must_use]
    pub const fn place(&self) -> Place {
        Place {
            at: self.at,
            chain: self.chain,
            number: self.number,
        }
    }
}

/// Some lines of a tenant.
pub async fn list(
    executor: impl PgExecutor<'_>,
    tenant_id: Uuid,
    query: &Query,
) -> Result<Vec<Line>, Error> {
    let after = query.after;
    let lines = sqlx::query_file_as!(
        Line,
        "src/audit/log.sql",
        tenant_id,
        query.tags.as_deref(),
        query.act,
        query.actor,
        query.from,
        query.to,
        after.map(|place| place.at),
        after.map(|place| place.chain),
        after.map(|place| place.number),
        query.limit,
    )
    .fetch_all(executor)
    .await?;
    Ok(lines)
}
