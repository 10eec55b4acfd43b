-- Insights of one tenant, many at a time; the revision rises with every write of a row.
insert into customer_insight (
  tenant_id, person_profile_id, revision, computed_at, valid_until, lifetime_revenue, outstanding,
  total_bookings, cancelled_bookings, open_reservations, trips_taken, upcoming_trips,
  next_departure_on, no_show_count, no_show_rate, average_booking_lead_time, nps_score, satisfaction,
  booker_kind, is_minor, marketing_consent, customer_since, first_booking_at, last_booking_at,
  last_activity_at, body, log_rows, log_digest, state_hash, fold_version)
select $1, u.person, 1, u.computed_at, u.valid_until, u.lifetime_revenue, u.outstanding,
       u.total_bookings, u.cancelled_bookings, u.open_reservations, u.trips_taken, u.upcoming_trips,
       u.next_departure_on, u.no_show_count, u.no_show_rate, u.lead_time, u.nps_score, u.satisfaction,
       u.booker_kind, u.is_minor, u.marketing_consent, u.customer_since, u.first_booking_at,
       u.last_booking_at, u.last_activity_at, u.body,
       u.log_rows, u.log_digest, u.state_hash, $29
from unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::bigint[], $6::bigint[],
            $7::integer[], $8::integer[], $9::integer[], $10::integer[], $11::integer[],
            $12::date[], $13::integer[], $14::double precision[], $15::double precision[],
            $16::integer[], $17::double precision[], $18::smallint[], $19::boolean[], $20::boolean[],
            $21::timestamptz[], $22::timestamptz[], $23::timestamptz[], $24::timestamptz[], $25::bytea[],
            $26::integer[], $27::uuid[], $28::bytea[])
  as u (person, computed_at, valid_until, lifetime_revenue, outstanding, total_bookings,
        cancelled_bookings, open_reservations, trips_taken, upcoming_trips, next_departure_on,
        no_show_count, no_show_rate, lead_time, nps_score, satisfaction, booker_kind, is_minor,
        marketing_consent, customer_since, first_booking_at, last_booking_at, last_activity_at, body, log_rows,
        log_digest, state_hash)
on conflict (tenant_id, person_profile_id) do update set
  revision = customer_insight.revision + 1,
  computed_at = excluded.computed_at, valid_until = excluded.valid_until,
  lifetime_revenue = excluded.lifetime_revenue, outstanding = excluded.outstanding,
  total_bookings = excluded.total_bookings, cancelled_bookings = excluded.cancelled_bookings,
  open_reservations = excluded.open_reservations, trips_taken = excluded.trips_taken,
  upcoming_trips = excluded.upcoming_trips, next_departure_on = excluded.next_departure_on,
  no_show_count = excluded.no_show_count, no_show_rate = excluded.no_show_rate,
  average_booking_lead_time = excluded.average_booking_lead_time, nps_score = excluded.nps_score,
  satisfaction = excluded.satisfaction, booker_kind = excluded.booker_kind,
  is_minor = excluded.is_minor, marketing_consent = excluded.marketing_consent,
  customer_since = excluded.customer_since, first_booking_at = excluded.first_booking_at,
  last_booking_at = excluded.last_booking_at, last_activity_at = excluded.last_activity_at,
  body = excluded.body, log_rows = excluded.log_rows, log_digest = excluded.log_digest,
  state_hash = excluded.state_hash, fold_version = excluded.fold_version
