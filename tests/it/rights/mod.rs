//! What a person may ask of the service: to be asked before, and to see everything that is held.

mod consent;
mod export;
pub(crate) mod recording;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use customer_intelligence::actions::receive::receive;
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::inbox::{self, Channel, Writer};
use customer_intelligence::projections::Settings;
use customer_intelligence::resolve::fence::Pepper;
use customer_intelligence::workers::{Context, ingest};
use futures::future::join_all;
use serde_json::json;
use uuid::Uuid;

use crate::support::TestDb;

const TENANT: Uuid = Uuid::from_u128(0x7e);
/// Between two looks.
const POLL: Duration = Duration::from_millis(20);
/// What has not been folded by then never will be.
const PATIENCE: Duration = Duration::from_mins(5);

/// A tenant that is told something.
pub(crate) struct Rig {
    pub(crate) db: TestDb,
    pub(crate) context: Context,
}

impl Rig {
    pub(crate) async fn new() -> Self {
        let db = TestDb::new().await;
        let context = Context {
            pool: db.pool().clone(),
            clock: Clock::manual("2027-03-01T12:00:00Z".parse().unwrap()),
            pepper: Pepper::new(b"pepper"),
            settings: Settings::default(),
        };
        Self { db, context }
    }

    /// Tells these in their order, so many in each batch.
    pub(crate) async fn tell(&self, bodies: impl IntoIterator<Item = &String>, at_a_time: usize) {
        let bodies: Vec<&String> = bodies.into_iter().collect();
        for some in bodies.chunks(at_a_time) {
            let writer = Writer::new(
                self.db.pool().clone(),
                self.context.clock.clone(),
                inbox::Limits::default(),
            );
            let bring = async {
                let each = some.iter().map(|body| {
                    receive(&writer, &self.context.clock, body.as_bytes(), Channel::Live)
                });
                for received in join_all(each).await {
                    received.expect("it is kept");
                }
                writer.close();
            };
            tokio::join!(writer.run(), bring);
            self.folded().await;
        }
    }

    /// Works until nothing waits. A tenant that somebody else holds just now is passed over, as a worker does.
    async fn folded(&self) {
        let (mut sizes, begun) = (BTreeMap::new(), Instant::now());
        loop {
            assert!(begun.elapsed() < PATIENCE, "deliveries wait");
            let round = ingest::round(&self.context, &mut sizes).await;
            if round.expect("a round") {
                continue;
            }
            let waiting = self.lines("select id::text from inbox limit 1").await;
            if waiting.is_empty() {
                return;
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The answers of a statement that is put behind the service's back, each as text.
    pub(crate) async fn lines(&self, statement: &str) -> Vec<String> {
        self.db.lines(statement).await
    }

    pub(crate) async fn customers(&self) -> Vec<Uuid> {
        let found = self
            .lines("select person_profile_id::text from customer order by 1")
            .await;
        found.iter().map(|id| id.parse().unwrap()).collect()
    }

    /// The platform redacts a profile, and the person is erased.
    pub(crate) async fn erase(&self, person: Uuid) {
        let redacted = json!({
            "id": person, "tenant_id": TENANT, "created_at": "2020-01-01T00:00:00Z",
            "updated_at": "2027-02-28T00:00:00Z", "pii_redacted_at": "2027-02-28T00:00:00Z",
        });
        let envelope = json!({
            "id": Uuid::new_v5(&TENANT, person.as_bytes()),
            "created_at": "2027-02-28T00:00:00.678901",
            "table": { "schema": "backoffice", "name": "person_profiles" },
            "trigger": { "name": "ci_backoffice_person_profiles" },
            "event": { "op": "UPDATE", "data": { "old": redacted, "new": redacted }, "session_variables": null },
        });
        self.tell(&[envelope.to_string()], 1).await;
        assert!(!self.customers().await.contains(&person), "they are erased");
    }
}
