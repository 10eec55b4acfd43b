//! The service in one process, and the platform's rows: performs a story's steps.

use std::collections::{BTreeMap, BTreeSet};

use customer_intelligence::actions::receive::{Received, receive};
use customer_intelligence::db::Tx;
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::graphql::caller::Role;
use customer_intelligence::graphql::{self, Call, Caller, Schema};
use customer_intelligence::inbox::{self, Channel, Writer};
use customer_intelligence::insight::Reader;
use customer_intelligence::outbox;
use customer_intelligence::projections::Settings;
use customer_intelligence::resolve::fence::Pepper;
use customer_intelligence::resolve::tenant;
use customer_intelligence::workers::{self, Context};
use serde_json::{Map, Value, json};
use sqlx::AssertSqlSafe;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::script::{Change, Step, id};
use super::traces;
use crate::support::{TestDb, desks};

const QUARANTINE_DAYS: i64 = 3;
const TENANT: &str = "@operator";

type RowKey = (String, Uuid);

/// Where a story is played.
pub(super) struct Stage {
    db: TestDb,
    context: Context,
    writer: Writer,
    schema: Schema,
    rows: BTreeMap<RowKey, Map<String, Value>>,
    held: Vec<String>,
    told: Vec<String>,
    events: u32,
    _flushing: JoinSet<()>,
}

impl Stage {
    pub(super) async fn new() -> Self {
        let db = TestDb::new().await;
        let clock = Clock::manual("2026-01-01T00:00:00Z".parse().expect("an instant"));
        let context = Context {
            pool: db.pool().clone(),
            clock: clock.clone(),
            pepper: Pepper::new(b"pepper"),
            settings: Settings {
                quarantine_days: QUARANTINE_DAYS,
                ..Settings::default()
            },
        };
        let writer = Writer::new(db.pool().clone(), clock.clone(), inbox::Limits::default());
        let desks = desks(&context, &db.reads(), &writer);
        let reader = Reader::new(db.reads(), clock, QUARANTINE_DAYS);
        let mut flushing = JoinSet::new();
        let flusher = writer.clone();
        flushing.spawn(async move { flusher.run().await });
        Self {
            db,
            context,
            schema: Schema::new(reader, desks, graphql::Limits::default()),
            writer,
            rows: BTreeMap::new(),
            held: Vec::new(),
            told: Vec::new(),
            events: 0,
            _flushing: flushing,
        }
    }

    /// Performs a step; returns what there is to see.
    pub(super) async fn perform(&mut self, step: Step) -> String {
        match step {
            Step::At(instant) => {
                assert!(self.context.clock.set(instant));
                self.fold().await;
            }
            Step::Advance(time) => {
                assert!(self.context.clock.advance(time));
                self.fold().await;
            }
            Step::Change { what, held } => {
                let body = self.change(what);
                self.held.push(body);
                if !held {
                    let body = self.held.pop();
                    return self.deliver(body).await;
                }
            }
            Step::Release => {
                let held = std::mem::take(&mut self.held);
                return self.deliver(held.into_iter().rev()).await;
            }
            Step::Again => {
                let told = std::mem::take(&mut self.told);
                return self.deliver(told.into_iter().rev()).await;
            }
            Step::Query {
                role,
                person,
                selection,
            } => return self.query(&role, person, &selection).await,
            Step::Letters => return self.letters().await,
            Step::Damage(id) => self.damage(id).await,
            Step::Forgotten(person) => {
                self.let_go().await;
                let traces = traces::of(&self.db.superuser(), person).await;
                assert!(traces.is_empty(), "still named: {traces:#?}");
                return "no table names the person".to_owned();
            }
        }
        String::new()
    }

    /// Everything arrives, then is folded at once. Says what was refused.
    async fn deliver(&mut self, bodies: impl IntoIterator<Item = String>) -> String {
        let mut refused = BTreeSet::new();
        for body in bodies {
            let (clock, bytes) = (&self.context.clock, body.as_bytes());
            let received = receive(&self.writer, clock, bytes, Channel::Live).await;
            if let Received::Buried { reason } = received.expect("it is stored") {
                refused.insert(format!("refused: {}\n", reason.code()));
            }
            self.told.push(body);
        }
        self.fold().await;
        refused.into_iter().collect()
    }

