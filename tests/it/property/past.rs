//! The two times of a question. As of an instant: what the definitions say about the versions up to it. Known at an
//! instant: the very answer that was given then, whatever was recorded since.
//!
//! Merges, references, consent and erasures are always today's, so their tables are told in full, and first.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use customer_intelligence::contracts;
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::domain::insight::Insight;
use customer_intelligence::domain::moment::Moment;
use customer_intelligence::inbox::{Channel, Entry, Limits, Writer};
use customer_intelligence::insight::Reader;
use customer_intelligence::projections::Settings;
use customer_intelligence::resolve::fence::Pepper;
use customer_intelligence::resolve::memory::Memory;
use customer_intelligence::resolve::tenant;
use customer_intelligence::workers::{Context, batch};
use futures::future::{join, join_all};
use uuid::Uuid;

use super::compare::differs;
use super::deliveries::tell_plainly;
use super::dice::Dice;
use super::history::{History, history};
use super::in_memory::cases;
use super::oracle::Oracle;
use super::shrink::transcript;
use super::world::{Table, World};
use crate::support::TestDb;

/// Histories of a run without a flag.
const AS_OF: u64 = 600;
const KNOWN_AT: u64 = 20;

/// Tables about nobody, and the profiles, which say who is merged with whom and who consents.
fn is_todays(table: Table) -> bool {
    matches!(
        table,
        Table::Operators
            | Table::Profiles
            | Table::Templates
            | Table::Points
            | Table::Offerings
            | Table::Legs
            | Table::Accounts
    )
}

/// The world as if nothing had changed in it after that instant, but for what is always today's.
fn until(world: &World, as_of: DateTime<Utc>) -> World {
    let mut then = world.clone();
    for ((table, _), versions) in &mut then.rows {
        versions.retain(|ver| is_todays(*table) || ver.at <= as_of);
    }
    then.rows.retain(|_, versions| !versions.is_empty());
    then.said.retain(|said| said.at <= as_of);
    then
}

/// The locale of a profile at that instant: the one thing a profile tells that has a history.
fn locale(world: &World, person: Uuid, as_of: DateTime<Utc>) -> Option<String> {
    let mut versions = world.rows.get(&(Table::Profiles, person))?.iter();
    let last = versions.rfind(|ver| ver.at <= as_of)?;
    last.row.text("locale").map(str::to_owned)
}

fn remember(history: &History, world: &World) -> Memory {
    let mut memory = Memory::new(history.tenant, history.quarantine_days);
    let told = tell_plainly(world);
    let decode = |body: &str| contracts::decode(body.as_bytes()).unwrap().versions;
    let versions: Vec<_> = told.iter().flat_map(|told| decode(&told.body)).collect();
    memory.deliver(&versions);
    memory
}

/// Four instants of a history at which something changed, and one beyond it.
fn instants(world: &World, history: &History) -> Vec<DateTime<Utc>> {
    let quarter = world.changes.len() / 4;
    let at = (0..4).filter_map(|part| Some(world.changes.get(part * quarter)?.at));
    at.chain([history.now + Duration::days(400)]).collect()
}

fn check_as_of(history: &History) -> Result<(), String> {
    let world = World::run(history.tenant, false, &history.commands);
    let memory = remember(history, &world);
    for as_of in instants(&world, history) {
        let then = until(&world, as_of);
        let oracle = Oracle::new(&then, history.quarantine_days, as_of);
        for person in &history.persons {
            let insight = memory.insight_as_of(*person, as_of);
            let mut verdict = oracle.verdict(*person);
            if let Some(verdict) = &mut verdict {
                verdict.standing.locale = locale(&world, verdict.person, as_of);
            }
            if let Some(difference) = differs(insight.as_ref(), verdict.as_ref()) {
                return Err(format!(
                    "seed {}: as of {as_of} {difference} (of {person})",
                    history.seed
                ));
            }
        }
    }
    Ok(())
}

#[test]
fn as_of_an_instant_is_what_the_definitions_say_about_the_versions_up_to_it() {
    for seed in 0..cases(AS_OF) {
        let history = history(seed, false);
        if let Err(failure) = check_as_of(&history) {
            panic!("{failure}\n{}", transcript(&history));
        }
    }
}

/// The answers that were given about everybody at an instant.
type Given = BTreeMap<Uuid, Insight>;

struct Stage<'a> {
    history: &'a History,
    context: Context,
    writer: &'a Writer,
}

