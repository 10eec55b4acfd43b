//! From the filter and the order as they came to what is asked of the stored values.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::domain::insight::BookerKind;
use crate::domain::model::churn::Band;
use crate::graphql::errors::FieldError;
use crate::graphql::types::forecast::ChurnBand;
use crate::graphql::types::list::{
    CustomerInsightFilter, CustomerInsightOrder, InsightBookerKindComparison,
    InsightBooleanComparison, InsightChurnBandComparison, InsightDateComparison,
    InsightFloatComparison, InsightIntComparison, InsightNumericComparison,
    InsightTimestamptzComparison,
};
use crate::insight::Comparison::{AtLeast, AtMost, Equal, Greater, Less};
use crate::insight::{Column, Comparison, Condition, OrderStep, Test, Value};

const MOST_STEPS: usize = 5;
const WHERE: FieldError = FieldError::Argument("where");

/// All conditions of a filter. A value that cannot be read is an error: a filter that is ignored would show too much.
pub(super) fn conditions(filter: CustomerInsightFilter) -> Result<Vec<Condition>, FieldError> {
    let mut all = Conditions(Vec::new());
    all.amount(Column::LifetimeRevenue, filter.lifetime_revenue.as_ref())?;
    all.amount(Column::Outstanding, filter.outstanding.as_ref())?;
    for (column, comparison) in [
        (
            Column::PredictedValue12Months,
            filter.predicted_value_12_months,
        ),
        (
            Column::PredictedValue36Months,
            filter.predicted_value_36_months,
        ),
    ] {
        all.amount(column, comparison.as_ref())?;
    }
    for (column, comparison) in [
        (Column::TotalBookings, filter.total_bookings),
        (Column::CancelledBookings, filter.cancelled_bookings),
        (Column::OpenReservations, filter.open_reservations),
        (Column::TripsTaken, filter.trips_taken),
        (Column::UpcomingTrips, filter.upcoming_trips),
        (Column::NoShowCount, filter.no_show_count),
        (Column::NpsScore, filter.nps_score),
        (Column::ClusterId, filter.cluster_id),
    ] {
        all.int(column, comparison.as_ref());
    }
    for (column, comparison) in [
        (Column::NoShowRate, filter.no_show_rate),
        (
            Column::AverageBookingLeadTime,
            filter.average_booking_lead_time,
        ),
        (Column::Satisfaction, filter.satisfaction),
        (Column::ChurnRisk, filter.churn_risk),
        (Column::PredictedBookings, filter.predicted_bookings),
        (Column::EngagementScore, filter.engagement_score),
    ] {
        all.float(column, comparison.as_ref());
    }
    for (column, comparison) in [
        (Column::CustomerSince, filter.customer_since),
        (Column::FirstBookingAt, filter.first_booking_at),
        (Column::LastBookingAt, filter.last_booking_at),
        (Column::LastActivityAt, filter.last_activity_at),
        (
            Column::NextBookingExpectedAt,
            filter.next_booking_expected_at,
        ),
    ] {
        all.instant(column, comparison.as_ref())?;
    }
    all.day(Column::NextDepartureOn, filter.next_departure_on.as_ref())?;
    all.flag(Column::IsMinor, filter.is_minor.as_ref());
    all.flag(Column::MarketingConsent, filter.marketing_consent.as_ref());
    all.booker_kind(filter.booker_kind);
    all.churn_band(filter.churn_band);
    Ok(all.0)
}

/// The steps of an order; a value that comes again says nothing new.
pub(super) fn order(steps: Vec<CustomerInsightOrder>) -> Result<Vec<OrderStep>, FieldError> {
    let mut order: Vec<OrderStep> = Vec::with_capacity(steps.len().min(MOST_STEPS));
    for CustomerInsightOrder { column, direction } in steps {
        let step = OrderStep {
            column: column.into(),
            direction: direction.into(),
        };
        if order.iter().all(|earlier| earlier.column != step.column) {
            order.push(step);
        }
        if order.len() > MOST_STEPS {
            return Err(FieldError::Argument("order_by"));
        }
    }
    Ok(order)
}

struct Conditions(Vec<Condition>);

impl Conditions {
    fn compare(&mut self, column: Column, tests: [(Comparison, Option<Value>); 5]) {
        for (comparison, value) in tests {
            if let Some(value) = value {
                self.push(column, Test::Compare(comparison, value));
            }
        }
    }

    fn is_null(&mut self, column: Column, is_null: Option<bool>) {
        if let Some(is_null) = is_null {
            self.push(column, Test::IsNull(is_null));
        }
    }

    fn push(&mut self, column: Column, test: Test) {
        self.0.push(Condition { column, test });
    }

    fn int(&mut self, column: Column, comparison: Option<&InsightIntComparison>) {
        let Some(&InsightIntComparison {
            eq,
            gt,
            gte,
            lt,
            lte,
            is_null,
        }) = comparison
        else {
            return;
        };
        let tests = [
            (Equal, eq),
            (Greater, gt),
            (AtLeast, gte),
            (Less, lt),
            (AtMost, lte),
        ];
        self.compare(
            column,
            tests.map(|(test, value)| (test, value.map(Value::Int))),
        );
        self.is_null(column, is_null);
    }

    fn float(&mut self, column: Column, comparison: Option<&InsightFloatComparison>) {
        let Some(&InsightFloatComparison {
            eq,
            gt,
            gte,
            lt,
            lte,
            is_null,
        }) = comparison
        else {
            return;
        };
        let tests = [
            (Equal, eq),
            (Greater, gt),
            (AtLeast, gte),
            (Less, lt),
            (AtMost, lte),
        ];
        self.compare(
            column,
            tests.map(|(test, value)| (test, value.map(Value::Float))),
        );
        self.is_null(column, is_null);
    }

