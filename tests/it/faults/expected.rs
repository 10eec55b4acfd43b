//! What a tenant has to look like once everything was delivered: each delivery once, folded in memory.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use customer_intelligence::activity_log;
use customer_intelligence::contracts;
use customer_intelligence::db::Pool;
use customer_intelligence::domain::activity::LogRow;
use customer_intelligence::domain::insight::Insight;
use customer_intelligence::resolve::memory::Memory;
use uuid::Uuid;

use crate::property::crowd::Crowd;

/// As the service has it unless told otherwise.
pub(super) const QUARANTINE_DAYS: i64 = 3;
const BATCH: usize = 500;

/// A crowd and what follows from its deliveries.
pub(super) struct Expected {
    pub(super) tenant: Uuid,
    pub(super) persons: Vec<Uuid>,
    memory: Memory,
}

impl Expected {
    pub(super) fn of(crowd: &Crowd) -> Self {
        let mut memory = Memory::new(crowd.tenant, QUARANTINE_DAYS);
        for batch in crowd.bodies.chunks(BATCH) {
            let versions = batch.iter().flat_map(|body| {
                let delivery = contracts::read(body.as_bytes()).expect("an understood delivery");
                contracts::decode(&delivery.cut).expect("what was let in decodes").versions
            });
            memory.deliver(&versions.collect::<Vec<_>>());
        }
        let persons = crowd.persons.clone();
        Self { tenant: crowd.tenant, persons, memory }
    }

    pub(super) fn insight(&self, person: Uuid, now: DateTime<Utc>) -> Option<Insight> {
        self.memory.insight(person, now)
    }

    /// The log is the expected one, row by row: nothing lost, nothing twice, nothing else.
    pub(super) async fn assert_log(&self, pool: &Pool) {
        let mut connection = pool.acquire().await.expect("a connection");
        let found = activity_log::slices(&mut connection, self.tenant, &self.persons).await;
        let mut found: Vec<LogRow> = found.expect("the log").into_iter().map(|one| one.row).collect();
        let everybody: BTreeSet<Uuid> = self.persons.iter().copied().collect();
        let wanted = everybody.into_iter().flat_map(|person| self.memory.rows_of(person));
        let mut wanted: Vec<LogRow> = wanted.collect();
        let key = |row: &LogRow| (row.person, row.activity_id, row.version_at, row.content_hash);
        found.sort_by_key(key);
        wanted.sort_by_key(key);
        assert_eq!(found.len(), wanted.len(), "rows in the log of {}", self.tenant);
        for (found, wanted) in found.iter().zip(&wanted) {
            assert_eq!(found, wanted);
        }
        assert!(!wanted.is_empty());
    }
}
