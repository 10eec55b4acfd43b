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

use crate::property::crowd::{self, Crowd};

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
        Self::in_batches(crowd, BATCH)
    }

    fn in_batches(crowd: &Crowd, batch: usize) -> Self {
        let mut memory = Memory::new(crowd.tenant, QUARANTINE_DAYS);
        for batch in crowd.bodies.chunks(batch) {
            let versions = batch.iter().flat_map(|body| {
                let delivery = contracts::read(body.as_bytes()).expect("an understood delivery");
                contracts::decode(&delivery.cut)
                    .expect("what was let in decodes")
                    .versions
            });
            memory.deliver(&versions.collect::<Vec<_>>());
        }
        let persons = crowd.persons.clone();
        Self {
            tenant: crowd.tenant,
            persons,
            memory,
        }
    }

    pub(super) fn insight(&self, person: Uuid, now: DateTime<Utc>) -> Option<Insight> {
        self.memory.insight(person, now)
    }

    /// The log is the expected one, row by row: nothing lost, nothing twice, nothing else.
    pub(super) async fn assert_log(&self, pool: &Pool) {
        let mut connection = pool.acquire().await.expect("a connection");
        let found = activity_log::slices(&mut connection, self.tenant, &self.persons).await;
        let mut found: Vec<LogRow> = found
            .expect("the log")
            .into_iter()
            .map(|one| one.row)
            .collect();
        let mut wanted = log(self);
        let key = |row: &LogRow| {
            (
                row.person,
                row.activity_id,
                row.version_at,
                row.content_hash,
            )
        };
        found.sort_by_key(key);
        wanted.sort_by_key(key);
        assert_eq!(
            found.len(),
            wanted.len(),
            "rows in the log of {}",
            self.tenant
        );
        for (found, wanted) in found.iter().zip(&wanted) {
            assert_eq!(found, wanted);
        }
        assert!(!wanted.is_empty());
    }
}

/// The log itself, not only what is folded from it, is the same in any order and any batches.
#[test]
fn the_log_is_the_same_in_any_order() {
    for seed in 60..160 {
        let mut crowd = crowd::plainly(Uuid::from_u128(1), seed..seed + 1);
        let wanted = log(&Expected::in_batches(&crowd, usize::MAX));
        for batch in [1, 7] {
            crowd.bodies.reverse();
            let found = log(&Expected::in_batches(&crowd, batch));
            let lost: Vec<_> = wanted.iter().filter(|row| !found.contains(row)).collect();
            let more: Vec<_> = found.iter().filter(|row| !wanted.contains(row)).collect();
            assert_eq!(
                (lost, more),
                (vec![], vec![]),
                "seed {seed}, batches of {batch}"
            );
        }
    }
}

fn log(expected: &Expected) -> Vec<LogRow> {
    let everybody: BTreeSet<Uuid> = expected.persons.iter().copied().collect();
    everybody
        .into_iter()
        .flat_map(|person| expected.memory.rows_of(person))
        .collect()
}
