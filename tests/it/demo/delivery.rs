//! The deliverer keeps Hasura's promises, and no more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use customer_intelligence::demo::deliver::{Options, RetryConf, Tally, Until, deliver};
use sqlx::PgPool;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::receiver::{Receiver, Seen};
use super::{number, platform_of, run, texts};
use crate::support::TestDb;

/// `count` events of one table.
async fn events(pool: &PgPool, count: u32) {
    let sql = format!(
        "insert into backoffice.boarding_points (id, tenant_id, label)
         select gen_random_uuid(), '22222222-2222-4222-8222-222222222222', 'Halt ' || n from generate_series(1, {count}) n"
    );
    run(pool, &sql).await;
}

fn options(url: &str, num_retries: i32) -> Options {
    let retry = RetryConf {
        num_retries,
        interval: Duration::from_millis(20),
        timeout: Duration::from_secs(20),
    };
    Options {
        retry,
        fetch_interval: Duration::from_millis(20),
        ..Options::hasura(url, "the-secret")
    }
}

async fn drain(pool: &PgPool, options: &Options) -> Tally {
    let cancel = CancellationToken::new();
    deliver(pool, options, Until::Drained, &cancel, |_| {})
        .await
        .expect("a delivery")
}

fn ids(seen: &[Seen]) -> Vec<String> {
    seen.iter()
        .map(|request| request.json()["id"].as_str().expect("an id").to_owned())
        .collect()
}

fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

#[tokio::test]
async fn every_event_is_posted_once_in_hasuras_envelope() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    run(
        &pool,
        "insert into commerce.tour_offerings (id, tenant_id, tour_departure_id, tour_template_id, title, start_date, end_date, list_price)
         values (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'Prag', '2026-01-02', '2026-01-03', 100.00)",
    )
    .await;
    let receiver = Receiver::start(|_, _| no_content()).await;
    let tally = drain(&pool, &options(&receiver.url(), 5)).await;
    assert_eq!(
        tally,
        Tally {
            delivered: 1,
            ..Tally::default()
        }
    );
    let [request] = &receiver.seen()[..] else {
        panic!("one request")
    };
    assert_eq!(request.header("x-ci-secret"), "the-secret");
    assert_eq!(request.header("content-type"), "application/json");
    assert!(
        request
            .header("user-agent")
            .starts_with("hasura-graphql-engine/")
    );
    assert_eq!(request.header("x-b3-traceid").len(), 32);
    assert_eq!(request.header("x-b3-spanid").len(), 16);
    assert!(
        request.text.contains(r#""list_price": 100.0,"#),
        "aeson's numbers: {}",
        request.text
    );
    let body = request.json();
    assert_eq!(
        body["delivery_info"],
        serde_json::json!({ "current_retry": 0, "max_retries": 5 })
    );
    assert_eq!(body["trigger"]["name"], "ci_commerce_tour_offerings");
    let created_at = body["created_at"].as_str().expect("a text");
    assert!(
        chrono::NaiveDateTime::parse_from_str(created_at, "%Y-%m-%dT%H:%M:%S%.6f").is_ok(),
        "{created_at}"
    );
    assert_eq!(
        texts(
            &pool,
            "select format('%s %s %s', delivered, error, tries) from hdb_catalog.event_log"
        )
        .await,
        ["t f 1"]
    );
}

#[tokio::test]
async fn a_refused_event_is_tried_num_retries_plus_one_times_and_then_given_up() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    events(&pool, 1).await;
    let receiver = Receiver::start(|_, _| StatusCode::INTERNAL_SERVER_ERROR.into_response()).await;
    let tally = drain(&pool, &options(&receiver.url(), 2)).await;
    assert_eq!(
        tally,
        Tally {
            retried: 2,
            failed: 1,
            ..Tally::default()
        }
    );
    let retries: Vec<_> = receiver
        .seen()
        .iter()
        .map(|r| r.json()["delivery_info"]["current_retry"].clone())
        .collect();
    assert_eq!(retries, [0, 1, 2]);
    assert_eq!(
        texts(
            &pool,
            "select format('%s %s %s', delivered, error, tries) from hdb_catalog.event_log"
        )
        .await,
        ["f t 3"]
    );
}

