//! Writes outcomes back: delivered, retry later, or given up.

use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::PgPool;
use tokio::sync::mpsc::Receiver;

use super::{Outcome, RetryConf, Tally};
use crate::demo::error::Result;
use crate::demo::platform::run as statement;

/// Outcomes written back in one statement, at most.
const GROUP_MAX: usize = 500;

/// Writes back what is there, in groups, until the outcomes end.
pub(super) async fn run(
    pool: &PgPool,
    retry: RetryConf,
    mut outcomes: Receiver<Outcome>,
    open: &AtomicU64,
    progress: &mut (impl FnMut(Tally) + Send),
) -> Result<Tally> {
    let (mut tally, mut group) = (Tally::default(), Vec::new());
    while outcomes.recv_many(&mut group, GROUP_MAX).await > 0 {
        let count = group.len();
        write(pool, retry, &mut group, &mut tally).await?;
        open.fetch_sub(count as u64, Ordering::AcqRel);
        progress(tally);
    }
    Ok(tally)
}

async fn write(
    pool: &PgPool,
    retry: RetryConf,
    group: &mut Vec<Outcome>,
    tally: &mut Tally,
) -> Result<()> {
    let (mut ids, mut states, mut waits) = (Vec::new(), Vec::new(), Vec::new());
    for outcome in group.drain(..) {
        if outcome.echo {
            tally.duplicates += 1;
            continue;
        }
        let verdict = verdict(&outcome, retry);
        match verdict {
            Verdict::Delivered => tally.delivered += 1,
            Verdict::Retry(_) => tally.retried += 1,
            Verdict::GivenUp => tally.failed += 1,
        }
        ids.push(outcome.id);
        states.push(verdict.code());
        waits.push(verdict.wait_secs());
    }
    if !ids.is_empty() {
        statement(SETTLE)
            .bind(ids)
            .bind(states)
            .bind(waits)
            .execute(pool)
            .await?;
    }
    Ok(())
}

/// What becomes of an event after an attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Delivered,
    Retry(f64),
    GivenUp,
}

impl Verdict {
    const fn code(self) -> i32 {
        match self {
            Self::Delivered => 0,
            Self::Retry(_) => 1,
            Self::GivenUp => 2,
        }
    }

    const fn wait_secs(self) -> f64 {
        match self {
            Self::Retry(seconds) => seconds,
            Self::Delivered | Self::GivenUp => 0.0,
        }
    }
}

/// Hasura's rule: given up only when the tries are exhausted and no `Retry-After` came.
fn verdict(outcome: &Outcome, retry: RetryConf) -> Verdict {
    if outcome.delivered {
        Verdict::Delivered
    } else if let Some(seconds) = outcome.retry_after {
        Verdict::Retry(f64::from(seconds))
    } else if outcome.tries >= retry.num_retries {
        Verdict::GivenUp
    } else {
        Verdict::Retry(retry.interval.as_secs_f64())
    }
}

const SETTLE: &str = "
update hdb_catalog.event_log l
set tries = l.tries + 1, locked = null, delivered = s.state = 0, error = s.state = 2,
  next_retry_at = case when s.state = 1 then localtimestamp + make_interval(secs => s.wait) end
from unnest($1::text[], $2::int[], $3::float8[]) as s (id, state, wait)
where l.id = s.id";
