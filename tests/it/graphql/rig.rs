//! The GraphQL door over a database of its own, asked without a network; persons are put there by SQL.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use chrono::{DateTime, Utc};
use customer_intelligence::actions::consents::Consents;
use customer_intelligence::actions::desks::Desks;
use customer_intelligence::db::Pool;
use customer_intelligence::db::fenced::Reads;
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::domain::derive::derive;
use customer_intelligence::domain::fold::fold;
use customer_intelligence::domain::insight::Insight;
use customer_intelligence::domain::reference::Reference;
use customer_intelligence::graphql::{Limits, Schema};
use customer_intelligence::http::{Keys, graphql};
use customer_intelligence::inbox::{self, Writer};
use customer_intelligence::insight::Reader;
use customer_intelligence::projections::Settings;
use customer_intelligence::resolve::fence::Pepper;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

use crate::support::TestDb;

pub(crate) const SECRET: &str = "the gateway's secret of these tests";
pub(crate) const TENANT: Uuid = Uuid::from_u128(0x7e_0000);

/// The instant at which these tests happen.
pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000, 0).unwrap()
}

/// A door over a database.
pub(crate) struct Rig {
    pub(crate) db: TestDb,
    pub(crate) clock: Clock,
    pub(crate) router: Router,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// The data, as Hasura would take it: an object, and no `errors` key at all.
    pub(crate) fn joined(&self) -> Value {
        let mut body = self.json();
        assert!(body.get("errors").is_none(), "{}", self.text);
        let data = body["data"].take();
        assert!(data.is_object(), "{}", self.text);
        data
    }
}

/// The door over any pool.
pub(crate) fn router(pool: &Pool, clock: Clock) -> Router {
    let writer = unattended(pool.clone(), clock.clone());
    router_with(pool, pool.clone().into(), clock, &writer)
}

/// The door over a database, insights being read on these connections.
pub(crate) fn router_over(reads: impl Into<Reads>, db: &TestDb, clock: Clock) -> Router {
    let (reads, writer) = (reads.into(), unattended(db.pool().clone(), clock.clone()));
    let desks = desks(db.pool(), &reads, &writer, &clock);
    door(Reader::new(reads, clock, 3), desks)
}

/// The door over any connections, with a writer that somebody runs.
pub(crate) fn router_with(pool: &Pool, reads: Reads, clock: Clock, writer: &Writer) -> Router {
    let desks = desks(pool, &reads, writer, &clock);
    door(Reader::new(reads, clock, 3), desks)
}

fn desks(pool: &Pool, reads: &Reads, writer: &Writer, clock: &Clock) -> Desks {
    let pepper = Pepper::new(b"pepper");
    let consents = Consents::new(pool.clone(), clock.clone(), pepper, Settings::default());
    Desks::new(pool, reads, writer, clock, consents)
}

/// The door over a database, with limits of its own.
pub(crate) fn router_limited(db: &TestDb, clock: Clock, limits: Limits) -> Router {
    let (reads, writer) = (db.reads(), unattended(db.pool().clone(), clock.clone()));
    let desks = desks(db.pool(), &reads, &writer, &clock);
    limited(Reader::new(reads, clock, 3), desks, limits)
}

/// These tests ask as fast as they can.
fn door(reader: Reader, desks: Desks) -> Router {
    let mut limits = Limits::default();
    limits.rate.requests_per_second = 0;
    limited(reader, desks, limits)
}

fn limited(reader: Reader, desks: Desks, limits: Limits) -> Router {
    let schema = Schema::new(reader, desks, limits);
    let times = customer_intelligence::http::Limits::default();
    graphql::router(graphql::Door::new(Keys::new([SECRET]), schema, &times))
}

/// A writer that nobody runs: these tests deliver nothing.
fn unattended(pool: Pool, clock: Clock) -> Writer {
    Writer::new(pool, clock, inbox::Limits::default())
}

/// Asks with these headers besides secret and content type.
pub(crate) async fn ask(router: &Router, headers: &[(&str, &str)], body: &Value) -> Reply {
    let mut request = Request::post("/graphql")
        .header("content-type", "application/json")
        .header("x-ci-secret", SECRET);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(router, request.body(Body::from(body.to_string())).unwrap()).await
}

