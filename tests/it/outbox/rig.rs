//! A tenant with persons whose profiles allow things, and a dispatcher.

use std::collections::BTreeMap;
use std::time::Duration;

use customer_intelligence::actions::receive::receive;
use customer_intelligence::db::{Pool, Tx};
use customer_intelligence::domain::activity::Provenance;
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::domain::message::Kind;
use customer_intelligence::inbox::{self, Channel, Writer};
use customer_intelligence::outbox::{Message, id_of, put_all};
use customer_intelligence::projections::Settings;
use customer_intelligence::resolve::{fence::Pepper, tenant};
use customer_intelligence::workers::dispatch::{Dispatcher, Outbound, Target};
use customer_intelligence::workers::{Context, ingest};
use futures::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use super::receiver::keyring;
use crate::support::TestDb;

pub(super) const TENANT: Uuid = Uuid::from_u128(0x7e);
/// Longer than anything takes here, shorter than the wait for a lock.
pub(super) const TIMEOUT: Duration = Duration::from_secs(8);

pub(super) struct Rig {
    pub(super) db: TestDb,
    pub(super) context: Context,
}

impl Rig {
    pub(super) async fn new() -> Self {
        let db = TestDb::new().await;
        let context = Context {
            pool: db.pool().clone(),
            clock: Clock::manual("2027-03-01T12:00:00Z".parse().unwrap()),
            pepper: Pepper::new(b"pepper"),
            settings: Settings {
                announces: true,
                ..Settings::default()
            },
        };
        tenant::ensure(&context.pool, TENANT).await.unwrap();
        Self { db, context }
    }

    pub(super) fn pool(&self) -> &Pool {
        self.db.pool()
    }

    pub(super) fn dispatcher(&self, targets: &[&Target]) -> Dispatcher {
        self.dispatcher_within(targets, TIMEOUT)
    }

    pub(super) fn dispatcher_within(&self, targets: &[&Target], timeout: Duration) -> Dispatcher {
        let outbound = Outbound {
            targets: targets.iter().map(|target| (*target).clone()).collect(),
            keyring: keyring(),
            timeout,
        };
        let clock = self.context.clock.clone();
        Dispatcher::new(self.pool().clone(), clock, outbound).unwrap()
    }

    /// Brings deliveries into the inbox by a channel.
    pub(super) async fn bring(&self, bodies: &[String], channel: Channel) {
        let clock = &self.context.clock;
        let writer = Writer::new(self.pool().clone(), clock.clone(), inbox::Limits::default());
        let bring = async {
            let each = bodies
                .iter()
                .map(|body| receive(&writer, clock, body.as_bytes(), channel));
            for received in join_all(each).await {
                received.expect("it is kept");
            }
            writer.close();
        };
        tokio::join!(writer.run(), bring);
    }

    pub(super) async fn fold(&self) {
        let mut sizes = BTreeMap::new();
        while ingest::round(&self.context, &mut sizes)
            .await
            .expect("a round")
        {}
    }

    pub(super) async fn tell(&self, bodies: &[String]) {
        self.bring(bodies, Channel::Live).await;
        self.fold().await;
    }

    /// Puts down a message of a kind about each of these persons.
    pub(super) async fn put(&self, kind: Kind, persons: &[Uuid]) {
        let now = self.context.clock.now();
        let message = |person: &Uuid| Message {
            tenant_id: TENANT,
            id: id_of(TENANT, kind, person.as_bytes()),
            kind,
            person: Some(*person),
            provenance: Provenance::Live,
            written_at: now,
            payload: json!({ "person_profile_id": person }),
        };
        let messages: Vec<Message> = persons.iter().map(message).collect();
        let mut tx = Tx::begin(self.pool()).await.unwrap();
        put_all(&mut tx, TENANT, &messages).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// The answers of a statement that is put behind the service's back, each as text.
    pub(super) async fn lines(&self, statement: &str) -> Vec<String> {
        self.db.lines(statement).await
    }

    /// How deliveries to a receiver stand: `state outcome`, in the order of persons.
    pub(super) async fn deliveries(&self, target: &Target) -> Vec<String> {
        let name = &target.name;
        self.lines(&format!(
            "select state || ' ' || coalesce(outcome, '-') from outbox_delivery
             where target = '{name}' order by person_profile_id, written_at, id"
        ))
        .await
    }
}

/// A profile at some second of the first of March, 2027, as Hasura tells of it; `more` are further columns.
pub(super) fn profile(person: Uuid, second: u32, more: &Value) -> String {
    let mut row = json!({
        "id": person, "tenant_id": TENANT, "merged_into_id": null,
        "created_at": "2027-02-01T00:00:00Z",
        "updated_at": format!("2027-03-01T11:{:02}:{:02}Z", second / 60, second % 60),
    });
    for (column, value) in more.as_object().unwrap() {
        row[column] = value.clone();
    }
    let envelope = json!({
        "id": Uuid::new_v5(&TENANT, row.to_string().as_bytes()),
        "created_at": "2027-03-01T11:59:00.678901",
        "table": { "schema": "backoffice", "name": "person_profiles" },
        "trigger": { "name": "ci_backoffice_person_profiles" },
        "event": { "op": "INSERT", "data": { "old": null, "new": row }, "session_variables": null },
    });
    envelope.to_string()
}

pub(super) fn allowing(person: Uuid) -> String {
    profile(person, 0, &json!({ "marketing_consent": true }))
}
