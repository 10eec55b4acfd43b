//! What models say of the person, as it was written down last; whoever is not judged has nothing here.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::Error;
use crate::domain::explain::Explanation;
use crate::domain::metric::{Metric, MetricValue};
use crate::domain::model::churn::Band;
use crate::domain::money::Currency;

/// The numbers that are written down of the person, by metric; amounts in the tenant's currency.
pub(super) async fn written(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    root: Uuid,
    currency: &Currency,
) -> Result<Vec<(Metric, MetricValue)>, Error> {
    let row = sqlx::query!(
        "select churn_risk, churn_band, next_booking_expected_at, predicted_bookings, predicted_value_12_months,
           predicted_value_36_months, engagement_score, engagement_coverage, cluster_id, cluster_clarity
         from customer_score where tenant_id = $1 and person_profile_id = $2",
        tenant_id,
        root,
    );
    let Some(row) = row.fetch_optional(connection).await? else {
        return Ok(Vec::new());
    };
    let amount = |cents: Option<i64>| {
        cents.map_or(MetricValue::Nothing, |cents| {
            MetricValue::Amount(cents.into(), currency.clone())
        })
    };
    let band = row.churn_band.and_then(Band::from_code).map(Band::name);
    let next = row
        .next_booking_expected_at
        .map(|at| MetricValue::Record(vec![("expected_at", at.into())]));
    let value = row.predicted_bookings.map(|bookings| {
        MetricValue::Record(vec![
            ("bookings_12_months", bookings.into()),
            ("value_12_months", amount(row.predicted_value_12_months)),
            ("value_36_months", amount(row.predicted_value_36_months)),
        ])
    });
    let cluster = row.cluster_id.map(|id| {
        MetricValue::Record(vec![
            ("cluster_id", i64::from(id).into()),
            ("clarity", row.cluster_clarity.into()),
        ])
    });
    let all = [
        (Metric::Score, row.engagement_score.into()),
        (Metric::Coverage, row.engagement_coverage.into()),
        (Metric::ChurnRisk, row.churn_risk.into()),
        (Metric::ChurnBand, band.into()),
        (Metric::NextBooking, next.unwrap_or(MetricValue::Nothing)),
        (
            Metric::PredictedValue,
            value.unwrap_or(MetricValue::Nothing),
        ),
        (Metric::Cluster, cluster.unwrap_or(MetricValue::Nothing)),
    ];
    let known = all
        .into_iter()
        .filter(|(_, value)| *value != MetricValue::Nothing);
    Ok(known.collect())
}

/// The explanations with these values in the place of none.
pub(super) fn filled(
    explained: Vec<Explanation>,
    written: Vec<(Metric, MetricValue)>,
) -> Vec<Explanation> {
    let pairs = explained.into_iter().zip(written);
    pairs
        .map(|(one, (_, value))| Explanation { value, ..one })
        .collect()
}