pub(crate) async fn send(router: &Router, request: Request<Body>) -> Reply {
    let (head, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    Reply {
        status: head.status,
        headers: head.headers,
        text,
    }
}

/// Asks as a manager of the tenant.
pub(crate) async fn ask_as_manager(router: &Router, query: &str) -> Reply {
    let tenant = TENANT.to_string();
    let headers = [
        ("x-hasura-role", "manager"),
        ("x-hasura-tenant-id", tenant.as_str()),
    ];
    ask(router, &headers, &json!({ "query": query })).await
}

impl Rig {
    pub(crate) async fn new() -> Self {
        let db = TestDb::new().await;
        let clock = Clock::manual(now());
        let router = router_over(db.reads(), &db, clock.clone());
        Self { db, clock, router }
    }

    pub(crate) async fn ask(&self, query: &str) -> Reply {
        ask_as_manager(&self.router, query).await
    }

    /// Stores insights as the workers would, each person their own root.
    pub(crate) async fn put(&self, tenant: Uuid, insights: &[Insight]) {
        let ids: Vec<Uuid> = insights.iter().map(|one| one.person_profile_id).collect();
        self.put_customers(tenant, &ids, &ids).await;
        let at: Vec<_> = insights.iter().map(|one| one.computed_at).collect();
        let until: Vec<_> = insights.iter().map(|one| one.valid_until).collect();
        let revenue: Vec<i64> = insights.iter().map(headline).collect();
        let trips: Vec<i32> = insights.iter().map(trips).collect();
        let score: Vec<Option<i32>> = insights.iter().map(score).collect();
        let last: Vec<_> = insights
            .iter()
            .map(|one| one.behavior.last_activity_at)
            .collect();
        let bodies: Vec<Vec<u8>> = insights
            .iter()
            .map(|one| one.to_stored().unwrap())
            .collect();
        sqlx::query!(
            "insert into customer_insight (tenant_id, person_profile_id, revision, computed_at,
               valid_until, lifetime_revenue, outstanding, total_bookings, cancelled_bookings,
               open_reservations, trips_taken, upcoming_trips, no_show_count, nps_score, is_minor,
               last_activity_at, body)
             select $1, u.id, 1, u.at, u.until, u.revenue, 0, 0, 0, 0, u.trips, 0, 0, u.score, false,
               u.last, u.body
             from unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::bigint[], $6::int[],
               $7::int[], $8::timestamptz[], $9::bytea[])
               as u (id, at, until, revenue, trips, score, last, body)",
            tenant,
            &ids,
            &at,
            &until as &[Option<DateTime<Utc>>],
            &revenue,
            &trips,
            &score as &[Option<i32>],
            &last as &[Option<DateTime<Utc>>],
            &bodies
        )
        .execute(self.db.pool())
        .await
        .unwrap();
    }

    /// Puts a dead letter there; one with this id is replaced.
    pub(crate) async fn put_letter(
        &self,
        tenant: Uuid,
        id: Uuid,
        reason: &str,
        envelope: Option<Value>,
    ) {
        sqlx::query!(
            "insert into dead_letter (tenant_id, id, received_at, event_id, source_table,
               trigger_name, reason, detail, envelope)
             values ($1, $2, $3, 'an event', 'commerce.bookings', 'ci_commerce_bookings', $4,
               'what is wrong', $5)
             on conflict (tenant_id, id) do update set envelope = excluded.envelope",
            tenant,
            id,
            now() + chrono::TimeDelta::seconds(i64::from(id.as_bytes()[15])),
            reason,
            envelope
        )
        .execute(self.db.pool())
        .await
        .unwrap();
    }

    /// Makes customers; `roots` are those whose insight answers for them.
    pub(crate) async fn put_customers(&self, tenant: Uuid, ids: &[Uuid], roots: &[Uuid]) {
        sqlx::query!(
            "insert into customer (tenant_id, person_profile_id, root)
             select $1, u.id, u.root from unnest($2::uuid[], $3::uuid[]) as u (id, root)",
            tenant,
            ids,
            roots
        )
        .execute(self.db.pool())
        .await
        .unwrap();
    }
}

fn headline(insight: &Insight) -> i64 {
    let behavior = &insight.behavior;
    i64::try_from(behavior.revenue.lifetime.of(&behavior.currency)).unwrap()
}

fn trips(insight: &Insight) -> i32 {
    i32::try_from(insight.behavior.trips_taken).unwrap()
}

fn score(insight: &Insight) -> Option<i32> {
    let score = insight.feedback.nps_score.as_ref()?;
    Some(i32::try_from(score.value).unwrap())
}

/// A person's id by number.
pub(crate) fn person(number: u128) -> Uuid {
    Uuid::from_u128(0x9e_0000_0000 + number)
}

/// A dead letter's id by number; each came a second after the one before.
pub(crate) fn letter(number: u8) -> Uuid {
    Uuid::from_u128(0x1e_0000_0000 + u128::from(number))
}

/// What is known of somebody who never did anything.
pub(crate) fn empty(number: u128) -> Insight {
    derive(&fold(person(number), &[], &Reference::default()), now())
}

/// Somebody with this revenue in hundredths of the tenant's currency.
pub(crate) fn with_revenue(number: u128, cents: i128) -> Insight {
    let mut insight = empty(number);
    let currency = insight.behavior.currency.clone();
    insight.behavior.revenue.lifetime.add(&currency, cents);
    insight
}

/// The text of a remote join, written as Hasura's printer writes it: one alias per distinct key, from `first` on.
pub(crate) fn join(first: usize, keys: &[String], selection: &str) -> String {
    let alias = |(number, key): (usize, &String)| {
        format!(
            "f{}: customer_insight(person_profile_id: {key}) {selection}",
            first + number
        )
    };
    let fields: Vec<String> = keys.iter().enumerate().map(alias).collect();
    format!("query  {{ {} }}", fields.join(" "))
}

/// A uuid as Hasura writes it into a document.
pub(crate) fn key(id: Uuid) -> String {
    format!("\"{id}\"")
}
