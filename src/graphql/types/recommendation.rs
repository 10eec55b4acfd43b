//! What to offer a person: tours, the right moment, extras, and the group of customers they belong to. Each with its
//! reason. Nothing of it exists for minors, agencies and those who object to profiling.

use std::sync::Arc;

use async_graphql::{Enum, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::behavior::count;
use super::channel::told;
use crate::domain::metric::Language;
use crate::domain::model::history::{History, minutes};
use crate::domain::model::tours::extras::{Offer, Why as ExtraWhy, offers};
use crate::domain::model::tours::reason;
use crate::domain::model::tours::rebook::{Prompt, prompt};
use crate::domain::model::tours::suggest::{List, Suggestion, Why, suggest};
use crate::graphql::scalars::{DateScalar, UuidScalar};
use crate::insight::Learned;

/// Which list a tour stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "List")]
pub enum RecommendationList {
    /// Tours that are new to the person.
    YouMayLike,
    /// Tours the person travelled.
    BookAgain,
}

/// A person at an instant, and what was learned by then.
#[derive(Clone)]
pub struct Outlook {
    learned: Arc<Learned>,
    at: DateTime<Utc>,
    language: Language,
}

impl Outlook {
    /// The outlook at an instant; sentences in this language unless told.
    #[must_use]
    pub fn new(learned: Arc<Learned>, at: DateTime<Utc>, language: Language) -> Self {
        Self {
            learned,
            at,
            language,
        }
    }

    /// Both lists, at most `first` tours each.
    #[must_use]
    pub fn tours(
        &self,
        history: &History,
        list: Option<RecommendationList>,
        first: usize,
    ) -> Vec<TourRecommendation> {
        let Some(spoken) = &self.learned.tours else {
            return Vec::new();
        };
        let today = self
            .at
            .with_timezone(&self.learned.habits.zone())
            .date_naive();
        let now = (minutes(self.at), today);
        let found = suggest(&spoken.model, &self.learned.catalogue, history, now, first);
        let wanted = list.map(List::from);
        let found = found
            .into_iter()
            .filter(|one| wanted.is_none_or(|list| list == one.list));
        let each = found.map(|suggestion| TourRecommendation {
            outlook: self.clone(),
            version: spoken.version,
            suggestion,
        });
        each.collect()
    }

    /// When to ask about the next season.
    #[must_use]
    pub fn rebooking(&self, history: &History) -> Option<RebookingPrompt> {
        let spoken = self.learned.tours.as_ref()?;
        let today = self
            .at
            .with_timezone(&self.learned.habits.zone())
            .date_naive();
        let found = prompt(&spoken.model, history, (minutes(self.at), today))?;
        Some(RebookingPrompt {
            outlook: self.clone(),
            prompt: found,
        })
    }

    /// Extras for the next booking.
    #[must_use]
    pub fn extras(&self, history: &History, first: usize) -> Vec<ExtraOffer> {
        let Some(spoken) = &self.learned.tours else {
            return Vec::new();
        };
        let found = offers(spoken.model.extras(), history, minutes(self.at), first);
        let each = found.into_iter().map(|offer| ExtraOffer {
            outlook: self.clone(),
            offer,
        });
        each.collect()
    }

    /// The group of customers.
    #[must_use]
    pub fn cluster(&self, history: &History) -> Option<CustomerCluster> {
        let spoken = self.learned.clusters.as_ref()?;
        let found = self.learned.voices().group(history, self.at)?;
        Some(CustomerCluster {
            cluster_id: count(found.group.id),
            name: found.group.name.told(self.language).to_owned(),
            name_de: found.group.name.german.clone(),
            name_en: found.group.name.english.clone(),
            clarity: found.clarity,
            customers: count(found.group.size),
            model_version: spoken.version,
        })
    }
}

/// A tour for a person.
#[derive(Clone)]
pub struct TourRecommendation {
    outlook: Outlook,
    version: i32,
    suggestion: Suggestion,
}

/// A tour that speaks for another one.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct RecommendationEvidence {
    /// A tour the person travelled.
    tour_template_id: UuidScalar,
    /// What it is called.
    title: Option<String>,
    /// How often the person travelled it.
    times: i32,
    /// What it adds to the score.
    adds: f64,
}

/// A tour for a person.
#[Object(rename_fields = "snake_case", rename_args = "snake_case")]
impl TourRecommendation {
    /// In which list it stands.
    async fn list(&self) -> RecommendationList {
        self.suggestion.list.into()
    }

    /// The tour.
    async fn tour_template_id(&self) -> UuidScalar {
        self.suggestion.tour.into()
    }

    /// What it is called.
    async fn title(&self) -> Option<&str> {
        self.outlook.learned.catalogue.title(self.suggestion.tour)
    }

    /// Where it goes.
    async fn region(&self) -> Option<&str> {
        self.outlook.learned.catalogue.region(self.suggestion.tour)
    }

    /// The departure that fits best.
    async fn tour_offering_id(&self) -> UuidScalar {
        self.suggestion.departure.offering_id.into()
    }

    /// Its first day.
    async fn start_date(&self) -> DateScalar {
        self.suggestion.departure.start.into()
    }

    /// Seats that are left on it, where that is known.
    async fn seats_available(&self) -> Option<i32> {
        self.suggestion.departure.seats.map(count)
    }

    /// What the list is ordered by; to be compared within a list only.
    async fn score(&self) -> f64 {
        self.suggestion.score
    }

