//! Questions about the past, through the door: as of an instant, known at an instant, why, and what came late.

use chrono::{DateTime, TimeDelta, Utc};
use customer_intelligence::domain::fold::FOLD_VERSION;
use customer_intelligence::domain::metric::Metric;
use serde_json::{Value, json};
use uuid::Uuid;

use super::join::counted;
use super::rig::{Rig, TENANT, join, key, person};
use super::timeline::{deliver, profile};

const OFFERING: Uuid = Uuid::from_u128(0x0f);
const DEPARTURE: Uuid = Uuid::from_u128(0xde);
const BOOKING: Uuid = Uuid::from_u128(0xb0);
const SEAT: Uuid = Uuid::from_u128(0x5e);

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn booking(status: &str, updated_at: &str) -> (&'static str, &'static str, Value) {
    let row = json!({ "id": BOOKING, "tenant_id": TENANT, "tour_offering_id": OFFERING, "status": status,
        "booker_profile_id": person(1), "passenger_count": 1, "total_amount": 90, "currency": "EUR",
        "booked_at": "2026-06-01T10:00:00Z", "created_at": "2026-06-01T10:00:00Z", "updated_at": updated_at });
    ("commerce", "bookings", row)
}

fn boarding(id: u128, passenger: Uuid, synced_at: &str) -> (&'static str, &'static str, Value) {
    let row = json!({ "id": Uuid::from_u128(id), "tenant_id": TENANT, "tour_departure_id": DEPARTURE,
        "passenger_id": passenger, "status": "BOARDED", "boarded_at": "2026-07-01T04:30:00Z",
        "synced_at": synced_at });
    ("operations", "boarding_events", row)
}

/// Person 1 seems not to have come on the first of July; two days later the driver's device says otherwise.
async fn a_late_boarding() -> Rig {
    let rig = Rig::new().await;
    assert!(rig.clock.set(at("2026-06-01T10:00:00Z")));
    let offering = json!({ "id": OFFERING, "tenant_id": TENANT, "tour_departure_id": DEPARTURE,
        "title": "Ulm", "start_date": "2026-07-01", "end_date": "2026-07-01", "status": "SCHEDULED",
        "updated_at": "2026-01-01T00:00:00Z" });
    let seat = json!({ "id": SEAT, "tenant_id": TENANT, "booking_id": BOOKING,
        "person_profile_id": person(1), "status": "ACTIVE", "fare_category": "ADULT",
        "updated_at": "2026-06-01T10:00:00Z" });
    let first = [
        ("backoffice", "person_profiles", profile(1)),
        ("commerce", "tour_offerings", offering),
        booking("FULLY_PAID", "2026-06-01T10:00:00Z"),
        ("commerce", "passengers", seat),
    ];
    deliver(&rig, &first).await;
    assert!(rig.clock.set(at("2026-07-03T04:00:00Z")));
    let stranger = Uuid::from_u128(0x99);
    let second = [
        boarding(1, stranger, "2026-07-01T04:30:00Z"),
        booking("NO_SHOW", "2026-07-03T04:00:00Z"),
    ];
    deliver(&rig, &second).await;
    assert!(rig.clock.set(at("2026-07-03T09:00:00Z")));
    deliver(&rig, &[boarding(2, SEAT, "2026-07-03T09:00:00Z")]).await;
    assert!(rig.clock.set(at("2026-07-10T00:00:00Z")));
    rig
}

const FACTS: &str = "{ status fresh_as_of computed_at behavior_aggregate { no_show_count trips_taken total_bookings upcoming_trips } }";

async fn facts(rig: &Rig, arguments: &str) -> Value {
    let id = key(person(1));
    let query = format!("{{ f0: customer_insight(person_profile_id: {id}{arguments}) {FACTS} }}");
    rig.ask(&query).await.joined()["f0"].take()
}

