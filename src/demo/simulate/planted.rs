//! What the models are to find out about the simulated operator's customers.

use uuid::Uuid;

use super::people::{Habit, Household, Person, Rhythm, STOPPED};
use super::talk::CHANNELS;

/// When somebody books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comes {
    /// Once a year, at the same time of the year but for some weeks.
    Yearly,
    /// Twice a year, half a year apart but for some weeks.
    TwiceAYear,
    /// Once, and never again.
    Once,
    /// As it happens.
    Loosely,
}

/// What is planted about somebody who books for a household.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planted {
    /// The booker.
    pub person: Uuid,
    /// When they book.
    pub comes: Comes,
    /// They stopped a year ago or longer, and never come back.
    pub stopped: bool,
    /// The kind of channel on which they answer, mostly; on others hardly ever.
    pub channel: &'static str,
    /// The titles of the two tours that they take in turns.
    pub tours: Option<[&'static str; 2]>,
}

/// Of everybody who books for a household. The agency and the members of clubs are nobody's example.
pub(super) fn planted(people: &[Person], households: &[Household]) -> Vec<Planted> {
    let bookers = households
        .iter()
        .filter(|one| !matches!(one.habit, Habit::Organiser | Habit::Brokered));
    let each = bookers.filter_map(|household| {
        let person = people.get(*household.members.first()?)?;
        let (comes, tours) = match (household.habit, household.rhythm) {
            (Habit::Once, _) => (Comes::Once, None),
            (_, Rhythm::Yearly(pair)) => (Comes::Yearly, Some(pair.titles)),
            (_, Rhythm::TwiceAYear(pair)) => (Comes::TwiceAYear, Some(pair.titles)),
            (_, Rhythm::Loose) => (Comes::Loosely, None),
        };
        Some(Planted {
            person: person.id,
            comes,
            stopped: household.habit != Habit::Once && household.last_year <= STOPPED,
            channel: CHANNELS.get(person.channel).copied()?,
            tours,
        })
    });
    each.collect()
}
