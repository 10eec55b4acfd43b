//! The stored values by which persons are filtered and ordered: the only identifiers that reach a statement.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// A typed column of `customer_insight`, or of `customer_score` beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "each is named as its column, which the migrations comment"
)]
pub enum Column {
    LifetimeRevenue,
    Outstanding,
    TotalBookings,
    CancelledBookings,
    OpenReservations,
    TripsTaken,
    UpcomingTrips,
    NextDepartureOn,
    NoShowCount,
    NoShowRate,
    AverageBookingLeadTime,
    NpsScore,
    Satisfaction,
    BookerKind,
    IsMinor,
    MarketingConsent,
    CustomerSince,
    FirstBookingAt,
    LastBookingAt,
    LastActivityAt,
    ChurnRisk,
    ChurnBand,
    NextBookingExpectedAt,
    PredictedBookings,
    PredictedValue12Months,
    PredictedValue36Months,
    EngagementScore,
    ClusterId,
}

/// How a column is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Float,
    Bool,
    Day,
    Instant,
}

impl Column {
    /// The column's name and how it is read.
    pub(super) const fn identifier(self) -> (&'static str, Kind) {
        match self {
            Self::LifetimeRevenue => ("lifetime_revenue", Kind::Int),
            Self::Outstanding => ("outstanding", Kind::Int),
            Self::TotalBookings => ("total_bookings", Kind::Int),
            Self::CancelledBookings => ("cancelled_bookings", Kind::Int),
            Self::OpenReservations => ("open_reservations", Kind::Int),
            Self::TripsTaken => ("trips_taken", Kind::Int),
            Self::UpcomingTrips => ("upcoming_trips", Kind::Int),
            Self::NextDepartureOn => ("next_departure_on", Kind::Day),
            Self::NoShowCount => ("no_show_count", Kind::Int),
            Self::NoShowRate => ("no_show_rate", Kind::Float),
            Self::AverageBookingLeadTime => ("average_booking_lead_time", Kind::Float),
            Self::NpsScore => ("nps_score", Kind::Int),
            Self::Satisfaction => ("satisfaction", Kind::Float),
            Self::BookerKind => ("booker_kind", Kind::Int),
            Self::IsMinor => ("is_minor", Kind::Bool),
            Self::MarketingConsent => ("marketing_consent", Kind::Bool),
            Self::CustomerSince => ("customer_since", Kind::Instant),
            Self::FirstBookingAt => ("first_booking_at", Kind::Instant),
            Self::LastBookingAt => ("last_booking_at", Kind::Instant),
            Self::LastActivityAt => ("last_activity_at", Kind::Instant),
            Self::ChurnRisk => ("churn_risk", Kind::Float),
            Self::ChurnBand => ("churn_band", Kind::Int),
            Self::NextBookingExpectedAt => ("next_booking_expected_at", Kind::Instant),
            Self::PredictedBookings => ("predicted_bookings", Kind::Float),
            Self::PredictedValue12Months => ("predicted_value_12_months", Kind::Int),
            Self::PredictedValue36Months => ("predicted_value_36_months", Kind::Int),
            Self::EngagementScore => ("engagement_score", Kind::Float),
            Self::ClusterId => ("cluster_id", Kind::Int),
        }
    }

    /// Whether a model says it.
    pub(super) const fn is_score(self) -> bool {
        matches!(
            self,
            Self::ChurnRisk
                | Self::ChurnBand
                | Self::NextBookingExpectedAt
                | Self::PredictedBookings
                | Self::PredictedValue12Months
                | Self::PredictedValue36Months
                | Self::EngagementScore
                | Self::ClusterId
        )
    }
}

/// A value of a column.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// Counts, hundredths, numbers of enums.
    Int(i64),
    /// Shares, means.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// A day.
    Day(NaiveDate),
    /// An instant.
    Instant(DateTime<Utc>),
}

/// How a column is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `<`
    Less,
    /// `<=`
    AtMost,
}

impl Comparison {
    pub(super) const fn operator(self) -> &'static str {
        match self {
            Self::Equal => " = ",
            Self::Greater => " > ",
            Self::AtLeast => " >= ",
            Self::Less => " < ",
            Self::AtMost => " <= ",
        }
    }
}

/// What is asked of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Compares so with the value.
    Compare(Comparison, Value),
    /// Is one of these numbers.
    OneOf(Vec<i64>),
    /// Is unknown (true) or known (false).
    IsNull(bool),
    /// Never holds: the caller's value cannot equal any.
    Never,
}

/// A column and what is asked of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The column.
    pub column: Column,
    /// The question.
    pub test: Test,
}

/// Which end comes first; unknown values come last either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// Least first.
    Asc,
    /// Greatest first.
    Desc,
}

/// One step of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OrderStep {
    /// The column.
    pub column: Column,
    /// Which end comes first.
    pub direction: Direction,
}
