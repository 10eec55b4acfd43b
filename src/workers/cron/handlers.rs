//! What the jobs do for one tenant; each in transactions of that tenant alone, and again without harm.

use chrono::{Months, TimeDelta};
use uuid::Uuid;

use super::Context;
use crate::actions::cron::TRAINING;
use crate::audit;
use crate::db::pool::within;
use crate::db::{Error, Tx};
use crate::inbox::retention;
use crate::jobs::runs;
use crate::outbox;
use crate::privacy::{erase, queue};
use crate::projections;
use crate::workers::train::{Step, Trained};
use crate::workers::{due, retain as retention_run, sweep, train as training_run};

pub(super) async fn refresh(context: &Context, tenant_id: Uuid) -> Result<u64, Error> {
    let mut all = 0;
    loop {
        let some = due::tenant(&context.work, tenant_id);
        let written = within(&context.work.pool, some).await?;
        if written == 0 {
            return Ok(all);
        }
        all += written;
    }
}

pub(super) async fn expire(context: &Context, tenant_id: Uuid) -> Result<u64, Error> {
    let mut all = 0;
    loop {
        let some = sweep::tenant(&context.work, tenant_id);
        let gone = within(&context.work.pool, some).await?;
        if gone == 0 {
            return Ok(all);
        }
        all += gone;
    }
}

/// Not `within` any time: everybody of a large tenant is read, in many statements that have their own limits.
pub(super) async fn train(context: &Context, tenant_id: Uuid) -> Result<u64, Error> {
    if tenant_id.is_nil() {
        return Ok(0);
    }
    let (pool, clock) = (&context.work.pool, &context.work.clock);
    let told = |step: Step<'_>| {
        if let Step::Trained(Trained {
            learned,
            persons,
            took,
        }) = step
        {
            tracing::info!(
                tenant = %tenant_id,
                kind = learned.kind.name(),
                version = learned.version,
                verdict = ?learned.verdict,
                persons,
                took_ms = took.as_millis(),
                "a model was trained"
            );
        }
    };
    let trained = training_run::tenant(pool, clock, tenant_id, (&[], TRAINING), told).await?;
    let new = trained.iter().filter(|one| one.learned.is_new).count();
    Ok(u64::try_from(new).unwrap_or(u64::MAX))
}

pub(super) async fn prune(context: &Context, tenant_id: Uuid) -> Result<u64, Error> {
    let now = context.work.clock.now();
    let before = |days: u16| now - TimeDelta::days(days.into());
    let kept = context.retention;
    let pool = &context.work.pool;
    let prune = async {
        let letters = before(kept.dead_letter_days);
        let letters = retention::prune_letters(pool, tenant_id, letters).await?;
        let runs = runs::prune(pool, tenant_id, before(kept.job_days)).await?;
        let months = Months::new(kept.audit_read_months.into());
        let reads = match now.checked_sub_months(months) {
            Some(before) => audit::retention::prune(pool, tenant_id, before, now).await?,
            None => 0,
        };
        let mut tx = Tx::begin(pool).await?;
        let messages = outbox::prune(&mut tx, tenant_id, before(kept.message_days)).await?;
        let proofs = projections::prune_proofs(&mut tx, tenant_id, now).await?;
        tx.commit().await?;
        Ok(letters + runs + reads + messages + proofs)
    };
    within(pool, prune).await
}

pub(super) async fn retain(context: &Context, tenant_id: Uuid) -> Result<u64, Error> {
    if tenant_id.is_nil() {
        return Ok(0);
    }
    let run = retention_run::tenant(&context.work, &context.office, tenant_id).await;
    match run {
        Ok(report) => Ok(report.items()),
        Err(erase::Error::Database(error)) => Err(error),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "retention could not be applied"
            );
            Err(Error::Inconsistent {
                table: "retention_setting",
                column: "months",
                id: tenant_id,
            })
        }
    }
}

/// The log line is the alarm: it names the tenant and how many, never whom.
pub(super) async fn deadlines(context: &Context, tenant_id: Uuid) -> Result<u64, Error> {
    let now = context.work.clock.now();
    let pool = &context.work.pool;
    let soon = now + context.office.timing.warned_before_due();
    let late = within(pool, queue::lateness(pool, Some(tenant_id), now, soon)).await?;
    if late.due_soon > 0 {
        tracing::warn!(
            tenant = %tenant_id,
            due_soon = late.due_soon,
            overdue = late.overdue,
            "erasures are not done and due soon"
        );
    }
    Ok(u64::try_from(late.due_soon).unwrap_or(0))
}
