//! Verifying: nothing is found where nothing is wrong, everything that was damaged is found, and healing repairs it.

use customer_intelligence::workers::verify::{self, Verdict};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sqlx::{AssertSqlSafe, Row};

use super::rig::{Rig, TENANT};
use crate::support::switch;

/// How many cells are damaged, one after the other. `CI_VERIFY_DAMAGES` says otherwise.
const DAMAGES: u64 = 150;

async fn verdict(rig: &Rig) -> Verdict {
    let verdict = verify::tenant(&rig.folding(), TENANT, |_| {}).await;
    verdict.expect("a verdict")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_healthy_tenant_is_what_its_log_says() {
    for large_from in [0, usize::MAX] {
        let rig = Rig::new(20, large_from).await;
        let verdict = verdict(&rig).await;
        assert_eq!(verdict.drifts, []);
        assert!(verdict.customers > 20 && verdict.log_rows > 200);
        assert_eq!(verdict.stored_root, verdict.refolded_root);
        assert_eq!(verify::round(&rig.folding()).await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_machines_that_heard_the_same_have_one_root() {
    let (one, other) = (Rig::new(12, 0).await, Rig::new(12, usize::MAX).await);
    assert_eq!(
        verdict(&one).await.refolded_root,
        verdict(&other).await.stored_root
    );
    let different = Rig::new(13, 0).await;
    assert_ne!(
        verdict(&one).await.refolded_root,
        verdict(&different).await.refolded_root
    );
}

/// A table, its key, and the columns of it that may be damaged with an expression that changes any value.
struct Table {
    name: &'static str,
    key: &'static str,
    columns: Vec<(String, String)>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_damaged_cell_is_found() {
    let damages = switch("CI_VERIFY_DAMAGES").unwrap_or(DAMAGES);
    let rig = Rig::new(6, 30).await;
    assert_eq!(verdict(&rig).await.drifts, []);
    let tables = tables(&rig).await;
    let mut dice = StdRng::seed_from_u64(7);
    let mut missed = Vec::new();
    for _ in 0..damages {
        let table = &tables[dice.random_range(0..tables.len())];
        let (column, changed) = &table.columns[dice.random_range(0..table.columns.len())];
        let (name, key) = (table.name, table.key);
        let row: i64 = dice.random_range(0..1_000_000);
        rig.behind_its_back("drop table if exists undamaged").await;
        let kept = rig
            .behind_its_back(&format!(
                "create table undamaged as select * from {name} order by {key}
                 offset {row} % (select count(*) from {name}) limit 1"
            ))
            .await;
        assert_eq!(kept, 1, "{name} has rows");
        let matches: Vec<String> = key
            .split(", ")
            .map(|part| format!("t.{part} = u.{part}"))
            .collect();
        let on = matches.join(" and ");
        rig.behind_its_back(&format!(
            "update {name} t set {column} = {changed} from undamaged u where {on}"
        ))
        .await;
        if verdict(&rig).await.drifts.is_empty() {
            missed.push(format!("{name}.{column}"));
        }
        // The damaged row is the one that is not as any row was.
        rig.behind_its_back(&format!(
            "delete from {name} t where t.{column} is not distinct from
               (select {changed} from undamaged t) and {}",
            others(key, column)
        ))
        .await;
        rig.behind_its_back(&format!(
            "insert into {name} select * from undamaged on conflict do nothing"
        ))
        .await;
    }
    assert_eq!(missed, Vec::<String>::new());
    assert_eq!(verdict(&rig).await.drifts, [], "every damage was undone");
}

/// The rest of the key is as it was.
fn others(key: &str, column: &str) -> String {
    let rest = key.split(", ").filter(|part| *part != column);
    let same = rest.map(|part| format!("t.{part} = (select u.{part} from undamaged u)"));
    same.collect::<Vec<_>>().join(" and ")
}

/// What retention notes for itself: the log of today does not say it, so nothing can be compared.
const OF_RETENTION: &str = "('customer', 'review_since'), ('customer', 'last_active_at')";

async fn tables(rig: &Rig) -> Vec<Table> {
    let mut tables = Vec::new();
    for (name, key) in [
        ("customer_insight", "tenant_id, person_profile_id"),
        ("customer", "tenant_id, person_profile_id"),
        ("fold_part", "tenant_id, person_profile_id, bucket"),
        (
            "activity_log",
            "tenant_id, person_profile_id, activity_id, version_at, content_hash",
        ),
    ] {
        let statement = format!(
            "select column_name::text, data_type::text from information_schema.columns
             where table_schema = 'customer_intelligence' and table_name = '{name}'
               and column_name not in ('tenant_id', 'revision')
               and (table_name, column_name) not in ({OF_RETENTION})"
        );
        let rows = sqlx::raw_sql(AssertSqlSafe(statement))
            .fetch_all(&rig.db.superuser())
            .await
            .unwrap();
        let columns = rows.iter().map(|row| {
            let (column, of): (String, String) = (row.get(0), row.get(1));
            let changed = changed(&column, &of);
            (column, changed)
        });
        tables.push(Table {
            name,
            key,
            columns: columns.collect(),
        });
    }
    tables
}

/// Another value of the same type, whatever the value.
fn changed(column: &str, of: &str) -> String {
    match of {
        "bigint" | "integer" | "smallint" => format!("coalesce(t.{column}, 0) + 1"),
        "double precision" => format!("coalesce(t.{column}, 0) + 0.5"),
        "boolean" => format!("not coalesce(t.{column}, false)"),
        "date" => format!("coalesce(t.{column}, date '2020-01-01') + 1"),
        "timestamp with time zone" => {
            format!("coalesce(t.{column}, timestamptz '2020-01-01') + interval '1 second'")
        }
        "uuid" => format!("md5(coalesce(t.{column}::text, ''))::uuid"),
        "bytea" => format!(
            "set_byte(t.{column}, length(t.{column}) - 1, get_byte(t.{column}, length(t.{column}) - 1) # 1)"
        ),
        other => panic!("a column of type {other}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn healing_brings_back_what_was_derived_and_leaves_a_damaged_log_alone() {
    let rig = Rig::new(10, 30).await;
    let before = rig.derived().await;
    for damage in [
        "update customer_insight set no_show_count = no_show_count + 1 where total_bookings > 0",
        "update customer_insight set body = set_byte(body, 20, get_byte(body, 20) # 1)",
        "delete from customer_insight where total_bookings = 0",
        "update customer set root = md5(root::text)::uuid where merged_into is not null",
        "update fold_part set body = set_byte(body, 5, get_byte(body, 5) # 1)",
    ] {
        assert!(rig.behind_its_back(damage).await > 0, "{damage}");
        let found = verdict(&rig).await;
        assert!(!found.drifts.is_empty(), "{damage}");
        let healed = verify::heal(&rig.folding(), &found, false).await.unwrap();
        assert!(healed.left.is_empty(), "{damage}");
        assert_eq!(verdict(&rig).await.drifts, [], "{damage}");
        assert_eq!(rig.derived().await, before, "{damage}");
    }
    rig.behind_its_back(
        "update activity_log set recorded_at = recorded_at + interval '1 hour'
         where activity_id = (select activity_id from activity_log order by activity_id limit 1)",
    )
    .await;
    let found = verdict(&rig).await;
    let healed = verify::heal(&rig.folding(), &found, false).await.unwrap();
    assert_eq!(
        (healed.healed.len(), healed.left.len()),
        (0, found.drifts.len())
    );
    assert_eq!(verdict(&rig).await.drifts, found.drifts);
    verify::heal(&rig.folding(), &found, true).await.unwrap();
    assert_eq!(verdict(&rig).await.drifts, []);
}
