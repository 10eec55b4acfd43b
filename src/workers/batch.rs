//! One batch: claim, decode, resolve, append, refold, erase, all in one transaction of one tenant.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Context;
use crate::activity_log::{self, Appended};
use crate::contracts::{self, Refusal};
use crate::db::pool::within;
use crate::db::{Error, Tx};
use crate::domain::source::Version;
use crate::inbox::claim::{self, Claimed};
use crate::inbox::{Letter, dead_letters};
use crate::privacy;
use crate::projections::{self, Heard, Touched};
use crate::resolve::engine::{ErasureCause, Outcome};
use crate::resolve::{store, tenant};
use crate::telemetry::metrics::{APPENDED, VISIBLE, WORKED};

/// Which deliveries to take.
#[derive(Debug, Clone)]
pub enum Selection {
    /// Up to so many of the oldest.
    Oldest(i64),
    /// Exactly these.
    These(Vec<Uuid>),
}

/// What a batch did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// Deliveries taken out of the inbox.
    pub deliveries: usize,
    /// Log rows appended.
    pub log_rows: usize,
    /// Insights written.
    pub insights: usize,
    /// Persons erased.
    pub erased: usize,
}

/// How a batch went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Somebody else holds the tenant.
    Held,
    /// None of the deliveries is there.
    Nothing,
    /// Folded and committed.
    Worked(Done),
}

/// A batch that failed, with what it had taken.
#[derive(Debug)]
pub struct Failed {
    /// Why.
    pub error: Error,
    /// The deliveries, which are back in the inbox.
    pub deliveries: Vec<Uuid>,
}

/// What the deliveries of one channel say.
#[derive(Default)]
struct Read {
    versions: Vec<Version>,
    /// Of each delivery, where its versions end.
    ends: Vec<usize>,
    letters: Vec<Letter>,
    counts: BTreeMap<String, i64>,
}

/// Works one batch of a tenant. After a failure everything is as before, and the tenant free again.
pub async fn process(
    context: &Context,
    tenant_id: Uuid,
    selection: &Selection,
) -> Result<Turn, Failed> {
    let mut taken = Vec::new();
    let work = transact(context, tenant_id, selection, &mut taken);
    let worked = within(&context.pool, work).await;
    worked.map_err(|error| Failed {
        error,
        deliveries: taken,
    })
}

async fn transact(
    context: &Context,
    tenant_id: Uuid,
    selection: &Selection,
    taken: &mut Vec<Uuid>,
) -> Result<Turn, Error> {
    let mut tx = Tx::begin(&context.pool).await?;
    let turn = match work(&mut tx, context, tenant_id, selection, taken).await {
        Ok(Turn::Worked(done)) => done,
        Ok(other) => {
            tx.rollback().await?;
            return Ok(other);
        }
        Err(error) => {
            // Waited for, because whoever tries again would find the tenant held. If the connection is gone,
            // so is the transaction.
            tx.rollback().await.ok();
            return Err(error);
        }
    };
    tx.commit().await?;
    measure(context, taken, &turn);
    Ok(Turn::Worked(turn))
}

async fn work(
    tx: &mut Tx,
    context: &Context,
    tenant_id: Uuid,
    selection: &Selection,
    taken: &mut Vec<Uuid>,
) -> Result<Turn, Error> {
    let now = context.clock.now();
    let Some(recorded_at) = tenant::take(tx, tenant_id, now).await? else {
        return Ok(Turn::Held);
    };
    let claimed = match selection {
        Selection::Oldest(limit) => claim::claim(tx, tenant_id, *limit).await?,
        Selection::These(ids) => claim::claim_these(tx, tenant_id, ids).await?,
    };
    if claimed.is_empty() {
        return Ok(Turn::Nothing);
    }
    taken.extend(claimed.iter().map(|one| one.id));
    let mut by_channel: BTreeMap<i16, Vec<Claimed>> = BTreeMap::new();
    for one in claimed {
        by_channel.entry(one.channel).or_default().push(one);
    }
    let mut done = Done {
        deliveries: taken.len(),
        ..Done::default()
    };
    for (channel, claimed) in by_channel {
        let read = read(context, tenant_id, &claimed);
        let batch = Batch {
            context,
            tenant_id,
            channel,
            recorded_at,
        };
        batch.apply(tx, read, &mut done).await?;
    }
    tenant::note(tx, tenant_id, recorded_at).await?;
    Ok(Turn::Worked(done))
}

