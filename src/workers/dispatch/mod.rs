//! The dispatcher: brings what the outbox holds to whoever is configured to hear it.
//!
//! One loop a receiver, so that a slow one keeps only itself waiting; in it tenants take turns, a batch each. A batch is
//! one transaction: it takes deliveries, asks the gate, sends, and notes how it went. While it lasts, nobody can take
//! back a consent that it relies on; that is why a send is over in time, and why the connections are the dispatcher's own.
//! A process that dies between sending and noting sends again under the same id. Deliberately absent: who is told what;
//! every receiver is told everything, and ignores what it does not know.

mod again;
mod send;
mod sign;

use std::time::Duration;

use futures::future::join_all;
use futures::{StreamExt, stream};
use tokio::sync::Notify;
use uuid::Uuid;

use self::send::{Answer, post};
use crate::db::pool::within;
use crate::db::{Error, Pool, Tx};
use crate::domain::clock::Clock;
use crate::outbox::{self, Claimed, Done, Outcome};
use crate::privacy::gate::{self, Needed, Verdict};
use crate::telemetry::metrics::{FAILURES, MESSAGE_SEND, MESSAGES};

pub use self::again::TRIES;
pub use self::send::Target;
pub use self::sign::{Keyring, NotASecret};

/// Deliveries of one batch; they are sent at the same time.
const BATCH: i64 = 32;
/// Tenants whose batches are under way at the same time, of one receiver.
const SIDE_BY_SIDE: usize = 2;
/// Without news the outbox is looked at this often.
const TICK: Duration = Duration::from_millis(250);
/// After a failure of the database it is left alone this long.
const PAUSE: Duration = Duration::from_secs(1);
/// After so many batches in a row in which nothing got through, a receiver is only knocked at.
const DOWN_AFTER: u32 = 3;
/// The longest pause between two knocks.
const KNOCK_MAX: Duration = Duration::from_mins(1);

/// Who is told, and how.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// Whoever is told.
    pub targets: Vec<Target>,
    /// Signs what is sent.
    pub keyring: Keyring,
    /// The longest that a send may take. Whoever takes back a consent waits for it, at worst.
    pub timeout: Duration,
}

impl Outbound {
    /// So many connections are used at most.
    #[must_use]
    pub fn connections(&self) -> u32 {
        let batches = self.targets.len() * SIDE_BY_SIDE;
        u32::try_from(batches + 1).unwrap_or(u32::MAX)
    }
}

/// Brings messages out.
#[derive(Debug, Clone)]
pub struct Dispatcher {
    pool: Pool,
    clock: Clock,
    outbound: Outbound,
    client: reqwest::Client,
}

/// How a round went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Deliveries that were taken.
    pub taken: usize,
    /// Deliveries that the receiver has.
    pub delivered: usize,
    /// Deliveries that were tried in vain.
    pub failed: usize,
}

impl Dispatcher {
    /// A dispatcher with connections of its own.
    pub fn new(pool: Pool, clock: Clock, outbound: Outbound) -> Result<Self, reqwest::Error> {
        Ok(Self {
            pool,
            clock,
            outbound,
            client: send::client()?,
        })
    }