    /// The workers go round until nothing is left for them.
    async fn fold(&self) {
        let mut sizes = BTreeMap::new();
        while workers::ingest::round(&self.context, &mut sizes)
            .await
            .expect("a round")
        {}
        while workers::due::round(&self.context).await.expect("a round") > 0 {}
    }

    /// Changes the platform's row; returns the delivery about it.
    fn change(&mut self, what: Change) -> String {
        let now = json!(self.context.clock.now());
        let (op, table, old, new) = match what {
            Change::Insert(table, id, columns) => {
                let mut row =
                    Map::from_iter([("id".to_owned(), json!(id)), ("updated_at".to_owned(), now)]);
                row.insert("tenant_id".to_owned(), json!(self::id(TENANT)));
                row.extend(columns);
                self.rows.insert((table.clone(), id), row.clone());
                ("INSERT", table, Value::Null, Value::Object(row))
            }
            Change::Update(table, id, columns) => {
                let row = self
                    .rows
                    .get_mut(&(table.clone(), id))
                    .expect("a row to update");
                let old = row.clone();
                row.insert("updated_at".to_owned(), now);
                row.extend(columns);
                (
                    "UPDATE",
                    table,
                    Value::Object(old),
                    Value::Object(row.clone()),
                )
            }
            Change::Delete(table, id) => {
                let row = self
                    .rows
                    .remove(&(table.clone(), id))
                    .expect("a row to delete");
                ("DELETE", table, Value::Object(row), Value::Null)
            }
            Change::Event(schema, name, payload) => {
                let event = json!({
                    "event_id": id(&format!("event {}", self.events)), "tenant_id": id(TENANT),
                    "event_type": name, "schema_version": 1, "occurred_at": now, "payload": payload,
                });
                (
                    "INSERT",
                    format!("{schema}.domain_events"),
                    Value::Null,
                    event,
                )
            }
        };
        self.events += 1;
        let (schema, name) = table.split_once('.').expect("schema.table");
        let envelope = json!({
            "id": id(&format!("delivery {}", self.events)),
            "created_at": "2026-01-02T03:04:05.678901",
            "table": { "schema": schema, "name": name },
            "trigger": { "name": format!("ci_{schema}_{name}") },
            "event": { "op": op, "data": { "old": old, "new": new }, "session_variables": null },
        });
        envelope.to_string()
    }

    async fn query(&self, role: &str, person: Uuid, selection: &str) -> String {
        let caller = Caller {
            role: Role::named(role),
            tenant: Some(id(TENANT)),
            names_tenant: true,
            user_id: None,
            person_profile_id: (role == "customer").then_some(person),
        };
        let query =
            format!("{{ customer_insight(person_profile_id: \"{person}\") {{ {selection} }} }}");
        let call = Call {
            query,
            ..Call::default()
        };
        let answer = self
            .schema
            .answer(call, caller)
            .await
            .expect("a query that is executed");
        let answer: Value = serde_json::from_slice(&answer.to_json().unwrap()).unwrap();
        assert!(answer.get("errors").is_none(), "{answer:#}");
        format!("{:#}", answer["data"]["customer_insight"])
    }

    /// What tells the others who was erased goes when everybody has it; here there is nobody.
    async fn let_go(&self) {
        let now = self.context.clock.now();
        for tenant in tenant::all(self.db.pool()).await.expect("the tenants") {
            let mut tx = Tx::begin(self.db.pool()).await.expect("a transaction");
            outbox::route(&mut tx, tenant, &[], now)
                .await
                .expect("no way");
            outbox::settle(&mut tx, tenant, now).await.expect("an end");
            tx.commit().await.expect("a commit");
        }
    }

    async fn letters(&self) -> String {
        let all = inbox::dead_letters::Query {
            limit: 100,
            ..Default::default()
        };
        let letters = inbox::dead_letters::list(self.db.pool(), &all)
            .await
            .expect("the letters");
        let line = |letter: inbox::dead_letters::Summary| {
            format!("{} ({})\n", letter.reason, letter.table.unwrap_or_default())
        };
        letters.into_iter().map(line).collect()
    }

    async fn damage(&self, id: Uuid) {
        let statement = format!("update dossier set body = '\\x00' where id = '{id}'");
        let done = sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&self.db.superuser())
            .await;
        assert_eq!(done.expect("an update").rows_affected(), 1);
    }
}
