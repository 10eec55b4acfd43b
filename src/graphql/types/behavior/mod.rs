//! `BehaviorAggregate`: what the log says about a person, each number with what it rests on.
//!
//! One GraphQL type, written in four parts by topic.

mod revenue;
mod bookings;
mod trips;
mod preferences;

pub use bookings::BookerKind;

use std::sync::Arc;

use async_graphql::MergedObject;

use crate::domain::insight::Behavior;
use crate::insight::PersonInsight;

/// What the person did, as facts with their sample sizes. Counts are of bookings that the person booked, unless said otherwise.
#[derive(MergedObject)]
pub struct BehaviorAggregate(
    revenue::RevenueFacts,
    bookings::BookingFacts,
    trips::TripFacts,
    preferences::PreferenceFacts,
);

impl BehaviorAggregate {
    /// The aggregate of one insight.
    #[must_use]
    pub fn new(insight: Arc<PersonInsight>) -> Self {
        Self(
            revenue::RevenueFacts(Shared(Arc::clone(&insight))),
            bookings::BookingFacts(Shared(Arc::clone(&insight))),
            trips::TripFacts(Shared(Arc::clone(&insight))),
            preferences::PreferenceFacts(Shared(insight)),
        )
    }
}

/// The insight that all parts read.
struct Shared(Arc<PersonInsight>);

impl Shared {
    fn facts(&self) -> &Behavior {
        &self.0.insight.behavior
    }
}

/// A count as GraphQL's 32-bit `Int`; what does not fit is shown as the largest.
pub(super) fn count<N: TryInto<i32>>(number: N) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}
