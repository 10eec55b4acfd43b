//! The queries that the pages send through the gateway, and the examples of the console.

/// Persons of a page of the list, each with the few numbers the list shows: one remote join for all rows.
pub const LIST: &str = "query List($where: backoffice_person_profiles_bool_exp!, $limit: Int!, $offset: Int!) {
  backoffice_person_profiles(where: $where, limit: $limit, offset: $offset, order_by: [{last_name: asc}, {first_name: asc}]) {
    id first_name last_name email phone
    customer_insight {
      status
      behavior_aggregate {
        currency lifetime_revenue total_bookings trips_taken last_booking_at
        next_departure { tour_title start_date }
      }
    }
  }
  backoffice_person_profiles_aggregate(where: $where) { aggregate { count } }
}";

/// The same without the insight, for when it cannot be had.
pub const LIST_WITHOUT_INSIGHT: &str = "query List($where: backoffice_person_profiles_bool_exp!, $limit: Int!, $offset: Int!) {
  backoffice_person_profiles(where: $where, limit: $limit, offset: $offset, order_by: [{last_name: asc}, {first_name: asc}]) {
    id first_name last_name email phone
  }
  backoffice_person_profiles_aggregate(where: $where) { aggregate { count } }
}";

/// The identity of one person.
pub const PROFILE: &str = "query Profile($id: uuid!) {
  backoffice_person_profiles_by_pk(id: $id) {
    id first_name last_name email phone date_of_birth dietary_needs locale marketing_consent marketing_consent_at
    profiling_objection_at merged_into_id pii_redacted_at created_at
  }
}";

/// The query for a person's page: what is given, and beside it the reasons of these numbers.
macro_rules! with_reasons {
    ($start:literal $($metric:literal)*) => {
        concat!(
            $start,
            $("\n      why_", $metric, ": explain(metric: \"", $metric, "\", locale: \"de\") { ...Why }",)*
            "
    }
  }
}

fragment Why on Explanation {
  formula inputs total
  activities { id kind occurred_at tour_title }
  contributions { activity_id text }
}"
        )
    };
}

/// Everything known beside the identity, and why.
pub const INSIGHT: &str = with_reasons!(
    r#"query Insight($id: uuid!) {
  backoffice_person_profiles_by_pk(id: $id) {
    customer_insight {
      person_profile_id status fresh_as_of is_minor
      behavior_aggregate {
        currency lifetime_revenue lifetime_revenue_based_on revenue_realised revenue_upcoming
        paid_to_date outstanding credit_balance onboard_spend
        total_bookings cancelled_bookings called_off_bookings rebooked_bookings lapsed_bookings
        open_reservations open_reservations_value no_show_bookings booker_kind
        average_booking_value average_booking_value_based_on average_party_size average_party_size_based_on
        bookings_per_year average_days_between_bookings average_days_between_bookings_based_on
        average_booking_lead_time average_booking_lead_time_based_on
        customer_since last_booking_at last_activity_at
        trips_taken upcoming_trips no_show_count no_show_rate no_show_rate_based_on not_measured_departures
        next_departure { tour_title start_date boarding_point door_pickup }
        preferred_seat_position preferred_seat_position_share preferred_seat_position_based_on
        preferred_seat_label preferred_seat_label_share preferred_seat_label_based_on
        preferred_boarding_point { kind label share based_on }
        favourite_tours { title share based_on }
        favourite_regions { region share based_on }
        favourite_months { month share based_on }
        checkouts_abandoned profile_completeness
      }
      engagement_score {
        score coverage parts(locale: "de") { reason } nps_score nps_based_on satisfaction satisfaction_based_on
      }
      forecast {
        churn_risk churn_band horizon_days sufficiency reasons(locale: "de") { sentence }
        next_booking { expected_at from until } predicted_value { value_12_months value_36_months }
      }
      channel_preference { stated_channel learned_channel confidence reason(locale: "de") }
      recommendations(first: 3) { list title start_date reason(locale: "de") }
      cluster { name_de }
      activities(first: 40) {
        nodes {
          id kind occurred_at tour_title boarding_point_label channel detail amount { amount currency }
          provenance recorded_at late_note(locale: "de") changes { metric before after }
        }
        page_info { has_next_page }
      }"#
    "lifetime_revenue" "revenue_realised" "revenue_upcoming"
    "paid_to_date" "outstanding" "credit_balance"
    "onboard_spend" "average_booking_value" "total_bookings"
    "cancelled_bookings" "called_off_bookings" "rebooked_bookings"
    "lapsed_bookings" "open_reservations" "checkouts_abandoned"
    "booker_kind" "average_party_size" "bookings_per_year"
    "average_booking_lead_time" "customer_since" "last_booking_at"
    "trips_taken" "upcoming_trips" "next_departure"
    "no_show_count" "no_show_rate" "not_measured_departures"
    "preferred_seat_position" "preferred_seat_label" "preferred_boarding_point"
    "favourite_tours" "favourite_regions" "favourite_months"
    "nps_score" "satisfaction"
);

/// Examples of the console: a title and a query.
pub const EXAMPLES: &[(&str, &str)] = &[
    (
        "Persons with their insight (one remote join)",
        "query People {
  backoffice_person_profiles(limit: 10, order_by: {last_name: asc}, where: {merged_into_id: {_is_null: true}}) {
    id
    first_name
    last_name
    customer_insight {
      status
      behavior_aggregate { lifetime_revenue total_bookings trips_taken preferred_seat_position }
      engagement_score { nps_score satisfaction }
    }
  }
}",
    ),
    (
        "One person's timeline",
        "query Timeline {
  backoffice_person_profiles(limit: 1, where: {last_name: {_ilike: \"Linden%\"}}) {
    first_name
    last_name
    customer_insight {
      activities(first: 10) { nodes { occurred_at kind tour_title detail } }
    }
  }
}",
    ),
    (
        "Why is this number what it is?",
        "query Why {
  backoffice_person_profiles(limit: 3, order_by: {last_name: asc}, where: {merged_into_id: {_is_null: true}}) {
    first_name
    last_name
    customer_insight {
      explain(metric: \"lifetime_revenue\", locale: \"en\") {
        text formula inputs total activity_ids contributions { activity_id text } fresh_as_of
      }
    }
  }
}",
    ),
    (
        "The same person at two times",
        "query TwoTimes {
  backoffice_person_profiles(limit: 3, order_by: {last_name: asc}, where: {merged_into_id: {_is_null: true}}) {
    last_name
    now: customer_insight { behavior_aggregate { total_bookings trips_taken } }
    as_of: customer_insight(as_of: \"2025-01-01T00:00:00Z\") { computed_at behavior_aggregate { total_bookings trips_taken } }
  }
}",
    ),
    (
        "Highest lifetime revenue (remote root field)",
        "query Top {
  customer_insights(first: 5, order_by: [{column: lifetime_revenue, direction: desc}]) {
    nodes { person_profile_id behavior_aggregate { lifetime_revenue total_bookings booker_kind } }
  }
}",
    ),
];
