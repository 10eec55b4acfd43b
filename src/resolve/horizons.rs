//! The tenant's horizons: how far back its facts reach. They only move forward.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::{Error, Tx};
use crate::domain::horizon::{AgeingKind, Horizons};

/// Where the tenant's horizons stand.
pub async fn load(connection: &mut PgConnection, tenant_id: Uuid) -> Result<Horizons, Error> {
    let rows = sqlx::query!(
        "select kind, reaches_to from retention_horizon where tenant_id = $1",
        tenant_id
    )
    .fetch_all(connection)
    .await?;
    let mut horizons = Horizons::default();
    for row in rows {
        let kind = AgeingKind::from_code(row.kind).ok_or(Error::Inconsistent {
            table: "retention_horizon",
            column: "kind",
            id: tenant_id,
        })?;
        horizons.reach(kind, row.reaches_to);
    }
    Ok(horizons)
}

/// Moves a horizon forward. The caller holds the tenant's row, and lets go of what lies behind it.
pub async fn reach(
    tx: &mut Tx,
    tenant_id: Uuid,
    kind: AgeingKind,
    until: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into retention_horizon (tenant_id, kind, reaches_to) values ($1, $2, $3)
         on conflict (tenant_id, kind) do update
           set reaches_to = greatest(retention_horizon.reaches_to, excluded.reaches_to)",
        tenant_id,
        kind.code(),
        until,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
