//! The rows of `audit_read`: what a link says, what its hash is over, and the statements.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::hash::{Hash, Hasher};
use crate::db::Error;

/// A link of a process's chain of reads, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadLink {
    /// Whose data.
    pub tenant_id: Uuid,
    /// Which process answered.
    pub chain: Uuid,
    /// Place in the chain, from 1.
    pub number: i64,
    /// Hash of the link before; of the first link, of the last one known of `anchor`.
    pub previous: Vec<u8>,
    /// Hash of this link.
    pub hash: Vec<u8>,
    /// Of the first link: the chain before this one.
    pub anchor: Option<Uuid>,
    /// When it was answered.
    pub at: DateTime<Utc>,
    /// In which role it was asked.
    pub role: String,
    /// By which user.
    pub user_id: Option<String>,
    /// Name of the operation.
    pub operation: Option<String>,
    /// SHA-256 of the document.
    pub query_hash: Vec<u8>,
    /// About how many persons.
    pub persons: i32,
    /// Their tags, where they are not too many.
    pub subject_tags: Vec<Uuid>,
    /// How many reads of the tenant before it could not be recorded.
    pub lost: i64,
}

impl ReadLink {
    /// What its hash has to be.
    pub(super) fn hashed(&self) -> Hash {
        let tags = self.subject_tags.iter();
        let tags: Vec<u8> = tags.flat_map(|tag| *tag.as_bytes()).collect();
        Hasher::after("read", &self.previous)
            .id(self.tenant_id)
            .id(self.chain)
            .number(self.number)
            .optional(self.anchor.as_ref().map(|id| id.as_bytes().as_slice()))
            .number(self.at.timestamp_micros())
            .bytes(self.role.as_bytes())
            .optional(self.user_id.as_ref().map(String::as_bytes))
            .optional(self.operation.as_ref().map(String::as_bytes))
            .bytes(&self.query_hash)
            .number(self.persons.into())
            .bytes(&tags)
            .number(self.lost)
            .finish()
    }
}

/// Appends links of one chain, in their order.
pub(super) async fn append(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    chain: Uuid,
    links: &[ReadLink],
) -> Result<(), Error> {
    fn of<'l, T>(links: &'l [ReadLink], field: impl Fn(&'l ReadLink) -> T) -> Vec<T> {
        links.iter().map(field).collect()
    }
    // A list of lists would have to be a rectangle, so tags travel as one piece of bytes for each link.
    let tags = of(links, |link| {
        let tags = link.subject_tags.iter();
        tags.flat_map(|tag| *tag.as_bytes()).collect::<Vec<u8>>()
    });
    sqlx::query!(
        r#"insert into audit_read
             (tenant_id, chain, number, previous, hash, anchor, at, role, user_id, operation, query_hash,
              persons, subject_tags, lost)
           select $1, $2, number, previous, hash, anchor, at, role, user_id, operation, query_hash, persons,
             array(select encode(substring(tags from place for 16), 'hex')::uuid
                   from generate_series(1, length(tags), 16) as place order by place), lost
           from unnest($3::bigint[], $4::bytea[], $5::bytea[], $6::uuid[], $7::timestamptz[], $8::text[],
                       $9::text[], $10::text[], $11::bytea[], $12::int[], $13::bytea[], $14::bigint[])
             as u (number, previous, hash, anchor, at, role, user_id, operation, query_hash, persons, tags, lost)
           order by number"#,
        tenant_id,
        chain,
        &of(links, |link| link.number),
        &of(links, |link| link.previous.clone()),
        &of(links, |link| link.hash.clone()),
        &of(links, |link| link.anchor) as &[Option<Uuid>],
        &of(links, |link| link.at),
        &of(links, |link| link.role.clone()),
        &of(links, |link| link.user_id.clone()) as &[Option<String>],
        &of(links, |link| link.operation.clone()) as &[Option<String>],
        &of(links, |link| link.query_hash.clone()),
        &of(links, |link| link.persons),
        &tags,
        &of(links, |link| link.lost),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Number and hash of a chain's last link.
pub(super) async fn last(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    chain: Uuid,
) -> Result<Option<(i64, Vec<u8>)>, Error> {
    let last = sqlx::query!(
        "select number, hash from audit_read where tenant_id = $1 and chain = $2
         order by number desc limit 1",
        tenant_id,
        chain,
    )
    .fetch_optional(connection)
    .await?;
    Ok(last.map(|last| (last.number, last.hash)))
}

/// The latest link of the tenant's other chains: its chain and its hash.
pub(super) async fn latest(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    chain: Uuid,
) -> Result<Option<(Uuid, Vec<u8>)>, Error> {
    let latest = sqlx::query!(
        "select chain, hash from audit_read where tenant_id = $1 and chain <> $2
         order by at desc, chain desc, number desc limit 1",
        tenant_id,
        chain,
    )
    .fetch_optional(connection)
    .await?;
    Ok(latest.map(|latest| (latest.chain, latest.hash)))
}

/// The tenant's chains of reads, in the order they began.
pub(super) async fn chains(
    connection: &mut PgConnection,
    tenant_id: Uuid,
) -> Result<Vec<Uuid>, Error> {
    let chains = sqlx::query_scalar!(
        "select chain from audit_read where tenant_id = $1 group by chain order by chain",
        tenant_id
    )
    .fetch_all(connection)
    .await?;
    Ok(chains)
}

/// The links of a chain behind `after`, at most `limit`, in their order.
pub(super) async fn chain(
    connection: &mut PgConnection,
    (tenant_id, chain): (Uuid, Uuid),
    after: i64,
    limit: i64,
) -> Result<Vec<ReadLink>, Error> {
    let links = sqlx::query_as!(
        ReadLink,
        "select tenant_id, chain, number, previous, hash, anchor, at, role, user_id, operation,
                query_hash, persons, subject_tags, lost
         from audit_read where tenant_id = $1 and chain = $2 and number > $3
         order by number limit $4",
        tenant_id,
        chain,
        after,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(links)
}

/// Whether a chain has a link with this hash.
pub(super) async fn has(
    connection: &mut PgConnection,
    (tenant_id, chain): (Uuid, Uuid),
    hash: &[u8],
) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (
             select from audit_read where tenant_id = $1 and chain = $2 and hash = $3) as "found!""#,
        tenant_id,
        chain,
        hash,
    )
    .fetch_one(connection)
    .await?;
    Ok(found)
}
