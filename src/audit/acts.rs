//! Acts: one link of the tenant's chain, in the transaction of what was done, so that neither is there without the
//! other.
//!
//! The place in the chain is the key. Whoever wants the same place at the same time waits for the other's transaction,
//! and takes the next one if that committed. Deliberately absent: a row that all writers lock, which would have to be
//! changed and so could be changed.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::entry::Entry;
use super::hash::{self, Hash, Hasher};
use crate::db::{Error, Tx};

/// A link of a tenant's chain of acts, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActLink {
    /// Whose data.
    pub tenant_id: Uuid,
    /// Place in the chain, from 1.
    pub number: i64,
    /// Hash of the link before.
    pub previous: Vec<u8>,
    /// Hash of this link.
    pub hash: Vec<u8>,
    /// When it was done.
    pub at: DateTime<Utc>,
    /// In which role.
    pub role: String,
    /// By which user.
    pub user_id: Option<String>,
    /// What was done, by its stable name.
    pub act: String,
    /// Tag of the person it is about.
    pub subject_tag: Option<Uuid>,
    /// The thing it is about.
    pub object_id: Option<Uuid>,
    /// What more is to be said, as JSON.
    pub detail: String,
}

impl ActLink {
    /// The link that this entry becomes behind `last`.
    fn new(entry: &Entry, last: Option<(i64, Vec<u8>)>) -> Self {
        let (number, previous) = last.unwrap_or((0, hash::NONE.to_vec()));
        let mut link = Self {
            tenant_id: entry.tenant_id,
            number: number + 1,
            previous,
            hash: Vec::new(),
            at: entry.at,
            role: entry.actor.role.clone().into_owned(),
            user_id: entry.actor.user_id.clone(),
            act: entry.act.name().to_owned(),
            subject_tag: entry.subject.person,
            object_id: entry.subject.object,
            detail: entry.detail.to_string(),
        };
        link.hash = link.hashed().to_vec();
        link
    }

    /// What its hash has to be.
    pub(super) fn hashed(&self) -> Hash {
        Hasher::after("act", &self.previous)
            .id(self.tenant_id)
            .number(self.number)
            .number(self.at.timestamp_micros())
            .bytes(self.role.as_bytes())
            .optional(self.user_id.as_ref().map(String::as_bytes))
            .bytes(self.act.as_bytes())
            .optional(
                self.subject_tag
                    .as_ref()
                    .map(|tag| tag.as_bytes().as_slice()),
            )
            .optional(self.object_id.as_ref().map(|id| id.as_bytes().as_slice()))
            .bytes(self.detail.as_bytes())
            .finish()
    }
}

/// Appends an act to its tenant's chain. It is there when the transaction commits, and not otherwise.
///
/// Make it the last thing of a transaction: from here to its end other writers of the same chain wait for it, and
/// whoever locks something else after it may come to wait in a circle. The tenant's row may be held or not.
pub async fn write(tx: &mut Tx, entry: &Entry) -> Result<(), Error> {
    loop {
        let last = last(tx, entry.tenant_id).await?;
        if append(tx, &ActLink::new(entry, last)).await? {
            return Ok(());
        }
        // Somebody else's link took the place; it is committed, so the next look sees it.
    }
}

/// The number and the hash of the last link.
async fn last(
    connection: &mut PgConnection,
    tenant_id: Uuid,
) -> Result<Option<(i64, Vec<u8>)>, Error> {
    let last = sqlx::query!(
        "select number, hash from audit_act where tenant_id = $1 order by number desc limit 1",
        tenant_id
    )
    .fetch_optional(connection)
    .await?;
    Ok(last.map(|last| (last.number, last.hash)))
}

/// Puts the link in its place; false when the place is taken.
async fn append(connection: &mut PgConnection, link: &ActLink) -> Result<bool, Error> {
    let done = sqlx::query!(
        "insert into audit_act (tenant_id, number, previous, hash, at, role, user_id, act, subject_tag, object_id, detail)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (tenant_id, number) do nothing",
        link.tenant_id,
        link.number,
        link.previous,
        link.hash,
        link.at,
        link.role,
        link.user_id,
        link.act,
        link.subject_tag,
        link.object_id,
        link.detail,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The links of a tenant's chain behind `after`, at most `limit`, in their order.
pub(super) async fn chain(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    after: i64,
    limit: i64,
) -> Result<Vec<ActLink>, Error> {
    let links = sqlx::query_as!(
        ActLink,
        "select tenant_id, number, previous, hash, at, role, user_id, act, subject_tag, object_id, detail
         from audit_act where tenant_id = $1 and number > $2 order by number limit $3",
        tenant_id,
        after,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(links)
}
