//! Timelines and labels of persons who came the whole way: envelope, inbox, worker, log.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use customer_intelligence::contracts::envelope;
use customer_intelligence::projections::Settings;
use customer_intelligence::resolve::fence::Pepper;
use customer_intelligence::workers::{Context, ingest};
use serde_json::{Value, json};
use uuid::Uuid;

use super::rig::{Rig, TENANT, join, key, person};

const OFFERING: Uuid = Uuid::from_u128(0x0f);
const TEMPLATE: Uuid = Uuid::from_u128(0x7e);
const STOP: Uuid = Uuid::from_u128(0x50);
const BOOKING: Uuid = Uuid::from_u128(0xb0);

/// Delivers the rows as Hasura would, and lets the worker take them all.
pub(super) async fn deliver(rig: &Rig, rows: &[(&str, &str, Value)]) {
    for (number, (schema, table, new)) in rows.iter().enumerate() {
        let body = json!({
            "id": format!("event-{number}"), "created_at": "2026-05-01T00:00:00",
            "delivery_info": { "current_retry": 0, "max_retries": 5 },
            "trigger": { "name": format!("ci_{schema}_{table}") },
            "table": { "schema": schema, "name": table },
            "event": { "op": "INSERT", "session_variables": null, "trace_context": null,
                "data": { "old": null, "new": new } },
        });
        let delivery = envelope::read(body.to_string().as_bytes()).unwrap();
        sqlx::query!(
            "insert into inbox (tenant_id, id, payload) values ($1, $2, $3)",
            delivery.tenant_id,
            rig.clock.uuid_v7(),
            delivery.cut
        )
        .execute(rig.db.pool())
        .await
        .unwrap();
    }
    let context = Context {
        pool: rig.db.pool().clone(),
        clock: rig.clock.clone(),
        pepper: Pepper::new(&[7; 32]),
        settings: Settings::default(),
    };
    let mut sizes = BTreeMap::new();
    while ingest::round(&context, &mut sizes).await.unwrap() {}
}

pub(super) fn profile(number: u128) -> Value {
    json!({ "id": person(number), "tenant_id": TENANT, "has_email": true, "has_phone": false,
        "marketing_consent": true, "locale": "de-DE", "merged_into_id": null, "pii_redacted_at": null,
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z" })
}

fn booking(status: &str, updated_at: &str) -> Value {
    json!({ "id": BOOKING, "tenant_id": TENANT, "tour_offering_id": OFFERING, "status": status,
        "booker_profile_id": person(1), "passenger_count": 1, "total_amount": 400.5, "currency": "EUR",
        "channel": "PHONE", "booked_at": "2026-02-01T10:00:00+01:00",
        "created_at": "2026-02-01T09:00:00Z", "updated_at": updated_at })
}

/// Person 1 books, pays and will travel; person 2 is merely known.
fn story() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("backoffice", "person_profiles", profile(1)),
        ("backoffice", "person_profiles", profile(2)),
        (
            "backoffice",
            "tour_templates",
            json!({ "id": TEMPLATE, "tenant_id": TENANT, "title": "Lakes of the north", "region": "Holstein",
                "updated_at": "2026-01-01T00:00:00Z" }),
        ),
        (
            "backoffice",
            "boarding_points",
            json!({ "id": STOP, "tenant_id": TENANT, "label": "Market square",
                "updated_at": "2026-01-01T00:00:00Z" }),
        ),
        (
            "commerce",
            "tour_offerings",
            json!({ "id": OFFERING, "tenant_id": TENANT, "tour_departure_id": Uuid::from_u128(0xde),
                "tour_template_id": TEMPLATE, "title": "Lakes of the north, June", "region": null,
                "start_date": "2026-06-20", "end_date": "2026-06-25", "status": "SCHEDULED",
                "updated_at": "2026-01-01T00:00:00Z" }),
        ),
        (
            "commerce",
            "bookings",
            booking("DEPOSIT_PAID", "2026-02-01T09:00:01Z"),
        ),
        (
            "commerce",
            "bookings",
            booking("FULLY_PAID", "2026-03-01T09:00:00Z"),
        ),
        (
            "commerce",
            "payments",
            json!({ "id": Uuid::from_u128(0xca), "tenant_id": TENANT, "booking_id": BOOKING, "amount": "100.00",
                "currency": "EUR", "payment_type": "DEPOSIT", "status": "COMPLETED",
                "received_at": "2026-02-02T09:00:00Z", "updated_at": "2026-02-02T09:00:00Z" }),
        ),
        (
            "commerce",
            "passengers",
            json!({ "id": Uuid::from_u128(0xaa), "tenant_id": TENANT, "booking_id": BOOKING,
                "person_profile_id": person(1), "boarding_point_id": STOP, "is_door_pickup": false,
                "status": "ACTIVE", "fare_category": "ADULT", "updated_at": "2026-02-01T09:00:01Z" }),
        ),
    ]
}

