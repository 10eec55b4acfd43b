//! The ledger of tables, held against the migrated database.

use std::collections::BTreeSet;

use customer_intelligence::db::Pool;
use customer_intelligence::privacy::ledger::{self, Erased, Export, TABLES};
use sqlx::{AssertSqlSafe, Row};

use crate::support::TestDb;

/// Columns that a person could occur in: named like one, or of a type that holds ids, texts or bodies.
const SUSPICIOUS: &str = "select c.relname::text, a.attname::text from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'customer_intelligence'::regnamespace and c.relkind in ('r', 'p')
      and c.relname <> '_sqlx_migrations' and a.attname <> 'tenant_id'
      and (a.attname ~ 'person|profile|customer_id|subject'
        or a.atttypid in (select oid from pg_type t where t.typname = any
             (array['uuid', '_uuid', 'bytea', '_bytea', 'text', '_text', 'varchar', 'json', 'jsonb'])))
    order by 1, 2";

async fn pairs(pool: &Pool, sql: &str) -> BTreeSet<(String, String)> {
    let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .fetch_all(pool)
        .await
        .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

fn undeclared(found: &BTreeSet<(String, String)>) -> Vec<String> {
    let declared = |(table, column): &&(String, String)| {
        ledger::of(table).is_none_or(|table| {
            let column = column.as_str();
            !table.nobody.contains(&column) && !table.occurs.iter().any(|(name, _)| *name == column)
        })
    };
    let found = found.iter().filter(declared);
    found
        .map(|(table, column)| format!("{table}.{column}"))
        .collect()
}

#[tokio::test]
async fn every_table_and_every_column_that_could_name_a_person_is_in_the_ledger() {
    let db = TestDb::new().await;
    let tables = "select relname::text, '' from pg_class where relkind in ('r', 'p')
        and relnamespace = 'customer_intelligence'::regnamespace and relname <> '_sqlx_migrations'";
    let live: BTreeSet<String> = pairs(db.pool(), tables)
        .await
        .into_iter()
        .map(|pair| pair.0)
        .collect();
    let told: BTreeSet<String> = TABLES.iter().map(|table| table.name.to_owned()).collect();
    assert_eq!(
        live, told,
        "src/privacy/ledger.rs has a row for every table"
    );
    let columns = "select table_name::text, column_name::text from information_schema.columns
        where table_schema = 'customer_intelligence'";
    let columns = pairs(db.pool(), columns).await;
    for table in TABLES {
        let occurs = table.occurs.iter().map(|(column, _)| *column);
        let named = occurs
            .chain(table.nobody.iter().copied())
            .chain(table.person);
        for column in named {
            let pair = (table.name.to_owned(), column.to_owned());
            assert!(
                columns.contains(&pair),
                "there is no {}.{column}",
                table.name
            );
        }
    }
    let undeclared = undeclared(&pairs(db.pool(), SUSPICIOUS).await);
    assert!(
        undeclared.is_empty(),
        "declare in src/privacy/ledger.rs whether a person occurs in: {undeclared:?}"
    );
}

#[tokio::test]
async fn a_column_that_nobody_declared_is_found() {
    let db = TestDb::new().await;
    for (planted, column) in [
        ("alter table customer_insight add spouse uuid", "spouse"),
        ("alter table job add customer_id bigint", "customer_id"),
        ("alter table activity_log add remark text", "remark"),
        (
            "create table planted (tenant_id uuid primary key, person_profile_id uuid)",
            "person",
        ),
    ] {
        let superuser = db.superuser();
        sqlx::raw_sql(planted).execute(&superuser).await.unwrap();
        let found = undeclared(&pairs(db.pool(), SUSPICIOUS).await);
        assert!(
            found.iter().any(|name| name.contains(column)),
            "{planted}: {found:?}"
        );
    }
}

#[test]
fn a_table_that_names_persons_says_what_becomes_of_them_and_of_their_right_to_see_it() {
    for table in TABLES {
        assert!(!table.name.is_empty() && !table.kept.is_empty() && !table.holds.is_empty());
        assert_eq!(
            table.names_persons(),
            table.erased != Erased::Nothing,
            "{}",
            table.name
        );
        let person = table.person.iter();
        let mut person =
            person.filter(|person| !table.occurs.iter().any(|(name, _)| name == *person));
        assert_eq!(person.next(), None, "{}", table.name);
        if let Export::As(name) = table.export {
            assert!(
                !table.occurs.is_empty() && !name.is_empty(),
                "{}",
                table.name
            );
        }
    }
}
