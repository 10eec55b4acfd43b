//! The audit log. What is shown names no person.

use async_graphql::SimpleObject;

use super::connection::Connection;
use crate::audit::log::Line;
use crate::graphql::request::constant;
use crate::graphql::scalars::{JsonbScalar, TimestamptzScalar, UuidScalar};
use crate::privacy::journal::{Page, cursor};

/// What somebody did, or that somebody read about persons: a link of a chain.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct AuditEntry {
    /// When.
    at: TimestamptzScalar,
    /// In which role: one of the platform, or `command` or `service` for this program itself.
    role: String,
    /// By which user, as the platform names them; null for customers, who can only act for themselves.
    user_id: Option<String>,
    /// What was done, such as `erased` or `consent_changed`; `read` for reading.
    act: String,
    /// The request, letter or other thing it is about.
    object_id: Option<UuidScalar>,
    /// What more is to be said.
    detail: Option<JsonbScalar>,
    /// Of a read: about how many persons.
    persons: Option<i32>,
    /// Of a read: the name of the operation.
    operation: Option<String>,
    /// Of a read: SHA-256 of the GraphQL document, hexadecimal.
    query_hash: Option<String>,
    /// The chain of reads of one process; null for acts.
    chain: Option<UuidScalar>,
    /// Place in the chain.
    number: i64,
    /// Of a read: how many reads before it could not be recorded.
    lost: i64,
}

impl From<Line> for AuditEntry {
    fn from(line: Line) -> Self {
        let hex = |hash: Vec<u8>| hex::encode(hash);
        let detail = line
            .detail
            .and_then(|text| serde_json::from_str(&text).ok());
        let detail = detail.map(|json| JsonbScalar(constant(json)));
        Self {
            at: line.at.into(),
            role: line.role,
            user_id: line.user_id,
            act: line.act,
            object_id: line.object_id.map(Into::into),
            detail,
            persons: line.persons,
            operation: line.operation,
            query_hash: line.query_hash.map(hex),
            chain: (!line.chain.is_nil()).then(|| line.chain.into()),
            number: line.number,
            lost: line.lost,
        }
    }
}

/// A page of the audit log, the latest first.
pub type AuditConnection = Connection<AuditEntry>;

/// A page in GraphQL's form; `behind` when it does not start at the beginning.
pub(in crate::graphql) fn connection(page: Page, behind: bool) -> AuditConnection {
    let placed = |line: Line| (cursor(&line), line.into());
    Connection::new(page.lines.into_iter().map(placed), (behind, page.has_next))
}
