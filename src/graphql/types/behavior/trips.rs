//! Trips as traveller: taken, to come, missed.

use async_graphql::{Context, Object};

use super::{Shared, count};
use crate::domain::insight;
use crate::graphql::loaders;
use crate::graphql::scalars::{DateScalar, UuidScalar};

/// The part of `BehaviorAggregate` about travelling.
pub(super) struct TripFacts(pub(super) Shared);

#[Object(rename_fields = "snake_case")]
impl TripFacts {
    /// Trips that have ended.
    async fn trips_taken(&self) -> Option<i32> {
        Some(count(self.0.facts().trips_taken))
    }

    /// Of those, trips that started and ended on the same day.
    async fn day_trips_taken(&self) -> Option<i32> {
        Some(count(self.0.facts().day_trips_taken))
    }

    /// Of those, longer ones.
    async fn multi_day_trips_taken(&self) -> Option<i32> {
        Some(count(self.0.facts().multi_day_trips_taken))
    }

    /// Departures still to come.
    async fn upcoming_trips(&self) -> Option<i32> {
        Some(count(self.0.facts().upcoming_trips))
    }

    /// The first of the departures to come.
    async fn next_departure(&self) -> Option<NextDeparture> {
        self.0.facts().next_departure.clone().map(NextDeparture)
    }

    /// Departures missed.
    async fn no_show_count(&self) -> Option<i32> {
        Some(count(self.0.facts().no_show_count))
    }

    /// Departures missed, divided by trips and departures missed; null when there was neither.
    async fn no_show_rate(&self) -> Option<f64> {
        self.0.facts().no_show_rate()
    }

    /// Trips and departures missed: what the rate rests on.
    async fn no_show_rate_based_on(&self) -> Option<i32> {
        Some(count(
            self.0
                .facts()
                .trips
                .saturating_add(self.0.facts().no_show_count),
        ))
    }

    /// Departures on which nobody was scanned, so that missing them cannot be told.
    async fn not_measured_departures(&self) -> Option<i32> {
        Some(count(self.0.facts().not_measured_departures))
    }
}

/// The next departure of a person.
pub(super) struct NextDeparture(insight::NextDeparture);

/// The next departure of a person.
#[Object(rename_fields = "snake_case")]
impl NextDeparture {
    /// The offering that was booked.
    async fn tour_offering_id(&self) -> Option<UuidScalar> {
        Some(self.0.offering_id.into())
    }

    /// Title of the tour as printed.
    async fn tour_title(&self) -> Option<&str> {
        self.0.tour_title.as_deref()
    }

    /// First day.
    async fn start_date(&self) -> Option<DateScalar> {
        Some(self.0.start_date.into())
    }

    /// Last day.
    async fn end_date(&self) -> Option<DateScalar> {
        self.0.end_date.map(Into::into)
    }

    /// Where the person gets on: the stop's label, or null while that is unknown.
    async fn boarding_point(&self, ctx: &Context<'_>) -> Option<String> {
        loaders::place_label(ctx, self.0.boarding?).await
    }

    /// Whether the person is picked up at the door.
    async fn door_pickup(&self) -> Option<bool> {
        self.0
            .boarding
            .map(|place| place == insight::BoardingPlace::DoorPickup)
    }
}
