//! Lists of insights: filters and orders over the stored values, and the page they give.

use async_graphql::{Enum, InputObject, SimpleObject};

use super::behavior::BookerKind;
use super::connection::InsightPageInfo;
use super::forecast::ChurnBand;
use super::insight::CustomerInsight;
use crate::graphql::scalars::{DateScalar, NumericScalar, TimestamptzScalar};
use crate::insight::{Listed, Page};

/// Conditions on a whole number; all that are given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct InsightIntComparison {
    /// Equal to.
    #[graphql(name = "_eq")]
    pub eq: Option<i64>,
    /// Greater than.
    #[graphql(name = "_gt")]
    pub gt: Option<i64>,
    /// At least.
    #[graphql(name = "_gte")]
    pub gte: Option<i64>,
    /// Less than.
    #[graphql(name = "_lt")]
    pub lt: Option<i64>,
    /// At most.
    #[graphql(name = "_lte")]
    pub lte: Option<i64>,
    /// Unknown, or known.
    #[graphql(name = "_is_null")]
    pub is_null: Option<bool>,
}

/// Conditions on a number; all that are given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct InsightFloatComparison {
    /// Equal to.
    #[graphql(name = "_eq")]
    pub eq: Option<f64>,
    /// Greater than.
    #[graphql(name = "_gt")]
    pub gt: Option<f64>,
    /// At least.
    #[graphql(name = "_gte")]
    pub gte: Option<f64>,
    /// Less than.
    #[graphql(name = "_lt")]
    pub lt: Option<f64>,
    /// At most.
    #[graphql(name = "_lte")]
    pub lte: Option<f64>,
    /// Unknown, or known.
    #[graphql(name = "_is_null")]
    pub is_null: Option<bool>,
}

/// Conditions on an amount in the tenant's currency; all that are given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct InsightNumericComparison {
    /// Equal to.
    #[graphql(name = "_eq")]
    pub eq: Option<NumericScalar>,
    /// Greater than.
    #[graphql(name = "_gt")]
    pub gt: Option<NumericScalar>,
    /// At least.
    #[graphql(name = "_gte")]
    pub gte: Option<NumericScalar>,
    /// Less than.
    #[graphql(name = "_lt")]
    pub lt: Option<NumericScalar>,
    /// At most.
    #[graphql(name = "_lte")]
    pub lte: Option<NumericScalar>,
}

/// Conditions on an instant; all that are given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct InsightTimestamptzComparison {
    /// Equal to.
    #[graphql(name = "_eq")]
    pub eq: Option<TimestamptzScalar>,
    /// Later than.
    #[graphql(name = "_gt")]
    pub gt: Option<TimestamptzScalar>,
    /// At this instant or later.
    #[graphql(name = "_gte")]
    pub gte: Option<TimestamptzScalar>,
    /// Earlier than.
    #[graphql(name = "_lt")]
    pub lt: Option<TimestamptzScalar>,
    /// At this instant or earlier.
    #[graphql(name = "_lte")]
    pub lte: Option<TimestamptzScalar>,
    /// Unknown, or known.
    #[graphql(name = "_is_null")]
    pub is_null: Option<bool>,
}

/// Conditions on a day; all that are given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct InsightDateComparison {
    /// Equal to.
    #[graphql(name = "_eq")]
    pub eq: Option<DateScalar>,
    /// Later than.
    #[graphql(name = "_gt")]
    pub gt: Option<DateScalar>,
    /// On this day or later.
    #[graphql(name = "_gte")]
    pub gte: Option<DateScalar>,
    /// Earlier than.
    #[graphql(name = "_lt")]
    pub lt: Option<DateScalar>,
    /// On this day or earlier.
    #[graphql(name = "_lte")]
    pub lte: Option<DateScalar>,
    /// Unknown, or known.
    #[graphql(name = "_is_null")]
    pub is_null: Option<bool>,
}

/// Conditions on a yes or no; all that are given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct InsightBooleanComparison {
    /// Equal to.
    #[graphql(name = "_eq")]
    pub eq: Option<bool>,
    /// Unknown, or known.
    #[graphql(name = "_is_null")]
    pub is_null: Option<bool>,
}

