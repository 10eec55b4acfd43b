//! What is kept out stays out, in any order: categories of a person, whoever was let back, what is too old. Each is held
//! against a tenant in which it was never let in, and categories also against the oracle of a world in which those
//! facts are somebody else's.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use customer_intelligence::domain::category::Category;
use customer_intelligence::domain::horizon::{AgeingKind, Horizons};
use customer_intelligence::domain::insight::Insight;
use customer_intelligence::domain::source::Version;
use customer_intelligence::resolve::memory::Memory;
use uuid::Uuid;

use super::compare::differs;
use super::deliveries::tell;
use super::dice::Dice;
use super::history::{History, history};
use super::in_memory::{cases, understand};
use super::oracle::Oracle;
use super::world::{Act, Col, Command, Table, World};

/// Histories of a run without a flag.
const HISTORIES: u64 = 1_000;
/// Whose facts become somebody else's.
const GHOST: Uuid = Uuid::from_u128(0x0647);

/// The deliveries of a history, shuffled, and what to decide by chance.
struct Tale {
    history: History,
    batches: Vec<Vec<Version>>,
    dice: Dice,
}

impl Tale {
    fn new(seed: u64) -> Self {
        let history = history(seed, false);
        let world = World::run(history.tenant, false, &history.commands);
        let told = tell(&world, seed, 30);
        let read = told.chunks(3).map(|some| {
            let versions = some
                .iter()
                .map(|told| understand(told.body.as_bytes(), 0).expect("it is understood"));
            versions.flatten().collect()
        });
        Self {
            batches: read.collect(),
            history,
            dice: Dice::new(seed ^ 0xbade),
        }
    }

    fn memory(&self) -> Memory {
        Memory::new(self.history.tenant, self.history.quarantine_days)
    }

    fn deliver(&self, memory: &mut Memory, keep: impl Fn(&Version) -> bool) {
        for batch in &self.batches {
            let some: Vec<Version> = batch.iter().filter(|one| keep(one)).cloned().collect();
            memory.deliver(&some);
        }
    }

    /// Where two tenants differ in what is shown of somebody, to the byte.
    fn difference(&self, one: &Memory, other: &Memory) -> Option<String> {
        let differs = |person: &Uuid| {
            let shown = |memory: &Memory| memory.insight(*person, self.history.now);
            let (one, other) = (shown(one), shown(other));
            let bytes = |insight: &Option<Insight>| postcard::to_allocvec(insight).unwrap();
            if bytes(&one) == bytes(&other) {
                return None;
            }
            let (one, other) = (format!("{one:#?}"), format!("{other:#?}"));
            let lines: Vec<_> = one.lines().zip(other.lines()).collect();
            let at = lines.iter().position(|(one, other)| one != other);
            let from = at.unwrap_or_default().saturating_sub(12);
            let shown: Vec<_> = lines.iter().skip(from).take(16).collect();
            Some(format!("{person}: {shown:#?}"))
        };
        self.history.persons.iter().find_map(differs)
    }

    /// The person with everyone who is shown as the same.
    fn family(&self, person: Uuid) -> BTreeSet<Uuid> {
        let mut memory = self.memory();
        self.deliver(&mut memory, |_| true);
        let root = |one| {
            let shown = memory.insight(one, self.history.now);
            shown.map(|insight| insight.person_profile_id)
        };
        let same = |one: &Uuid| root(*one).is_some() && root(*one) == root(person);
        let all = self.history.persons.iter().copied().filter(same);
        all.chain([person]).collect()
    }

    /// An instant somewhere in the history.
    fn sometime(&mut self) -> DateTime<Utc> {
        let mut times: Vec<_> = self.batches.iter().flatten().collect();
        times.sort_by_key(|version| version.version_at);
        let at = self.dice.below(times.len());
        times
            .get(at)
            .map_or(self.history.now, |version| version.version_at)
    }
}

fn somebody(tale: &mut Tale) -> Uuid {
    let persons = tale.history.persons.clone();
    tale.dice.pick(&persons)
}

/// The same commands where these facts of the family are the ghost's.
fn given_away(history: &History, family: &BTreeSet<Uuid>, category: Category) -> Vec<Command> {
    let commands = history.commands.iter().cloned().filter_map(|mut command| {
        let column = match (category, command.table) {
            (Category::Onboard, Table::Sales) => return None,
            (Category::Communications, Table::Contacts)
            | (Category::Feedback, Table::Feedback)
            | (Category::Travel, Table::Passengers) => "person_profile_id",
            (Category::Checkouts, Table::Sessions) | (Category::Bookings, Table::Bookings) => {
                "booker_profile_id"
            }
            _ => return Some(command),
        };
        let nobodys = category == Category::Feedback;
        if let Act::Insert(cols) | Act::Update(cols) = &mut command.act {
            let inserted = cols.contains_key("tenant_id") || cols.contains_key("booking_id");
            match cols.get(column) {
                Some(Col::Id(id)) if !family.contains(id) => {}
                Some(Col::Null) if !nobodys => {}
                None if !(nobodys && inserted) => {}
                _ => {
                    cols.insert(column, Col::Id(GHOST));
                }
            }
        }
        Some(command)
    });
    commands.collect()
}

