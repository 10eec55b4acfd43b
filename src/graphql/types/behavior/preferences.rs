//! Habits: seats, boarding points, tours, regions, months, extras; each with its share and what it rests on.

use async_graphql::{Context, Enum, Object, SimpleObject};
use uuid::Uuid;

use super::{Shared, count};
use crate::domain::insight::{AncillaryUse, BoardingPlace, Favourite};
use crate::graphql::loaders;
use crate::graphql::scalars::UuidScalar;
use crate::graphql::types::money::Money;

/// The part of `BehaviorAggregate` about habits.
pub(super) struct PreferenceFacts(pub(super) Shared);

fn value<T: Clone>(favourite: Option<&Favourite<T>>) -> Option<T> {
    favourite.map(|favourite| favourite.value.clone())
}

fn share<T>(favourite: Option<&Favourite<T>>) -> Option<f64> {
    favourite.map(|favourite| favourite.share)
}

fn based_on<T>(favourite: Option<&Favourite<T>>) -> i32 {
    count(favourite.map_or(0, |favourite| favourite.based_on))
}

#[Object(rename_fields = "snake_case")]
impl PreferenceFacts {
    /// The part of the bus most often sat in, such as `WINDOW_MIDDLE`; null under two observations.
    async fn preferred_seat_position(&self) -> Option<String> {
        value(self.0.facts().preferred_seat_position.as_ref())
    }

    /// Trips with that position divided by trips with any.
    async fn preferred_seat_position_share(&self) -> Option<f64> {
        share(self.0.facts().preferred_seat_position.as_ref())
    }

    /// Trips with a known position.
    async fn preferred_seat_position_based_on(&self) -> Option<i32> {
        Some(based_on(self.0.facts().preferred_seat_position.as_ref()))
    }

    /// The seat most often sat in, as given; null under two observations.
    async fn preferred_seat_label(&self) -> Option<String> {
        value(self.0.facts().preferred_seat_label.as_ref())
    }

    /// Trips with that seat divided by trips with any.
    async fn preferred_seat_label_share(&self) -> Option<f64> {
        share(self.0.facts().preferred_seat_label.as_ref())
    }

    /// Trips with a known seat.
    async fn preferred_seat_label_based_on(&self) -> Option<i32> {
        Some(based_on(self.0.facts().preferred_seat_label.as_ref()))
    }

    /// Where the person most often gets on; null under two observations.
    async fn preferred_boarding_point(&self) -> Option<BoardingPointPreference> {
        self.0
            .facts()
            .preferred_boarding_point
            .clone()
            .map(BoardingPointPreference)
    }

    /// Up to three tours, most travelled first.
    async fn favourite_tours(&self) -> Option<Vec<TourPreference>> {
        Some(
            self.0
                .facts()
                .favourite_tours
                .iter()
                .cloned()
                .map(TourPreference)
                .collect(),
        )
    }

    /// Up to three regions, most travelled first.
    async fn favourite_regions(&self) -> Option<Vec<RegionPreference>> {
        Some(
            self.0
                .facts()
                .favourite_regions
                .iter()
                .map(Into::into)
                .collect(),
        )
    }

    /// Up to three months of departure, most travelled first.
    async fn favourite_months(&self) -> Option<Vec<MonthPreference>> {
        Some(
            self.0
                .facts()
                .favourite_months
                .iter()
                .map(Into::into)
                .collect(),
        )
    }

    /// The most frequent party over kept bookings.
    async fn favourite_party_size(&self) -> Option<i32> {
        value(self.0.facts().favourite_party_size.as_ref()).map(count)
    }

    /// Kept bookings with that party divided by those with a known one.
    async fn favourite_party_size_share(&self) -> Option<f64> {
        share(self.0.facts().favourite_party_size.as_ref())
    }

    /// Kept bookings with a known party.
    async fn favourite_party_size_based_on(&self) -> Option<i32> {
        Some(based_on(self.0.facts().favourite_party_size.as_ref()))
    }

    /// The most frequent sales channel over kept bookings.
    async fn favourite_sales_channel(&self) -> Option<String> {
        value(self.0.facts().favourite_sales_channel.as_ref())
    }

    /// Kept bookings over that channel divided by those with a known one.
    async fn favourite_sales_channel_share(&self) -> Option<f64> {
        share(self.0.facts().favourite_sales_channel.as_ref())
    }

