//! A whole simulated operator in the service in one process: told row by row, trained, and asked.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use customer_intelligence::actions::receive::{Received, receive};
use customer_intelligence::demo::simulate::{self, Change, Plan};
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::graphql::caller::Role;
use customer_intelligence::graphql::{self, Call, Caller, Schema};
use customer_intelligence::inbox::{self, Channel, Writer};
use customer_intelligence::insight::Reader;
use customer_intelligence::projections::Settings;
use customer_intelligence::resolve::fence::Pepper;
use customer_intelligence::workers::train::{self, Trained};
use customer_intelligence::workers::{self, Context};
use futures::future::join_all;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::{TestDb, desks};

const SEED: u64 = 11;
const QUARANTINE_DAYS: i64 = 3;
/// Deliveries under way at a time.
const AT_ONCE: usize = 500;
/// Persons of one question: a past instant is folded from the log for each, in a build without optimisation.
const PERSONS_AT_ONCE: usize = 8;
/// Whatever takes longer does not happen any more.
const PATIENCE: Duration = Duration::from_mins(1);

/// The operator, and the service that hears of it.
pub(super) struct Operator {
    pub(super) db: TestDb,
    pub(super) tenant: Uuid,
    pub(super) clock: Clock,
    context: Context,
    writer: Writer,
    schema: Schema,
    rows: HashMap<(String, Uuid), Map<String, Value>>,
    events: u32,
    _flushing: JoinSet<()>,
}

impl Operator {
    /// About so many persons, three years of history up to `now`, all of it told by then.
    pub(super) async fn new(persons: u32, now: DateTime<Utc>) -> Self {
        let db = TestDb::new().await;
        let clock = Clock::manual(now);
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
        let reader = Reader::new(db.reads(), clock.clone(), QUARANTINE_DAYS);
        let mut limits = graphql::Limits::default();
        limits.rate.requests_per_second = 0;
        let mut flushing = JoinSet::new();
        let flusher = writer.clone();
        flushing.spawn(async move { flusher.run().await });
        let mut operator = Self {
            tenant: simulate::tenant(SEED),
            schema: Schema::new(reader, desks, limits),
            db,
            clock,
            context,
            writer,
            rows: HashMap::new(),
            events: 0,
            _flushing: flushing,
        };
        let plan = Plan {
            seed: SEED,
            persons,
            now,
        };
        let bodies = operator.envelopes(&simulate::history(plan));
        operator.deliver(&bodies).await;
        operator
    }

    /// As Hasura would tell of these changes: whole rows, old and new.
    fn envelopes(&mut self, changes: &[Change]) -> Vec<String> {
        let each = changes.iter().map(|change| {
            let columns: Map<String, Value> = serde_json::from_str(&change.row).unwrap();
            (change.table, change.id, columns)
        });
        let each: Vec<_> = each.collect();
        each.into_iter()
            .map(|(table, id, columns)| self.envelope(table, id, columns))
            .collect()
    }

    /// A row that is new, or these columns of one that is not.
    fn envelope(&mut self, table: &str, id: Uuid, columns: Map<String, Value>) -> String {
        let row = self.rows.entry((table.to_owned(), id)).or_default();
        let old = std::mem::take(row);
        *row = old.clone();
        row.extend(columns);
        let (op, old) = if old.is_empty() {
            ("INSERT", Value::Null)
        } else {
            ("UPDATE", Value::Object(old))
        };
        self.events += 1;
        let (schema, name) = table.split_once('.').unwrap();
        let event = Uuid::from_u128(0xe0_0000_0000 + u128::from(self.events));
        let body = json!({
            "id": event, "created_at": "2026-01-02T03:04:05.678901",
            "table": { "schema": schema, "name": name },
            "trigger": { "name": format!("ci_{schema}_{name}") },
            "event": { "op": op, "data": { "old": old, "new": row }, "session_variables": null },
        });
        body.to_string()
    }