/// Conditions on who books; all that are given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct InsightBookerKindComparison {
    /// Equal to.
    #[graphql(name = "_eq")]
    pub eq: Option<BookerKind>,
    /// One of.
    #[graphql(name = "_in")]
    pub r#in: Option<Vec<BookerKind>>,
    /// Unknown, or known.
    #[graphql(name = "_is_null")]
    pub is_null: Option<bool>,
}

/// Conditions on how great the risk is; all that are given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct InsightChurnBandComparison {
    /// Equal to.
    #[graphql(name = "_eq")]
    pub eq: Option<ChurnBand>,
    /// One of.
    #[graphql(name = "_in")]
    pub r#in: Option<Vec<ChurnBand>>,
    /// Unknown, or known.
    #[graphql(name = "_is_null")]
    pub is_null: Option<bool>,
}

/// Which persons; all conditions that are given must hold. They look at the stored values, as of `computed_at`;
/// what models say is written down every night, and within seconds of whatever a person does.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(rename_fields = "snake_case")]
pub struct CustomerInsightFilter {
    /// In the tenant's currency.
    pub lifetime_revenue: Option<InsightNumericComparison>,
    /// In the tenant's currency.
    pub outstanding: Option<InsightNumericComparison>,
    /// Kept bookings.
    pub total_bookings: Option<InsightIntComparison>,
    /// Cancelled by the customer.
    pub cancelled_bookings: Option<InsightIntComparison>,
    /// Reservations not paid yet.
    pub open_reservations: Option<InsightIntComparison>,
    /// Trips that have ended.
    pub trips_taken: Option<InsightIntComparison>,
    /// Departures still to come.
    pub upcoming_trips: Option<InsightIntComparison>,
    /// First day of the next departure.
    pub next_departure_on: Option<InsightDateComparison>,
    /// Departures missed.
    pub no_show_count: Option<InsightIntComparison>,
    /// Share of departures missed.
    pub no_show_rate: Option<InsightFloatComparison>,
    /// Days.
    pub average_booking_lead_time: Option<InsightFloatComparison>,
    /// The latest, 0 to 10; null for minors.
    pub nps_score: Option<InsightIntComparison>,
    /// Mean of the last five ratings; null for minors.
    pub satisfaction: Option<InsightFloatComparison>,
    /// Who books.
    pub booker_kind: Option<InsightBookerKindComparison>,
    /// Last travelled as child or infant.
    pub is_minor: Option<InsightBooleanComparison>,
    /// Agreed to marketing.
    pub marketing_consent: Option<InsightBooleanComparison>,
    /// First confirmed booking.
    pub customer_since: Option<InsightTimestamptzComparison>,
    /// First kept booking.
    pub first_booking_at: Option<InsightTimestamptzComparison>,
    /// Last kept booking.
    pub last_booking_at: Option<InsightTimestamptzComparison>,
    /// The latest thing the person did.
    pub last_activity_at: Option<InsightTimestamptzComparison>,
    /// The risk of not coming back, 0 to 1; unknown where no model speaks, and for whoever is not scored.
    pub churn_risk: Option<InsightFloatComparison>,
    /// The same in one word.
    pub churn_band: Option<InsightChurnBandComparison>,
    /// When they come next, as likely before as after.
    pub next_booking_expected_at: Option<InsightTimestamptzComparison>,
    /// Own bookings within 12 months, probably.
    pub predicted_bookings: Option<InsightFloatComparison>,
    /// What they will probably spend within 12 months, in the tenant's currency.
    #[graphql(name = "predicted_value_12_months")]
    pub predicted_value_12_months: Option<InsightNumericComparison>,
    /// The same within 36 months.
    #[graphql(name = "predicted_value_36_months")]
    pub predicted_value_36_months: Option<InsightNumericComparison>,
    /// 0 to 100.
    pub engagement_score: Option<InsightFloatComparison>,
    /// The group of customers, as `cluster_id` of `cluster` says.
    pub cluster_id: Option<InsightIntComparison>,
}

