//! What the chains say about a person, for the person: when their data were read or dealt with, and in which role.
//!
//! Deliberately absent: users. Whoever works for the operator is a person, too.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::Error;

/// One reading or act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// When.
    pub at: DateTime<Utc>,
    /// In which role.
    pub role: String,
    /// What was done; `read` for reading.
    pub act: String,
    /// How many persons were read about at once; none for acts.
    pub persons: Option<i32>,
}

/// Everything about the persons of these tags, the latest first.
pub async fn about(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    tags: &[Uuid],
) -> Result<Vec<Access>, Error> {
    let acts = sqlx::query_as!(
        Access,
        r#"select at, role, act, null::int as persons from audit_act
           where tenant_id = $1 and subject_tag = any ($2)"#,
        tenant_id,
        tags,
    );
    let mut found = acts.fetch_all(&mut *connection).await?;
    let reads = sqlx::query_as!(
        Access,
        r#"select at, role, 'read' as "act!", persons as "persons?" from audit_read
           where tenant_id = $1 and subject_tags && $2"#,
        tenant_id,
        tags,
    );
    found.extend(reads.fetch_all(connection).await?);
    found.sort_by(|one, other| (other.at, &one.act).cmp(&(one.at, &other.act)));
    Ok(found)
}

/// How many acts and how many reads are about the persons of these tags.
pub async fn count(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    tags: &[Uuid],
) -> Result<(i64, i64), Error> {
    let counted = sqlx::query!(
        r#"select
             (select count(*) from audit_act
              where tenant_id = $1 and subject_tag = any ($2)) as "acts!",
             (select count(*) from audit_read
              where tenant_id = $1 and subject_tags && $2) as "reads!""#,
        tenant_id,
        tags,
    )
    .fetch_one(connection)
    .await?;
    Ok((counted.acts, counted.reads))
}