    /// Why, for programs: `TRAVELLED_SIMILAR`, `BOOK_AGAIN`, `NEW_IN_REGION`, `POPULAR_IN_SEASON`.
    async fn reason_code(&self) -> &'static str {
        self.suggestion.why.code()
    }

    /// Why, as a sentence that goes on behind the title.
    async fn reason(
        &self,
        #[graphql(desc = "In which language; the person's unless told.")] locale: Option<String>,
    ) -> String {
        let language = told(locale.as_deref(), self.outlook.language);
        reason::suggested(
            &self.suggestion.why,
            &self.outlook.learned.catalogue,
            language,
        )
    }

    /// The tours that speak for it, those that add most first.
    async fn because(&self) -> Vec<RecommendationEvidence> {
        let Why::Travelled(because) = &self.suggestion.why else {
            return Vec::new();
        };
        let catalogue = &self.outlook.learned.catalogue;
        let each = because.iter().map(|one| RecommendationEvidence {
            tour_template_id: one.tour.into(),
            title: catalogue.title(one.tour).map(str::to_owned),
            times: count(one.times),
            adds: one.adds,
        });
        each.collect()
    }

    /// The version of the model that says so.
    async fn model_version(&self) -> i32 {
        self.version
    }
}

/// When to ask a person about the next season, and about what.
#[derive(Clone)]
pub struct RebookingPrompt {
    outlook: Outlook,
    prompt: Prompt,
}

/// When to ask a person about the next season, and about what.
#[Object(rename_fields = "snake_case", rename_args = "snake_case")]
impl RebookingPrompt {
    /// Ask from this day on.
    async fn prompt_from(&self) -> DateScalar {
        self.prompt.from.into()
    }

    /// Whether that day has come.
    async fn due(&self) -> bool {
        let zone = self.outlook.learned.habits.zone();
        self.prompt.from <= self.outlook.at.with_timezone(&zone).date_naive()
    }

    /// Around this day the person would travel.
    async fn season(&self) -> DateScalar {
        self.prompt.season.into()
    }

    /// The tour of that season the last time.
    async fn tour_template_id(&self) -> Option<UuidScalar> {
        self.prompt.tour.map(Into::into)
    }

    /// What it is called.
    async fn title(&self) -> Option<&str> {
        self.outlook.learned.catalogue.title(self.prompt.tour?)
    }

    /// How many trips speak for the season.
    async fn based_on(&self) -> i32 {
        count(self.prompt.trips)
    }

    /// How many days the person usually plans ahead.
    async fn lead_days(&self) -> i32 {
        count(self.prompt.lead_days)
    }

    /// Why, in one sentence.
    async fn reason(
        &self,
        #[graphql(desc = "In which language; the person's unless told.")] locale: Option<String>,
    ) -> String {
        let language = told(locale.as_deref(), self.outlook.language);
        reason::prompted(&self.prompt, language)
    }
}

/// An extra that is worth offering with the next booking.
#[derive(Clone)]
pub struct ExtraOffer {
    outlook: Outlook,
    offer: Offer,
}

/// An extra that is worth offering with the next booking.
#[Object(rename_fields = "snake_case", rename_args = "snake_case")]
impl ExtraOffer {
    /// The platform's name for it.
    async fn ancillary_type(&self) -> &str {
        &self.offer.extra
    }

    /// The tour of the booking it would go with.
    async fn tour_template_id(&self) -> Option<UuidScalar> {
        self.offer.tour.map(Into::into)
    }

    /// Why, for programs: `OWN_HABIT`, `OTHERS_TAKE_IT`.
    async fn reason_code(&self) -> &'static str {
        match self.offer.why {
            ExtraWhy::Habit { .. } => "OWN_HABIT",
            ExtraWhy::Others { .. } => "OTHERS_TAKE_IT",
        }
    }

    /// How many bookings had it.
    async fn bookings(&self) -> i32 {
        match self.offer.why {
            ExtraWhy::Habit { with, .. } | ExtraWhy::Others { with, .. } => count(with),
        }
    }

    /// Of how many.
    async fn based_on(&self) -> i32 {
        match self.offer.why {
            ExtraWhy::Habit { of, .. } | ExtraWhy::Others { of, .. } => count(of),
        }
    }

    /// Their share divided by everybody's; null for the person's own habit.
    async fn lift(&self) -> Option<f64> {
        match self.offer.why {
            ExtraWhy::Habit { .. } => None,
            ExtraWhy::Others { lift, .. } => Some(lift),
        }
    }

    /// Why, in one sentence.
    async fn reason(
        &self,
        #[graphql(desc = "In which language; the person's unless told.")] locale: Option<String>,
    ) -> String {
        let language = told(locale.as_deref(), self.outlook.language);
        reason::offered(&self.offer, &self.outlook.learned.catalogue, language)
    }
}

/// The group of customers that a person is most alike, found without anybody's rules.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct CustomerCluster {
    /// Lasts when groups are found anew.
    cluster_id: i32,
    /// What it is called, in the person's language.
    name: String,
    /// The same in German.
    name_de: String,
    /// The same in English.
    name_en: String,
    /// How clearly the person belongs to it: 0 on the border to the next group, 1 in its middle.
    clarity: f64,
    /// How many customers it had when it was found.
    customers: i32,
    /// The version of the model.
    model_version: i32,
}
