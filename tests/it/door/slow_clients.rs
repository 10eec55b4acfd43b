//! Clients that open a connection and then take their time are cut; others do not notice.

use std::time::Duration;

use customer_intelligence::http::Limits;
use customer_intelligence::inbox;
use reqwest::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use super::rig::{Rig, SECRET, booking};
use crate::support::TestDb;

const PATIENCE: Duration = Duration::from_secs(20);

async fn impatient(db: &TestDb) -> Rig {
    let limits = Limits {
        head_timeout: Duration::from_millis(300),
        body_timeout: Duration::from_millis(300),
        ..Limits::default()
    };
    Rig::with(db.pool().clone(), limits, inbox::Limits::default()).await
}

/// Sends the start of a request and nothing more; what comes back until the server closes.
async fn stall_after(rig: &Rig, start: &str) -> String {
    let mut connection = TcpStream::connect(rig.address).await.unwrap();
    connection.write_all(start.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = connection.read_to_end(&mut answer);
    // A reset is as good as an end.
    drop(
        tokio::time::timeout(PATIENCE, read)
            .await
            .expect("the server waits for ever"),
    );
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn who_says_nothing_or_half_a_sentence_is_cut() {
    let db = TestDb::new().await;
    let rig = impatient(&db).await;
    for start in [
        "",
        "P",
        "PRI * HT",
        "POST /webhooks/hasura HT",
        "GET / HTTP/1.1\r\nhost: a\r\n",
    ] {
        stall_after(&rig, start).await;
    }
    let head = format!(
        "POST /webhooks/hasura HTTP/1.1\r\nhost: a\r\nx-ci-secret: {SECRET}\r\n\
         content-length: 1000\r\n\r\n{{"
    );
    let answer = stall_after(&rig, &head).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    let good = rig
        .deliver(&booking(Uuid::from_u128(1), Uuid::from_u128(2)))
        .await;
    assert_eq!(good.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_thousand_header_lines_are_too_many() {
    let db = TestDb::new().await;
    let rig = Rig::new(db.pool().clone()).await;
    let mut request = rig.get("/healthz");
    for n in 0..1_000 {
        request = request.header(format!("x-{n}"), "1");
    }
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}
