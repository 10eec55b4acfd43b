//! Random histories of one tenant: what the platform's tables went through, as commands in time.
//!
//! Each entity has its own chain of commands, and chains do not wait for each other: references may come
//! first. Absent on purpose: deliveries, and any judgement of what a history means.

mod people;
mod tours;
mod bookings;
mod journeys;
mod talk;

use chrono::{DateTime, Duration, NaiveDate, TimeZone as _, Utc};
use uuid::Uuid;

use super::dice::Dice;
use super::world::{Act, Col, Cols, Command, Table};

/// A history and the instant at which it is looked at.
#[derive(Debug, Clone)]
pub(super) struct History {
    pub(super) seed: u64,
    pub(super) tenant: Uuid,
    /// Persons may be erased in it.
    pub(super) erasing: bool,
    /// Everybody who is named, with or without a profile.
    pub(super) persons: Vec<Uuid>,
    pub(super) commands: Vec<Command>,
    /// Later than every version.
    pub(super) now: DateTime<Utc>,
    pub(super) quarantine_days: i64,
}

/// The history of a seed.
pub(super) fn history(seed: u64, erasing: bool) -> History {
    let mut dice = Dice::new(seed);
    let tenant = dice.id();
    let persons = (0..dice.between(1, 6)).map(|_| dice.id()).collect();
    let mut plan = Plan::new(dice, tenant, persons, erasing);
    plan.tours();
    plan.people();
    for _ in 0..plan.dice.pick(&[0, 1, 1, 2, 2, 2, 3, 3, 4, 6]) {
        plan.booking();
    }
    plan.journeys();
    plan.talk();
    plan.finish(seed)
}

/// A history in the making.
struct Plan {
    dice: Dice,
    tenant: Uuid,
    persons: Vec<Uuid>,
    erasing: bool,
    /// Every passenger has the same fare category: then no event needs to repeat it.
    one_fare: Option<&'static str>,
    currencies: Vec<&'static str>,
    templates: Vec<Uuid>,
    points: Vec<Uuid>,
    departures: Vec<Uuid>,
    offerings: Vec<Uuid>,
    legs: Vec<(Uuid, Uuid)>,
    bookings: Vec<Uuid>,
    passengers: Vec<Uuid>,
    tickets: Vec<Uuid>,
    commands: Vec<Command>,
    ticks: i64,
}

impl Plan {
    fn new(mut dice: Dice, tenant: Uuid, persons: Vec<Uuid>, erasing: bool) -> Self {
        let one_fare = dice.maybe(&["ADULT", "CHILD"], 50);
        let currencies = if dice.chance(60) {
            vec!["EUR"]
        } else {
            vec!["EUR", "CHF", "USD"]
        };
        Self {
            dice,
            tenant,
            persons,
            erasing,
            one_fare,
            currencies,
            templates: Vec::new(),
            points: Vec::new(),
            departures: Vec::new(),
            offerings: Vec::new(),
            legs: Vec::new(),
            bookings: Vec::new(),
            passengers: Vec::new(),
            tickets: Vec::new(),
            commands: Vec::new(),
            ticks: 0,
        }
    }

    fn finish(mut self, seed: u64) -> History {
        let last = self.commands.iter().map(|command| command.at).max();
        let ahead = Duration::minutes(self.dice.between(1, 60 * 24 * 200));
        let quarantine_days = self.dice.pick(&[0, 1, 3, 3, 30]);
        History {
            seed,
            tenant: self.tenant,
            erasing: self.erasing,
            persons: self.persons,
            commands: self.commands,
            now: last.unwrap_or_else(base) + ahead,
            quarantine_days,
        }
    }

    /// An instant in the first `days` days; never the same twice.
    fn when(&mut self, days: i64) -> DateTime<Utc> {
        let minutes = self.dice.between(0, days * 24 * 60);
        self.ticks += 1;
        base() + Duration::minutes(minutes) + Duration::microseconds(self.ticks)
    }

    /// A later instant, of another version of the same row: rarely the very same one.
    fn later(&mut self, after: DateTime<Utc>) -> DateTime<Utc> {
        if self.dice.chance(8) {
            return after;
        }
        self.strictly_later(after)
    }

    fn strictly_later(&mut self, after: DateTime<Utc>) -> DateTime<Utc> {
        let minutes = if self.dice.chance(60) {
            self.dice.between(0, 600)
        } else {
            self.dice.between(0, 60 * 24 * 40)
        };
        self.ticks += 1;
        after + Duration::minutes(minutes) + Duration::microseconds(self.ticks)
    }

    fn push(&mut self, at: DateTime<Utc>, table: Table, id: Uuid, act: Act) {
        self.commands.push(Command { at, table, id, act });
    }

    /// Rarely a row goes, and may come back.
    fn perhaps_end(&mut self, table: Table, id: Uuid, after: DateTime<Utc>, cols: &Cols) {
        if !self.dice.chance(7) {
            return;
        }
        let at = self.strictly_later(after);
        self.push(at, table, id, Act::Delete);
        if self.dice.chance(50) {
            let at = self.strictly_later(at);
            self.push(at, table, id, Act::Insert(cols.clone()));
        }
    }

    /// Somebody or nobody.
    fn somebody(&mut self, percent_none: usize) -> Option<Uuid> {
        let persons = self.persons.clone();
        self.dice.maybe(&persons, percent_none)
    }

    fn currency(&mut self) -> Col {
        let currencies = self.currencies.clone();
        text(self.dice.pick(&currencies))
    }

    fn cents(&mut self) -> Col {
        Col::Cents(self.dice.pick(&[
            0,
            1,
            5,
            99,
            2_500,
            9_950,
            12_345,
            50_000,
            89_900,
            120_000,
            1_234_567_890,
        ]))
    }

    fn perhaps_cents(&mut self, percent_none: usize) -> Col {
        if self.dice.chance(percent_none) {
            Col::Null
        } else {
            self.cents()
        }
    }
}

/// Where every history begins.
fn base() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2025, 6, 1, 0, 0, 0).unwrap()
}

/// A calendar day so many days after the beginning.
fn day(after: i64) -> NaiveDate {
    base().date_naive() + Duration::days(after)
}

fn text(word: &str) -> Col {
    Col::Text(word.to_owned())
}

fn words(word: Option<&str>) -> Col {
    word.map_or(Col::Null, text)
}

fn id(of: Option<Uuid>) -> Col {
    of.map_or(Col::Null, Col::Id)
}

fn cols<const N: usize>(of: [(&'static str, Col); N]) -> Cols {
    Cols::from(of)
}

#[test]
fn a_seed_gives_one_history() {
    for seed in 0..50 {
        let (one, two) = (history(seed, false), history(seed, false));
        assert_eq!(format!("{one:?}"), format!("{two:?}"));
        assert!(one.commands.iter().all(|command| command.at <= one.now));
    }
}
