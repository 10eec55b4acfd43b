//! All that the models say of a person at an instant, as one value: what is written down for lists and segments, and
//! what explanations tell. The same functions answer whoever reads one person.

use chrono::{DateTime, Utc};

use super::channel::evidence::Evidence;
use super::churn::{Artefact, Band, Scores, score};
use super::clusters::model::{Assigned, Clusters, Rfm};
use super::engagement::{Engagement, Weights, engagement};
use super::habits::Habits;
use super::history::{History, minutes};

/// Who speaks about a tenant's customers at an instant.
#[derive(Debug, Clone, Copy)]
pub struct Voices<'m> {
    /// About coming back and value; none while no model does.
    pub churn: Option<&'m Artefact>,
    /// About groups; none while no model does.
    pub clusters: Option<&'m Clusters>,
    /// About what is usual.
    pub habits: &'m Habits,
    /// What the parts of the engagement score weigh.
    pub weights: &'m Weights,
}

/// What they say of one person.
#[derive(Debug, Clone, PartialEq)]
pub struct Said<'m> {
    /// Coming back and value; none while no model speaks.
    pub forecast: Option<Scores>,
    /// The engagement score; none where no part of it has data.
    pub engagement: Option<Engagement>,
    /// The group; none before the first booking, and while no model speaks.
    pub group: Option<Assigned<'m>>,
    /// The latest answer to "would you recommend us", 0 to 10.
    pub nps: Option<u8>,
    /// The latest rating, 1 to 5.
    pub rating: Option<u8>,
}

impl<'m> Voices<'m> {
    /// What is said of a person at an instant.
    #[must_use]
    pub fn of(&self, history: &History, now: DateTime<Utc>) -> Said<'m> {
        let until = minutes(now);
        let given = || history.answers.iter().filter(|one| one.at <= until);
        Said {
            forecast: self.churn.map(|model| score(model, history, now)),
            engagement: self.engagement(history, now),
            group: self.group(history, now),
            // Answers are ordered by time.
            nps: given().filter_map(|one| one.nps).next_back(),
            rating: given().filter_map(|one| one.rating).next_back(),
        }
    }

    /// The engagement score alone.
    #[must_use]
    pub fn engagement(&self, history: &History, now: DateTime<Utc>) -> Option<Engagement> {
        let until = minutes(now);
        let trials = Evidence::of(history, &self.habits.accounts, until).messages();
        engagement(history, &trials, &self.habits.usual, self.weights, until)
    }

    /// The group alone.
    #[must_use]
    pub fn group(&self, history: &History, now: DateTime<Utc>) -> Option<Assigned<'m>> {
        self.clusters?.assign(&Rfm::of(history, minutes(now))?)
    }
}

impl Band {
    /// Every band, by its stored number.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// The stored number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Low => 0,
            Self::Medium => 1,
            Self::High => 2,
        }
    }

    /// As it is shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
        }
    }

    /// The band with that stored number; none where there is no such.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|band| i16::from(band.code()) == code)
    }
}
