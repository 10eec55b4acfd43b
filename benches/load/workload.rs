//! A realistic mix of deliveries: bookings through their states with passengers, payments, tickets and boardings.

use serde_json::{Value, json};
use uuid::Uuid;

/// Persons a tenant knows.
pub(crate) const PERSONS: u128 = 2_000;
/// Departures a tenant has.
const DEPARTURES: u128 = 60;
/// Deliveries one booking leads to.
pub(crate) const PER_BOOKING: u128 = 8;

/// The tenant of a number.
pub(crate) fn tenant(n: u128) -> Uuid {
    id(1, 0, n)
}

/// A person of a tenant.
pub(crate) fn person(tenant: u128, n: u128) -> Uuid {
    id(2, tenant, n)
}

fn id(kind: u128, tenant: u128, n: u128) -> Uuid {
    Uuid::from_u128((kind << 96) | (tenant << 64) | (0xb05 << 40) | n)
}

fn at(n: u128, step: u128) -> String {
    let (day, minute) = (1 + n % 28, step);
    format!(
        "2026-{:02}-{day:02}T09:{minute:02}:00.000000+00:00",
        1 + n % 9
    )
}

/// Profiles and departures: what a tenant has before anybody books.
pub(crate) fn base(tenant_number: u128) -> Vec<Vec<u8>> {
    let of = tenant(tenant_number);
    let persons = (0..PERSONS).map(|n| {
        insert(
            "backoffice",
            "person_profiles",
            &json!({
                "id": person(tenant_number, n), "tenant_id": of, "marketing_consent": n % 3 == 0,
                "locale": "de-DE", "merged_into_id": null, "pii_redacted_at": null,
                "created_at": at(n, 0), "updated_at": at(n, 0)
            }),
        )
    });
    let offerings = (0..DEPARTURES).map(|n| {
        insert("commerce", "tour_offerings", &json!({
            "id": id(3, tenant_number, n), "tenant_id": of, "tour_departure_id": id(4, tenant_number, n),
            "tour_template_id": id(5, tenant_number, n % 12), "title": format!("Tour {}", n % 12),
            "region": "Nordsee", "start_date": "2026-10-01", "end_date": "2026-10-05",
            "status": "SCHEDULED", "updated_at": at(n, 0)
        }))
    });
    persons.chain(offerings).collect()
}

/// The deliveries of one booking that somebody makes for themself, in the order of their happening.
pub(crate) fn booking(tenant_number: u128, n: u128) -> Vec<Vec<u8>> {
    let traveller = person(tenant_number, n % PERSONS);
    booked(tenant_number, n, traveller, None)
}

/// The same, booked for somebody by the tenant's agency.
pub(crate) fn brokered(tenant_number: u128, n: u128) -> Vec<Vec<u8>> {
    booked(
        tenant_number,
        n,
        agency(tenant_number),
        Some(id(15, tenant_number, 0)),
    )
}

/// Whoever books for others.
pub(crate) fn agency(tenant_number: u128) -> Uuid {
    person(tenant_number, PERSONS - 1)
}

fn booked(tenant_number: u128, n: u128, booker: Uuid, reseller: Option<Uuid>) -> Vec<Vec<u8>> {
    let of = tenant(tenant_number);
    let (booking, passenger) = (id(6, tenant_number, n), id(7, tenant_number, n));
    let (ticket, traveller) = (id(8, tenant_number, n), person(tenant_number, n % PERSONS));
    let departure = n % DEPARTURES;
    let row = |status: &str, step: u128| {
        json!({
            "id": booking, "tenant_id": of, "tour_offering_id": id(3, tenant_number, departure),
            "status": status, "booker_profile_id": booker, "reseller_id": reseller, "channel": "WEB",
            "passenger_count": 1, "replaces_booking_id": null, "total_amount": 399.0,
            "deposit_amount": 80.0, "currency": "EUR", "cancelled_by": null, "cancellation_fee": null,
            "refund_amount": null, "booked_at": at(n, 1), "created_at": at(n, 1), "updated_at": at(n, step)
        })
    };
    let payment = |kind: &str, number: u128, amount: f64, step: u128| {
        insert(
            "commerce",
            "payments",
            &json!({
                "id": id(9 + number, tenant_number, n), "tenant_id": of, "booking_id": booking,
                "payment_type": kind, "status": "COMPLETED", "amount": amount, "currency": "EUR",
                "payment_method": "CARD", "received_at": at(n, step), "updated_at": at(n, step)
            }),
        )
    };
    vec![
        insert("commerce", "bookings", &row("PENDING_PAYMENT", 1)),
        insert(
            "commerce",
            "passengers",
            &json!({
                "id": passenger, "tenant_id": of, "booking_id": booking, "person_profile_id": traveller,
                "is_primary_contact": true, "boarding_point_id": id(12, tenant_number, n % 7),
                "is_door_pickup": false, "seat_label": format!("{}A", 1 + n % 12), "seat_position": null,
                "fare_category": "ADULT", "cancellation_fee": null, "status": "ACTIVE", "updated_at": at(n, 1)
            }),
        ),
        payment("DEPOSIT", 0, 80.0, 2),
        update(
            "commerce",
            "bookings",
            &row("PENDING_PAYMENT", 1),
            &row("DEPOSIT_PAID", 2),
        ),
        insert(
            "commerce",
            "tickets",
            &json!({
                "id": ticket, "tenant_id": of, "booking_id": booking, "passenger_id": passenger,
                "status": "ACTIVE", "updated_at": at(n, 3)
            }),
        ),
        payment("FINAL_PAYMENT", 1, 319.0, 4),
        update(
            "commerce",
            "bookings",
            &row("DEPOSIT_PAID", 2),
            &row("FULLY_PAID", 4),
        ),
        insert(
            "operations",
            "boarding_events",
            &json!({
                "id": id(13, tenant_number, n), "tenant_id": of, "service_leg_id": id(14, tenant_number, departure),
                "tour_departure_id": id(4, tenant_number, departure), "ticket_id": ticket,
                "passenger_id": null, "boarding_point_id": id(12, tenant_number, n % 7),
                "seat_label": format!("{}A", 1 + n % 12), "status": "BOARDED", "method": "QR",
                "is_offline": true, "boarded_at": at(n, 5), "synced_at": at(n, 6)
            }),
        ),
    ]
}

/// A paid booking of that person, as Hasura tells that it was paid: the person's first.
pub(crate) fn confirmed(tenant_number: u128, n: u128) -> Vec<u8> {
    booking(tenant_number, n).swap_remove(3)
}

fn insert(schema: &str, table: &str, new: &Value) -> Vec<u8> {
    envelope(schema, table, "INSERT", &Value::Null, new)
}

fn update(schema: &str, table: &str, old: &Value, new: &Value) -> Vec<u8> {
    envelope(schema, table, "UPDATE", old, new)
}

fn envelope(schema: &str, table: &str, op: &str, old: &Value, new: &Value) -> Vec<u8> {
    let event = json!({
        "created_at": "2026-01-02T03:04:05.678901",
        "delivery_info": { "current_retry": 0, "max_retries": 5 },
        "event": { "data": { "old": old, "new": new }, "op": op, "session_variables": null, "trace_context": null },
        "id": Uuid::new_v5(&Uuid::NAMESPACE_OID, new.to_string().as_bytes()),
        "table": { "name": table, "schema": schema },
        "trigger": { "name": format!("ci_{schema}_{table}") }
    });
    event.to_string().into_bytes()
}