#[test]
fn a_category_that_was_purged_is_as_if_it_had_never_been() {
    let mut changed = 0;
    for seed in 0..cases(HISTORIES) {
        let mut tale = Tale::new(seed);
        let person = somebody(&mut tale);
        let family = tale.family(person);
        let category = tale.dice.pick(&Category::ALL);
        let purge = |memory: &mut Memory| {
            for one in &family {
                memory.purge(*one, category);
            }
        };

        let mut never = tale.memory();
        purge(&mut never);
        tale.deliver(&mut never, |_| true);

        let mut purged = tale.memory();
        let cut = tale.dice.below(tale.batches.len() + 1);
        tale.batches[..cut]
            .iter()
            .for_each(|some| purged.deliver(some));
        purge(&mut purged);
        tale.deliver(&mut purged, |_| true);

        let told = |what: &str| format!("seed {seed}, {category:?} of {person}: {what}");
        assert_eq!(
            tale.difference(&never, &purged),
            None,
            "{}",
            told("order matters")
        );
        for one in &family {
            let mut left = purged.rows_of(*one);
            let left = left.find(|row| category.covers(row.kind, row.role));
            assert!(left.is_none(), "{}", told(&format!("{left:?} is left")));
        }
        let history = &tale.history;
        let commands = given_away(history, &family, category);
        let world = World::run(history.tenant, false, &commands);
        let oracle = Oracle::new(&world, history.quarantine_days, history.now);
        let shown = purged.insight(person, history.now);
        let difference = differs(shown.as_ref(), oracle.verdict(person).as_ref());
        assert_eq!(difference, None, "{}", told("the oracle"));

        let mut whole = tale.memory();
        tale.deliver(&mut whole, |_| true);
        changed += usize::from(whole.insight(person, history.now) != shown);
    }
    assert!(changed > 0, "no history had anything to purge");
}

#[test]
fn whoever_was_let_back_is_known_by_what_happened_since_and_by_nothing_else() {
    let mut known = 0;
    for seed in 0..cases(HISTORIES) {
        let mut tale = Tale::new(seed);
        let person = somebody(&mut tale);
        if tale.family(person).len() > 1 {
            continue;
        }
        let returned_at = tale.sometime();

        let mut fresh = tale.memory();
        fresh.let_return(person, None, returned_at);
        tale.deliver(&mut fresh, |_| true);

        let mut back = tale.memory();
        tale.deliver(&mut back, |version| version.version_at <= returned_at);
        back.erase(person);
        back.let_return(person, None, returned_at);
        tale.deliver(&mut back, |version| version.version_at <= returned_at);
        assert_eq!(
            back.rows_of(person).next(),
            None,
            "seed {seed}: something of before is back"
        );
        tale.deliver(&mut back, |_| true);

        for row in back.rows_of(person) {
            let since = row.version_at > returned_at && row.occurred_at > returned_at;
            assert!(since, "seed {seed}: {row:?} is from before {returned_at}");
        }
        let insight = |memory: &Memory| memory.insight(person, tale.history.now);
        assert_eq!(insight(&back), insight(&fresh), "seed {seed}");
        known += usize::from(back.rows_of(person).next().is_some());
    }
    assert!(known > 0, "nobody came back");
}

#[test]
fn what_lies_behind_a_horizon_is_as_if_it_had_never_been_told() {
    let mut changed = 0;
    for seed in 0..cases(HISTORIES) {
        let mut tale = Tale::new(seed);
        let kind = tale.dice.pick(&AgeingKind::ALL);
        let (first, last) = {
            let (one, other) = (tale.sometime(), tale.sometime());
            (one.min(other), one.max(other))
        };
        let mut horizons = Horizons::default();
        horizons.reach(kind, last);

        let mut young = tale.memory();
        tale.deliver(&mut young, |version| {
            !horizons.hides(version.source.kind, version.occurred_at)
        });

        let mut aged = tale.memory();
        let cut = tale.dice.below(tale.batches.len() + 1);
        tale.batches[..cut]
            .iter()
            .for_each(|some| aged.deliver(some));
        aged.age(kind, first);
        tale.batches[cut..]
            .iter()
            .for_each(|some| aged.deliver(some));
        aged.age(kind, last);
        // A horizon never moves back.
        aged.age(kind, first);
        tale.deliver(&mut aged, |_| true);

        assert_eq!(
            tale.difference(&young, &aged),
            None,
            "seed {seed}: {kind:?} up to {last}"
        );
        let mut whole = tale.memory();
        tale.deliver(&mut whole, |_| true);
        changed += usize::from(tale.difference(&whole, &young).is_some());
    }
    assert!(changed > 0, "no history had anything to let go");
}
