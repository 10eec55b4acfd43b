//! The chains of what was done and read: whole however many write at once, and never wholly without a trace after it
//! was touched.

mod acts;
mod rig;
mod reads;
mod exports;

use customer_intelligence::audit::{Act, Actor, Entry, Subject};
use serde_json::json;
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use crate::support::TestDb;

const TENANT: Uuid = Uuid::from_u128(0x7e);

fn entry(number: u128) -> Entry {
    Entry {
        tenant_id: TENANT,
        actor: Actor::of("manager", Some("u-7")),
        act: Act::ConsentChanged,
        subject: Subject::person(Uuid::from_u128(number)),
        detail: json!({ "purpose": "marketing", "number": number.to_string() }),
        at: "2027-03-01T12:00:00.123456Z".parse().unwrap(),
    }
}

/// Runs a statement behind the service's back, and returns its first column as text.
async fn lines(db: &TestDb, statement: &str) -> Vec<String> {
    let rows = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
        .fetch_all(&db.superuser())
        .await
        .unwrap_or_else(|err| panic!("{statement}: {err}"));
    rows.iter().map(|row| row.get::<String, _>(0)).collect()
}