fn measure(context: &Context, taken: &[Uuid], done: &Done) {
    let now = context.clock.now();
    let received = taken.iter().filter_map(Uuid::get_timestamp);
    for received in received {
        let (seconds, nanos) = received.to_unix();
        let received = i64::try_from(seconds)
            .ok()
            .and_then(|s| DateTime::from_timestamp(s, nanos));
        let waited = received.and_then(|received| (now - received).to_std().ok());
        metrics::histogram!(VISIBLE).record(waited.unwrap_or_default());
    }
    let items = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    metrics::counter!(WORKED, "worker" => "ingest").increment(items(done.deliveries));
    metrics::counter!(APPENDED).increment(items(done.log_rows));
}

/// Takes one delivery out for good: a dead letter says why. False when somebody else holds the tenant.
pub async fn park(
    context: &Context,
    tenant_id: Uuid,
    id: Uuid,
    detail: &str,
) -> Result<bool, Error> {
    let mut tx = Tx::begin(&context.pool).await?;
    if tenant::take(&mut tx, tenant_id, context.clock.now())
        .await?
        .is_none()
    {
        tx.rollback().await?;
        return Ok(false);
    }
    let claimed = claim::claim_these(&mut tx, tenant_id, &[id]).await?;
    let letters = claimed.iter().map(|one| {
        let about = contracts::read(&one.payload).ok();
        let event_id = about.as_ref().and_then(|about| about.event_id.clone());
        let id = event_id
            .as_deref()
            .map(|event| Letter::id_of(tenant_id, event));
        Letter {
            tenant_id,
            id: id.unwrap_or(one.id),
            event_id,
            table: about.as_ref().map(|about| about.table.clone()),
            trigger: about.map(|about| about.trigger),
            reason: "processing_failed".to_owned(),
            detail: detail.to_owned(),
            envelope: String::from_utf8(one.payload.clone()).ok(),
            received_at: context.clock.now(),
        }
    });
    let letters: Vec<Letter> = letters.map(Letter::storable).collect();
    claim::park(&mut tx, &letters).await?;
    tx.commit().await?;
    Ok(true)
}

fn read(context: &Context, tenant_id: Uuid, claimed: &[Claimed]) -> Read {
    let mut read = Read::default();
    for one in claimed {
        match contracts::decode(&one.payload) {
            Ok(decoded) => {
                let (schema, table) = (decoded.contract.schema, decoded.contract.table);
                *read
                    .counts
                    .entry(format!("table.{schema}.{table}"))
                    .or_default() += 1;
                if let Some(name) = decoded.event_name {
                    *read.counts.entry(format!("event.{name}")).or_default() += 1;
                }
                for (name, n) in [
                    ("unattributable", decoded.unattributable),
                    ("rounded_amounts", decoded.rounded),
                ] {
                    if n > 0 {
                        *read.counts.entry(name.to_owned()).or_default() += i64::from(n);
                    }
                }
                read.versions.extend(decoded.versions);
                read.ends.push(read.versions.len());
            }
            Err(refusal) => read
                .letters
                .push(letter(context, tenant_id, one.id, refusal)),
        }
    }
    read
}

/// A contract that has become stricter since the delivery was let in leaves a letter, too.
fn letter(context: &Context, tenant_id: Uuid, id: Uuid, refusal: Refusal) -> Letter {
    let letter = Letter {
        tenant_id,
        id,
        event_id: refusal.event_id,
        table: refusal.table,
        trigger: refusal.trigger,
        reason: refusal.reason.code().to_owned(),
        detail: refusal.detail,
        envelope: refusal.envelope.map(|envelope| envelope.to_string()),
        received_at: context.clock.now(),
    };
    letter.storable()
}

/// How many deliveries said nothing new; `ends` is where each one's versions end in `news`.
fn without_news(ends: &[usize], news: &[bool]) -> u64 {
    let mut from = 0;
    let mut silent = 0;
    for end in ends {
        let told = news.get(from..*end).unwrap_or_default();
        silent += u64::from(!told.contains(&true));
        from = *end;
    }
    silent
}

/// As it stands in the tally's names.
fn channel_name(channel: i16) -> &'static str {
    match channel {
        1 => "backfill",
        2 => "replay",
        _ => "live",
    }
}

