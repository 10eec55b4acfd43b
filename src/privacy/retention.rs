//! A tenant's retention: its settings, who is up for a review, and whose time is over.
//!
//! Deliberately absent: letting activities go by age, which `projections` does, and carrying out the erasures that are
//! asked for here; going through all tenants is the worker's.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::erase::{Basis, Error, Office, Order};
use super::hold;
use crate::audit::{self, Act, Actor, Entry, Subject};
use crate::db::{self, Tx};
use crate::domain::retention::{RetentionClock, RetentionSettings};
use crate::projections::{self, Inactive, Sums};

/// Fewer persons than this could be traced in a sum.
const TRACELESS: i32 = 10;

/// The tenant's clocks.
pub async fn settings(
    connection: &mut PgConnection,
    tenant_id: Uuid,
) -> Result<RetentionSettings, db::Error> {
    let rows = sqlx::query!(
        "select clock, months from retention_setting where tenant_id = $1",
        tenant_id
    )
    .fetch_all(connection)
    .await?;
    let mut settings = RetentionSettings::default();
    for row in rows {
        let misfit = |column| db::Error::Inconsistent {
            table: "retention_setting",
            column,
            id: tenant_id,
        };
        let clock = RetentionClock::named(&row.clock).ok_or_else(|| misfit("clock"))?;
        let months = u16::try_from(row.months).map_err(|_negative| misfit("months"))?;
        settings.set(clock, months);
    }
    Ok(settings)
}

impl Office {
    /// Sets a clock of the tenant's; 0 months stop it. Takes effect with the next run of the job.
    pub async fn set_retention(
        &self,
        tenant_id: Uuid,
        clock: RetentionClock,
        months: u16,
        actor: &Actor,
    ) -> Result<RetentionSettings, Error> {
        let now = self.clock.now();
        let mut tx = Tx::begin(&self.pool).await?;
        let before = settings(&mut tx, tenant_id).await?.months(clock);
        sqlx::query!(
            "insert into retention_setting (tenant_id, clock, months, set_at) values ($1, $2, $3, $4)
             on conflict (tenant_id, clock) do update set months = excluded.months, set_at = excluded.set_at",
            tenant_id,
            clock.name(),
            i16::try_from(months).unwrap_or(i16::MAX),
            now,
        )
        .execute(&mut *tx)
        .await
        .map_err(db::Error::from)?;
        let settings = settings(&mut tx, tenant_id).await?;
        let act = Entry {
            tenant_id,
            actor: actor.clone(),
            act: Act::SettingChanged,
            subject: Subject::NONE,
            detail: json!({ "setting": format!("retention.{}", clock.name()),
                "months_before": before, "months": months }),
            at: now,
        };
        audit::write(&mut tx, &act).await?;
        tx.commit().await?;
        Ok(settings)
    }

    /// The tenant's clocks.
    pub async fn retention(&self, tenant_id: Uuid) -> Result<RetentionSettings, Error> {
        let mut connection = self.pool.acquire().await.map_err(db::Error::from)?;
        Ok(settings(&mut connection, tenant_id).await?)
    }
}

/// Everyone who is kept by an open legal hold, with whoever is merged with them.
pub async fn held(
    tx: &mut Tx,
    tenant_id: Uuid,
    now: DateTime<Utc>,
) -> Result<BTreeSet<Uuid>, db::Error> {
    let mut held = BTreeSet::new();
    for person in hold::persons(tx, tenant_id, now.date_naive()).await? {
        held.extend(projections::family(tx, tenant_id, person).await?);
    }
    Ok(held)
}

/// What a page of persons whose time is over came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// Erasures that were asked for.
    pub persons: u64,
    /// Persons whom a legal hold keeps.
    pub held: u64,
    /// Persons who stay in the tenant's sums, namelessly.
    pub summed: u64,
}

/// Asks for the erasure of these persons and keeps what they come to together, where nobody could be traced in it. The
/// caller holds the tenant's row.
pub async fn ask(
    tx: &mut Tx,
    office: &Office,
    tenant_id: Uuid,
    over: &[Inactive],
    held: &BTreeSet<Uuid>,
    now: DateTime<Utc>,
) -> Result<Asked, Error> {
    let mut asked = Asked::default();
    let mut sums = Sums::default();
    for one in over {
        if held.contains(&one.person) {
            asked.held += 1;
            continue;
        }
        let order = Order::whole(tenant_id, one.person, Basis::Retention);
        let (_, is_new) = office.enter(tx, &order, &Actor::SERVICE, now).await?;
        if is_new {
            asked.persons += 1;
            sums.add(one.sums);
        }
    }
    if sums.persons >= TRACELESS {
        asked.summed = asked.persons;
        keep(tx, tenant_id, sums, now).await?;
    }
    Ok(asked)
}

async fn keep(
    tx: &mut Tx,
    tenant_id: Uuid,
    sums: Sums,
    now: DateTime<Utc>,
) -> Result<(), db::Error> {
    let currency = projections::currency(tx, tenant_id).await?;
    sqlx::query!(
        "insert into retention_statistic (tenant_id, gone_on, persons, bookings, trips, revenue, currency)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (tenant_id, gone_on) do update set
           persons = retention_statistic.persons + excluded.persons,
           bookings = retention_statistic.bookings + excluded.bookings,
           trips = retention_statistic.trips + excluded.trips,
           revenue = retention_statistic.revenue + excluded.revenue",
        tenant_id,
        now.date_naive(),
        sums.persons,
        sums.bookings,
        sums.trips,
        sums.revenue,
        currency,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Notes in the chain of acts what a run came to.
pub async fn note(
    tx: &mut Tx,
    tenant_id: Uuid,
    detail: serde_json::Value,
    now: DateTime<Utc>,
) -> Result<(), db::Error> {
    let act = Entry {
        tenant_id,
        actor: Actor::SERVICE,
        act: Act::RetentionApplied,
        subject: Subject::NONE,
        detail,
        at: now,
    };
    audit::write(tx, &act).await
}