impl Stage<'_> {
    async fn deliver(&self, bodies: &[&str]) {
        let each = bodies.iter().map(|body| async {
            let delivery = contracts::read(body.as_bytes()).unwrap();
            let entry = Entry {
                tenant_id: delivery.tenant_id,
                event_id: delivery.event_id,
                table: delivery.table,
                trigger: delivery.trigger,
                payload: delivery.cut,
                dropped_columns: delivery.dropped_columns,
            };
            self.writer.submit(entry, Channel::Live).await.unwrap();
        });
        join_all(each).await;
        let all = batch::Selection::Oldest(1_000);
        while let batch::Turn::Worked(_) = batch::process(&self.context, self.history.tenant, &all)
            .await
            .unwrap()
        {}
    }

    fn reader(&self) -> Reader {
        let context = &self.context;
        let days = self.history.quarantine_days;
        Reader::new(context.pool.clone(), context.clock.clone(), days)
    }

    async fn given(&self) -> Given {
        let (tenant, persons) = (self.history.tenant, &self.history.persons);
        let found = self.reader().insights(tenant, persons).await.unwrap();
        let each = found.into_iter();
        each.map(|(id, one)| (id, one.unwrap().insight.clone()))
            .collect()
    }

    async fn given_back(&self, moment: Moment) -> Given {
        let asked: Vec<_> = self
            .history
            .persons
            .iter()
            .map(|id| (*id, moment))
            .collect();
        let found = self
            .reader()
            .insights_at(self.history.tenant, &asked)
            .await
            .unwrap();
        let each = found.into_iter();
        each.map(|((id, _), one)| (id, one.unwrap().insight.clone()))
            .collect()
    }
}

/// What the platform goes through in an order of its own: what is always today's first, then the rest, shuffled.
fn parts(history: &History, world: &World) -> Vec<Vec<String>> {
    let bodies = tell_plainly(world).into_iter().map(|told| told.body);
    let tables = world.changes.iter().map(|change| Some(change.table));
    let tables = tables.chain(std::iter::repeat(None));
    let (first, rest): (Vec<_>, Vec<_>) = bodies
        .zip(tables)
        .partition(|(_, table)| table.is_some_and(is_todays));
    let mut dice = Dice::new(history.seed);
    let mut rest: Vec<_> = rest
        .into_iter()
        .map(|(body, _)| (dice.next(), body))
        .collect();
    rest.sort();
    let rest: Vec<String> = rest.into_iter().map(|(_, body)| body).collect();
    let size = rest.len().div_ceil(6).max(1);
    let first = first.into_iter().map(|(body, _)| body).collect();
    std::iter::once(first)
        .chain(rest.chunks(size).map(<[_]>::to_vec))
        .collect()
}

/// A boarding that left its departure, or a replacement that was withdrawn: no list names it any more.
fn forgets_what_was_seen(world: &World) -> bool {
    world.rows.iter().any(|((table, _), versions)| {
        let moved = |name: &str| {
            versions
                .windows(2)
                .any(|two| two[0].row.id(name) != two[1].row.id(name))
        };
        match table {
            Table::Boardings => {
                versions.iter().any(|ver| ver.tombstone) || moved("tour_departure_id")
            }
            Table::Bookings => {
                versions.iter().any(|ver| ver.tombstone) || moved("replaces_booking_id")
            }
            _ => false,
        }
    })
}

async fn check_known_at(db: &TestDb, writer: &Writer, history: &History) -> Result<bool, String> {
    let world = World::run(history.tenant, false, &history.commands);
    let clock = Clock::manual(history.now);
    let stage = Stage {
        history,
        context: Context {
            pool: db.pool().clone(),
            clock: clock.clone(),
            pepper: Pepper::new(b"only for tests"),
            settings: Settings {
                quarantine_days: history.quarantine_days,
                large_from: [0, usize::MAX][usize::try_from(history.seed % 2).unwrap()],
                ..Settings::default()
            },
        },
        writer,
    };
    tenant::ensure(db.pool(), history.tenant).await.unwrap();
    let mut answers: Vec<(DateTime<Utc>, Given)> = Vec::new();
    for part in parts(history, &world) {
        let part: Vec<&str> = part.iter().map(String::as_str).collect();
        stage.deliver(&part).await;
        answers.push((clock.now(), stage.given().await));
        clock.advance(Duration::hours(1));
    }
    let exact = !forgets_what_was_seen(&world);
    for (at, given) in answers.iter().filter(|_| exact) {
        let moment = Moment {
            as_of: Some(*at),
            known_at: Some(*at),
        };
        let again = stage.given_back(moment).await;
        for (person, then) in given {
            let now = &again[person];
            if (&then.behavior, &then.feedback, &then.standing)
                != (&now.behavior, &now.feedback, &now.standing)
            {
                return Err(format!(
                    "seed {}: known at {at} (of {person})\nthen {then:#?}\nagain {now:#?}\n{}",
                    history.seed,
                    transcript(history)
                ));
            }
        }
        assert_eq!(again.len(), given.len());
    }
    Ok(exact)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_at_an_instant_is_the_answer_that_was_given_then() {
    let db = TestDb::new().await;
    let writer = Writer::new(db.pool().clone(), Clock::system(), Limits::default());
    let work = async {
        let mut exact = 0;
        for seed in 0..cases(KNOWN_AT) {
            match check_known_at(&db, &writer, &history(seed, false)).await {
                Ok(counted) => exact += u64::from(counted),
                Err(failure) => return Err(failure),
            }
        }
        Ok(exact)
    };
    let work = async {
        let done = work.await;
        writer.close();
        done
    };
    let (done, ()) = join(Box::pin(work), writer.run()).await;
    let exact = done.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(
        exact * 2 > cases(KNOWN_AT),
        "only {exact} could be compared"
    );
}
