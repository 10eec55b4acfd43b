//! The door on a port of its own: the real router, server and writer on a database of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use customer_intelligence::db::Pool;
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::http::{Health, Keys, Limits, Readiness, router, serve, webhook};
use customer_intelligence::inbox::{self, Writer};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use uuid::Uuid;

pub(super) const SECRET: &str = "the current secret of these tests";

/// A running door. Dropping it ends it.
pub(super) struct Rig {
    pub(super) pool: Pool,
    pub(super) keys: Keys,
    pub(super) writer: Writer,
    pub(super) address: SocketAddr,
    client: Client,
    _tasks: JoinSet<()>,
}

impl Rig {
    pub(super) async fn new(pool: Pool) -> Self {
        Self::with(pool, Limits::default(), inbox::Limits::default()).await
    }

    pub(super) async fn with(pool: Pool, limits: Limits, inbox_limits: inbox::Limits) -> Self {
        // An error says that another test was faster.
        drop(rustls::crypto::ring::default_provider().install_default());
        let writer = Writer::new(pool.clone(), Clock::system(), inbox_limits);
        let keys = Keys::new([SECRET]);
        let door = webhook::Door::new(
            keys.clone(),
            writer.clone(),
            Clock::system(),
            limits.clone(),
        );
        let health = Health {
            readiness: Arc::new(|| Box::pin(async { unready() })),
            metrics: Arc::new(|| "a_metric 1\n".to_owned()),
            keys: vec![keys.clone()],
            loopback: false,
            limits: limits.clone(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        let flusher = writer.clone();
        tasks.spawn(async move { flusher.run().await });
        tasks.spawn(async move {
            let routes = router(door, health, []);
            serve(listener, routes, &limits, std::future::pending()).await;
        });
        Self {
            pool,
            keys,
            writer,
            address,
            client: Client::new(),
            _tasks: tasks,
        }
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("http://{}{path}", self.address))
    }

    /// A delivery with the right secret.
    pub(super) fn post(&self, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.post_without_secret(body).header("x-ci-secret", SECRET)
    }

    pub(super) fn post_without_secret(&self, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.client
            .post(format!("http://{}/webhooks/hasura", self.address))
            .header("content-type", "application/json")
            .body(body)
    }

    pub(super) async fn deliver(&self, envelope: &Value) -> Response {
        self.post(envelope.to_string()).send().await.unwrap()
    }

    /// Rows of that tenant in the inbox.
    pub(super) async fn kept(&self, tenant_id: Uuid) -> i64 {
        sqlx::query_scalar!(
            r#"select count(*) as "count!" from inbox where tenant_id = $1"#,
            tenant_id
        )
        .fetch_one(&self.pool)
        .await
        .unwrap()
    }

    /// Reasons of all dead letters.
    pub(super) async fn reasons(&self) -> Vec<String> {
        let all = inbox::dead_letters::Query {
            limit: 1_000,
            ..Default::default()
        };
        let letters = inbox::dead_letters::list(&self.pool, &all).await.unwrap();
        letters.into_iter().map(|letter| letter.reason).collect()
    }
}

/// What the health page of these tests says.
fn unready() -> Readiness {
    Readiness {
        reasons: vec!["a reason".to_owned()],
        ..Readiness::default()
    }
}

/// An event trigger's envelope about a new booking, as Hasura sends it.
pub(super) fn booking(tenant_id: Uuid, booking_id: Uuid) -> Value {
    json!({
        "created_at": "2026-01-02T03:04:05.678901",
        "delivery_info": { "current_retry": 0, "max_retries": 5 },
        "event": {
            "data": { "old": null, "new": {
                "id": booking_id, "tenant_id": tenant_id, "tour_offering_id": Uuid::from_u128(7),
                "status": "DEPOSIT_PAID", "booker_profile_id": Uuid::from_u128(8),
                "passenger_count": 2, "total_amount": 1234.5, "deposit_amount": "2.5e2",
                "currency": "EUR", "booked_at": "2026-01-02T03:04:05.6+02:00",
                "created_at": "2026-01-02T01:04:05.6+00:00",
                "updated_at": "2026-01-02T01:04:05.678901+00:00"
            } },
            "op": "INSERT",
            "session_variables": null,
            "trace_context": null
        },
        "id": format!("event-of-{booking_id}"),
        "table": { "name": "bookings", "schema": "commerce" },
        "trigger": { "name": "ci_commerce_bookings" }
    })
}

/// The same envelope with the column set to a value, or without it.
pub(super) fn with(mut envelope: Value, column: &str, value: Option<Value>) -> Value {
    let row = envelope["event"]["data"]["new"].as_object_mut().unwrap();
    match value {
        Some(value) => row.insert(column.to_owned(), value),
        None => row.remove(column),
    };
    envelope
}
