//! The pages show what the gateway knows, to this machine only, and never a secret.

use axum::Json;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::IntoResponse;
use customer_intelligence::demo::page;
use http_body_util::BodyExt as _;
use serde_json::{Map, json};
use tower::ServiceExt as _;

use super::gateway::{gateway, people};
use super::platform_of;
use super::receiver::Receiver;
use crate::support::TestDb;

struct Shown {
    status: StatusCode,
    policy: String,
    text: String,
}

async fn get(router: &axum::Router, path: &str, headers: &[(&str, &str)]) -> Shown {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = router
        .clone()
        .oneshot(request.body(Body::empty()).expect("a request"))
        .await
        .expect("an answer");
    let status = answer.status();
    let policy = answer.headers().get("content-security-policy");
    let policy = policy
        .map(|p| p.to_str().expect("text").to_owned())
        .unwrap_or_default();
    let bytes = answer
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    Shown {
        status,
        policy,
        text: String::from_utf8(bytes.to_vec()).expect("UTF-8"),
    }
}

const LOCAL: &[(&str, &str)] = &[("host", "localhost:8090")];

/// A service that knows the same about everybody.
async fn service() -> Receiver {
    Receiver::start(|request, _| {
        let query = request.json()["query"].as_str().expect("a query").to_owned();
        let insight = json!({
            "status": "READY", "person_profile_id": "aaaaaaaa-1111-4111-8111-111111111111",
            "fresh_as_of": "2026-11-20T10:00:00Z",
            "behavior_aggregate": {
                "currency": "EUR", "lifetime_revenue": 12345.50, "lifetime_revenue_based_on": 7, "total_bookings": 7,
                "preferred_seat_position": "WINDOW_FRONT", "preferred_seat_position_share": 0.75,
                "preferred_seat_position_based_on": 8, "next_departure": null,
            },
            "why_lifetime_revenue": { "formula": "Summe der Werte.", "inputs": 7, "total": 21,
                "activities": [{ "id": "x", "kind": "BOOKING_CONFIRMED", "occurred_at": "2026-07-02T22:30:00Z" }],
                "contributions": [{ "activity_id": "x", "text": "90.00 EUR" }] },
            "engagement_score": { "score": 61.4, "coverage": 0.75, "parts": [{ "reason": "14 von 15 Nachrichten gelesen" }],
                "nps_score": 9, "nps_based_on": 2 },
            "forecast": { "churn_risk": 0.71, "churn_band": "HIGH", "horizon_days": 456.0, "sufficiency": "GOOD",
                "reasons": [{ "sentence": "seit 412 Tagen still, sonst alle 340" }],
                "next_booking": { "expected_at": "2027-01-10T00:00:00Z", "from": "2026-12-01T00:00:00Z", "until": "2027-04-01T00:00:00Z" },
                "predicted_value": { "value_12_months": 412.50, "value_36_months": 1200.00 } },
            "channel_preference": { "stated_channel": "POST", "learned_channel": null, "confidence": null,
                "reason": "gewünscht: Post" },
            "recommendations": [{ "list": "BOOK_AGAIN", "title": "Nordsee", "start_date": "2027-05-01",
                "reason": "weil Sie „Nordsee“ zweimal gereist sind" }],
            "cluster": { "name_de": "Stammgäste" },
            "activities": { "nodes": [
                { "id": "y", "kind": "BOARDED", "occurred_at": "2026-07-03T04:31:00Z", "provenance": "LATE",
                    "recorded_at": "2026-07-05T09:00:00Z", "late_note": "2 Tage später gemeldet: no_show_count 1 → 0",
                    "changes": [{ "metric": "no_show_count", "before": 1, "after": 0 },
                        { "metric": "no_show_rate", "before": 1.0, "after": 0.0 }] },
                { "id": "x", "kind": "BOOKING_CONFIRMED", "occurred_at": "2026-07-02T22:30:00Z", "tour_title": "Rügen" },
            ], "page_info": { "has_next_page": true } },
        });
        let aliases = (0..50).filter(|n| query.contains(&format!("f{n}: ")));
        let data: Map<_, _> = aliases.map(|n| (format!("f{n}"), insight.clone())).collect();
        Json(json!({ "data": data })).into_response()
    })
    .await
}

#[tokio::test]
async fn the_list_shows_names_beside_numbers_in_one_join() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    people(&pool).await;
    let service = service().await;
    let router = page::router(gateway(&pool, &service));
    let list = get(&router, "/?q=anna", LOCAL).await;
    assert_eq!(list.status, StatusCode::OK);
    assert!(list.text.contains("Birkenbach, Anna"));
    assert!(!list.text.contains("Waldmann"), "the search counts");
    assert!(list.text.contains("12.345,50\u{a0}€"), "{}", list.text);
    assert_eq!(service.seen().len(), 1);
    assert!(list.policy.starts_with("default-src 'none'"));
}