    /// Kept bookings with a known channel.
    async fn favourite_sales_channel_based_on(&self) -> Option<i32> {
        Some(based_on(self.0.facts().favourite_sales_channel.as_ref()))
    }

    /// Extras by type over kept bookings, most often bought first.
    async fn ancillaries(&self) -> Option<Vec<AncillaryHabit>> {
        Some(self.0.facts().ancillaries.iter().map(Into::into).collect())
    }
}

/// Where somebody gets on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum BoardingPlaceKind {
    /// A stop of the operator's library.
    Stop,
    /// At the own door.
    DoorPickup,
}

/// Where the person most often gets on.
pub(super) struct BoardingPointPreference(Favourite<BoardingPlace>);

/// Where the person most often gets on.
#[Object(rename_fields = "snake_case")]
impl BoardingPointPreference {
    /// A stop, or the own door.
    async fn kind(&self) -> BoardingPlaceKind {
        match self.0.value {
            BoardingPlace::Stop(_) => BoardingPlaceKind::Stop,
            BoardingPlace::DoorPickup => BoardingPlaceKind::DoorPickup,
        }
    }

    /// The stop's id; null for the own door.
    async fn id(&self) -> Option<UuidScalar> {
        match self.0.value {
            BoardingPlace::Stop(id) => Some(id.into()),
            BoardingPlace::DoorPickup => None,
        }
    }

    /// The stop's label; null for the own door and while the stop is unknown.
    async fn label(&self, ctx: &Context<'_>) -> Option<String> {
        loaders::place_label(ctx, self.0.value).await
    }

    /// Trips from there divided by trips with a known place.
    async fn share(&self) -> f64 {
        self.0.share
    }

    /// Trips with a known place.
    async fn based_on(&self) -> i32 {
        count(self.0.based_on)
    }
}

/// A tour that the person travels on.
pub(super) struct TourPreference(Favourite<Uuid>);

/// A tour that the person travels on.
#[Object(rename_fields = "snake_case")]
impl TourPreference {
    /// The tour's template.
    async fn tour_template_id(&self) -> UuidScalar {
        self.0.value.into()
    }

    /// The tour's title; null while the template is unknown.
    async fn title(&self, ctx: &Context<'_>) -> Option<String> {
        loaders::tour_title(ctx, self.0.value).await
    }

    /// Trips on this tour divided by trips with a known tour.
    async fn share(&self) -> f64 {
        self.0.share
    }

    /// Trips with a known tour.
    async fn based_on(&self) -> i32 {
        count(self.0.based_on)
    }
}

/// A region that the person travels to.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub(super) struct RegionPreference {
    /// The region as the operator names it.
    region: String,
    /// Trips there divided by trips with a known region.
    share: f64,
    /// Trips with a known region.
    based_on: i32,
}

impl From<&Favourite<String>> for RegionPreference {
    fn from(favourite: &Favourite<String>) -> Self {
        let Favourite {
            value,
            share,
            based_on,
        } = favourite;
        Self {
            region: value.clone(),
            share: *share,
            based_on: count(*based_on),
        }
    }
}

/// A month in which the person travels.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub(super) struct MonthPreference {
    /// 1 for January to 12 for December.
    month: i32,
    /// Trips that start in it divided by trips with a known start.
    share: f64,
    /// Trips with a known start.
    based_on: i32,
}

impl From<&Favourite<u32>> for MonthPreference {
    fn from(favourite: &Favourite<u32>) -> Self {
        let Favourite {
            value,
            share,
            based_on,
        } = favourite;
        Self {
            month: count(*value),
            share: *share,
            based_on: count(*based_on),
        }
    }
}

/// How often one type of extra is bought.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub(super) struct AncillaryHabit {
    /// The platform's name of the type.
    ancillary_type: String,
    /// Kept bookings with at least one of it.
    bookings: i32,
    /// Those divided by all kept bookings.
    attach_rate: f64,
    /// What was paid for them, by currency.
    amounts: Vec<Money>,
}

impl From<&AncillaryUse> for AncillaryHabit {
    fn from(habit: &AncillaryUse) -> Self {
        Self {
            ancillary_type: habit.ancillary_type.clone(),
            bookings: count(habit.bookings),
            attach_rate: habit.attach_rate,
            amounts: Money::all(&habit.amounts),
        }
    }
}
