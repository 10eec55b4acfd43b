//! The service as Hasura meets it: the real doors over a database of their own, the workers run by hand.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use customer_intelligence::actions::consents::Consents;
use customer_intelligence::actions::desks::Desks;
use customer_intelligence::db::fenced::Reads;
use customer_intelligence::db::pool::connect_lazy;
use customer_intelligence::db::{Pool, PoolConfig};
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::graphql::{Limits, Schema};
use customer_intelligence::http::{self, Keys, webhook};
use customer_intelligence::inbox::{self, Writer};
use customer_intelligence::insight::{Reader, pool_config};
use customer_intelligence::projections::Settings;
use customer_intelligence::resolve::fence::Pepper;
use customer_intelligence::workers::{Context, ingest};
use http_body_util::BodyExt as _;
use sqlx::postgres::PgConnectOptions;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use crate::support::TestDb;

/// What the metadata's `CI_WEBHOOK_SECRET` stands for.
const WEBHOOK_SECRET: &str = "the webhook secret of these tests";
/// What the metadata's `CI_GATEWAY_SECRET` stands for.
pub(crate) const GATEWAY_SECRET: &str = "the gateway secret of these tests";

const QUARANTINE_DAYS: i64 = 3;

/// The doors and, where there is a database, the workers. Dropping it ends them.
pub(crate) struct Rig {
    router: Router,
    context: Context,
    _tasks: JoinSet<()>,
}

impl Rig {
    /// On a database that answers.
    pub(crate) fn new(db: &TestDb) -> Self {
        Self::over(db.pool().clone(), db.options())
    }

    /// On a database that nothing answers for.
    pub(crate) fn without_database() -> Self {
        let nowhere = PgConnectOptions::new_without_pgpass()
            .socket("/nowhere/at/all")
            .username("nobody")
            .database("nothing");
        Self::over(
            connect_lazy(nowhere.clone(), &PoolConfig::default()),
            nowhere,
        )
    }

    fn over(pool: Pool, options: PgConnectOptions) -> Self {
        let clock = Clock::system();
        let reads = Reads::fenced(options, &pool_config(&PoolConfig::default()));
        let writer = Writer::new(pool.clone(), clock.clone(), inbox::Limits::default());
        let pepper = Pepper::new(b"pepper");
        let consents = Consents::new(pool.clone(), clock.clone(), pepper, Settings::default());
        let schema = Schema::new(
            Reader::new(reads.clone(), clock.clone(), QUARANTINE_DAYS),
            Desks::new(&pool, &reads, &writer, &clock, consents),
            Limits::default(),
        );
        let limits = http::Limits::default();
        let webhook = webhook::Door::new(
            Keys::new([WEBHOOK_SECRET]),
            writer.clone(),
            clock.clone(),
            limits.clone(),
        );
        let graphql = http::graphql::Door::new(Keys::new([GATEWAY_SECRET]), schema, &limits);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { writer.run().await });
        Self {
            router: webhook::router(webhook).merge(http::graphql::router(graphql)),
            context: Context {
                pool,
                clock,
                pepper: Pepper::new(b"the master key of these tests"),
                settings: Settings {
                    quarantine_days: QUARANTINE_DAYS,
                    ..Settings::default()
                },
            },
            _tasks: tasks,
        }
    }

    /// A POST to `/graphql` with these headers and nothing but a content type beside them.
    pub(crate) async fn graphql(
        &self,
        headers: &[(&str, &str)],
        body: impl Into<String>,
    ) -> (StatusCode, Vec<u8>) {
        self.post("/graphql", headers, body.into()).await
    }

    /// What Hasura sends for a user with these session variables.
    pub(crate) async fn ask(&self, session: &[(&str, &str)], body: impl Into<String>) -> Vec<u8> {
        let mut headers = vec![
            ("x-ci-secret", GATEWAY_SECRET),
            ("user-agent", "hasura-graphql-engine/v2.48.1"),
        ];
        headers.extend_from_slice(session);
        self.graphql(&headers, body).await.1
    }

    /// An event trigger's delivery.
    pub(crate) async fn deliver(&self, body: impl Into<String>) -> StatusCode {
        let headers = [
            ("x-ci-secret", WEBHOOK_SECRET),
            ("user-agent", "hasura-graphql-engine/v2.48.1"),
        ];
        let (status, answer) = self.post("/webhooks/hasura", &headers, body.into()).await;
        assert!(
            answer.len() < 200,
            "Hasura keeps every answer: {}",
            String::from_utf8_lossy(&answer)
        );
        status
    }

    /// The service's own connections.
    pub(crate) fn pool(&self) -> &Pool {
        &self.context.pool
    }

    /// Lets the workers do all that waits.
    pub(crate) async fn settle(&self) {
        let mut sizes = BTreeMap::new();
        while ingest::round(&self.context, &mut sizes).await.unwrap() {}
    }

    async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> (StatusCode, Vec<u8>) {
        let mut request = Request::post(path).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).unwrap();
        let answer = self.router.clone().oneshot(request);
        let answer = tokio::time::timeout(Duration::from_mins(1), answer)
            .await
            .unwrap()
            .unwrap();
        let status = answer.status();
        (
            status,
            answer
                .into_body()
                .collect()
                .await
                .unwrap()
                .to_bytes()
                .to_vec(),
        )
    }
}
