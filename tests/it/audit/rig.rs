//! A service's parts around the rights of persons, on a database of its own: doors, notes of reads, archives.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use chrono::TimeDelta;
use customer_intelligence::audit::verify::{self, Report};
use customer_intelligence::audit::{Reads, reads};
use customer_intelligence::db::Pool;
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::graphql::{Limits, Schema};
use customer_intelligence::http::{self, Keys, exports, graphql};
use customer_intelligence::inbox::{self, Writer};
use customer_intelligence::insight::Reader;
use customer_intelligence::privacy::desk::Rights;
use customer_intelligence::privacy::export::build::Builder;
use customer_intelligence::privacy::export::desk::Exports;
use customer_intelligence::privacy::journal::Journal;
use customer_intelligence::privacy::requests::Erasures;
use customer_intelligence::resolve::fence::Pepper;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tower::ServiceExt;
use uuid::Uuid;

use super::TENANT;
use crate::privacy::rig::office;
use crate::rights::Rig as Told;
use crate::support::{TestDb, desks};

const SECRET: &str = "the gateway's secret of these tests";

/// A tenant that is told something, and the doors over it.
pub(super) struct Rig {
    pub(super) told: Told,
    pub(super) reads: Reads,
    pub(super) rights: Rights,
    pub(super) builder: Builder,
    pub(super) router: Router,
    writing: JoinSet<()>,
}

pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Vec<u8>,
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|_| panic!("{:?}", String::from_utf8_lossy(&self.bytes)))
    }

    pub(super) fn data(&self) -> Value {
        let mut body = self.json();
        assert!(body.get("errors").is_none(), "{body}");
        body["data"].take()
    }
}

pub(super) fn noting(pool: Pool, clock: Clock, pepper: &Pepper, limits: reads::Limits) -> Reads {
    let pepper = pepper.clone();
    let tags = Arc::new(move |tenant_id, persons: &[Uuid]| pepper.tags(tenant_id, persons));
    Reads::new(pool, clock, tags, limits)
}

impl Rig {
    pub(super) async fn new() -> Self {
        Self::over(Told::new().await, reads::Limits::default())
    }

    pub(super) fn over(told: Told, limits: reads::Limits) -> Self {
        let (pool, clock) = (told.db.pool().clone(), told.context.clock.clone());
        let pepper = told.context.pepper.clone();
        let reads = noting(pool.clone(), clock.clone(), &pepper, limits);
        let lists = told.db.reads();
        let rights = Rights {
            journal: Journal::new(lists.clone(), pepper.clone()),
            exports: Exports::new(pool.clone(), lists.clone(), clock.clone(), pepper.clone()),
            erasures: Erasures::new(office(&told.context), lists.clone()),
        };
        let writer = Writer::new(pool.clone(), clock.clone(), inbox::Limits::default());
        let desks = desks(&told.context, &lists, &writer);
        let reader = Reader::new(pool.clone(), clock.clone(), 3);
        let schema = Schema::new(reader, desks, Limits::default())
            .with_rights(rights.clone(), reads.clone());
        let times = http::Limits::default();
        let join = graphql::router(graphql::Door::new(Keys::new([SECRET]), schema, &times));
        let door = exports::Door::new(rights.exports.clone(), http::Limits::default());
        let builder = Builder {
            pool,
            clock,
            pepper,
            quarantine_days: 3,
            kept_for: TimeDelta::hours(24),
        };
        let mut writing = JoinSet::new();
        let flusher = reads.clone();
        writing.spawn(async move { flusher.run().await });
        Self {
            told,
            reads,
            rights,
            builder,
            router: join.merge(exports::router(door)),
            writing,
        }
    }

    pub(super) fn db(&self) -> &TestDb {
        &self.told.db
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Reply {
        let sent = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = sent.into_parts();
        Reply {
            status: head.status,
            headers: head.headers,
            bytes: body.collect().await.unwrap().to_bytes().to_vec(),
        }
    }

    pub(super) async fn ask(&self, role: &str, body: Value) -> Reply {
        self.ask_as(role, Uuid::nil(), body).await
    }

    /// As somebody who is this person.
    pub(super) async fn ask_as(&self, role: &str, person: Uuid, body: Value) -> Reply {
        let request = Request::post("/graphql")
            .header("content-type", "application/json")
            .header("x-ci-secret", SECRET)
            .header("x-hasura-role", role)
            .header("x-hasura-tenant-id", TENANT.to_string())
            .header("x-hasura-user-id", "u-7")
            .header("x-hasura-person-profile-id", person.to_string())
            .body(Body::from(body.to_string()))
            .unwrap();
        self.send(request).await
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    /// Asks for an export as a manager; the payload.
    pub(super) async fn request(&self, input: Value) -> Value {
        let query = "mutation($input: RequestCustomerExportInput!) { it: request_customer_export(input: $input)
            { status id due_at download_path age_secret_key } }";
        let body = json!({ "query": query, "variables": { "input": input } });
        self.ask("manager", body).await.data()["it"].clone()
    }

    /// Ends the notes, so that everything that was noted is written.
    pub(super) async fn written(&mut self) {
        self.reads.close();
        while let Some(ended) = self.writing.join_next().await {
            ended.expect("it ends well");
        }
    }

    pub(super) async fn verified(&self) -> Report {
        let mut connection = self.db().pool().acquire().await.unwrap();
        verify::tenant(&mut connection, TENANT).await.unwrap()
    }

    pub(super) async fn whole(&self) -> Report {
        let report = self.verified().await;
        assert_eq!(report.faults, []);
        report
    }

    pub(super) async fn lines(&self, statement: &str) -> Vec<String> {
        self.db().lines(statement).await
    }
}