#[tokio::test]
async fn a_person_is_shown_with_profile_insight_and_timeline() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    people(&pool).await;
    let service = service().await;
    let router = page::router(gateway(&pool, &service));
    let person = get(
        &router,
        "/person/aaaaaaaa-1111-4111-8111-111111111111",
        LOCAL,
    )
    .await;
    assert_eq!(person.status, StatusCode::OK);
    for text in [
        "anna@example.org",
        "Fenster vorn",
        "75\u{a0}% von 8 Reisen",
        "aus 7 Buchungen",
        "71\u{a0}%, dass in 15 Monaten nichts kommt · dreimal oder öfter da gewesen",
        "seit 412 Tagen still, sonst alle 340",
        "mit 80\u{a0}% zwischen 01.12.2026 und 01.04.2027",
        "412,50\u{a0}€",
        "75\u{a0}% der Bausteine haben Daten",
        "Stammgäste",
        "<strong>Nordsee</strong> ab 01.05.2027<small>wieder · weil Sie „Nordsee“ zweimal gereist sind",
        "<dt>Gewünscht</dt><dd>Post</dd>",
        "Buchung bestätigt",
        "Rügen",
        "03.07.2026, 00:30",
        "20.11.2026, 11:00",
        "2 Tage später gemeldet: Nicht erschienen 1 → 0</span>",
        "<summary>Warum?</summary><p>Summe der Werte.</p>",
        "Ruht auf 7 Beobachtungen.",
        "<a href=\"#x\">03.07.2026 Buchung bestätigt</a> · 90.00 EUR",
        "Gezeigt sind die letzten 1 von 21 Ereignissen.",
        "<li id=\"x\">",
    ] {
        assert!(
            person.text.contains(text),
            "{text} is not in {}",
            person.text
        );
    }
    for path in [
        "/person/cccccccc-1111-4111-8111-111111111111",
        "/person/nobody",
    ] {
        assert_eq!(
            get(&router, path, LOCAL).await.status,
            StatusCode::NOT_FOUND
        );
    }
}

#[tokio::test]
async fn names_are_shown_while_the_service_is_away() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    people(&pool).await;
    let away = Receiver::start(|_, _| StatusCode::BAD_GATEWAY.into_response()).await;
    let router = page::router(gateway(&pool, &away));
    let list = get(&router, "/", LOCAL).await;
    assert_eq!(list.status, StatusCode::OK);
    assert!(list.text.contains("Waldmann, Bert"));
    assert!(list.text.contains("zurzeit nicht verfügbar"));
    let person = get(
        &router,
        "/person/bbbbbbbb-1111-4111-8111-111111111111",
        LOCAL,
    )
    .await;
    assert!(person.text.contains("kein Kundenbild"));
}

#[tokio::test]
async fn only_this_machine_is_served_and_no_page_holds_a_secret() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    people(&pool).await;
    let service = service().await;
    let router = page::router(gateway(&pool, &service));
    for path in [
        "/",
        "/console",
        "/graphiql",
        "/assets/demo.css",
        "/assets/console.js",
        "/assets/graphiql.js",
    ] {
        let shown = get(&router, path, LOCAL).await;
        assert_eq!(shown.status, StatusCode::OK, "{path}");
        assert!(!shown.text.contains("secret"), "{path}");
        assert!(
            !shown.text.contains("http://") && !shown.text.contains("https://"),
            "{path} asks outside"
        );
        assert_eq!(
            get(&router, path, &[("host", "evil.example")]).await.status,
            StatusCode::FORBIDDEN
        );
        assert_eq!(get(&router, path, &[]).await.status, StatusCode::FORBIDDEN);
    }
    let foreign = [
        ("host", "localhost:8090"),
        ("origin", "http://evil.example"),
    ];
    assert_eq!(
        get(&router, "/", &foreign).await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn the_gateway_takes_json_from_known_roles_only() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    let service = service().await;
    let router = page::router(gateway(&pool, &service));
    let post = |kind: &'static str, role: &'static str| {
        let request = Request::post("/v1/graphql")
            .header("host", "127.0.0.1:8090")
            .header("content-type", kind);
        let request = request
            .header("x-hasura-role", role)
            .body(Body::from(r#"{"query":"{ __typename }"}"#));
        router.clone().oneshot(request.expect("a request"))
    };
    assert_eq!(
        post("application/json", "manager")
            .await
            .expect("an answer")
            .status(),
        StatusCode::OK
    );
    assert_eq!(
        post("text/plain", "manager")
            .await
            .expect("an answer")
            .status(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    assert_eq!(
        post("application/json", "admin")
            .await
            .expect("an answer")
            .status(),
        StatusCode::FORBIDDEN
    );
}
