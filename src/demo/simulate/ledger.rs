//! The simulated operator's row changes in writing: what is inserted and updated when, with ids and chance from one seed.
//!
//! Pure: nothing here touches a database. Changes after "now" are dropped, so a booking made for the coming season simply stops
//! where it stands today.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use uuid::Uuid;

/// One INSERT or UPDATE of one row.
#[derive(Clone, Debug)]
pub struct Change {
    /// When it happens; also the row's version.
    pub at: DateTime<Utc>,
    /// Table with schema.
    pub table: &'static str,
    /// The row.
    pub id: Uuid,
    /// INSERT, else UPDATE.
    pub insert: bool,
    /// Comma-separated columns that `row` carries.
    pub columns: Arc<str>,
    /// The columns as a JSON object.
    pub row: Box<str>,
}

/// Tables without `updated_at`.
const UNVERSIONED: &[&str] = &[
    "commerce.trip_feedback",
    "operations.boarding_events",
    "operations.onboard_sales",
];

/// Collects changes and hands out chance and ids.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) now: DateTime<Utc>,
    pub(super) tenant: Uuid,
    namespace: Uuid,
    rng: StdRng,
    counters: HashMap<&'static str, u32>,
    shapes: HashMap<String, Arc<str>>,
    changes: Vec<Change>,
}

/// The namespace that all ids of a seed are derived in.
pub(super) fn namespace(seed: u64) -> Uuid {
    Uuid::new_v5(
        &Uuid::NAMESPACE_OID,
        format!("stand-in operator {seed}").as_bytes(),
    )
}

impl Ledger {
    pub(super) fn new(seed: u64, now: DateTime<Utc>) -> Self {
        let namespace = namespace(seed);
        Self {
            now,
            tenant: super::tenant(seed),
            namespace,
            rng: StdRng::seed_from_u64(seed),
            counters: HashMap::new(),
            shapes: HashMap::new(),
            changes: Vec::new(),
        }
    }

    /// The next id of a kind.
    pub(super) fn id(&mut self, kind: &'static str) -> Uuid {
        let counter = self.counters.entry(kind).or_default();
        *counter += 1;
        Uuid::new_v5(&self.namespace, format!("{kind}/{counter}").as_bytes())
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.rng.random_bool(probability.clamp(0.0, 1.0))
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        self.rng.random_range(low..=high.max(low))
    }

    /// An index below `len`; 0 when there is none.
    pub(super) fn index(&mut self, len: usize) -> usize {
        if len == 0 {
            0
        } else {
            self.rng.random_range(0..len)
        }
    }

    /// One of the items; the lists are constants and never empty.
    pub(super) fn pick<T: Copy + Default>(&mut self, items: &[T]) -> T {
        let index = self.index(items.len());
        items.get(index).copied().unwrap_or_default()
    }

    /// Inserts a row; id, tenant and version are added.
    pub(super) fn insert(
        &mut self,
        table: &'static str,
        at: DateTime<Utc>,
        id: Uuid,
        mut row: Value,
    ) {
        if let Some(map) = row.as_object_mut() {
            map.insert("id".into(), json!(id));
            if table != "backoffice.operators" {
                map.insert("tenant_id".into(), json!(self.tenant));
            }
        }
        self.note(table, at, id, true, row);
    }

    /// Updates columns of a row.
    pub(super) fn update(
        &mut self,
        table: &'static str,
        at: DateTime<Utc>,
        id: Uuid,
        mut set: Value,
    ) {
        if let Some(map) = set.as_object_mut() {
            map.insert("id".into(), json!(id));
        }
        self.note(table, at, id, false, set);
    }

    fn note(
        &mut self,
        table: &'static str,
        at: DateTime<Utc>,
        id: Uuid,
        insert: bool,
        mut row: Value,
    ) {
        if at > self.now {
            return;
        }
        let Some(map) = row.as_object_mut() else {
            return;
        };
        if !UNVERSIONED.contains(&table) {
            map.insert("updated_at".into(), json!(at));
        }
        let columns = map.keys().map(String::as_str).collect::<Vec<_>>().join(",");
        let columns = self
            .shapes
            .entry(columns)
            .or_insert_with_key(|columns| Arc::from(columns.as_str()))
            .clone();
        let row = row.to_string().into_boxed_str();
        self.changes.push(Change {
            at,
            table,
            id,
            insert,
            columns,
            row,
        });
    }

    /// All changes in the order of time; changes of one row keep their order.
    pub(super) fn finish(mut self) -> Vec<Change> {
        self.changes.sort_by_key(|change| change.at);
        self.changes
    }
}

/// Cents as a decimal.
pub(super) fn euros(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents.rem_euclid(100))
}

/// A time of day, in UTC.
pub(super) fn time(day: NaiveDate, hour: i64, minute: i64) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() + TimeDelta::minutes(hour * 60 + minute)
}

/// A day some days later.
pub(super) fn later(day: NaiveDate, days: u32) -> NaiveDate {
    day.checked_add_days(Days::new(u64::from(days)))
        .unwrap_or(day)
}
