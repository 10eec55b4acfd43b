//! Which tables the event triggers listen to, and which columns leave the platform.
//!
//! Absent on purpose: every column marked PII in the reference tables, and free text (labels and items of sales and
//! ancillaries, reference numbers, assignees, comments). Labels of tours and boarding points are kept.

/// One event trigger: a table, the operations it listens to and the columns it delivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerSpec {
    /// Trigger name as in Hasura's metadata; at most 42 characters.
    pub name: String,
    /// Schema of the table.
    pub schema: String,
    /// Table name.
    pub table: String,
    /// Columns delivered. All but `updated_at` are also listened to on UPDATE.
    pub columns: Vec<String>,
    /// Listens to INSERT.
    pub insert: bool,
    /// Listens to UPDATE.
    pub update: bool,
    /// Listens to DELETE.
    pub delete: bool,
}

impl TriggerSpec {
    /// The operations listened to, in Hasura's order.
    pub fn operations(&self) -> impl Iterator<Item = &'static str> + use<> {
        [
            ("INSERT", self.insert),
            ("UPDATE", self.update),
            ("DELETE", self.delete),
        ]
        .into_iter()
        .filter_map(|(op, on)| on.then_some(op))
    }

    /// The columns whose change makes an UPDATE an event.
    pub fn listened(&self) -> impl Iterator<Item = &str> {
        self.columns
            .iter()
            .map(String::as_str)
            .filter(|column| *column != "updated_at")
    }
}

/// Every event trigger of the platform that Customer Intelligence listens to, named `ci_<schema>_<table>`.
pub fn triggers() -> Vec<TriggerSpec> {
    let rows = ROWS.iter().map(|(schema, table, columns)| {
        let delete = !KEPT.contains(table);
        TriggerSpec {
            update: true,
            delete,
            ..spec(schema, table, columns)
        }
    });
    let events = CONTEXTS
        .iter()
        .map(|schema| spec(schema, "domain_events", EVENT));
    rows.chain(events).collect()
}

/// A trigger on INSERT.
fn spec(schema: &str, table: &str, columns: &str) -> TriggerSpec {
    TriggerSpec {
        name: format!("ci_{schema}_{table}"),
        schema: schema.to_owned(),
        table: table.to_owned(),
        columns: columns.split_whitespace().map(str::to_owned).collect(),
        insert: true,
        update: false,
        delete: false,
    }
}

/// Links and reference rows: their DELETE would change nothing, so it is not listened to.
const KEPT: &[&str] = &[
    "operators",
    "tour_templates",
    "boarding_points",
    "legal_holds",
    "tour_offerings",
    "tickets",
    "service_legs",
    "channel_accounts",
    "contacts",
    "conversations",
];

/// The contexts that may write finished domain events.
const CONTEXTS: &[&str] = &["backoffice", "commerce", "operations", "communications"];

/// Columns of every context's `domain_events`; the payload is cut by the service's contracts.
const EVENT: &str = "event_id tenant_id event_type schema_version occurred_at payload";

