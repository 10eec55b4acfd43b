//! Retention: how long a tenant keeps what, and who is up for a review.

use async_graphql::{Enum, InputObject, SimpleObject};

use crate::domain::retention::{RetentionClock, RetentionSettings};
use crate::graphql::scalars::{TimestamptzScalar, UuidScalar};

/// A clock of retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "RetentionClock")]
pub enum Clock {
    /// Messages, since they were written, delivered or read.
    Messages,
    /// Checkouts, since they ended.
    Checkouts,
    /// Persons nothing was heard of are flagged for a review.
    Review,
    /// Persons nothing was heard of are erased.
    Persons,
}

impl From<Clock> for RetentionClock {
    fn from(clock: Clock) -> Self {
        match clock {
            Clock::Messages => Self::Messages,
            Clock::Checkouts => Self::Checkouts,
            Clock::Review => Self::Review,
            Clock::Persons => Self::Persons,
        }
    }
}

impl From<RetentionClock> for Clock {
    fn from(clock: RetentionClock) -> Self {
        match clock {
            RetentionClock::Messages => Self::Messages,
            RetentionClock::Checkouts => Self::Checkouts,
            RetentionClock::Review => Self::Review,
            RetentionClock::Persons => Self::Persons,
        }
    }
}

/// What a clock is set to.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct RetentionTime {
    /// Which clock.
    clock: Clock,
    /// So many months; 0 for as long as the tenant is served.
    months: i32,
    /// So many months where nothing else is set.
    usual_months: i32,
}

/// Every clock in GraphQL's form.
pub(in crate::graphql) fn times(settings: &RetentionSettings) -> Vec<RetentionTime> {
    let time = |clock: RetentionClock| RetentionTime {
        clock: clock.into(),
        months: settings.months(clock).into(),
        usual_months: clock.usual_months().into(),
    };
    RetentionClock::ALL.map(time).into()
}

/// A person who has been inactive for long.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct RetentionReview {
    /// The person.
    pub(in crate::graphql) person_profile_id: UuidScalar,
    /// Since when the person has been up for a review.
    pub(in crate::graphql) since: TimestamptzScalar,
}

/// Which clock to set to what.
#[derive(Clone, Debug, InputObject)]
#[graphql(rename_fields = "snake_case")]
pub struct SetRetentionInput {
    /// Which clock.
    pub(in crate::graphql) clock: Clock,
    /// So many months, at most 600; 0 for as long as the tenant is served.
    pub(in crate::graphql) months: i32,
}

/// What became of setting a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum SetRetentionStatus {
    /// It holds from the next nightly run on. What has gone does not come back.
    Set,
    /// Less than 0 or more than 600 months.
    UnusableMonths,
}

/// The outcome of setting a clock.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct SetRetentionPayload {
    /// What became of it.
    pub(in crate::graphql) status: SetRetentionStatus,
    /// All clocks as they are set now.
    pub(in crate::graphql) times: Vec<RetentionTime>,
}
