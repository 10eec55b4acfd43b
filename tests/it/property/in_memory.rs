//! The property, without a database: however a history is told, the insights are the same to the byte, and they
//! are what the oracle says. Erased persons stay erased in any order.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::Duration;
use customer_intelligence::contracts;
use customer_intelligence::domain::insight::Insight;
use customer_intelligence::domain::source::Version;
use customer_intelligence::resolve::memory::Memory;
use uuid::Uuid;

use super::compare::{differs, kind};
use super::deliveries::{batches, tell, tell_plainly};
use super::history::{History, history};
use super::oracle::Oracle;
use super::shrink::{shrink, transcript};
use super::world::World;
use crate::support::switch;

/// Histories of a run without a flag.
const HISTORIES: u64 = 10_000;
const ERASING_HISTORIES: u64 = 1_000;
/// Ways in which each history is told: the plain one and another.
const TELLINGS: u64 = 2;
/// How many kinds of failure are made small and shown.
const SHOWN: usize = 12;

pub(super) type Insights = BTreeMap<Uuid, Option<Insight>>;

/// How many histories this run looks at: `CI_PROPERTY_CASES`, else the given number.
pub(super) fn cases(otherwise: u64) -> u64 {
    switch("CI_PROPERTY_CASES").unwrap_or(otherwise)
}

/// Tells the history one way and reads everybody's insight; the first way is the plain one, all at once.
pub(super) fn listen(history: &History, world: &World, telling: u64) -> Result<Insights, String> {
    let seed = seed_of(history, telling);
    let plain = telling == 0;
    let bodies = if plain {
        tell_plainly(world)
    } else {
        tell(world, seed, canonical(history))
    };
    let mut memory = Memory::new(history.tenant, history.quarantine_days);
    let all = std::iter::once(bodies.as_slice()).filter(|_| plain);
    let parts = batches(&bodies, seed).filter(|_| !plain);
    for batch in all.chain(parts) {
        let mut versions = Vec::new();
        for told in batch {
            versions.extend(understand(told.body.as_bytes(), telling)?);
        }
        memory.deliver(&versions);
    }
    let everybody = history.persons.iter();
    Ok(everybody
        .map(|id| (*id, memory.insight(*id, history.now)))
        .collect())
}

fn seed_of(history: &History, telling: u64) -> u64 {
    history.seed ^ (telling << 40)
}

/// How many of a hundred changes are told by events where they can be.
fn canonical(history: &History) -> usize {
    [0, 30, 60, 90][usize::try_from(history.seed % 4).unwrap()]
}

/// Through the door and out of the inbox; the plain telling as it came, which must mean the same.
pub(super) fn understand(body: &[u8], telling: u64) -> Result<Vec<Version>, String> {
    let shown = || String::from_utf8_lossy(body).into_owned();
    let decode = |bytes: &[u8]| {
        let decoded = contracts::decode(bytes);
        decoded
            .map(|decoded| decoded.versions)
            .map_err(|no| format!("refused: {no:?} {}", shown()))
    };
    if telling == 0 {
        return decode(body);
    }
    let delivery = contracts::read(body).map_err(|no| format!("refused: {no:?} {}", shown()))?;
    decode(&delivery.cut)
}

/// The property of one history; what is wrong, if anything.
fn check(history: &History) -> Result<(), String> {
    let world = World::run(history.tenant, history.erasing, &history.commands);
    let first = listen(history, &world, 0)?;
    let bytes = postcard::to_allocvec(&first).map_err(|err| err.to_string())?;
    for telling in 1..TELLINGS {
        let again = listen(history, &world, telling)?;
        if postcard::to_allocvec(&again).map_err(|err| err.to_string())? != bytes {
            return Err(format!(
                "telling {telling} {}",
                first_difference(&first, &again)
            ));
        }
    }
    let oracle = Oracle::new(&world, history.quarantine_days, history.now);
    for (person, insight) in &first {
        if let Some(difference) = differs(insight.as_ref(), oracle.verdict(*person).as_ref()) {
            return Err(format!("{difference} (of {person})"));
        }
    }
    lasts(history, &world, &first)
}