/// Schema, table and allow-listed columns of every row that is listened to.
const ROWS: &[(&str, &str, &str)] = &[
    (
        "backoffice",
        "operators",
        "id default_locale default_currency time_zone status updated_at",
    ),
    (
        "backoffice",
        "person_profiles",
        "id tenant_id has_email has_phone marketing_consent marketing_consent_at \
         profiling_objection_at locale merged_into_id pii_redacted_at created_at updated_at",
    ),
    (
        "backoffice",
        "tour_templates",
        "id tenant_id title region category duration_days tags updated_at",
    ),
    (
        "backoffice",
        "boarding_points",
        "id tenant_id label zone_label updated_at",
    ),
    (
        "commerce",
        "tour_offerings",
        "id tenant_id tour_departure_id tour_template_id title region start_date end_date \
         list_price currency seats_available status updated_at",
    ),
    (
        "commerce",
        "bookings",
        "id tenant_id tour_offering_id status booker_profile_id reseller_id channel \
         passenger_count replaces_booking_id total_amount deposit_amount currency \
         cancelled_by cancellation_fee refund_amount booked_at created_at updated_at",
    ),
    (
        "commerce",
        "passengers",
        "id tenant_id booking_id person_profile_id is_primary_contact boarding_point_id \
         is_door_pickup seat_label seat_position fare_category cancellation_fee status \
         updated_at",
    ),
    (
        "commerce",
        "payments",
        "id tenant_id booking_id payment_type status amount currency payment_method \
         received_at updated_at",
    ),
    (
        "commerce",
        "ancillaries",
        "id tenant_id booking_id passenger_id catalog_item_id type quantity unit_price \
         total_amount currency purchase_phase status purchased_at updated_at",
    ),
    (
        "commerce",
        "tickets",
        "id tenant_id booking_id passenger_id status updated_at",
    ),
    (
        "commerce",
        "checkout_sessions",
        "id tenant_id tour_offering_id booker_profile_id status step passenger_count \
         cart_amount currency started_at expires_at updated_at",
    ),
    (
        "commerce",
        "trip_feedback",
        "id tenant_id booking_id person_profile_id tour_departure_id nps_score rating \
         submitted_at",
    ),
    (
        "operations",
        "service_legs",
        "id tenant_id tour_offering_id tour_departure_id leg_type is_final_leg status \
         scheduled_start scheduled_end actual_start actual_end updated_at",
    ),
    (
        "operations",
        "boarding_events",
        "id tenant_id service_leg_id tour_departure_id ticket_id passenger_id \
         boarding_point_id seat_label status method is_offline boarded_at synced_at",
    ),
    (
        "operations",
        "onboard_sales",
        "id tenant_id service_leg_id tour_departure_id ticket_id seat_label total_amount \
         currency payment_method sold_at synced_at",
    ),
    (
        "communications",
        "channel_accounts",
        "id tenant_id channel_type status updated_at",
    ),
    (
        "communications",
        "contacts",
        "id tenant_id person_profile_id created_at updated_at",
    ),
    (
        "communications",
        "conversations",
        "id tenant_id contact_id booking_id service_leg_id status opened_at \
         last_message_at resolved_at updated_at",
    ),
    (
        "communications",
        "messages",
        "id tenant_id conversation_id channel_account_id direction template_id trigger_event \
         status sent_at delivered_at read_at updated_at",
    ),
    (
        "backoffice",
        "legal_holds",
        "id tenant_id entity_type entity_id until closed_at created_at updated_at",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::platform::TABLES;

    #[test]
    fn every_table_of_the_platform_has_a_trigger_and_every_column_exists() {
        let specs = triggers();
        assert_eq!(specs.len(), TABLES.matches("create table ").count());
        for spec in &specs {
            assert!(
                spec.name.len() <= 42,
                "{} is too long for Hasura",
                spec.name
            );
            let table = format!("create table {}.{} (", spec.schema, spec.table);
            let (_, body) = TABLES.split_once(&table).unwrap();
            let body = body.split("\n\n").next().unwrap();
            for column in &spec.columns {
                let found = format!(" {body}").contains(&format!(" {column} "))
                    || spec.table == "domain_events";
                assert!(
                    found,
                    "{}.{column} is not in the reference tables",
                    spec.table
                );
            }
        }
    }

    #[test]
    fn no_column_commented_as_never_forwarded_is_delivered() {
        let marked = TABLES
            .lines()
            .filter(|l| l.starts_with("comment on column"));
        let marked: Vec<_> = marked.filter(|l| l.contains("never forwarded")).collect();
        assert!(marked.len() > 15);
        for spec in triggers() {
            for column in &spec.columns {
                let path = format!("{}.{}.{column} is", spec.schema, spec.table);
                assert!(
                    !marked.iter().any(|line| line.contains(&path)),
                    "{path} delivered"
                );
            }
        }
    }
}
