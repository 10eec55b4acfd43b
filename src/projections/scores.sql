-- Scores of one tenant's customers, many at a time; what is there is replaced.
insert into customer_score (
  tenant_id, person_profile_id, computed_at, insight_revision, churn_risk, churn_band, next_booking_expected_at,
  predicted_bookings, predicted_value_12_months, predicted_value_36_months, engagement_score, engagement_coverage,
  cluster_id, cluster_clarity, nps_score, rating, churn_version, clusters_version, habits_version, weights_version)
select $1, u.person, $2, u.revision, u.risk, u.band, u.next, u.bookings, u.value_12, u.value_36, u.engagement, u.coverage,
       u.cluster, u.clarity, u.nps, u.rating, $17, $18, $19, $20
from unnest($3::uuid[], $4::bigint[], $5::double precision[], $6::smallint[], $7::timestamptz[],
            $8::double precision[], $9::bigint[], $10::bigint[], $11::double precision[], $12::double precision[],
            $13::integer[], $14::double precision[], $15::smallint[], $16::smallint[])
  as u (person, revision, risk, band, next, bookings, value_12, value_36, engagement, coverage, cluster, clarity, nps,
        rating)
on conflict (tenant_id, person_profile_id) do update set
  computed_at = excluded.computed_at, insight_revision = excluded.insight_revision,
  churn_risk = excluded.churn_risk, churn_band = excluded.churn_band,
  next_booking_expected_at = excluded.next_booking_expected_at, predicted_bookings = excluded.predicted_bookings,
  predicted_value_12_months = excluded.predicted_value_12_months,
  predicted_value_36_months = excluded.predicted_value_36_months, engagement_score = excluded.engagement_score,
  engagement_coverage = excluded.engagement_coverage, cluster_id = excluded.cluster_id,
  cluster_clarity = excluded.cluster_clarity, nps_score = excluded.nps_score, rating = excluded.rating,
  churn_version = excluded.churn_version, clusters_version = excluded.clusters_version,
  habits_version = excluded.habits_version, weights_version = excluded.weights_version
