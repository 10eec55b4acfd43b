//! A tenant whose persons can be erased: workers, an office, and the fence's file beside the database.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use customer_intelligence::actions::receive::receive;
use customer_intelligence::audit::Actor;
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::inbox::{self, Channel, Writer};
use customer_intelligence::privacy::erase::{Basis, Office, Order, Timing};
use customer_intelligence::privacy::receipt::Signer;
use customer_intelligence::projections::Settings;
use customer_intelligence::resolve::fence::Pepper;
use customer_intelligence::resolve::fence_file::FenceFile;
use customer_intelligence::workers::{Context, ingest};
use futures::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::stories::traces;
use crate::support::TestDb;

/// Whose customers.
pub(super) const TENANT: Uuid = Uuid::from_u128(0x7e);

pub(super) struct Rig {
    pub(super) db: TestDb,
    pub(super) context: Context,
    pub(super) office: Office,
    pub(super) file: FenceFile,
}

/// Where erasures are asked for and carried out.
pub(crate) fn office(context: &Context) -> Office {
    Office {
        pool: context.pool.clone(),
        clock: context.clock.clone(),
        pepper: context.pepper.clone(),
        signer: Arc::new(Signer::new(&[7; 32]).unwrap()),
        settings: context.settings,
        timing: Timing::default(),
        receivers: Arc::from([]),
        actor: Actor::SERVICE,
    }
}

impl Rig {
    /// With the fence's file in this folder.
    pub(super) async fn new(folder: &Path) -> Self {
        let db = TestDb::new().await;
        let file = FenceFile::new(folder.join("fence.ledger"));
        let context = Context {
            pool: db.pool().clone(),
            clock: Clock::manual("2027-03-01T12:00:00Z".parse().unwrap()),
            pepper: Pepper::new(b"pepper").kept_in(file.clone()),
            settings: Settings {
                large_from: 40,
                ..Settings::default()
            },
        };
        let office = office(&context);
        Self {
            db,
            context,
            office,
            file,
        }
    }

    /// Brings deliveries into the inbox.
    pub(super) async fn bring(&self, bodies: &[String]) {
        let clock = &self.context.clock;
        let writer = Writer::new(
            self.db.pool().clone(),
            clock.clone(),
            inbox::Limits::default(),
        );
        let bring = async {
            for some in bodies.chunks(100) {
                let each = some
                    .iter()
                    .map(|body| receive(&writer, clock, body.as_bytes(), Channel::Live));
                for received in join_all(each).await {
                    received.expect("it is kept");
                }
            }
            writer.close();
        };
        tokio::join!(writer.run(), bring);
    }

    /// Folds everything that waits.
    pub(super) async fn fold(&self) {
        let mut sizes = BTreeMap::new();
        while ingest::round(&self.context, &mut sizes)
            .await
            .expect("a round")
        {}
    }

    pub(super) async fn tell(&self, bodies: &[String]) {
        self.bring(bodies).await;
        self.fold().await;
    }

    pub(super) fn order(person: Uuid) -> Order {
        Order::whole(TENANT, person, Basis::GdprRequest)
    }

    /// Nothing but these tables names the person.
    pub(super) async fn assert_gone_but_for(&self, person: Uuid, tables: &[&str]) {
        let mut counts = self.office.count(TENANT, &[person].into()).await.unwrap();
        counts.retain(|table, _| !tables.contains(&table.as_str()));
        assert!(counts.values().all(|rows| *rows == 0), "{counts:?}");
    }

    /// Nothing names the person, whoever asks.
    pub(super) async fn assert_gone(&self, person: Uuid) {
        let traces = traces::of(&self.db.superuser(), person).await;
        assert!(traces.is_empty(), "still named: {traces:#?}");
        let counts = self.office.count(TENANT, &[person].into()).await.unwrap();
        assert!(counts.values().all(|rows| *rows == 0), "{counts:?}");
        let tags = BTreeSet::from([self.context.pepper.tag(TENANT, person)]);
        assert!(self.office.find(TENANT, &tags).await.unwrap().is_empty());
    }
}

/// A change of a row of Backoffice, as Hasura tells it.
pub(super) fn backoffice(table: &str, old: &Value, new: &Value) -> String {
    let op = if old.is_null() { "INSERT" } else { "UPDATE" };
    let id = Uuid::new_v5(&TENANT, format!("{table} {new}").as_bytes());
    let envelope = json!({
        "id": id,
        "created_at": "2026-01-02T03:04:05.678901",
        "table": { "schema": "backoffice", "name": table },
        "trigger": { "name": format!("ci_backoffice_{table}") },
        "event": { "op": op, "data": { "old": old, "new": new }, "session_variables": null },
    });
    envelope.to_string()
}

/// A profile as it was at some minute of the first of February, 2027.
pub(super) fn profile(person: Uuid, merged_into: Option<Uuid>, minute: u32) -> Value {
    json!({
        "id": person, "tenant_id": TENANT, "merged_into_id": merged_into,
        "created_at": "2027-02-01T00:00:00Z",
        "updated_at": format!("2027-02-01T00:{minute:02}:00Z"),
    })
}