#[tokio::test]
async fn retry_after_is_honoured_even_when_the_tries_are_exhausted() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    events(&pool, 1).await;
    let receiver = Receiver::start(|_, before| match before {
        0 => (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "1")]).into_response(),
        _ => no_content(),
    })
    .await;
    let tally = drain(&pool, &options(&receiver.url(), 0)).await;
    assert_eq!(
        tally,
        Tally {
            delivered: 1,
            retried: 1,
            ..Tally::default()
        }
    );
    let waits = "select (next_retry_at is null)::text from hdb_catalog.event_log";
    assert_eq!(texts(&pool, waits).await, ["true"]);
}

#[tokio::test]
async fn a_retry_after_that_is_a_date_is_ignored() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    events(&pool, 1).await;
    let receiver = Receiver::start(|_, _| {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            [("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")],
        )
            .into_response()
    })
    .await;
    assert_eq!(
        drain(&pool, &options(&receiver.url(), 0)).await,
        Tally {
            failed: 1,
            ..Tally::default()
        }
    );
}

#[tokio::test]
async fn forced_duplicates_are_the_same_event_twice() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    events(&pool, 30).await;
    let receiver = Receiver::start(|_, _| no_content()).await;
    let tally = drain(
        &pool,
        &Options {
            duplicates: 1.0,
            ..options(&receiver.url(), 5)
        },
    )
    .await;
    assert_eq!(
        tally,
        Tally {
            delivered: 30,
            duplicates: 30,
            ..Tally::default()
        }
    );
    let mut counts = BTreeMap::new();
    for request in receiver.seen() {
        *counts.entry(request.text).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 30);
    assert!(
        counts.values().all(|count| *count == 2),
        "each body twice, to the byte"
    );
}

#[tokio::test]
async fn a_shuffled_delivery_is_complete_and_in_another_order() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    events(&pool, 40).await;
    let receiver = Receiver::start(|_, _| no_content()).await;
    let options = Options {
        shuffle: true,
        concurrency: 1,
        ..options(&receiver.url(), 5)
    };
    drain(&pool, &options).await;
    let labels: Vec<_> = receiver
        .seen()
        .iter()
        .map(|r| r.json()["event"]["data"]["new"]["label"].to_string())
        .collect();
    let written: Vec<_> = (1..=40).map(|n| format!("\"Halt {n}\"")).collect();
    assert_ne!(labels, written);
    assert_eq!(
        labels.into_iter().collect::<BTreeSet<_>>(),
        written.into_iter().collect()
    );
}

#[tokio::test]
async fn as_many_posts_as_allowed_are_under_way_at_once_and_never_more() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    events(&pool, 60).await;
    let (arrived, most) = (
        Arc::new(Semaphore::new(0)),
        Arc::new(Mutex::new((0_u32, 0_u32))),
    );
    let app = Router::new().fallback({
        let (arrived, most) = (arrived.clone(), most.clone());
        move || async move {
            {
                let mut counts = most.lock().expect("the lock");
                counts.0 += 1;
                counts.1 = counts.1.max(counts.0);
            }
            arrived.add_permits(1);
            // Nobody is answered before twenty are here.
            drop(arrived.acquire_many(20).await.expect("open"));
            most.lock().expect("the lock").0 -= 1;
            StatusCode::NO_CONTENT
        }
    });
    let receiver = Receiver::serve(app, Arc::default()).await;
    let tally = drain(
        &pool,
        &Options {
            concurrency: 20,
            ..options(&receiver.url(), 0)
        },
    )
    .await;
    assert_eq!(tally.delivered, 60);
    assert_eq!(most.lock().expect("the lock").1, 20);
}

#[tokio::test]
async fn two_deliverers_share_the_log_without_posting_an_event_twice() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    events(&pool, 200).await;
    let receiver = Receiver::start(|_, _| no_content()).await;
    let options = Options {
        batch: 10,
        ..options(&receiver.url(), 5)
    };
    let (one, two) = tokio::join!(drain(&pool, &options), drain(&pool, &options));
    assert_eq!(one.delivered + two.delivered, 200);
    let ids = ids(&receiver.seen());
    assert_eq!(ids.len(), 200);
    assert_eq!(ids.into_iter().collect::<BTreeSet<_>>().len(), 200);
}

#[tokio::test]
async fn an_unreachable_webhook_costs_tries_and_loses_nothing_that_is_left() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    events(&pool, 3).await;
    let nobody = Receiver::start(|_, _| no_content()).await.url();
    let tally = drain(&pool, &options(&nobody, 1)).await;
    assert_eq!(
        tally,
        Tally {
            retried: 3,
            failed: 3,
            ..Tally::default()
        }
    );
    assert_eq!(
        number(
            &pool,
            "select count(*) from hdb_catalog.event_log where error"
        )
        .await,
        3
    );
}
