//! One flush: deliveries in one insert, letters in another, each waiter answered after its own commit.
//!
//! A value the database refuses costs its neighbours nothing: the batch is repeated row by row and the culprit
//! becomes a letter. Deliberately absent: transactions over several statements; what is counted is written apart,
//! after the answers.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use sqlx::PgConnection;
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

use super::entry::{Channel, Entry, Letter};
use super::queue::{Job, Waiting};
use super::statements;
use super::writer::Error;
use crate::db;
use crate::domain::clock::Clock;
use crate::telemetry::metrics::{COLUMNS_DROPPED, DEAD_LETTERS, INBOX_FLUSH, INBOX_FLUSH_ROWS};

/// Counters are written when nobody waits, and at the latest after so many flushes.
const TALLY_AT_LEAST_EVERY: u32 = 64;
/// Counters of so many tenants and names are kept while the database is away; more are forgotten.
const TALLY_NAMES: usize = 10_000;

/// One who waits for a commit.
type Done = oneshot::Sender<Result<(), Error>>;

/// A delivery on its way into the table.
struct Keep {
    id: Uuid,
    channel: Channel,
    entry: Entry,
    done: Done,
    /// Those who brought the very same delivery into the same flush.
    twins: Vec<Done>,
}

/// A letter on its way into the table.
struct Bury {
    letter: Letter,
    done: Done,
}

#[derive(Default)]
struct Tally {
    totals: BTreeMap<(Uuid, String), i64>,
    flushes: u32,
}

pub(super) struct Flusher<'a> {
    pool: &'a db::Pool,
    clock: &'a Clock,
    landed: &'a Notify,
    timeout: Duration,
    tally: Tally,
}

impl<'a> Flusher<'a> {
    pub(super) fn new(
        pool: &'a db::Pool,
        clock: &'a Clock,
        landed: &'a Notify,
        timeout: Duration,
    ) -> Self {
        Self {
            pool,
            clock,
            landed,
            timeout,
            tally: Tally::default(),
        }
    }

    /// Stores what is in `batch` and answers everyone in it.
    pub(super) async fn flush(&mut self, batch: Vec<Waiting>) {
        let (mut keeps, mut letters) = (Vec::with_capacity(batch.len()), Vec::new());
        for Waiting { job, done, .. } in batch {
            match job {
                Job::Keep { id, channel, entry } => keeps.push(Keep {
                    id,
                    channel,
                    entry,
                    done,
                    twins: Vec::new(),
                }),
                Job::Bury(letter) => letters.push(Bury { letter, done }),
            }
        }
        self.tally.flushes = self.tally.flushes.saturating_add(1);
        let mut connection = match self.pool.acquire().await.map_err(db::Error::from) {
            Ok(connection) => connection,
            Err(error) => return refuse(keeps, letters, &error),
        };
        let (timeout, begun) = (self.timeout, Instant::now());
        metrics::histogram!(INBOX_FLUSH_ROWS).record(as_float(keeps.len() + letters.len()));
        let work = async {
            self.keep(&mut connection, keeps, &mut letters).await;
            self.bury(&mut connection, letters).await;
        };
        if tokio::time::timeout(timeout, work).await.is_err() {
            tracing::warn!(
                ?timeout,
                "a flush of the inbox took too long and was given up"
            );
            // Its answer may still be on the way: never to be used again.
            drop(connection.detach());
        }
        metrics::histogram!(INBOX_FLUSH).record(begun.elapsed());
    }

    /// Inserts `keeps`; what the database refuses becomes one of the `letters`.
    async fn keep(
        &mut self,
        connection: &mut PgConnection,
        keeps: Vec<Keep>,
        letters: &mut Vec<Bury>,
    ) {
        if keeps.is_empty() {
            return;
        }
        let mut keeps = without_twins(keeps);
        keeps.sort_unstable_by_key(|keep| (keep.entry.tenant_id, keep.channel.code(), keep.id));
        let rows = keeps.iter().map(row).collect();
        match statements::insert(connection, rows).await {
            Ok(()) => {
                for keep in keeps {
                    self.kept(keep);
                }
                self.wake();
            }
            Err(db::Error::Data(_)) => {
                for keep in keeps {
                    self.keep_alone(connection, keep, letters).await;
                }
                self.wake();
            }
            Err(error) => refuse(keeps, Vec::new(), &error),
        }
    }

    async fn keep_alone(
        &mut self,
        connection: &mut PgConnection,
        keep: Keep,
        letters: &mut Vec<Bury>,
    ) {
        match statements::insert(connection, vec![row(&keep)]).await {
            Ok(()) => self.kept(keep),
            Err(error @ db::Error::Data(_)) => {
                let letter = self.letter(&keep, error.sqlstate());
                let waiting = keep.twins.into_iter().chain([keep.done]);
                letters.extend(waiting.map(|done| Bury {
                    letter: letter.clone(),
                    done,
                }));
            }
            Err(error) => refuse(vec![keep], Vec::new(), &error),
        }
    }

    /// Writes `letters`; one that cannot be stored as it is goes without its envelope.
    async fn bury(&mut self, connection: &mut PgConnection, letters: Vec<Bury>) {
        if letters.is_empty() {
            return;
        }
        // Of several letters with one id the last one stands; an insert may name a key only once.
        let mut unique: BTreeMap<(Uuid, Uuid), &Letter> = BTreeMap::new();
        for Bury { letter, .. } in &letters {
            unique.insert((letter.tenant_id, letter.id), letter);
        }
        match statements::upsert_letters(connection, unique.into_values()).await {
            Ok(()) => {
                for Bury { letter, done } in letters {
                    self.buried(&letter, done);
                }
            }
            Err(db::Error::Data(_)) => {
                for Bury { mut letter, done } in letters {
                    let mut stored = statements::upsert_letters(connection, [&letter]).await;
                    if matches!(stored, Err(db::Error::Data(_))) {
                        letter.envelope = None;
                        stored = statements::upsert_letters(connection, [&letter]).await;
                    }
                    match stored {
                        Ok(()) => self.buried(&letter, done),
                        Err(error) => refuse(Vec::new(), vec![Bury { letter, done }], &error),
                    }
                }
            }
            Err(error) => refuse(Vec::new(), letters, &error),
        }
    }

