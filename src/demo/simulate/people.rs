//! Who travels with the simulated operator: households with a rhythm, one-timers, clubs with their organisers, and one
//! agency with its customers.
//!
//! What the models are to find out is planted here: when people come and whether they stopped, on which channel they
//! answer, and which two tours they take in turns.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::catalogue::YEARS;
use super::ledger::Ledger;
use super::names;
use super::seats::Taste;
use super::tours::{Pair, TWICE, YEARLY};

/// Whoever stops does so in this year of the history at the latest, so that the silence is longer than a year.
pub(super) const STOPPED: i64 = YEARS as i64 - 2;

/// One person.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) id: Uuid,
    first: String,
    last: String,
    pub(super) age: i64,
    pub(super) taste: Taste,
    /// Home stop, as an index into the catalogue.
    pub(super) stop: usize,
    /// Index of the channel they answer on.
    pub(super) channel: usize,
    /// Probability that a message on it is read, and a reply is written.
    pub(super) reads: f64,
    /// The same on every other channel.
    pub(super) reads_elsewhere: f64,
    /// Since when their profile row exists.
    pub(super) since: Option<DateTime<Utc>>,
    /// Their contact, and whether it is linked.
    pub(super) contact: Option<Uuid>,
}

/// How a household books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    /// Comes back every year.
    Regular,
    /// Parents with children, in the holidays.
    Family,
    /// One booking, ever.
    Once,
    /// Books for a club, once a year; the others are the club's members.
    Organiser,
    /// Travels on the agency's bookings only.
    Brokered,
}

/// When a household comes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rhythm {
    /// Once a year around one month, the two tours in turns.
    Yearly(Pair),
    /// In spring and in autumn, each its tour.
    TwiceAYear(Pair),
    /// As it happens.
    Loose,
}

/// People who travel together; the first one books.
#[derive(Clone, Debug)]
pub(super) struct Household {
    pub(super) habit: Habit,
    pub(super) members: Vec<usize>,
    /// When they come, and where they go.
    pub(super) rhythm: Rhythm,
    /// Bookings in every year, of those without a rhythm.
    pub(super) trips: u8,
    /// Probability of one more.
    pub(super) extra: f64,
    /// Month they like.
    pub(super) month: u32,
    /// Region they like.
    pub(super) region: &'static str,
    /// Usual days between booking and departure.
    pub(super) lead_days: i64,
    /// The year of the history, from 0, after which they stay away.
    pub(super) last_year: i64,
}

/// Makes `count` persons in households; person 0 is the agency.
pub(super) fn populate(ledger: &mut Ledger, count: usize) -> (Vec<Person>, Vec<Household>) {
    let mut people = vec![agency(ledger)];
    let mut households = Vec::new();
    while people.len() < count.max(12) {
        let habit = match ledger.between(0, 99) {
            // There is a club in every town.
            _ if households.is_empty() => Habit::Organiser,
            0 => Habit::Organiser,
            1..=37 => Habit::Regular,
            38..=46 => Habit::Family,
            47..=52 => Habit::Brokered,
            _ => Habit::Once,
        };
        let size = match habit {
            Habit::Regular => ledger.between(1, 2),
            Habit::Family => ledger.between(3, 4),
            Habit::Once | Habit::Brokered => 1 + i64::from(ledger.chance(0.35)),
            Habit::Organiser => ledger.between(8, 14),
        };
        households.push(household(ledger, &mut people, habit, size));
    }
    (people, households)
}

fn household(ledger: &mut Ledger, people: &mut Vec<Person>, habit: Habit, size: i64) -> Household {
    let last = format!("{}{}", ledger.pick(names::STEM), ledger.pick(names::TAIL));
    let stop = ledger.index(12);
    let mut members = Vec::new();
    for number in 0..size {
        let child = habit == Habit::Family && number >= 2;
        let age = match habit {
            _ if child => ledger.between(2, 13),
            Habit::Family => ledger.between(29, 48),
            _ => ledger.between(48, 82),
        };
        members.push(people.len());
        people.push(person(ledger, &last, age, stop));
    }
    let regions = super::tours::TOURS;
    let index = ledger.index(regions.len());
    let region = regions.get(index).map_or("Nordsee", |tour| tour.region);
    let rhythm = rhythm(ledger, habit);
    let (trips, extra) = match habit {
        Habit::Regular => [(0, 0.8), (1, 0.2), (1, 0.5), (2, 0.0)]
            .get(ledger.index(4))
            .copied()
            .unwrap_or((1, 0.0)),
        Habit::Family | Habit::Organiser => (1, 0.0),
        Habit::Once | Habit::Brokered => (0, 0.0),
    };
    let month = if habit == Habit::Family {
        7
    } else {
        u32::try_from(ledger.between(1, 12)).unwrap_or(5)
    };
    let lead_days = if ledger.chance(0.2) {
        ledger.between(5, 25)
    } else {
        ledger.between(40, 200)
    };
    let last_year = if ledger.chance(0.25) {
        ledger.between(0, STOPPED)
    } else {
        YEARS.into()
    };
    Household {
        habit,
        members,
        rhythm,
        trips,
        extra,
        month,
        region,
        lead_days,
        last_year,
    }
}

