//! What the jobs do for one tenant; each in transactions of that tenant alone, and again without harm.

use chrono::{Months, TimeDelta};
use uuid::Uuid;

use super::Context;
use crate::audit;
use crate::db::pool::within;
use crate::db::{Error, Tx};
use crate::inbox::retention;
use crate::jobs::runs;
use crate::outbox;
use crate::projections;
use crate::workers::{due, sweep};

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
