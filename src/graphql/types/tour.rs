//! What is known about tours: what goes with them, who would like them, and what a checkout may fill in.

use std::sync::Arc;

use async_graphql::{Object, SimpleObject};

use super::behavior::count;
use crate::domain::insight::BoardingPlace;
use crate::domain::model::sentiment::{Figure, Sentiment};
use crate::graphql::loaders;
use crate::graphql::scalars::UuidScalar;
use crate::insight::{AlsoBookedTour, Audience, PersonInsight};

/// A tour that people who travelled another one travelled as well.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct AlsoBooked {
    /// The tour.
    tour_template_id: UuidScalar,
    /// What it is called.
    title: Option<String>,
    /// How many people travelled both, at least 5.
    travellers: i32,
    /// How many people travelled the tour that was asked for.
    based_on: i32,
    /// `travellers` divided by `based_on`.
    share: f64,
    /// What the share is at least (Wilson's lower bound at 95 %): what the list is ordered by.
    share_at_least: f64,
    /// The share divided by everybody's; above 1 the two go together.
    lift: f64,
    /// The version of the model that says so.
    model_version: i32,
}

impl From<AlsoBookedTour> for AlsoBooked {
    fn from(also: AlsoBookedTour) -> Self {
        let figures = also.figures;
        Self {
            tour_template_id: also.tour.into(),
            title: also.title,
            travellers: count(figures.both),
            based_on: count(figures.of),
            share: figures.share,
            share_at_least: figures.at_least,
            lift: figures.lift,
            model_version: also.version,
        }
    }
}

/// A figure about a group of customers, with its interval at 95 %.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct GroupFigure {
    /// The figure itself.
    value: f64,
    /// How many people it rests on, each once, with their latest answer; at least 10.
    based_on: i32,
    /// It is at least.
    low: f64,
    /// It is at most.
    high: f64,
}

/// What a group of customers says about its trips.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct GroupSentiment {
    /// Percent that would recommend the operator (9, 10) minus percent that would not (0 to 6), -100 to 100; null below 10
    /// people.
    nps: Option<GroupFigure>,
    /// Share of ratings of 4 and 5, 0 to 1; null below 10 people.
    satisfied: Option<GroupFigure>,
    /// The version of the tenant's habits that it was counted with; of a group of customers that of the groups.
    model_version: Option<i32>,
}

impl From<Figure> for GroupFigure {
    fn from(figure: Figure) -> Self {
        Self {
            value: figure.value,
            based_on: count(figure.people),
            low: figure.low,
            high: figure.high,
        }
    }
}

impl GroupSentiment {
    /// What was counted.
    #[must_use]
    pub fn new(found: Sentiment, model_version: Option<i32>) -> Self {
        Self {
            nps: found.nps.map(Into::into),
            satisfied: found.csat.map(Into::into),
            model_version,
        }
    }
}

/// A person who would like a tour. Join the profile by the id.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct TourAudienceMember {
    /// The person.
    person_profile_id: UuidScalar,
    /// How much; what the list is ordered by.
    score: f64,
    /// The tour they travelled that speaks for it most.
    because_tour_template_id: Option<UuidScalar>,
    /// How often they travelled that.
    because_times: Option<i32>,
    /// The version of the model that says so.
    model_version: i32,
}

impl From<Audience> for TourAudienceMember {
    fn from(one: Audience) -> Self {
        let because = one.fan.because.first().copied();
        Self {
            person_profile_id: one.person_profile_id.into(),
            score: one.fan.score,
            because_tour_template_id: because.map(|because| because.tour.into()),
            because_times: because.map(|because| count(because.times)),
            model_version: one.version,
        }
    }
}

/// What a checkout may fill in before the person does: their habits, each only from two observations on.
pub struct CheckoutPrefill {
    content: Arc<PersonInsight>,
}

impl CheckoutPrefill {
    /// Of an insight.
    #[must_use]
    pub fn new(content: Arc<PersonInsight>) -> Self {
        Self { content }
    }
}

/// An extra that a person usually takes.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct UsualExtra {
    /// The platform's name for it.
    ancillary_type: String,
    /// Bookings that had it.
    bookings: i32,
    /// `bookings` divided by all kept bookings.
    attach_rate: f64,
}

/// An extra is usual when at least so large a share of the bookings has it.
const USUAL: f64 = 0.5;
/// And at least so many bookings.
const USUAL_BOOKINGS: u32 = 2;

/// What a checkout may fill in before the person does: their habits, each only from two observations on.
#[Object(rename_fields = "snake_case")]
impl CheckoutPrefill {
    /// The person; after a merge the survivor.
    async fn person_profile_id(&self) -> UuidScalar {
        self.content.insight.person_profile_id.into()
    }

    /// Seats of a usual booking.
    async fn party_size(&self) -> Option<i32> {
        let size = self.content.insight.behavior.favourite_party_size.as_ref();
        size.map(|size| count(size.value))
    }

    /// The stop where the person usually gets on.
    async fn boarding_point_id(&self) -> Option<UuidScalar> {
        match self.place()? {
            BoardingPlace::Stop(id) => Some(id.into()),
            BoardingPlace::DoorPickup => None,
        }
    }

    /// What it is called.
    async fn boarding_point_label(&self, ctx: &async_graphql::Context<'_>) -> Option<String> {
        loaders::place_label(ctx, self.place()?).await
    }

    /// Whether the person is usually fetched at the door.
    async fn door_pickup(&self) -> Option<bool> {
        Some(self.place()? == BoardingPlace::DoorPickup)
    }

    /// Such as `WINDOW_MIDDLE`.
    async fn seat_position(&self) -> Option<&str> {
        let seat = self
            .content
            .insight
            .behavior
            .preferred_seat_position
            .as_ref();
        seat.map(|seat| seat.value.as_str())
    }

    /// Extras that at least half of the bookings have, at least two of them.
    async fn extras(&self) -> Vec<UsualExtra> {
        let all = self.content.insight.behavior.ancillaries.iter();
        let usual = all.filter(|one| one.attach_rate >= USUAL && one.bookings >= USUAL_BOOKINGS);
        let each = usual.map(|one| UsualExtra {
            ancillary_type: one.ancillary_type.clone(),
            bookings: count(one.bookings),
            attach_rate: one.attach_rate,
        });
        each.collect()
    }
}

impl CheckoutPrefill {
    fn place(&self) -> Option<BoardingPlace> {
        let place = self
            .content
            .insight
            .behavior
            .preferred_boarding_point
            .as_ref();
        place.map(|place| place.value)
    }
}
