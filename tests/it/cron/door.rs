//! `POST /hooks/cron` as Hasura calls it.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use customer_intelligence::actions::cron::Desk;
use customer_intelligence::db::{Pool, PoolConfig, pool};
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::http::{Keys, Limits, cron};
use customer_intelligence::inbox::dead_letters::{self, Query};
use customer_intelligence::inbox::{self, Writer};
use customer_intelligence::jobs::State;
use customer_intelligence::workers::cron::names;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use tokio::task::JoinSet;
use tower::ServiceExt as _;
use uuid::Uuid;

use super::stage::{find, number, open};
use crate::support::TestDb;

const SECRET: &str = "the secret of these tests";
const TENANT: &str = "d0000000-0000-0000-0000-000000000001";

/// The door without anybody who works on what it enters. Dropping it ends its writer.
struct Rig {
    router: Router,
    _tasks: JoinSet<()>,
}

struct Answer {
    status: StatusCode,
    retry_after: Option<String>,
    body: Value,
}

impl Rig {
    fn new(pool: &Pool) -> Self {
        let writer = Writer::new(pool.clone(), Clock::system(), inbox::Limits::default());
        let desk = Desk::new(pool.clone(), writer.clone(), Clock::system(), names());
        let door = cron::Door::new(Keys::new([SECRET]), desk, Limits::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { writer.run().await });
        Self {
            router: cron::router(door),
            _tasks: tasks,
        }
    }

    async fn post(&self, secret: &str, body: String) -> Answer {
        let request = Request::post("/hooks/cron")
            .header("x-ci-secret", secret)
            .body(Body::from(body))
            .unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status,
            retry_after: head
                .headers
                .get("retry-after")
                .map(|after| after.to_str().unwrap().to_owned()),
            body: serde_json::from_slice(&body).unwrap(),
        }
    }

    async fn call(&self, call: &Value) -> &'static str {
        let answer = self.post(SECRET, call.to_string()).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
        match answer.body["run"].as_str().unwrap() {
            "entered" => "entered",
            "known" => "known",
            "dead_letter" => "dead_letter",
            other => panic!("{other}"),
        }
    }
}

/// As Hasura writes it.
fn call(name: &str, at: &str, payload: Value) -> Value {
    json!({
        "scheduled_time": at,
        "payload": payload,
        "name": name,
        "id": "2f1ae0e7-2a24-4f1b-9d2e-1c1d3f0c7d55",
        "comment": "anything",
    })
}

#[tokio::test]
async fn a_call_is_durable_before_its_answer_and_enters_one_run_a_name_time_and_tenant() {
    let db = TestDb::new().await;
    let rig = Rig::new(db.pool());
    let noon = "2026-01-02T12:00:00Z";
    assert_eq!(
        rig.call(&call("ci_expire", noon, json!({}))).await,
        "entered"
    );
    let [entered] = &open(&db).await[..] else {
        panic!("one run")
    };
    assert_eq!(
        (
            entered.key.tenant_id,
            entered.key.name.as_str(),
            entered.key.run.as_str()
        ),
        (Uuid::nil(), "ci_expire", noon)
    );
    for again in [
        noon,
        "2026-01-02T13:00:00+01:00",
        "2026-01-02T12:00:00.000Z",
    ] {
        for payload in [
            json!({}),
            Value::Null,
            json!({ "tenant_id": null }),
            json!([1]),
        ] {
            let outcome = rig.call(&call("ci_expire", again, payload)).await;
            assert_eq!(outcome, "known", "{again}");
        }
    }
    for another in [
        call("ci_prune", noon, json!({})),
        call("ci_expire", "2026-01-02T12:10:00Z", json!({})),
        call("ci_expire", noon, json!({ "tenant_id": TENANT })),
    ] {
        assert_eq!(rig.call(&another).await, "entered", "{another}");
        assert_eq!(rig.call(&another).await, "known", "{another}");
    }
    let all = open(&db).await;
    assert_eq!(all.len(), 4);
    assert!(all.iter().all(|run| run.state == State::Running));
    assert!(
        all.iter()
            .any(|run| run.key.tenant_id.to_string() == TENANT)
    );
}

