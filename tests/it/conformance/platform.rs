//! The platform's side: its tables in a real PostgreSQL, with event triggers as the shipped metadata describes them.

use customer_intelligence::demo::{capture, event::Event, platform, triggers::TriggerSpec};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool, Row as _};

use crate::hasura::directory::{list, tables, text};
use crate::support::TestDb;

/// The platform's database.
pub(crate) struct Platform(PgPool);

impl Platform {
    /// Tables and triggers, in a database where there are none yet.
    pub(crate) async fn new(db: &TestDb) -> Self {
        let pool = db.superuser();
        platform::create(&pool).await.unwrap();
        capture::install(&pool, &shipped_triggers()).await.unwrap();
        Self(pool)
    }

    /// Changes rows, as any writer may.
    pub(crate) async fn run(&self, sql: &str) {
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&self.0)
            .await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// What Hasura would deliver now, oldest first; each event is given out once.
    pub(crate) async fn events(&self) -> Vec<Event> {
        let rows = sqlx::raw_sql(
            "with taken as (update hdb_catalog.event_log set delivered = 't' where delivered = 'f' returning *)
             select id, schema_name, table_name, trigger_name, payload::text,
               to_char(created_at, 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), tries
             from taken order by created_at, schema_name, table_name, id",
        )
        .fetch_all(&self.0)
        .await
        .unwrap();
        let event = |row: &sqlx::postgres::PgRow| Event {
            id: row.get(0),
            schema: row.get(1),
            table: row.get(2),
            trigger: row.get(3),
            payload: row.get(4),
            created_at: row.get(5),
            tries: row.get(6),
        };
        rows.iter().map(event).collect()
    }
}

/// The event triggers of `hasura/metadata`.
fn shipped_triggers() -> Vec<TriggerSpec> {
    let spec = |table: &Value| {
        let trigger = &list(&table["event_triggers"])[0];
        let listens = |operation: &str| trigger["definition"].get(operation).is_some();
        TriggerSpec {
            name: text(&trigger["name"]).to_owned(),
            schema: text(&table["table"]["schema"]).to_owned(),
            table: text(&table["table"]["name"]).to_owned(),
            columns: list(&trigger["definition"]["insert"]["payload"])
                .iter()
                .map(|column| text(column).to_owned())
                .collect(),
            insert: listens("insert"),
            update: listens("update"),
            delete: listens("delete"),
        }
    };
    tables().iter().map(spec).collect()
}