/// A stored value to order by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::insight::Column", rename_items = "snake_case")]
pub enum CustomerInsightColumn {
    /// In the tenant's currency.
    LifetimeRevenue,
    /// In the tenant's currency.
    Outstanding,
    /// Kept bookings.
    TotalBookings,
    /// Cancelled by the customer.
    CancelledBookings,
    /// Reservations not paid yet.
    OpenReservations,
    /// Trips that have ended.
    TripsTaken,
    /// Departures still to come.
    UpcomingTrips,
    /// First day of the next departure.
    NextDepartureOn,
    /// Departures missed.
    NoShowCount,
    /// Share of departures missed.
    NoShowRate,
    /// Days.
    AverageBookingLeadTime,
    /// The latest, 0 to 10.
    NpsScore,
    /// Mean of the last five ratings.
    Satisfaction,
    /// Private persons, then group organisers, then agencies.
    BookerKind,
    /// Last travelled as child or infant.
    IsMinor,
    /// Agreed to marketing.
    MarketingConsent,
    /// First confirmed booking.
    CustomerSince,
    /// First kept booking.
    FirstBookingAt,
    /// Last kept booking.
    LastBookingAt,
    /// The latest thing the person did.
    LastActivityAt,
    /// The risk of not coming back, 0 to 1.
    ChurnRisk,
    /// Low risks, then medium, then high ones.
    ChurnBand,
    /// When they come next.
    NextBookingExpectedAt,
    /// Own bookings within 12 months, probably.
    PredictedBookings,
    /// What they will probably spend within 12 months.
    #[graphql(name = "predicted_value_12_months")]
    PredictedValue12Months,
    /// What they will probably spend within 36 months.
    #[graphql(name = "predicted_value_36_months")]
    PredictedValue36Months,
    /// 0 to 100.
    EngagementScore,
    /// By the number of the group.
    ClusterId,
}

/// Which end comes first; unknown values come last either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::insight::Direction", rename_items = "snake_case")]
pub enum CustomerInsightDirection {
    /// Least first.
    Asc,
    /// Greatest first.
    Desc,
}

/// One step of an order.
#[derive(Clone, Copy, Debug, InputObject)]
#[graphql(rename_fields = "snake_case")]
pub struct CustomerInsightOrder {
    /// The value to order by.
    pub column: CustomerInsightColumn,
    /// Which end comes first.
    pub direction: CustomerInsightDirection,
}

/// One person with their place in the list.
#[derive(SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct CustomerInsightEdge {
    /// Pass it as `after` to go on from here.
    pub(in crate::graphql) cursor: String,
    /// The person.
    pub(in crate::graphql) node: CustomerInsight,
    /// The instant of the stored values that filter and order looked at.
    pub(in crate::graphql) computed_at: TimestamptzScalar,
}

/// A page of persons.
#[derive(SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct CustomerInsightConnection {
    /// The persons with their cursors.
    pub(in crate::graphql) edges: Vec<CustomerInsightEdge>,
    /// The persons alone.
    pub(in crate::graphql) nodes: Vec<CustomerInsight>,
    /// Whether and where it goes on.
    pub(in crate::graphql) page_info: InsightPageInfo,
}

impl CustomerInsightConnection {
    /// A page in GraphQL's form; `behind` when it does not start at the beginning.
    pub(in crate::graphql) fn new(page: Page, behind: bool) -> Self {
        let edge = |row: Listed| CustomerInsightEdge {
            cursor: row.cursor,
            node: CustomerInsight::new(row.person_profile_id, row.insight),
            computed_at: row.computed_at.into(),
        };
        let edges: Vec<_> = page.rows.into_iter().map(edge).collect();
        Self {
            nodes: edges.iter().map(|edge| edge.node.clone()).collect(),
            page_info: InsightPageInfo::new(
                edges.iter().map(|edge| &edge.cursor),
                (behind, page.has_next),
            ),
            edges,
        }
    }
}