fn rhythm(ledger: &mut Ledger, habit: Habit) -> Rhythm {
    let of = |pairs: &[Pair], place: usize| pairs.get(place).copied();
    let planted = match (habit, ledger.between(0, 99)) {
        (Habit::Regular, 0..=59) => {
            let place = ledger.index(YEARLY.len());
            of(YEARLY, place).map(Rhythm::Yearly)
        }
        (Habit::Regular, 60..=84) => {
            let place = ledger.index(TWICE.len());
            of(TWICE, place).map(Rhythm::TwiceAYear)
        }
        // By the sea, in the holidays.
        (Habit::Family, _) => of(YEARLY, 0).map(Rhythm::Yearly),
        _ => None,
    };
    planted.unwrap_or(Rhythm::Loose)
}

fn person(ledger: &mut Ledger, last: &str, age: i64, stop: usize) -> Person {
    let first = if age < 16 {
        ledger.pick(names::YOUNG)
    } else {
        ledger.pick(names::FIRST)
    };
    let row = u16::try_from(ledger.between(1, 16)).unwrap_or(5);
    let digital = age < 65;
    let channel = match ledger.between(0, 9) {
        0..=3 => 1,
        4..=6 => usize::from(!digital) * 3,
        7 => 2,
        _ => 3,
    };
    let reads = ledger.pick(&[0.6, 0.75, 0.9]);
    Person {
        id: ledger.id("person_profile"),
        first: first.to_owned(),
        last: last.to_owned(),
        age,
        taste: Taste {
            window: ledger.chance(0.6),
            row,
        },
        stop,
        channel,
        reads,
        reads_elsewhere: reads / 12.0,
        since: None,
        contact: None,
    }
}

fn agency(ledger: &mut Ledger) -> Person {
    let mut agency = person(ledger, "Reisebüro Sonnenschein", 50, 0);
    "Buchung".clone_into(&mut agency.first);
    agency
}

/// Writes a person's profile row at its first mention.
pub(super) fn introduce(ledger: &mut Ledger, person: &mut Person, mention: DateTime<Utc>) {
    if person.since.is_some() {
        return;
    }
    let at = mention - TimeDelta::minutes(ledger.between(1, 9));
    person.since = Some(at);
    let address = format!("{}.{}", person.first, person.last)
        .to_lowercase()
        .replace(' ', "-");
    let number = ledger.between(1_000_000, 9_999_999);
    let born = at.date_naive() - TimeDelta::days(person.age * 365 + ledger.between(0, 364));
    let consent = match ledger.between(0, 9) {
        0..=4 => Some(true),
        5..=6 => Some(false),
        _ => None,
    };
    let adult = person.age >= 16;
    let email = adult && ledger.chance(0.85);
    let email = email.then(|| format!("{address}.{number}@example.org"));
    let phone = adult && ledger.chance(0.9);
    let vegetarian = ledger.chance(0.05);
    let row = json!({
        "first_name": person.first, "last_name": person.last, "email": email,
        "phone": phone.then(|| format!("+49 151 {number}")),
        "date_of_birth": born, "dietary_needs": vegetarian.then_some("vegetarisch"),
        "marketing_consent": consent, "marketing_consent_at": consent.map(|_| at),
        "locale": "de-DE", "created_at": at,
    });
    ledger.insert("backoffice.person_profiles", at, person.id, row);
    if consent.is_none() && ledger.chance(0.3) {
        let later = at + TimeDelta::days(ledger.between(5, 300));
        ledger.update(
            "backoffice.person_profiles",
            later,
            person.id,
            json!({
                "marketing_consent": true, "marketing_consent_at": later,
            }),
        );
    }
}

/// The row of a second profile of the same person, made by mistake.
pub(super) fn duplicate(ledger: &mut Ledger, of: &Person) -> Person {
    let mut twin = of.clone();
    twin.id = ledger.id("person_profile");
    twin.since = None;
    twin.contact = None;
    twin
}