/// What was derived holds until the instant it names: checked for one person of each history.
fn lasts(history: &History, world: &World, insights: &Insights) -> Result<(), String> {
    let Some((person, insight)) = insights
        .iter()
        .find_map(|(id, it)| Some((id, it.as_ref()?)))
    else {
        return Ok(());
    };
    let far = history.now + Duration::days(365 * 20);
    let until = insight
        .valid_until
        .map_or(far, |at| at - Duration::microseconds(1));
    let oracle = Oracle::new(world, history.quarantine_days, until);
    differs(Some(insight), oracle.verdict(*person).as_ref()).map_or(Ok(()), |difference| {
        Err(format!("until.{difference} (of {person}, at {until})"))
    })
}

fn first_difference(first: &Insights, again: &Insights) -> String {
    for (person, insight) in first {
        let (one, two) = (format!("{insight:#?}"), format!("{:#?}", again[person]));
        let mut lines = one.lines().zip(two.lines());
        if let Some((left, right)) = lines.find(|(left, right)| left != right) {
            let (name, _) = left.trim().split_once(':').unwrap_or((left, ""));
            let (left, right) = (left.trim(), right.trim());
            return format!("{name}: plainly {left}, now {right} (of {person})");
        }
    }
    "somewhere: nothing that Debug shows".to_owned()
}

/// Runs the property on many histories and shows each kind of failure once, made small.
fn run(histories: u64, erasing: bool) {
    let next = AtomicU64::new(0);
    let failures: Mutex<BTreeMap<String, Vec<u64>>> = Mutex::default();
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= histories {
                return;
            }
            if let Err(failure) = check(&history(seed, erasing)) {
                let mut failures = failures.lock().unwrap();
                failures
                    .entry(kind(&failure).to_owned())
                    .or_default()
                    .push(seed);
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let failures = failures.into_inner().unwrap();
    let total: usize = failures.values().map(Vec::len).sum();
    let shown = failures
        .iter()
        .take(SHOWN)
        .map(|(kind, seeds)| explain(kind, seeds, erasing));
    let shown: String = shown.collect();
    let kinds: Vec<_> = failures
        .iter()
        .map(|(kind, seeds)| (kind, seeds.len(), seeds[0]))
        .collect();
    assert!(
        failures.is_empty(),
        "{total} of {histories} histories fail: {kinds:?}\n{shown}"
    );
}

fn explain(wanted: &str, seeds: &[u64], erasing: bool) -> String {
    let same = |history: &History| check(history).is_err_and(|failure| kind(&failure) == wanted);
    let smallest = seeds.iter().take(40).map(|seed| history(*seed, erasing));
    let smallest = smallest
        .min_by_key(|history| history.commands.len())
        .expect("a failure");
    let seed = smallest.seed;
    let small = shrink(smallest, same);
    let failure = check(&small).expect_err("it was made small while failing");
    let told = if wanted.starts_with("telling") {
        told(&small)
    } else {
        String::new()
    };
    format!("\nseed {seed}: {failure}\n{}{told}", transcript(&small))
}

/// The deliveries of the tellings in their order, batch by batch, where order or shape matters.
fn told(small: &History) -> String {
    let world = World::run(small.tenant, small.erasing, &small.commands);
    let mut out = String::new();
    for telling in 1..TELLINGS {
        let seed = seed_of(small, telling);
        let bodies = tell(&world, seed, canonical(small));
        writeln!(out, "  telling {telling}:").unwrap();
        for batch in batches(&bodies, seed) {
            let batch: Vec<String> = batch.iter().map(|told| brief(&told.body)).collect();
            writeln!(out, "    [{}]", batch.join(", ")).unwrap();
        }
    }
    out
}

fn brief(body: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let new = &body["event"]["data"]["new"];
    if let Some(name) = new["event_type"].as_str() {
        return format!("{name} at {} {}", new["occurred_at"], new["payload"]);
    }
    let row = if new.is_null() {
        &body["event"]["data"]["old"]
    } else {
        new
    };
    let id = row["id"]
        .as_str()
        .unwrap_or_default()
        .get(..8)
        .unwrap_or_default();
    let op = body["event"]["op"].as_str().unwrap_or_default();
    format!("{op} {} {id} {}", body["table"]["name"], row["updated_at"])
}

#[test]
fn any_telling_of_a_history_gives_what_the_definitions_say() {
    run(cases(HISTORIES), false);
}

#[test]
fn whoever_was_erased_comes_back_in_no_order() {
    run(cases(ERASING_HISTORIES), true);
}
