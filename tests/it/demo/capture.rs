//! The triggers write what Hasura's own would write.

use std::collections::BTreeSet;

use customer_intelligence::contracts::{self, Op};
use customer_intelligence::demo::triggers::triggers;
use serde_json::{Value, json};

use super::{number, platform_of, run, texts};
use crate::support::TestDb;

const PERSON: &str = "insert into backoffice.person_profiles (id, tenant_id, first_name, email, marketing_consent, created_at, updated_at)
  values ('11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222', 'Erika', 'e@example.org', true,
    '2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z')";

async fn payloads(pool: &sqlx::PgPool) -> Vec<Value> {
    let sql = "select payload::text from hdb_catalog.event_log order by created_at, payload->>'op'";
    texts(pool, sql)
        .await
        .iter()
        .map(|text| serde_json::from_str(text).expect("JSON"))
        .collect()
}

#[tokio::test]
async fn an_insert_is_logged_with_the_allow_listed_columns_only() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    run(&pool, PERSON).await;
    let [event] = &payloads(&pool).await[..] else {
        panic!("one event")
    };
    let new = json!({
        "id": "11111111-1111-4111-8111-111111111111", "tenant_id": "22222222-2222-4222-8222-222222222222",
        "has_email": true, "has_phone": false, "marketing_consent": true, "marketing_consent_at": null,
        "profiling_objection_at": null, "locale": null, "merged_into_id": null, "pii_redacted_at": null,
        "created_at": event["data"]["new"]["created_at"], "updated_at": event["data"]["new"]["updated_at"],
    });
    assert_eq!(
        *event,
        json!({ "op": "INSERT", "data": { "old": null, "new": new }, "session_variables": null, "trace_context": null })
    );
    let log = texts(
        &pool,
        "select schema_name || '.' || table_name || ' ' || trigger_name from hdb_catalog.event_log",
    )
    .await;
    assert_eq!(
        log,
        ["backoffice.person_profiles ci_backoffice_person_profiles"]
    );
}

#[tokio::test]
async fn an_update_is_logged_only_when_a_listened_column_changed() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    run(&pool, PERSON).await;
    run(
        &pool,
        "update backoffice.person_profiles set first_name = 'Frieda', email = 'f@example.org'",
    )
    .await;
    assert_eq!(
        payloads(&pool).await.len(),
        1,
        "names are not listened to, and an e-mail is still there"
    );
    run(&pool, "update backoffice.person_profiles set email = null").await;
    let events = payloads(&pool).await;
    assert_eq!(events.len(), 2);
    assert_eq!(events[1]["op"], "UPDATE");
    assert_eq!(events[1]["data"]["old"]["has_email"], true);
    assert_eq!(events[1]["data"]["new"]["has_email"], false);
    let versions = ["old", "new"].map(|side| events[1]["data"][side]["updated_at"].to_string());
    assert_ne!(versions[0], versions[1], "an update is a new version");
}

#[tokio::test]
async fn a_delete_carries_the_old_row_and_the_session_of_its_writer() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    run(&pool, PERSON).await;
    let session = r#"begin; set local "hasura.user" = '{"x-hasura-role": "manager"}'; delete from backoffice.person_profiles; commit"#;
    run(&pool, session).await;
    let events = payloads(&pool).await;
    let deleted = events
        .iter()
        .find(|event| event["op"] == "DELETE")
        .expect("a delete");
    assert_eq!(deleted["data"]["new"], Value::Null);
    assert_eq!(
        deleted["data"]["old"]["id"],
        "11111111-1111-4111-8111-111111111111"
    );
    assert_eq!(
        deleted["session_variables"],
        json!({ "x-hasura-role": "manager" })
    );
}

#[tokio::test]
async fn installing_twice_changes_nothing() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    let again = platform_of(&db).await;
    run(&again, PERSON).await;
    assert_eq!(
        number(&pool, "select count(*) from hdb_catalog.event_log").await,
        1
    );
}

#[tokio::test]
async fn two_updates_of_one_transaction_are_two_versions() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    run(&pool, PERSON).await;
    run(
        &pool,
        "begin; update backoffice.person_profiles set locale = 'de-DE';
         update backoffice.person_profiles set locale = 'de-AT'; commit",
    )
    .await;
    let sql =
        "select count(distinct payload->'data'->'new'->>'updated_at') from hdb_catalog.event_log";
    assert_eq!(number(&pool, sql).await, 3);
}

#[test]
fn the_triggers_are_the_contracts_allow_list() {
    let ops = |contract: &contracts::TableContract, op| contract.ops.contains(&op);
    let promised: BTreeSet<_> = contracts::allow_list()
        .iter()
        .map(|contract| {
            let columns: BTreeSet<_> = contract.columns.iter().map(|c| c.name.to_owned()).collect();
            let table = format!("{}.{}", contract.schema, contract.table);
            let ops = [Op::Insert, Op::Update, Op::Delete].map(|op| ops(contract, op));
            (table, contract.trigger.to_owned(), columns, ops)
        })
        .collect();
    let installed: BTreeSet<_> = triggers()
        .into_iter()
        .map(|spec| {
            let table = format!("{}.{}", spec.schema, spec.table);
            let columns: BTreeSet<_> = spec.columns.into_iter().collect();
            (
                table,
                spec.name,
                columns,
                [spec.insert, spec.update, spec.delete],
            )
        })
        .collect();
    let missing: Vec<_> = promised.difference(&installed).collect();
    let surplus: Vec<_> = installed.difference(&promised).collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "missing {missing:#?}\nsurplus {surplus:#?}"
    );
}