    fn kept(&mut self, keep: Keep) {
        if keep.entry.dropped_columns > 0 {
            let dropped = i64::from(keep.entry.dropped_columns);
            metrics::counter!(COLUMNS_DROPPED).increment(u64::from(keep.entry.dropped_columns));
            self.add(keep.entry.tenant_id, "dropped_columns".to_owned(), dropped);
        }
        for done in keep.twins.into_iter().chain([keep.done]) {
            answer(done, Ok(()));
        }
    }

    fn buried(&mut self, letter: &Letter, done: Done) {
        metrics::counter!(DEAD_LETTERS, "reason" => letter.reason.clone()).increment(1);
        self.add(
            letter.tenant_id,
            format!("dead_letter.{}", letter.reason),
            1,
        );
        answer(done, Ok(()));
    }

    fn wake(&self) {
        self.landed.notify_waiters();
        // For one who is about to wait.
        self.landed.notify_one();
    }

    fn letter(&self, keep: &Keep, sqlstate: Option<String>) -> Letter {
        let sqlstate = sqlstate.unwrap_or_default();
        Letter::refused_by_database(keep.id, &keep.entry, &sqlstate, self.clock.now())
    }

    fn add(&mut self, tenant_id: Uuid, name: String, more: i64) {
        if self.tally.totals.len() < TALLY_NAMES {
            *self.tally.totals.entry((tenant_id, name)).or_default() += more;
        }
    }

    /// Writes the counters when nobody waits or it is time; what could not be written stays for the next time.
    pub(super) async fn count_if_due(&mut self, idle: bool) {
        let due = idle || self.tally.flushes >= TALLY_AT_LEAST_EVERY;
        if !due || self.tally.totals.is_empty() {
            return;
        }
        let write = statements::count(self.pool, &self.tally.totals, self.clock.now());
        match tokio::time::timeout(self.timeout, write).await {
            Ok(Ok(())) => self.tally = Tally::default(),
            Ok(Err(error)) => {
                self.tally.flushes = 0;
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "counters not written"
                );
            }
            Err(_) => self.tally.flushes = 0,
        }
    }
}

fn row(keep: &Keep) -> statements::Row<'_> {
    statements::Row {
        tenant_id: keep.entry.tenant_id,
        id: keep.id,
        channel: keep.channel.code(),
        payload: &keep.entry.payload,
    }
}

/// Makes one row of a delivery that came twice into this flush: Hasura gave up waiting and came again.
///
/// Only what is the same to the byte is; a known id with another payload is a new try.
fn without_twins(keeps: Vec<Keep>) -> Vec<Keep> {
    let mut unique: Vec<Keep> = Vec::with_capacity(keeps.len());
    let mut places = HashMap::new();
    for keep in keeps {
        let event = keep
            .entry
            .event_id
            .clone()
            .map(|event| (keep.entry.tenant_id, event));
        let place = event.map(|event| *places.entry(event).or_insert(unique.len()));
        match place.and_then(|place| unique.get_mut(place)) {
            Some(first) if first.entry.payload == keep.entry.payload => first.twins.push(keep.done),
            Some(_) | None => unique.push(keep),
        }
    }
    unique
}

fn refuse(keeps: Vec<Keep>, letters: Vec<Bury>, error: &db::Error) {
    let waiting = keeps.len() + letters.len();
    tracing::warn!(
        error = error as &dyn std::error::Error,
        waiting,
        "the inbox cannot be written"
    );
    let keeps = keeps
        .into_iter()
        .flat_map(|keep| keep.twins.into_iter().chain([keep.done]));
    for done in keeps.chain(letters.into_iter().map(|bury| bury.done)) {
        answer(done, Err(Error::Unavailable));
    }
}

/// For a histogram; a flush has far fewer rows than a float counts exactly.
fn as_float(rows: usize) -> f64 {
    u32::try_from(rows).map_or(f64::INFINITY, f64::from)
}

/// Answers one who may have gone away meanwhile.
fn answer(done: Done, result: Result<(), Error>) {
    done.send(result).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(tenant: u128, event: Option<&str>, payload: &[u8]) -> Keep {
        Keep {
            id: Uuid::nil(),
            channel: Channel::Live,
            entry: Entry {
                tenant_id: Uuid::from_u128(tenant),
                event_id: event.map(str::to_owned),
                table: String::new(),
                trigger: String::new(),
                payload: payload.to_vec(),
                dropped_columns: 0,
            },
            done: oneshot::channel().0,
            twins: Vec::new(),
        }
    }

    #[test]
    fn only_the_very_same_delivery_is_a_twin() {
        let unique = without_twins(vec![
            keep(1, Some("e"), b"one"),
            keep(1, Some("e"), b"one"),
            keep(1, Some("e"), b"another"),
            keep(2, Some("e"), b"one"),
            keep(1, None, b"one"),
            keep(1, None, b"one"),
            keep(1, Some("e"), b"one"),
        ]);
        let twins: Vec<usize> = unique.iter().map(|keep| keep.twins.len()).collect();
        assert_eq!(twins, [2, 0, 0, 0, 0]);
    }
}