#[tokio::test]
async fn many_calls_at_once_enter_one_run() {
    let db = TestDb::new().await;
    let rig = Rig::new(db.pool());
    let same = call("ci_refresh", "2026-01-02T12:00:00Z", json!({}));
    let answers = futures::future::join_all((0..20).map(|_| rig.call(&same))).await;
    let entered = answers.iter().filter(|answer| **answer == "entered");
    assert_eq!(entered.count(), 1);
    assert_eq!(open(&db).await.len(), 1);
}

#[tokio::test]
async fn a_call_that_can_never_work_is_one_dead_letter_however_often_it_comes() {
    let db = TestDb::new().await;
    let rig = Rig::new(db.pool());
    for at in ["2026-01-02T12:00:00Z", "2026-01-02T12:10:00Z"] {
        let unknown = call("ci_reconcile", at, json!({}));
        assert_eq!(rig.call(&unknown).await, "dead_letter");
        let of_nobody = call("ci_expire", at, json!({ "tenant_id": "everybody" }));
        assert_eq!(rig.call(&of_nobody).await, "dead_letter");
        assert_eq!(
            rig.call(&call("ci_expire", "at noon", json!({}))).await,
            "dead_letter"
        );
    }
    let all = Query {
        limit: 10,
        ..Query::default()
    };
    let letters = dead_letters::list(db.pool(), &all);
    let mut letters: Vec<(String, Option<String>)> = letters
        .await
        .unwrap()
        .into_iter()
        .map(|letter| (letter.reason, letter.trigger))
        .collect();
    letters.sort();
    let expected = [
        ("malformed_cron_call", None),
        ("malformed_cron_call", Some("ci_expire")),
        ("unknown_job", Some("ci_reconcile")),
    ];
    let expected = expected.map(|(reason, name)| (reason.to_owned(), name.map(str::to_owned)));
    assert_eq!(letters, expected);
    assert_eq!(number(db.pool(), "select count(*) from job").await, 0);
}

#[tokio::test]
async fn a_wrong_secret_keeps_the_call_with_hasura() {
    let db = TestDb::new().await;
    let rig = Rig::new(db.pool());
    let body = call("ci_expire", "2026-01-02T12:00:00Z", json!({})).to_string();
    let answer = rig.post("another secret", body).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.retry_after.as_deref(), Some("60"));
    assert_eq!(number(db.pool(), "select count(*) from job").await, 0);
}

#[tokio::test]
async fn a_call_too_large_to_be_one_is_refused() {
    let db = TestDb::new().await;
    let rig = Rig::new(db.pool());
    let payload = json!({ "text": "x".repeat(70_000) });
    let body = call("ci_expire", "2026-01-02T12:00:00Z", payload).to_string();
    assert_eq!(
        rig.post(SECRET, body).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
}

#[tokio::test]
async fn without_a_database_a_call_is_asked_to_come_again() {
    let nowhere = PgConnectOptions::new_without_pgpass()
        .socket("/nowhere/at/all")
        .username("nobody");
    let rig = Rig::new(&pool::connect_lazy(nowhere, &PoolConfig::default()));
    let body = call("ci_expire", "2026-01-02T12:00:00Z", json!({})).to_string();
    let answer = rig.post(SECRET, body).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.retry_after.unwrap().parse::<u32>().unwrap() > 0);
}

#[tokio::test]
async fn what_the_door_enters_is_what_the_clock_would_have_entered() {
    let db = TestDb::new().await;
    let rig = Rig::new(db.pool());
    let at = "2026-01-02T12:00:00Z";
    let key = customer_intelligence::jobs::Key::new(Uuid::nil(), "ci_expire", at);
    let own = customer_intelligence::actions::cron::enter(
        db.pool(),
        ("ci_expire", at.parse().unwrap(), Uuid::nil()),
        customer_intelligence::actions::cron::Asker::Schedule,
        Clock::system().now(),
    );
    assert!(own.await.unwrap());
    assert_eq!(rig.call(&call("ci_expire", at, json!({}))).await, "known");
    assert_eq!(find(&db, &key).await.progress["asked_by"], "schedule");
}