    /// Tells of rows that are made or changed now; `at` is what the platform dates them.
    pub(super) async fn tell(&mut self, at: DateTime<Utc>, rows: Vec<(&str, Uuid, Value)>) {
        let tenant = self.tenant;
        let bodies: Vec<String> = rows
            .into_iter()
            .map(|(table, id, columns)| {
                let mut row = json!({ "id": id, "tenant_id": tenant, "updated_at": at });
                let row = row.as_object_mut().unwrap();
                row.extend(columns.as_object().unwrap().clone());
                self.envelope(table, id, row.clone())
            })
            .collect();
        self.deliver(&bodies).await;
    }

    async fn deliver(&self, bodies: &[String]) {
        let clock = &self.clock;
        for part in bodies.chunks(AT_ONCE) {
            let sent = part
                .iter()
                .map(|body| receive(&self.writer, clock, body.as_bytes(), Channel::Live));
            for (received, body) in join_all(sent).await.into_iter().zip(part) {
                let kept = matches!(received.unwrap(), Received::Kept { .. });
                assert!(kept, "refused: {body}");
            }
        }
        let mut sizes = BTreeMap::new();
        while workers::ingest::round(&self.context, &mut sizes)
            .await
            .unwrap()
        {}
        while workers::due::round(&self.context).await.unwrap() > 0 {}
    }

    /// The platform's rows of a table that `wanted` lets through, by id.
    pub(super) fn rows(
        &self,
        table: &str,
        wanted: impl Fn(&Map<String, Value>) -> bool,
    ) -> Vec<Uuid> {
        let of_table = self.rows.iter().filter(|((of, _), _)| of == table);
        let found = of_table.filter(|(_, row)| wanted(row));
        let mut ids: Vec<Uuid> = found.map(|((_, id), _)| *id).collect();
        ids.sort_unstable();
        ids
    }

    /// What the nightly job does for a tenant.
    pub(super) async fn train(&self) -> Vec<Trained> {
        let (pool, clock) = (self.db.pool(), &self.clock);
        let asked = (&[][..], "a test");
        let trained = train::tenant(pool, clock, self.tenant, asked, |_| {});
        trained.await.unwrap()
    }

    /// Everybody who has an insight.
    pub(super) async fn persons(&self) -> Vec<Uuid> {
        let ids = sqlx::query_scalar!(
            "select person_profile_id from customer_insight where tenant_id = $1 order by 1",
            self.tenant
        );
        ids.fetch_all(self.db.pool()).await.unwrap()
    }

    /// What a manager is told about these persons, in their order; `arguments` are further ones of the field.
    pub(super) async fn told(
        &self,
        persons: &[Uuid],
        arguments: &str,
        selection: &str,
    ) -> Vec<Value> {
        let mut all = Vec::with_capacity(persons.len());
        for page in persons.chunks(PERSONS_AT_ONCE) {
            let fields = page.iter().enumerate().map(|(number, person)| {
                format!(
                    "f{number}: customer_insight(person_profile_id: \"{person}\"{arguments}) {{ status {selection} }}"
                )
            });
            let query = format!("{{ {} }}", fields.collect::<Vec<_>>().join(" "));
            all.extend(self.ready(&query, page.len()).await);
        }
        all
    }

    /// Asked again where the machine was too busy to answer in the time that a join has.
    async fn ready(&self, query: &str, fields: usize) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let mut data = self.ask(query.to_owned()).await;
            let each = (0..fields).map(|number| data[format!("f{number}")].take());
            let each: Vec<Value> = each.collect();
            if each.iter().all(|one| one["status"] == "READY") {
                return each;
            }
            assert!(begun.elapsed() < PATIENCE, "not ready: {each:?}");
        }
    }

    /// Asks as a manager of the tenant.
    pub(super) async fn ask(&self, query: String) -> Value {
        let caller = Caller {
            role: Role::named("manager"),
            tenant: Some(self.tenant),
            names_tenant: true,
            user_id: None,
            person_profile_id: None,
        };
        let call = Call {
            query,
            ..Call::default()
        };
        let answer = self.schema.answer(call, caller).await.unwrap();
        let mut answer: Value = serde_json::from_slice(&answer.to_json().unwrap()).unwrap();
        assert!(answer.get("errors").is_none(), "{answer:#}");
        answer["data"].take()
    }
}
