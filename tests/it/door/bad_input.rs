//! Input that can never work: answered 2xx or 413, never a 5xx, and each visible as a dead letter with its reason.

use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::rig::{Rig, booking, with};
use crate::support::TestDb;

/// A good envelope as text with the JSON text of one column replaced.
fn raw(column: &str, text: &str) -> Vec<u8> {
    const MARK: &str = "\"the-mark\"";
    let good = booking(Uuid::from_u128(1), Uuid::from_u128(2));
    let marked = with(good, column, Some(json!("the-mark"))).to_string();
    assert!(marked.contains(MARK));
    marked.replace(MARK, text).into_bytes()
}

fn changed(pointer: &str, value: Value) -> Vec<u8> {
    let mut envelope = booking(Uuid::from_u128(1), Uuid::from_u128(2));
    *envelope.pointer_mut(pointer).unwrap() = value;
    envelope.to_string().into_bytes()
}

fn without(column: &str) -> Vec<u8> {
    let good = booking(Uuid::from_u128(1), Uuid::from_u128(2));
    with(good, column, None).to_string().into_bytes()
}

fn deep() -> Vec<u8> {
    format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)).into_bytes()
}

/// Name, body, and the reason that the dead letter must give.
#[expect(
    clippy::too_many_lines,
    reason = "a table of cases, one after the other"
)]
fn table() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    vec![
        ("no body", Vec::new(), "not_json"),
        ("no JSON", b"{\"event\":".to_vec(), "not_json"),
        ("bytes", vec![0xff, 0xfe], "not_json"),
        ("no object", b"[1, 2]".to_vec(), "not_an_object"),
        ("an empty object", b"{}".to_vec(), "missing_event"),
        ("deep JSON", deep(), "too_deep"),
        (
            "an unknown table",
            changed("/table/name", json!("secrets")),
            "unknown_table",
        ),
        (
            "an unknown op",
            changed("/event/op", json!("TRUNCATE")),
            "unknown_op",
        ),
        (
            "no row",
            changed("/event/data/new", json!(null)),
            "missing_event",
        ),
        ("no tenant", without("tenant_id"), "missing_tenant"),
        (
            "the nil tenant",
            raw("tenant_id", &format!("\"{}\"", Uuid::nil())),
            "missing_tenant",
        ),
        ("no id", without("id"), "missing_id"),
        ("no version", without("updated_at"), "missing_version"),
        ("a number as id", raw("id", "12"), "wrong_type"),
        (
            "text as amount",
            raw("total_amount", "\"much\""),
            "wrong_type",
        ),
        (
            "an object as amount",
            raw("total_amount", "{}"),
            "wrong_type",
        ),
        (
            "text as time",
            raw("booked_at", "\"yesterday\""),
            "wrong_type",
        ),
        (
            "an unknown state of a booking",
            raw("status", "\"TELEPORTED\""),
            "unknown_value",
        ),
        ("NUL", raw("channel", "\"a\\u0000b\""), "unstorable_text"),
        (
            "half of a pair",
            raw("channel", "\"\\ud800\""),
            "unstorable_text",
        ),
        ("NaN", raw("total_amount", "\"NaN\""), "out_of_range"),
        ("1e200000", raw("total_amount", "1e200000"), "out_of_range"),
        (
            "39 digits",
            raw("total_amount", &"9".repeat(39)),
            "out_of_range",
        ),
        (
            "a year too far",
            raw("booked_at", "\"294277-01-01T00:00:00Z\""),
            "wrong_type",
        ),
        (
            "before the calendar",
            raw("updated_at", "\"infinity\""),
            "out_of_range",
        ),
    ]
}

#[tokio::test]
async fn every_kind_of_bad_input_is_answered_and_visible() {
    let mut wrong = Vec::new();
    let db = TestDb::new().await;
    let rig = Rig::new(db.pool().clone()).await;
    for (name, body, reason) in table() {
        sqlx::query!("delete from dead_letter")
            .execute(&rig.pool)
            .await
            .unwrap();
        let answer = rig.post(body).send().await.unwrap();
        let (status, reasons) = (answer.status(), rig.reasons().await);
        if status != StatusCode::NO_CONTENT || reasons != [reason] {
            wrong.push(format!("{name}: {status}, {reasons:?} instead of {reason}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let good = booking(Uuid::from_u128(1), Uuid::from_u128(2));
    assert_eq!(rig.deliver(&good).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(
        rig.kept(Uuid::from_u128(1)).await,
        1,
        "bad input is not kept, good input still is"
    );
}

#[tokio::test]
async fn a_word_of_an_open_vocabulary_is_no_reason_to_refuse() {
    let db = TestDb::new().await;
    let rig = Rig::new(db.pool().clone()).await;
    let answer = rig
        .post(raw("channel", "\"TELEPATHY\""))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(rig.kept(Uuid::from_u128(1)).await, 1);
    assert!(rig.reasons().await.is_empty());
}

#[tokio::test]
async fn too_much_is_refused_and_visible_once_however_often_it_comes() {
    let db = TestDb::new().await;
    let rig = Rig::new(db.pool().clone()).await;
    for _ in 0..3 {
        // The server may close before all was sent; then there is no answer to read.
        if let Ok(answer) = rig.post(vec![b' '; 10 << 20]).send().await {
            assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
        }
    }
    assert_eq!(rig.reasons().await, ["too_large"]);
    let answer = rig
        .deliver(&booking(Uuid::from_u128(1), Uuid::from_u128(2)))
        .await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn too_much_without_an_announced_length_is_refused_as_well() {
    let db = TestDb::new().await;
    let rig = Rig::new(db.pool().clone()).await;
    let pieces = futures::stream::iter((0..300).map(|_| Ok::<_, std::io::Error>(vec![b' '; 8192])));
    let body = http_body_util::StreamBody::new(futures::StreamExt::map(pieces, |piece| {
        piece.map(|bytes| hyper::body::Frame::data(axum::body::Bytes::from(bytes)))
    }));
    if let Ok(answer) = rig.post(reqwest::Body::wrap(body)).send().await {
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
    assert_eq!(rig.reasons().await, ["too_large"]);
}

#[tokio::test]
async fn a_redelivery_of_a_dead_letter_is_a_new_try() {
    let db = TestDb::new().await;
    let rig = Rig::new(db.pool().clone()).await;
    let tenant = Uuid::from_u128(1);
    let good = booking(tenant, Uuid::from_u128(2));
    let bad = with(good.clone(), "total_amount", Some(json!("much")));
    for _ in 0..2 {
        assert_eq!(rig.deliver(&bad).await.status(), StatusCode::NO_CONTENT);
    }
    assert_eq!(
        rig.reasons().await.len(),
        1,
        "the second replaces the first"
    );
    assert_eq!(rig.deliver(&good).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(rig.kept(tenant).await, 1);
}

#[tokio::test]
async fn a_letter_holds_no_text_of_the_delivery() {
    let db = TestDb::new().await;
    let rig = Rig::new(db.pool().clone()).await;
    let good = booking(Uuid::from_u128(1), Uuid::from_u128(2));
    let bad = with(good, "total_amount", Some(json!("Anna Nowak owes much")));
    let bad = with(bad, "booker_name", Some(json!("Anna Nowak")));
    assert_eq!(rig.deliver(&bad).await.status(), StatusCode::NO_CONTENT);
    let letter = sqlx::query_scalar!(r#"select d::text as "text!" from dead_letter d"#)
        .fetch_one(&rig.pool)
        .await
        .unwrap();
    assert!(
        letter.contains("total_amount") && !letter.contains("Anna"),
        "{letter}"
    );
}
