//! Bookings as booker: how many, what became of them, in which rhythm.

use async_graphql::{Enum, Object};

use super::{Shared, count};
use crate::domain::insight;
use crate::graphql::scalars::TimestamptzScalar;

/// Who books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "insight::BookerKind")]
pub enum BookerKind {
    /// Most confirmed bookings carry a reseller.
    Agency,
    /// The median party is 8 or more.
    GroupOrganiser,
    /// Everybody else.
    Private,
}

/// The part of `BehaviorAggregate` about bookings.
pub(super) struct BookingFacts(pub(super) Shared);

#[Object(rename_fields = "snake_case")]
impl BookingFacts {
    /// Kept bookings: confirmed and not cancelled.
    async fn total_bookings(&self) -> Option<i32> {
        Some(count(self.0.facts().total_bookings))
    }

    /// Bookings cancelled by the customer.
    async fn cancelled_bookings(&self) -> Option<i32> {
        Some(count(self.0.facts().cancelled_bookings))
    }

    /// Bookings cancelled by the operator.
    async fn called_off_bookings(&self) -> Option<i32> {
        Some(count(self.0.facts().called_off_bookings))
    }

    /// Bookings cancelled by the system because something was not done in time.
    async fn lapsed_bookings(&self) -> Option<i32> {
        Some(count(self.0.facts().lapsed_bookings))
    }

    /// Cancelled bookings that another confirmed booking replaces.
    async fn rebooked_bookings(&self) -> Option<i32> {
        Some(count(self.0.facts().rebooked_bookings))
    }

    /// Reservations that are not paid yet; outside all other counts.
    async fn open_reservations(&self) -> Option<i32> {
        Some(count(self.0.facts().open_reservations))
    }

    /// Seats over kept bookings.
    async fn seats_booked(&self) -> Option<i32> {
        Some(count(self.0.facts().seats_booked))
    }

    /// Mean party over kept bookings.
    async fn average_party_size(&self) -> Option<f64> {
        self.0
            .facts()
            .average_party_size
            .as_ref()
            .map(|mean| mean.value)
    }

    /// How many bookings the mean party rests on.
    async fn average_party_size_based_on(&self) -> Option<i32> {
        Some(count(
            self.0
                .facts()
                .average_party_size
                .as_ref()
                .map_or(0, |mean| mean.based_on),
        ))
    }

    /// Kept bookings per year since the first one, counting at least one year; rests on `total_bookings`.
    async fn bookings_per_year(&self) -> Option<f64> {
        self.0.facts().bookings_per_year(self.0.0.read_at)
    }

    /// Mean days between consecutive kept bookings.
    async fn average_days_between_bookings(&self) -> Option<f64> {
        self.0
            .facts()
            .average_days_between_bookings
            .as_ref()
            .map(|mean| mean.value)
    }

    /// How many gaps between bookings that mean rests on.
    async fn average_days_between_bookings_based_on(&self) -> Option<i32> {
        let mean = self.0.facts().average_days_between_bookings.as_ref();
        Some(count(mean.map_or(0, |mean| mean.based_on)))
    }

    /// Mean whole days from booking to the first day of the tour.
    async fn average_booking_lead_time(&self) -> Option<f64> {
        self.0
            .facts()
            .average_booking_lead_time
            .as_ref()
            .map(|mean| mean.value)
    }

    /// Median of the same days.
    async fn median_booking_lead_time(&self) -> Option<f64> {
        self.0.facts().median_booking_lead_time
    }

    /// How many bookings mean and median lead time rest on.
    async fn average_booking_lead_time_based_on(&self) -> Option<i32> {
        let mean = self.0.facts().average_booking_lead_time.as_ref();
        Some(count(mean.map_or(0, |mean| mean.based_on)))
    }

    /// Agency, group organiser or private person; null without confirmed bookings.
    async fn booker_kind(&self) -> Option<BookerKind> {
        self.0.facts().booker_kind.map(Into::into)
    }

    /// First confirmed booking.
    async fn customer_since(&self) -> Option<TimestamptzScalar> {
        self.0.facts().customer_since.map(Into::into)
    }

    /// First kept booking.
    async fn first_booking_at(&self) -> Option<TimestamptzScalar> {
        self.0.facts().first_booking_at.map(Into::into)
    }

    /// Last kept booking.
    async fn last_booking_at(&self) -> Option<TimestamptzScalar> {
        self.0.facts().last_booking_at.map(Into::into)
    }

    /// The latest thing that the person did.
    async fn last_activity_at(&self) -> Option<TimestamptzScalar> {
        self.0.facts().last_activity_at.map(Into::into)
    }

    /// Bookings as booker on which nobody appeared.
    async fn no_show_bookings(&self) -> Option<i32> {
        Some(count(self.0.facts().no_show_bookings))
    }

    /// Checkouts that expired.
    async fn checkouts_abandoned(&self) -> Option<i32> {
        Some(count(self.0.facts().checkouts_abandoned))
    }

    /// The last checkout that expired.
    async fn last_checkout_abandoned_at(&self) -> Option<TimestamptzScalar> {
        self.0.facts().last_checkout_abandoned_at.map(Into::into)
    }

    /// Messages in both directions that count as this person's.
    async fn messages(&self) -> Option<i32> {
        Some(count(self.0.facts().messages))
    }

    /// Share of BOOKING, TRIP, MESSAGE, FEEDBACK and CONSENT that is present, 0 to 1.
    async fn profile_completeness(&self) -> Option<f64> {
        Some(self.0.facts().profile_completeness)
    }
}
