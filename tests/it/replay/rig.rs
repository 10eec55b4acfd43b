//! A tenant with a crowd of persons, told through the inbox and folded.

use std::collections::BTreeMap;

use customer_intelligence::actions::receive::receive;
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::inbox::{self, Channel, Writer};
use customer_intelligence::projections::Settings;
use customer_intelligence::resolve::fence::Pepper;
use customer_intelligence::workers::{Context, Folding, ingest};
use futures::future::join_all;
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use crate::property::crowd::{self, Crowd};
use crate::support::TestDb;

/// Whose customers.
pub(super) const TENANT: Uuid = Uuid::from_u128(0x7e);

/// A folded tenant.
pub(super) struct Rig {
    pub(super) db: TestDb,
    pub(super) clock: Clock,
    pub(super) settings: Settings,
}

impl Rig {
    /// Tells so many histories, with persons of more than `large_from` rows kept in parts.
    pub(super) async fn new(histories: u64, large_from: usize) -> Self {
        let rig = Self {
            db: TestDb::new().await,
            clock: Clock::manual("2027-03-01T12:00:00Z".parse().unwrap()),
            settings: Settings {
                large_from,
                ..Settings::default()
            },
        };
        rig.tell(&crowd::shuffled(TENANT, 0..histories, 30, false))
            .await;
        rig
    }

    /// Tells what a crowd has to tell and folds it.
    pub(super) async fn tell(&self, crowd: &Crowd) {
        let pool = self.db.pool();
        let writer = Writer::new(pool.clone(), self.clock.clone(), inbox::Limits::default());
        let bring = async {
            for some in crowd.bodies.chunks(100) {
                let each = some
                    .iter()
                    .map(|body| receive(&writer, &self.clock, body.as_bytes(), Channel::Live));
                for received in join_all(each).await {
                    received.expect("it is kept");
                }
            }
            writer.close();
        };
        tokio::join!(writer.run(), bring);
        let context = Context {
            pool: pool.clone(),
            clock: self.clock.clone(),
            pepper: Pepper::new(b"pepper"),
            settings: self.settings,
        };
        let mut sizes = BTreeMap::new();
        while ingest::round(&context, &mut sizes).await.expect("a round") {}
    }

    /// What folding needs.
    pub(super) fn folding(&self) -> Folding {
        Folding {
            pool: self.db.pool().clone(),
            clock: self.clock.clone(),
            settings: self.settings,
        }
    }

    /// Everything that is derived from the log, cell by cell, but for revisions and instants of deriving.
    pub(super) async fn derived(&self) -> Vec<String> {
        let statements = [
            "select (to_jsonb(i) - 'revision')::text from customer_insight i order by person_profile_id",
            "select to_jsonb(c)::text from customer c order by person_profile_id",
            "select to_jsonb(p)::text from fold_part p where length(body) > 3 order by person_profile_id, bucket",
        ];
        let mut all = Vec::new();
        for statement in statements {
            let rows = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
                .fetch_all(&self.db.superuser())
                .await
                .unwrap();
            all.extend(rows.iter().map(|row| row.get::<String, _>(0)));
        }
        all
    }

    /// Runs a statement behind the service's back; returns the rows it touched.
    pub(super) async fn behind_its_back(&self, statement: &str) -> u64 {
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .execute(&self.db.superuser())
            .await
            .unwrap_or_else(|err| panic!("{statement}: {err}"))
            .rows_affected()
    }
}
