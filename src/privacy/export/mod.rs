//! Everything that is held about one person and the profiles merged into them, for whoever asks for their own data.
//!
//! Read in one snapshot and derived by the very code that answers the dispatcher. Deliberately absent: other people;
//! where a row names somebody else, it says only that.

mod document;
mod facts;
mod gather;
mod holdings;
mod scores;
mod access;
pub mod request;
mod rows;
mod token;
mod archive;
pub mod desk;
pub mod build;
mod words;
mod csv;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

pub use self::archive::Error as ArchiveError;
pub use self::csv::write as csv;
pub use self::document::{Category, Document, Table};
use self::gather::Gathered;
pub use self::holdings::HOLDINGS;
use crate::db::{Error, Pool, Tx};
use crate::domain::metric::Language;
use crate::projections::Erasure;
use crate::resolve::fence::Pepper;

const SNAPSHOT: &str = "begin isolation level repeatable read, read only";

/// Whose data, and what of it.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whose customer.
    pub tenant_id: Uuid,
    /// The person, by any of their profiles.
    pub person: Uuid,
    /// What is to be in it.
    pub categories: BTreeSet<Category>,
    /// In which language it is explained; the person's own where none is told.
    pub language: Option<Language>,
    /// How long messages wait for their person, as the workers have it, in days.
    pub quarantine_days: i64,
}

/// What became of a request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// All of it.
    Found(Box<Document>),
    /// No customer has this id. So many rows of the platform named it and wait for its profile.
    Unknown {
        /// Rows that wait.
        waiting: i64,
    },
    /// The person was erased.
    Erased {
        /// When.
        at: DateTime<Utc>,
    },
}

/// Collects what is held about a person, as of now.
pub async fn export(
    pool: &Pool,
    pepper: &Pepper,
    request: &Request,
    now: DateTime<Utc>,
) -> Result<Answer, Error> {
    let mut snapshot = pool.begin_with(SNAPSHOT).await?;
    let connection: &mut PgConnection = &mut snapshot;
    let (tenant_id, person) = (request.tenant_id, request.person);
    let customers = gather::customers(connection, tenant_id, person).await?;
    let answer = if customers.is_empty() {
        match erased_at(connection, tenant_id, pepper.tag(tenant_id, person)).await? {
            Some(at) => Answer::Erased { at },
            None => Answer::Unknown {
                waiting: waiting(connection, tenant_id, person).await?,
            },
        }
    } else {
        let gathered = Gathered::load(connection, request, customers, pepper, now).await?;
        Answer::Found(Box::new(gathered.document(request)))
    };
    snapshot.commit().await?;
    Ok(answer)
}

/// Cancels exports of erased persons and takes their archives out, and notes how many rows that were. The caller holds
/// the tenant's row.
pub async fn forget(
    tx: &mut Tx,
    tenant_id: Uuid,
    erasure: &mut Erasure,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let persons: Vec<Uuid> = erasure.persons.iter().copied().collect();
    let (requests, chunks) = rows::forget(tx, tenant_id, &persons, now).await?;
    erasure.removed.insert("export_request", requests);
    erasure.removed.insert("export_chunk", chunks);
    Ok(())
}

async fn erased_at(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    tag: Uuid,
) -> Result<Option<DateTime<Utc>>, Error> {
    let found = sqlx::query_scalar!(
        "select erased_at from fence where tenant_id = $1 and tag = $2",
        tenant_id,
        tag,
    );
    Ok(found.fetch_optional(connection).await?)
}

async fn waiting(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    person: Uuid,
) -> Result<i64, Error> {
    let counted = sqlx::query_scalar!(
        r#"select count(*) as "rows!" from link where tenant_id = $1 and parent_id = $2"#,
        tenant_id,
        person,
    );
    Ok(counted.fetch_one(connection).await?)
}