async fn activities(rig: &Rig, arguments: &str) -> Value {
    let selection = format!(
        "{{ activities{arguments} {{ edges {{ cursor }} \
         nodes {{ kind occurred_at tour_title amount {{ amount currency }} channel }} \
         page_info {{ has_next_page end_cursor }} }} }}"
    );
    let query = join(0, &[key(person(1))], &selection);
    rig.ask(&query).await.joined()["f0"]["activities"].take()
}

fn kinds(page: &Value) -> Vec<&str> {
    let nodes = page["nodes"].as_array().unwrap().iter();
    nodes.map(|node| node["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_was_delivered_is_told_latest_first_and_pages_join_up() {
    let rig = Rig::new().await;
    deliver(&rig, &story()).await;
    let told = [
        "BOOKING_FULLY_PAID",
        "PAYMENT_RECEIVED",
        "BOOKING_CONFIRMED",
        "PROFILE_CREATED",
    ];
    let whole = activities(&rig, "").await;
    assert_eq!(kinds(&whole), told, "{whole}");
    let payment = &whole["nodes"][1];
    assert_eq!(payment["occurred_at"], "2026-02-02T09:00:00Z");
    assert_eq!(
        payment["amount"].to_string(),
        r#"{"amount":100.00,"currency":"EUR"}"#
    );
    assert_eq!(whole["nodes"][2]["tour_title"], "Lakes of the north, June");

    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = activities(&rig, &format!("(first: 1{after})")).await;
        seen.extend(kinds(&page).into_iter().map(str::to_owned));
        if page["page_info"]["has_next_page"] == json!(false) {
            break;
        }
        after = format!(", after: {}", page["page_info"]["end_cursor"]);
    }
    assert_eq!(seen, told);

    let only = activities(&rig, "(kinds: [PAYMENT_RECEIVED, BOARDED])").await;
    assert_eq!(kinds(&only), ["PAYMENT_RECEIVED"]);
    let between = activities(
        &rig,
        "(from: \"2026-02-01T00:00:00Z\", to: \"2026-03-01T10:00:00+01:00\")",
    )
    .await;
    assert_eq!(kinds(&between), ["PAYMENT_RECEIVED", "BOOKING_CONFIRMED"]);
}

#[tokio::test]
async fn the_insight_names_tour_and_stop_and_follows_the_clock() {
    let rig = Rig::new().await;
    deliver(&rig, &story()).await;
    let selection = "{ status computed_at marketing_consent locale behavior_aggregate { lifetime_revenue \
        paid_to_date outstanding upcoming_trips trips_taken revenue_upcoming revenue_realised \
        next_departure { tour_title start_date boarding_point door_pickup } } }";
    let query = join(0, &[key(person(1)), key(person(2))], selection);
    let before = rig.ask(&query).await.joined();
    let facts = &before["f0"]["behavior_aggregate"];
    assert_eq!(facts["lifetime_revenue"].to_string(), "400.50");
    assert_eq!(facts["upcoming_trips"], 1);
    let next = json!({ "tour_title": "Lakes of the north, June", "start_date": "2026-06-20",
        "boarding_point": "Market square", "door_pickup": false });
    assert_eq!(facts["next_departure"], next);
    assert_eq!(before["f1"]["status"], "READY");
    assert_eq!(
        before["f1"]["behavior_aggregate"]["lifetime_revenue"].to_string(),
        "0.00"
    );
    assert_eq!(before["f1"]["locale"], "de-DE");

    rig.clock.advance(TimeDelta::days(40));
    let after = rig.ask(&query).await.joined();
    let facts = &after["f0"]["behavior_aggregate"];
    assert_eq!(
        (&facts["upcoming_trips"], &facts["next_departure"]),
        (&json!(0), &Value::Null)
    );
    assert_eq!(facts["revenue_realised"].to_string(), "400.50");
    assert_eq!(facts["revenue_upcoming"].to_string(), "0.00");
}