    fn flag(&mut self, column: Column, comparison: Option<&InsightBooleanComparison>) {
        let Some(&InsightBooleanComparison { eq, is_null }) = comparison else {
            return;
        };
        if let Some(yes) = eq {
            self.push(column, Test::Compare(Equal, Value::Bool(yes)));
        }
        self.is_null(column, is_null);
    }

    fn instant(
        &mut self,
        column: Column,
        comparison: Option<&InsightTimestamptzComparison>,
    ) -> Result<(), FieldError> {
        let Some(&InsightTimestamptzComparison {
            eq,
            gt,
            gte,
            lt,
            lte,
            is_null,
        }) = comparison
        else {
            return Ok(());
        };
        for (test, value) in [
            (Equal, eq),
            (Greater, gt),
            (AtLeast, gte),
            (Less, lt),
            (AtMost, lte),
        ] {
            if let Some(value) = value {
                self.push(
                    column,
                    Test::Compare(test, Value::Instant(value.0.ok_or(WHERE)?)),
                );
            }
        }
        self.is_null(column, is_null);
        Ok(())
    }

    fn day(
        &mut self,
        column: Column,
        comparison: Option<&InsightDateComparison>,
    ) -> Result<(), FieldError> {
        let Some(&InsightDateComparison {
            eq,
            gt,
            gte,
            lt,
            lte,
            is_null,
        }) = comparison
        else {
            return Ok(());
        };
        for (test, value) in [
            (Equal, eq),
            (Greater, gt),
            (AtLeast, gte),
            (Less, lt),
            (AtMost, lte),
        ] {
            if let Some(value) = value {
                self.push(
                    column,
                    Test::Compare(test, Value::Day(value.0.ok_or(WHERE)?)),
                );
            }
        }
        self.is_null(column, is_null);
        Ok(())
    }

    fn amount(
        &mut self,
        column: Column,
        comparison: Option<&InsightNumericComparison>,
    ) -> Result<(), FieldError> {
        let Some(&InsightNumericComparison {
            eq,
            gt,
            gte,
            lt,
            lte,
        }) = comparison
        else {
            return Ok(());
        };
        for (test, value) in [
            (Equal, eq),
            (Greater, gt),
            (AtLeast, gte),
            (Less, lt),
            (AtMost, lte),
        ] {
            if let Some(value) = value {
                self.push(column, in_hundredths(test, value.0.ok_or(WHERE)?));
            }
        }
        Ok(())
    }

    fn booker_kind(&mut self, comparison: Option<InsightBookerKindComparison>) {
        let Some(InsightBookerKindComparison { eq, r#in, is_null }) = comparison else {
            return;
        };
        let column = Column::BookerKind;
        let number = |kind: crate::graphql::types::behavior::BookerKind| stored(kind.into());
        if let Some(kind) = eq {
            self.push(column, Test::OneOf(vec![number(kind)]));
        }
        if let Some(kinds) = r#in {
            self.push(column, Test::OneOf(kinds.into_iter().map(number).collect()));
        }
        self.is_null(column, is_null);
    }

    fn churn_band(&mut self, comparison: Option<InsightChurnBandComparison>) {
        let Some(InsightChurnBandComparison { eq, r#in, is_null }) = comparison else {
            return;
        };
        let column = Column::ChurnBand;
        let number = |band: ChurnBand| i64::from(Band::from(band).code());
        if let Some(band) = eq {
            self.push(column, Test::OneOf(vec![number(band)]));
        }
        if let Some(bands) = r#in {
            self.push(column, Test::OneOf(bands.into_iter().map(number).collect()));
        }
        self.is_null(column, is_null);
    }
}

/// The number under which `customer_insight` stores who books.
const fn stored(kind: BookerKind) -> i64 {
    match kind {
        BookerKind::Private => 0,
        BookerKind::GroupOrganiser => 1,
        BookerKind::Agency => 2,
    }
}

/// The same question about whole hundredths. What lies between two hundredths equals none of them.
fn in_hundredths(comparison: Comparison, amount: Decimal) -> Test {
    let cents = amount.saturating_mul(Decimal::ONE_HUNDRED);
    let whole = match comparison {
        Equal if !cents.is_integer() => return Test::Never,
        Equal => cents,
        Greater | AtMost => cents.floor(),
        AtLeast | Less => cents.ceil(),
    };
    let extreme = if whole.is_sign_negative() {
        i64::MIN
    } else {
        i64::MAX
    };
    Test::Compare(comparison, Value::Int(whole.to_i64().unwrap_or(extreme)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_between_two_hundredths_are_compared_exactly() {
        let test = |comparison, text: &str| in_hundredths(comparison, text.parse().unwrap());
        let int = |comparison, cents| Test::Compare(comparison, Value::Int(cents));
        assert_eq!(test(Equal, "12.34"), int(Equal, 1_234));
        assert_eq!(test(Equal, "12.345"), Test::Never);
        assert_eq!(test(Greater, "12.345"), int(Greater, 1_234));
        assert_eq!(test(AtLeast, "12.345"), int(AtLeast, 1_235));
        assert_eq!(test(Less, "12.345"), int(Less, 1_235));
        assert_eq!(test(AtMost, "12.345"), int(AtMost, 1_234));
        assert_eq!(test(Less, "1e27"), int(Less, i64::MAX));
    }
}
