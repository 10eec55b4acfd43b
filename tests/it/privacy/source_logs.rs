//! The routine that is shipped for Hasura's own event logs, on tables of Hasura's shape.

use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use crate::support::TestDb;

const ROUTINE: &str = include_str!("../../../hasura/sql/forget_person.sql");
const CATALOGUE: &str = include_str!("../../../src/demo/hdb_catalog.sql");
/// As in Hasura's `init_pg_source.sql`.
const INVOCATIONS: &str = "create table hdb_catalog.event_invocation_logs (
    id text primary key default gen_random_uuid(), trigger_name text,
    event_id text references hdb_catalog.event_log (id), status integer, request json, response json,
    created_at timestamp default now())";

struct Source {
    db: TestDb,
}

impl Source {
    async fn new() -> Self {
        let db = TestDb::new().await;
        for sql in [CATALOGUE, INVOCATIONS, ROUTINE, ROUTINE] {
            sqlx::raw_sql(sql).execute(&db.superuser()).await.unwrap();
        }
        Self { db }
    }

    /// One event, and an attempt to deliver it.
    async fn event(&self, id: &str, trigger: &str, tenant: Uuid, person: &str, settled: bool) {
        let body =
            format!(r#"{{"data": {{"new": {{"tenant_id": "{tenant}", "id": "{person}"}}}}}}"#);
        let sql = format!(
            "insert into hdb_catalog.event_log (id, schema_name, table_name, trigger_name, payload, delivered, created_at)
             values ('{id}', 'backoffice', 'person_profiles', '{trigger}', '{body}', {settled}, '2026-01-01');
             insert into hdb_catalog.event_invocation_logs (trigger_name, event_id, status, request, created_at)
             values ('{trigger}', '{id}', 204, '{{\"payload\": {body}}}', '2026-01-01')"
        );
        self.run(&sql).await;
    }

    async fn run(&self, sql: &str) -> Vec<sqlx::postgres::PgRow> {
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::raw_sql(sql)
            .fetch_all(&self.db.superuser())
            .await
            .unwrap()
    }

    async fn counts(&self, sql: &str) -> Vec<i64> {
        let rows = self.run(sql).await;
        (0..rows[0].len()).map(|at| rows[0].get(at)).collect()
    }

    async fn events(&self) -> Vec<String> {
        let rows = self
            .run("select id from hdb_catalog.event_log order by id")
            .await;
        rows.iter().map(|row| row.get(0)).collect()
    }
}

#[tokio::test]
async fn nothing_of_the_person_is_left_but_what_still_has_to_be_delivered() {
    let source = Source::new().await;
    let (tenant, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let person = Uuid::from_u128(0xabcd_ef01_2345_6789_abcd_ef01_2345_6789);
    let (text, stranger) = (person.to_string(), Uuid::from_u128(9).to_string());
    let capitals = person.simple().to_string().to_uppercase();
    source
        .event("a", "ci_backoffice_person_profiles", tenant, &text, true)
        .await;
    source
        .event("b", "ci_commerce_bookings", tenant, &capitals, true)
        .await;
    source
        .event("c", "ci_commerce_bookings", tenant, &text, false)
        .await;
    source
        .event("d", "ci_commerce_bookings", tenant, &stranger, true)
        .await;
    source
        .event("e", "ci_commerce_bookings", other, &text, true)
        .await;
    source
        .event("f", "of_the_platform", tenant, &text, true)
        .await;
    let forget = format!("select * from ci_upkeep.forget_person('{tenant}', '{person}')");
    assert_eq!(source.counts(&forget).await, [2, 2, 1]);
    assert_eq!(source.events().await, ["c", "d", "e", "f"]);
    assert_eq!(
        source.counts(&forget).await,
        [0, 0, 1],
        "the one that waits is left"
    );
    source
        .run("update hdb_catalog.event_log set delivered = true")
        .await;
    assert_eq!(source.counts(&forget).await, [1, 1, 0]);
    let left =
        "select count(*) from hdb_catalog.event_invocation_logs where event_id in ('a', 'b', 'c')";
    assert_eq!(source.counts(left).await, [0]);

    let prune = "select * from ci_upkeep.prune_events(interval '1 day')";
    assert_eq!(source.counts(prune).await, [2, 2]);
    assert_eq!(source.events().await, ["f"]);
}

#[tokio::test]
async fn without_a_tenant_or_a_person_nothing_is_taken_out() {
    let source = Source::new().await;
    for named in ["null, null", "gen_random_uuid(), null"] {
        let sql = format!("select * from ci_upkeep.forget_person({named})");
        let refused = sqlx::raw_sql(AssertSqlSafe(sql))
            .fetch_all(&source.db.superuser())
            .await;
        assert!(refused.is_err());
    }
}