#[tokio::test]
async fn what_is_recorded_later_changes_no_earlier_answer() {
    let rig = a_late_boarding().await;
    let now = facts(&rig, "").await;
    assert_eq!(now["behavior_aggregate"]["no_show_count"], 0);
    assert_eq!(now["behavior_aggregate"]["trips_taken"], 1);

    let before = facts(&rig, r#", known_at: "2026-07-03T10:30:00+02:00""#).await;
    assert_eq!(before["behavior_aggregate"]["no_show_count"], 1, "{before}");
    assert_eq!(before["behavior_aggregate"]["trips_taken"], 0);
    assert_eq!(before["fresh_as_of"], "2026-07-03T08:30:00Z");
    assert_eq!(before["computed_at"], "2026-07-10T00:00:00Z");

    let as_of = facts(&rig, r#", as_of: "2026-06-15T00:00:00Z""#).await;
    let expected =
        json!({ "no_show_count": 0, "trips_taken": 0, "total_bookings": 1, "upcoming_trips": 1 });
    assert_eq!(as_of["behavior_aggregate"], expected);
    assert_eq!(as_of["computed_at"], "2026-06-15T00:00:00Z");
    assert_eq!(as_of["fresh_as_of"], "2026-07-10T00:00:00Z");

    let nothing_yet = facts(&rig, r#", as_of: "2020-01-01T00:00:00Z""#).await;
    assert_eq!(nothing_yet["status"], "READY");
    assert_eq!(nothing_yet["behavior_aggregate"]["total_bookings"], 0);
    let both = facts(
        &rig,
        r#", as_of: "2026-07-04T00:00:00Z", known_at: "2026-07-02T00:00:00Z""#,
    )
    .await;
    assert_eq!(both["behavior_aggregate"]["trips_taken"], 0);
    assert_eq!(both["behavior_aggregate"]["no_show_count"], 0);
}

#[tokio::test]
async fn unusable_instants_are_null_and_those_to_come_are_answered() {
    let rig = a_late_boarding().await;
    for unusable in [
        "\"yesterday\"",
        "42",
        "true",
        "[1]",
        "{a: 1}",
        "\"-262143-01-01 00:00:00+00\"",
    ] {
        for argument in ["as_of", "known_at"] {
            let answer = facts(&rig, &format!(", {argument}: {unusable}")).await;
            assert_eq!(answer, Value::Null, "{argument}: {unusable}");
        }
    }
    let explicit = facts(&rig, ", as_of: null, known_at: null").await;
    assert_eq!(explicit, facts(&rig, "").await);
    let far = facts(
        &rig,
        r#", as_of: "9999-12-31T23:59:59Z", known_at: "9999-12-31T23:59:59Z""#,
    )
    .await;
    assert_eq!(far["behavior_aggregate"]["trips_taken"], 1);
    assert_eq!(far["fresh_as_of"], "2026-07-10T00:00:00Z");
    let early = facts(&rig, r#", as_of: "0001-01-01T00:00:00Z""#).await;
    assert_eq!(early["behavior_aggregate"]["total_bookings"], 0);
    let unknown = format!(
        "{{ f0: customer_insight(person_profile_id: {}, known_at: \"2026-07-03T00:00:00Z\") {FACTS} }}",
        key(person(8))
    );
    assert_eq!(rig.ask(&unknown).await.joined()["f0"], Value::Null);
}

#[tokio::test]
async fn any_number_of_moments_and_persons_takes_the_same_number_of_statements() {
    let rig = a_late_boarding().await;
    let id = key(person(1));
    let asked = |number: usize| {
        let field = |day: usize| {
            let instant = at("2026-06-01T00:00:00Z") + TimeDelta::days(i64::try_from(day).unwrap());
            format!(
                "f{day}: customer_insight(person_profile_id: {id}, as_of: \"{}\") {FACTS}",
                instant.to_rfc3339()
            )
        };
        let fields: Vec<String> = (0..number).map(field).collect();
        format!("{{ {} }}", fields.join(" "))
    };
    let (one, few) = counted(&rig, &asked(1)).await;
    let (many, as_many) = counted(&rig, &asked(60)).await;
    assert_eq!(few, as_many);
    assert!(few <= 20, "{few} statements");
    assert_eq!(one.joined()["f0"]["status"], "READY");
    assert_eq!(many.joined().as_object().unwrap().len(), 60);
    let (_, plain) = counted(&rig, &join(0, std::slice::from_ref(&id), FACTS)).await;
    assert_eq!(plain, 1);
}

#[tokio::test]
async fn a_late_activity_says_what_it_changed() {
    let rig = a_late_boarding().await;
    let selection = "{ activities { nodes { kind provenance recorded_at late_by \
        late: late_note late_en: late_note(locale: \"en\") changes { metric before after text } } } }";
    let data = rig
        .ask(&join(0, &[key(person(1))], selection))
        .await
        .joined();
    let nodes = data["f0"]["activities"]["nodes"].as_array().unwrap();
    let of = |kind: &str| nodes.iter().find(|node| node["kind"] == kind).unwrap();
    let boarded = of("BOARDED");
    assert_eq!(boarded["provenance"], "LATE");
    assert_eq!(boarded["recorded_at"], "2026-07-03T09:00:00Z");
    assert_eq!(boarded["late_by"], (52 * 60 + 30) * 60);
    let change = json!({ "metric": "no_show_count", "before": 1, "after": 0, "text": "no_show_count 1 → 0" });
    let changes = boarded["changes"].as_array().unwrap();
    assert!(changes.contains(&change), "{boarded}");
    let german = boarded["late"].as_str().unwrap();
    assert!(german.starts_with("2 Tage später gemeldet: "), "{german}");
    assert!(german.contains("no_show_count 1 → 0"), "{german}");
    let english = boarded["late_en"].as_str().unwrap();
    assert!(
        english.starts_with("recorded 2 days late, changed "),
        "{english}"
    );
    let in_time = of("BOOKING_NO_SHOW");
    let nothing = json!({ "kind": "BOOKING_NO_SHOW", "provenance": "LIVE", "late_by": null, "late": null,
        "late_en": null, "changes": [], "recorded_at": "2026-07-03T04:00:00Z" });
    assert_eq!(*in_time, nothing);
}

#[tokio::test]
async fn timelines_and_explanations_keep_to_the_moment_that_was_asked_for() {
    let rig = a_late_boarding().await;
    let id = key(person(1));
    let inner = "{ activities { nodes { kind } } explain(metric: \"no_show_count\") { value total \
        activities { kind } fresh_as_of } }";
    let query = format!(
        "{{ now: customer_insight(person_profile_id: {id}) {inner} \
         then: customer_insight(person_profile_id: {id}, known_at: \"2026-07-03T08:00:00Z\") {inner} }}"
    );
    let data = rig.ask(&query).await.joined();
    let kinds = |of: &str| data[of]["activities"]["nodes"].to_string();
    assert!(kinds("now").contains("\"BOARDED\"") && !kinds("then").contains("\"BOARDED\""));
    let now =
        json!({ "value": 0, "total": 0, "activities": [], "fresh_as_of": "2026-07-10T00:00:00Z" });
    let then = json!({ "value": 1, "total": 1, "activities": [{ "kind": "BOOKING_NO_SHOW" }],
        "fresh_as_of": "2026-07-03T08:00:00Z" });
    assert_eq!(data["now"]["explain"], now);
    assert_eq!(data["then"]["explain"], then);
}

#[tokio::test]
async fn every_metric_is_explained_and_an_unknown_one_is_null() {
    let rig = a_late_boarding().await;
    let part = |metric: &str, locale: &str| {
        format!(
            "explain(metric: \"{metric}\"{locale}) {{ metric value text formula inputs total activity_ids \
             contributions {{ activity_id value text }} fold_version fresh_as_of }}"
        )
    };
    let all = Metric::ALL.map(|metric| {
        let name = metric.name();
        format!("{name}: {}", part(name, ""))
    });
    let selection = format!(
        "{{ {} unknown: {} judged: {} english: {} behavior_aggregate {{ lifetime_revenue next_departure {{ tour_title }} }} \
         activities {{ nodes {{ id }} }} }}",
        all.join(" "),
        part("luck", ""),
        part("churn_risk", ""),
        part("lifetime_revenue", ", locale: \"en-GB\""),
    );
    let (reply, statements) = counted(&rig, &join(0, &[key(person(1))], &selection)).await;
    let data = &reply.joined()["f0"];
    assert!(statements <= 20, "{statements} statements for all of them");
    assert_eq!(data["unknown"], Value::Null);
    let judged = &data["judged"];
    assert_eq!(
        (&judged["metric"], &judged["value"]),
        (&json!("churn_risk"), &Value::Null)
    );
    for metric in Metric::ALL {
        let explained = &data[metric.name()];
        assert_eq!(explained["metric"], metric.name());
        assert_eq!(explained["fold_version"], FOLD_VERSION);
        assert!(explained["formula"].as_str().unwrap().ends_with('.'));
    }
    let revenue = &data["lifetime_revenue"];
    assert_eq!(revenue["value"].to_string(), "90.00");
    assert_eq!(revenue["text"], "90.00 EUR");
    assert_eq!(
        (&revenue["inputs"], &revenue["total"]),
        (&json!(1), &json!(1))
    );
    let contribution = &revenue["contributions"][0];
    assert_eq!(contribution["value"]["amount"].to_string(), "90.00");
    assert_eq!(contribution["activity_id"], revenue["activity_ids"][0]);
    let on_timeline = data["activities"]["nodes"].to_string();
    assert!(on_timeline.contains(revenue["activity_ids"][0].as_str().unwrap()));
    assert!(
        revenue["formula"]
            .as_str()
            .unwrap()
            .starts_with("Summe der Bruttowerte")
    );
    let english = data["english"]["formula"].as_str().unwrap();
    assert!(english.starts_with("Sum of the gross values"));
}