    /// Runs until `stop` completes.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) {
        let news = Notify::new();
        let couriers = self.outbound.targets.iter();
        let couriers = couriers.map(|target| self.courier(target, &news));
        let all = futures::future::join(self.keeper(&news), join_all(couriers));
        tokio::select! {
            () = stop => {}
            _ = all => {}
        }
    }

    /// Puts new messages on their way, and settles those that are through.
    async fn keeper(&self, news: &Notify) {
        loop {
            match within(&self.pool, self.keep()).await {
                Ok(0) => tokio::time::sleep(TICK).await,
                Ok(_) => news.notify_waiters(),
                Err(error) => rest(&error, "messages are not put on their way").await,
            }
        }
    }

    /// One turn over all tenants with open messages; returns how many were moved on.
    pub async fn keep(&self) -> Result<u64, Error> {
        let targets = self.outbound.targets.iter();
        let targets: Vec<String> = targets.map(|target| target.name.clone()).collect();
        let mut moved = 0;
        for tenant_id in outbox::with_open(&self.pool).await? {
            let mut tx = Tx::begin(&self.pool).await?;
            let now = self.clock.now();
            moved += outbox::route(&mut tx, tenant_id, &targets, now).await?;
            moved += outbox::settle(&mut tx, tenant_id, now).await?;
            tx.commit().await?;
        }
        Ok(moved)
    }

    async fn courier(&self, target: &Target, news: &Notify) {
        let mut in_vain = 0;
        loop {
            let down = in_vain >= DOWN_AFTER;
            let sent = self.round(target, if down { 1 } else { BATCH }).await;
            match sent {
                Ok(sent) => {
                    if sent.delivered > 0 {
                        in_vain = 0;
                    } else if sent.failed > 0 {
                        in_vain += 1;
                    }
                    if in_vain >= DOWN_AFTER {
                        tokio::time::sleep(knock(in_vain)).await;
                    } else if sent.taken == 0 {
                        tokio::select! {
                            () = news.notified() => {}
                            () = tokio::time::sleep(TICK) => {}
                        }
                    }
                }
                Err(error) => rest(&error, "messages wait").await,
            }
        }
    }

    /// One batch of each tenant that has something due for a receiver.
    pub async fn round(&self, target: &Target, at_a_time: i64) -> Result<Sent, Error> {
        let due = outbox::tenants(&self.pool, &target.name, self.clock.now());
        let tenants = within(&self.pool, due).await?;
        let batches = stream::iter(tenants)
            .map(|tenant_id| within(&self.pool, self.batch(target, tenant_id, at_a_time)))
            .buffer_unordered(SIDE_BY_SIDE);
        let mut all = Sent::default();
        for sent in batches.collect::<Vec<_>>().await {
            let sent = sent?;
            all.taken += sent.taken;
            all.delivered += sent.delivered;
            all.failed += sent.failed;
        }
        Ok(all)
    }

    async fn batch(&self, target: &Target, tenant_id: Uuid, limit: i64) -> Result<Sent, Error> {
        // Counted from before the gate is asked: what it said is kept for longer than this.
        let deadline = send::within(self.outbound.timeout);
        let now = self.clock.now();
        let mut tx = Tx::begin(&self.pool).await?;
        let claimed = outbox::claim(&mut tx, tenant_id, &target.name, now, limit).await?;
        if claimed.is_empty() {
            tx.rollback().await?;
            return Ok(Sent::default());
        }
        let verdicts = self.ask(&mut tx, tenant_id, &claimed).await?;
        let sends = claimed
            .iter()
            .zip(verdicts)
            .map(async |(message, verdict)| {
                let answer = match verdict {
                    Verdict::Busy => return None,
                    Verdict::Shut => Answer::none("withheld"),
                    Verdict::Open => {
                        let keyring = &self.outbound.keyring;
                        post(&self.client, target, keyring, message, now, deadline).await
                    }
                };
                Some(self.judge(target, message, verdict, answer))
            });
        let done: Vec<Done> = join_all(sends).await.into_iter().flatten().collect();
        let noted = self.clock.now();
        outbox::note(&mut tx, tenant_id, &target.name, &done, noted).await?;
        tx.commit().await?;
        Ok(tally(target, &done, deadline, self.outbound.timeout))
    }

    /// What the gate says to each; what needs nothing of anybody goes past it.
    async fn ask(
        &self,
        tx: &mut Tx,
        tenant_id: Uuid,
        claimed: &[Claimed],
    ) -> Result<Vec<Verdict>, Error> {
        let latest = self.clock.now() + self.outbound.timeout;
        let mut verdicts = Vec::with_capacity(claimed.len());
        let needed: Vec<Needed> = claimed.iter().filter_map(needed).collect();
        let mut said = gate::hold(tx, tenant_id, &needed, latest)
            .await?
            .into_iter();
        for message in claimed {
            let free = message.granted.is_empty() && message.unopposed.is_empty();
            let verdict = match (free, message.person) {
                (true, _) => Some(Verdict::Open),
                (false, Some(_)) => said.next(),
                (false, None) => None,
            };
            // What needs somebody's word and is about nobody has nobody's.
            verdicts.push(verdict.unwrap_or(Verdict::Shut));
        }
        Ok(verdicts)
    }

    fn judge(&self, target: &Target, message: &Claimed, verdict: Verdict, answer: Answer) -> Done {
        let outcome = match verdict {
            Verdict::Shut => Outcome::Withheld,
            _ if answer.taken => Outcome::Delivered,
            _ => again::after_failure(
                message.id,
                &target.name,
                message.attempts.saturating_add(1),
                answer.asked,
                self.clock.now(),
            ),
        };
        Done {
            id: message.id,
            outcome,
            word: answer.word,
        }
    }
}

fn needed(message: &Claimed) -> Option<Needed> {
    let free = message.granted.is_empty() && message.unopposed.is_empty();
    let person = message.person.filter(|_| !free)?;
    Some(Needed {
        person,
        granted: message.granted.clone(),
        unopposed: message.unopposed.clone(),
    })
}

fn tally(target: &Target, done: &[Done], deadline: std::time::Instant, timeout: Duration) -> Sent {
    let mut sent = Sent {
        taken: done.len(),
        ..Sent::default()
    };
    for one in done {
        let outcome = match one.outcome {
            Outcome::Delivered => "delivered",
            Outcome::Again(_) => "again",
            Outcome::Parked => "parked",
            Outcome::Withheld => "withheld",
        };
        sent.delivered += usize::from(one.outcome == Outcome::Delivered);
        sent.failed += usize::from(matches!(one.outcome, Outcome::Again(_) | Outcome::Parked));
        let target = target.name.clone();
        metrics::counter!(MESSAGES, "target" => target, "outcome" => outcome).increment(1);
    }
    let left = deadline.saturating_duration_since(std::time::Instant::now());
    let took = timeout.saturating_sub(left);
    metrics::histogram!(MESSAGE_SEND, "target" => target.name.clone()).record(took);
    sent
}

/// How long a receiver that is down is left alone.
fn knock(in_vain: u32) -> Duration {
    let doublings = in_vain.saturating_sub(DOWN_AFTER).min(6);
    Duration::from_secs(1 << doublings).min(KNOCK_MAX)
}

async fn rest(error: &Error, what: &str) {
    metrics::counter!(FAILURES, "worker" => "dispatch").increment(1);
    tracing::warn!(error = error as &dyn std::error::Error, "{what}");
    tokio::time::sleep(PAUSE).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_that_is_down_is_knocked_at_ever_more_rarely() {
        assert_eq!(knock(DOWN_AFTER), Duration::from_secs(1));
        assert_eq!(knock(DOWN_AFTER + 2), Duration::from_secs(4));
        assert_eq!(knock(u32::MAX), KNOCK_MAX);
    }
}
