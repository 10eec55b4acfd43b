//! What people can be asked to allow: everybody's purposes, and a tenant's own.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::db::{Error, Pool, Tx};
use crate::domain::consent::{ANY, Statement};

/// A purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purpose {
    /// Whose; the nil uuid for everybody's.
    pub tenant_id: Uuid,
    /// A stable name.
    pub name: String,
    /// Which field of a profile speaks about it: 0 none, 1 `marketing_consent`, 2 `profiling_objection_at`.
    pub follows: i16,
    /// What is done for it, in German.
    pub description_de: String,
    /// The same in English.
    pub description_en: String,
    /// So many years beyond the end of the year in which a consent ended its proof outlives an erasure; 0 for none.
    pub proof_years: i16,
}

/// The purposes of a tenant, everybody's among them.
pub async fn purposes(pool: &Pool, tenant_id: Uuid) -> Result<Vec<Purpose>, Error> {
    let found = sqlx::query_as!(
        Purpose,
        "select tenant_id, name, follows, description_de, description_en, proof_years from consent_purpose
         where tenant_id = $1 or tenant_id = $2
         order by name, tenant_id",
        tenant_id,
        Uuid::nil(),
    )
    .fetch_all(pool)
    .await?;
    Ok(found)
}

/// Adds a tenant's own purpose, or says otherwise what is done for one; every customer begins with not having been asked.
/// Returns how many did. The caller holds the tenant's row.
pub async fn add_purpose(
    tx: &mut Tx,
    purpose: &Purpose,
    recorded_at: DateTime<Utc>,
) -> Result<u64, Error> {
    sqlx::query!(
        "insert into consent_purpose (tenant_id, name, follows, description_de, description_en, proof_years)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (tenant_id, name) do update set description_de = excluded.description_de,
           description_en = excluded.description_en, proof_years = excluded.proof_years",
        purpose.tenant_id,
        purpose.name,
        purpose.follows,
        purpose.description_de,
        purpose.description_en,
        purpose.proof_years,
    )
    .execute(&mut **tx)
    .await?;
    let first = Statement::FIRST;
    let begun = sqlx::query!(
        "insert into consent (tenant_id, person_profile_id, purpose, channel, told_at, evidence, act, source, recorded_at)
         select tenant_id, person_profile_id, $2, $3, $4, $5, $6, $7, $8 from customer where tenant_id = $1
         on conflict do nothing",
        purpose.tenant_id,
        purpose.name,
        ANY,
        first.told_at,
        first.evidence.0.as_slice(),
        first.act.code(),
        first.source.code(),
        recorded_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(begun.rows_affected())
}