/// The fixed part of one channel's share of a batch.
struct Batch<'c> {
    context: &'c Context,
    tenant_id: Uuid,
    channel: i16,
    recorded_at: DateTime<Utc>,
}

impl Batch<'_> {
    async fn apply(&self, tx: &mut Tx, mut read: Read, done: &mut Done) -> Result<(), Error> {
        let (context, tenant_id) = (self.context, self.tenant_id);
        claim::park(tx, &read.letters).await?;
        let resolved = store::resolve(
            tx,
            &context.pepper,
            tenant_id,
            read.versions,
            self.recorded_at,
        )
        .await?;
        let outcome = resolved.outcome;
        projections::upsert_profiles(tx, tenant_id, &outcome.profiles).await?;
        let appended =
            activity_log::append(tx, tenant_id, &outcome.rows, self.channel, self.recorded_at)
                .await?;
        let came_by = channel_name(self.channel);
        for (name, n) in [
            ("fenced".to_owned(), resolved.fenced),
            ("aged".to_owned(), resolved.aged),
            ("key_conflict".to_owned(), outcome.key_conflicts),
            (
                format!("nothing_new.{came_by}"),
                without_news(&read.ends, &resolved.news),
            ),
            (format!("appended.{came_by}"), appended.len() as u64),
        ] {
            if n > 0 {
                read.counts
                    .insert(name, i64::try_from(n).unwrap_or(i64::MAX));
            }
        }
        claim::tally(tx, tenant_id, &read.counts, context.clock.now()).await?;
        done.log_rows += appended.len();
        let heard = Heard::of(outcome.profiles.keys().copied(), &outcome.rows);
        let erased = self.erase(tx, &outcome).await?;
        done.erased += erased.len();
        done.insights += self.refold(tx, outcome, appended, &erased).await?;
        // Behind the refold, which locks the customers whose rows these are.
        let heard = heard.without(&erased);
        projections::record_consents(tx, tenant_id, &heard, self.recorded_at).await?;
        Ok(())
    }

    async fn erase(&self, tx: &mut Tx, outcome: &Outcome) -> Result<BTreeSet<Uuid>, Error> {
        let mut asked: BTreeMap<Uuid, &'static str> = BTreeMap::new();
        for (person, merged_into) in &outcome.profiles {
            // Merged into somebody who was erased: the same human being.
            if merged_into.is_some_and(|into| into.is_nil()) {
                asked.insert(*person, "merged");
            }
        }
        for (person, cause) in &outcome.erase {
            let reason = match cause {
                ErasureCause::Redacted => "redacted",
                ErasureCause::Deleted => "deleted",
            };
            asked.insert(*person, reason);
        }
        if asked.is_empty() {
            return Ok(BTreeSet::new());
        }
        let pepper = &self.context.pepper;
        let now = self.context.clock.now();
        let mut erasure = projections::erase(tx, pepper, self.tenant_id, &asked, now).await?;
        privacy::export::forget(tx, self.tenant_id, &mut erasure, now).await?;
        let letters = dead_letters::forget(tx, self.tenant_id, &erasure.persons, None).await?;
        if let Some(first) = asked.pop_first() {
            let erased = (&erasure, letters);
            privacy::record::record(tx, pepper, self.tenant_id, first, erased, now).await?;
        }
        Ok(erasure.persons)
    }

    async fn refold(
        &self,
        tx: &mut Tx,
        outcome: Outcome,
        appended: Vec<Appended>,
        erased: &BTreeSet<Uuid>,
    ) -> Result<usize, Error> {
        let settings = self.context.settings;
        let now = self.context.clock.now();
        if outcome.refold_all {
            return projections::refold_all(tx, settings, self.tenant_id, now).await;
        }
        let mut persons = outcome.touched;
        for profile in outcome.profiles.into_keys() {
            persons.entry(profile).or_default();
        }
        persons.retain(|person, _| !erased.contains(person));
        let touched = Touched {
            persons,
            appended,
            recorded_at: Some(self.recorded_at),
        };
        projections::refold(tx, settings, self.tenant_id, touched, now).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_has_news_when_one_of_its_versions_is_new() {
        assert_eq!(without_news(&[2, 2, 3, 4], &[false, true, false, true]), 2);
        assert_eq!(without_news(&[], &[]), 0);
    }
}
