//! Letting go of what was kept long enough, one tenant at a time: activities by their own clocks, then persons nothing
//! was heard of.
//!
//! In short transactions, each whole by itself, so that a run which was cut off is simply done again. Deliberately
//! absent: erasing; whoever's time is over is asked for, and carried out as every erasure is.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::Context;
use crate::activity_log;
use crate::db::pool::within;
use crate::db::{self, Tx};
use crate::domain::horizon::AgeingKind;
use crate::domain::retention::{RetentionClock, RetentionSettings};
use crate::privacy::erase::{Error, Office};
use crate::privacy::retention;
use crate::projections;
use crate::resolve::tenant;

/// Rows let go in one transaction, about.
const ROWS: i64 = 10_000;
/// Persons looked at in one transaction.
const PERSONS: i64 = 500;

/// What a run came to for a tenant, or would.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Rows of the log by clock.
    pub rows: BTreeMap<&'static str, u64>,
    /// How far back the facts of each clock reach now, where that changed.
    pub reaches_to: BTreeMap<&'static str, DateTime<Utc>>,
    /// Persons up for a review who were not before (in a dry run: all of them).
    pub reviews: u64,
    /// Persons whose erasure was asked for.
    pub persons: u64,
    /// Persons whom a legal hold keeps.
    pub held: u64,
    /// Persons who stay in the tenant's sums, namelessly.
    pub summed: u64,
}

impl Report {
    /// How many things were done.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.rows.values().sum::<u64>() + self.reviews + self.persons
    }
}

/// Lets go of what a tenant has kept long enough.
pub async fn tenant(context: &Context, office: &Office, tenant_id: Uuid) -> Result<Report, Error> {
    let now = context.clock.now();
    let run = Run {
        context,
        office,
        tenant_id,
        now,
        settings: office.retention(tenant_id).await?,
    };
    let mut report = Report::default();
    for kind in AgeingKind::ALL {
        run.age(kind, &mut report).await?;
    }
    run.review(&mut report).await?;
    run.ask(&mut report).await?;
    if report.items() > 0 {
        let mut tx = Tx::begin(&context.pool).await?;
        let detail = json!({ "rows": report.rows, "reviews": report.reviews,
            "persons": report.persons, "held": report.held });
        retention::note(&mut tx, tenant_id, detail, now).await?;
        tx.commit().await?;
    }
    Ok(report)
}

/// What a run would do. Changes nothing.
pub async fn preview(context: &Context, office: &Office, tenant_id: Uuid) -> Result<Report, Error> {
    let now = context.clock.now();
    let settings = office.retention(tenant_id).await?;
    let mut report = Report::default();
    let mut tx = Tx::begin(&context.pool).await?;
    let held = retention::held(&mut tx, tenant_id, now).await?;
    for clock in RetentionClock::ALL {
        let Some(until) = settings.until(clock, now) else {
            continue;
        };
        if let Some(kind) = clock.ageing() {
            let rows =
                activity_log::count_aged(&mut tx, tenant_id, (kind.source(), until), &ids(&held))
                    .await?;
            report.rows.insert(kind.name(), rows);
            report.reaches_to.insert(kind.name(), until);
            continue;
        }
        let mut after = Uuid::nil();
        loop {
            let page = projections::inactive(&mut tx, tenant_id, until, after, PERSONS).await?;
            let Some(last) = page.last() else { break };
            after = last.person;
            let kept = page.iter().filter(|one| held.contains(&one.person)).count() as u64;
            let all = page.len() as u64;
            if clock == RetentionClock::Review {
                report.reviews += all;
            } else {
                report.held += kept;
                report.persons += all - kept;
            }
        }
    }
    tx.rollback().await?;
    Ok(report)
}

fn ids(persons: &BTreeSet<Uuid>) -> Vec<Uuid> {
    persons.iter().copied().collect()
}

struct Run<'r> {
    context: &'r Context,
    office: &'r Office,
    tenant_id: Uuid,
    now: DateTime<Utc>,
    settings: RetentionSettings,
}

impl Run<'_> {
    async fn age(&self, kind: AgeingKind, report: &mut Report) -> Result<(), Error> {
        let clock = RetentionClock::ALL
            .into_iter()
            .find(|clock| clock.ageing() == Some(kind));
        let Some(until) = clock.and_then(|clock| self.settings.until(clock, self.now)) else {
            return Ok(());
        };
        loop {
            let step = within(&self.context.pool, self.step(kind, until)).await?;
            let Some(step) = step else { return Ok(()) };
            *report.rows.entry(kind.name()).or_default() += step.rows;
            report.reaches_to.insert(kind.name(), step.reached);
            if step.reached >= until {
                return Ok(());
            }
        }
    }

    async fn step(
        &self,
        kind: AgeingKind,
        until: DateTime<Utc>,
    ) -> Result<Option<projections::Step>, db::Error> {
        let (context, tenant_id) = (self.context, self.tenant_id);
        let mut tx = Tx::begin(&context.pool).await?;
        if tenant::wait(&mut tx, tenant_id, self.now).await?.is_none() {
            return Ok(None);
        }
        let held = retention::held(&mut tx, tenant_id, self.now).await?;
        let step = projections::age(
            &mut tx,
            context.settings,
            tenant_id,
            projections::Ageing {
                kind,
                until,
                limit: ROWS,
                held: &held,
            },
            self.now,
        )
        .await?;
        tx.commit().await?;
        Ok(Some(step))
    }

    /// Flags who has been inactive for long, and takes the flag from whoever is active again.
    async fn review(&self, report: &mut Report) -> Result<(), Error> {
        let Some(until) = self.settings.until(RetentionClock::Review, self.now) else {
            return Ok(());
        };
        let mut after = Uuid::nil();
        loop {
            let mut tx = Tx::begin(&self.context.pool).await?;
            if tenant::wait(&mut tx, self.tenant_id, self.now)
                .await?
                .is_none()
            {
                return Ok(());
            }
            let tenant_id = self.tenant_id;
            let page = projections::inactive(&mut tx, tenant_id, until, after, PERSONS).await?;
            let full = i64::try_from(page.len()).is_ok_and(|n| n >= PERSONS);
            let last = page.last().map(|one| one.person).filter(|_| full);
            let persons: Vec<Uuid> = page.iter().map(|one| one.person).collect();
            let reach = (after, last.unwrap_or(Uuid::max()));
            report.reviews +=
                projections::flag_for_review(&mut tx, tenant_id, reach, &persons, self.now).await?;
            tx.commit().await?;
            match last {
                Some(last) => after = last,
                None => return Ok(()),
            }
        }
    }

    /// Asks for the erasure of whoever's time is over.
    async fn ask(&self, report: &mut Report) -> Result<(), Error> {
        let Some(until) = self.settings.until(RetentionClock::Persons, self.now) else {
            return Ok(());
        };
        let mut after = Uuid::nil();
        loop {
            let mut tx = Tx::begin(&self.context.pool).await?;
            if tenant::wait(&mut tx, self.tenant_id, self.now)
                .await?
                .is_none()
            {
                return Ok(());
            }
            let tenant_id = self.tenant_id;
            let page = projections::inactive(&mut tx, tenant_id, until, after, PERSONS).await?;
            let Some(last) = page.last().map(|one| one.person) else {
                return Ok(());
            };
            let held = retention::held(&mut tx, tenant_id, self.now).await?;
            let asked =
                retention::ask(&mut tx, self.office, tenant_id, &page, &held, self.now).await?;
            tx.commit().await?;
            report.persons += asked.persons;
            report.held += asked.held;
            report.summed += asked.summed;
            after = last;
        }
    }
}
