//! By what a tenant's customers are scored: equal for as long as the same models and settings hold.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{champions, settings};
use crate::db::Error;
use crate::domain::model::registry::Kind;

/// Versions of all that goes into a customer's scores. It says nothing about the customers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Version and first microsecond of who speaks, by kind; kinds nobody ever spoke about are absent.
    speaking: Vec<(i16, Option<i32>, i64)>,
    /// The version of the engagement weights.
    weights: u32,
}

/// What holds at that instant. Tours are no part of scores.
pub async fn fingerprint(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    at: DateTime<Utc>,
) -> Result<Fingerprint, Error> {
    let speaking = champions(&mut *connection, tenant_id, at).await?;
    let scoring = speaking.iter().filter(|(kind, _)| **kind != Kind::Tours);
    let speaking = scoring.map(|(kind, champion)| {
        let since = champion.since.timestamp_micros();
        (kind.code(), champion.version, since)
    });
    Ok(Fingerprint {
        speaking: speaking.collect(),
        weights: settings(connection, tenant_id, at).await?.weights.version,
    })
}
