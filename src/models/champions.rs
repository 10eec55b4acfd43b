//! Champions: which version speaks since when, and how that changes.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::{Error, Tx};
use crate::domain::model::registry::Kind;

/// Why another version speaks. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Cause {
    /// It won its back-test.
    Won = 0,
    /// The one after it was taken back.
    RolledBack = 1,
    /// Somebody chose it.
    Chosen = 2,
    /// The one before was taken back, and there is none to take its place.
    Withdrawn = 3,
}

impl Cause {
    const ALL: [Self; 4] = [Self::Won, Self::RolledBack, Self::Chosen, Self::Withdrawn];

    /// The stored number.
    #[must_use]
    pub const fn code(self) -> i16 {
        self as i16
    }

    fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.code() == code)
    }
}

/// Which version speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Champion {
    /// Its number; none when none speaks.
    pub version: Option<i32>,
    /// From when on.
    pub since: DateTime<Utc>,
    /// Why it does.
    pub cause: Cause,
    /// In words.
    pub reason: String,
}

/// A change of the champion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crowning<'a> {
    /// Which version speaks from now on; none for none.
    pub version: Option<i32>,
    /// Why.
    pub cause: Cause,
    /// In words.
    pub reason: &'a str,
    /// The job, the command, or the role and user.
    pub actor: &'a str,
}

/// What a rollback came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolledBack {
    /// This version speaks again.
    To(i32),
    /// There was no other before, so none speaks.
    Withdrawn,
    /// None spoke.
    Nothing,
}

/// Who spoke at that instant, by kind; kinds without a champion are absent.
pub async fn champions(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    at: DateTime<Utc>,
) -> Result<BTreeMap<Kind, Champion>, Error> {
    let rows = sqlx::query!(
        "select distinct on (kind) kind, version, since, cause, reason from model_champion
         where tenant_id = $1 and since <= $2 order by kind, since desc",
        tenant_id,
        at,
    )
    .fetch_all(connection)
    .await?;
    let mut found = BTreeMap::new();
    for row in rows {
        let champion = Champion {
            version: row.version,
            since: row.since,
            cause: Cause::from_code(row.cause).ok_or_else(|| misfit(tenant_id, "cause"))?,
            reason: row.reason,
        };
        let kind = Kind::from_code(row.kind).ok_or_else(|| misfit(tenant_id, "kind"))?;
        found.insert(kind, champion);
    }
    Ok(found)
}

/// Lets a version speak from now on; returns since when.
pub async fn crown(
    tx: &mut Tx,
    tenant_id: Uuid,
    kind: Kind,
    crowning: &Crowning<'_>,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, Error> {
    let before = history(tx, tenant_id, kind, 1).await?;
    // Time goes on between two changes, also where the clock does not.
    let since = before.first().map_or(now, |(_, since)| {
        now.max(*since + TimeDelta::microseconds(1))
    });
    sqlx::query!(
        "insert into model_champion (tenant_id, kind, since, version, cause, reason, actor)
         values ($1, $2, $3, $4, $5, $6, $7)",
        tenant_id,
        kind.code(),
        since,
        crowning.version,
        crowning.cause.code(),
        crowning.reason,
        crowning.actor,
    )
    .execute(&mut **tx)
    .await?;
    Ok(since)
}

/// One step back: the version that spoke before the present one speaks again.
///
/// Versions that were rolled back from are passed over, so that two steps go two versions back.
pub async fn roll_back(
    tx: &mut Tx,
    tenant_id: Uuid,
    kind: Kind,
    reason: &str,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<RolledBack, Error> {
    let spoke = history(tx, tenant_id, kind, i64::MAX).await?;
    let Some((Some(present), _)) = spoke.first() else {
        return Ok(RolledBack::Nothing);
    };
    let before = spoke.iter().filter_map(|(version, _)| *version);
    let before = before.filter(|version| version < present).max();
    let crowning = Crowning {
        version: before,
        cause: before.map_or(Cause::Withdrawn, |_| Cause::RolledBack),
        reason,
        actor,
    };
    crown(tx, tenant_id, kind, &crowning, now).await?;
    Ok(before.map_or(RolledBack::Withdrawn, RolledBack::To))
}

/// Who spoke since when, the latest first.
async fn history(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    kind: Kind,
    most: i64,
) -> Result<Vec<(Option<i32>, DateTime<Utc>)>, Error> {
    let rows = sqlx::query!(
        "select version, since from model_champion
         where tenant_id = $1 and kind = $2 order by since desc limit $3",
        tenant_id,
        kind.code(),
        most,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.version, row.since))
        .collect())
}

fn misfit(tenant_id: Uuid, column: &'static str) -> Error {
    Error::Inconsistent {
        table: "model_champion",
        column,
        id: tenant_id,
    }
}
