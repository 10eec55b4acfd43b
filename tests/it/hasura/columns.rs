//! The metadata against the platform's tables as a real PostgreSQL has them after `hasura/migrations`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Row as _};

use crate::support::TestDb;

use super::directory::{files, list, qualified, remote_schema, root, tables, text};

/// Column names by `schema.table`, and the columns whose comment says that they never leave the platform.
struct Platform {
    columns: BTreeMap<String, BTreeSet<String>>,
    withheld: BTreeSet<(String, String)>,
}

impl Platform {
    /// Applies the migrations to an empty database and reads the catalogue.
    async fn read() -> Self {
        let db = TestDb::new().await;
        let mut connection = db.options().connect().await.unwrap();
        let folder = root().join("migrations");
        for path in files(&folder)
            .iter()
            .filter(|path| path.ends_with("/up.sql"))
        {
            let script = fs::read_to_string(folder.join(path)).unwrap();
            sqlx::raw_sql(AssertSqlSafe(script))
                .execute(&mut connection)
                .await
                .unwrap();
        }
        let mut platform = Self {
            columns: BTreeMap::new(),
            withheld: BTreeSet::new(),
        };
        platform.catalogue(&mut connection).await;
        connection.close().await.unwrap();
        platform
    }

    async fn catalogue(&mut self, connection: &mut PgConnection) {
        let rows = sqlx::raw_sql(
            "select format('%s.%s', n.nspname, c.relname), a.attname::text, coalesce(col_description(c.oid, a.attnum), '')
             from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
             where n.nspname in ('backoffice', 'commerce', 'operations', 'communications')
               and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped",
        )
        .fetch_all(connection)
        .await
        .unwrap();
        for row in rows {
            let (table, column, comment): (String, String, String) =
                (row.get(0), row.get(1), row.get(2));
            if comment.contains("never forwarded") {
                self.withheld.insert((table.clone(), column.clone()));
            }
            self.columns.entry(table).or_default().insert(column);
        }
    }
}

/// Columns that the platform would let out but that nothing here reads: fewer columns, fewer worries.
const UNREAD: [(&str, &str); 3] = [
    ("backoffice.operators", "name"),
    ("backoffice.legal_holds", "reason_code"),
    ("communications.conversations", "invoice_id"),
];

fn delivered(table: &Value) -> BTreeSet<String> {
    let triggers = list(&table["event_triggers"]).iter();
    let operations = triggers.flat_map(|trigger| {
        ["insert", "update", "delete"]
            .map(|operation| list(&trigger["definition"][operation]["payload"]))
    });
    operations
        .flatten()
        .map(|column| text(column).to_owned())
        .collect()
}

#[tokio::test]
async fn every_table_is_listened_to_and_delivers_exactly_the_columns_that_may_leave() {
    let platform = Platform::read().await;
    assert!(
        platform.withheld.len() > 15,
        "the migrations no longer mark what must stay: {:?}",
        platform.withheld
    );
    for (table, column) in UNREAD {
        assert!(
            platform.columns[table].contains(column),
            "{table}.{column} does not exist"
        );
    }
    let mut listened = BTreeSet::new();
    for table in tables() {
        let name = qualified(&table["table"]);
        let known = platform
            .columns
            .get(&name)
            .unwrap_or_else(|| panic!("{name} is no table of the platform"));
        let stays = |column: &str| {
            platform
                .withheld
                .contains(&(name.clone(), column.to_owned()))
                || UNREAD.contains(&(name.as_str(), column))
        };
        let expected: BTreeSet<String> = known
            .iter()
            .filter(|column| !stays(column))
            .cloned()
            .collect();
        assert_eq!(delivered(&table), expected, "{name}");
        listened.insert(name);
    }
    let all: BTreeSet<String> = platform.columns.into_keys().collect();
    assert_eq!(listened, all, "a table of the platform is not listened to");
}

#[tokio::test]
async fn no_trigger_relationship_or_permission_names_a_column_that_must_stay() {
    let platform = Platform::read().await;
    for table in tables() {
        let name = qualified(&table["table"]);
        let mut named = Vec::new();
        columns_in(&table, &mut named);
        assert!(!named.is_empty(), "{name}");
        for column in named {
            let stays = platform
                .withheld
                .contains(&(name.clone(), column.to_owned()));
            assert!(!stays, "{name}: {column} is named");
        }
    }
}

/// Every column that a table's entry names, however deep.
fn columns_in<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    if let Some(map) = value.as_object() {
        for (key, inner) in map {
            match key.as_str() {
                "columns" | "payload" | "lhs_fields" => found.extend(list(inner).iter().map(text)),
                "filter" => found.extend(
                    inner
                        .as_object()
                        .into_iter()
                        .flatten()
                        .map(|(column, _)| column.as_str()),
                ),
                _ => columns_in(inner, found),
            }
        }
    }
    for item in list(value) {
        columns_in(item, found);
    }
}

#[tokio::test]
async fn columns_of_relationships_and_permissions_exist() {
    let platform = Platform::read().await;
    let exists = |table: &str, column: &Value| {
        let known = platform
            .columns
            .get(table)
            .is_some_and(|columns| columns.contains(text(column)));
        assert!(known, "{table}.{column} does not exist");
    };
    for table in tables() {
        let name = qualified(&table["table"]);
        for relationship in list(&table["remote_relationships"]) {
            for key in list(&relationship["definition"]["to_remote_schema"]["lhs_fields"]) {
                exists(&name, key);
            }
        }
        for permission in list(&table["select_permissions"]) {
            for column in list(&permission["permission"]["columns"]) {
                exists(&name, column);
            }
            for column in permission["permission"]["filter"]
                .as_object()
                .unwrap()
                .keys()
            {
                exists(&name, &Value::from(column.as_str()));
            }
        }
    }
    for back in list(&remote_schema()["remote_relationships"]) {
        for relationship in list(&back["relationships"]) {
            let target = &relationship["definition"]["to_source"];
            for key in target["field_mapping"].as_object().unwrap().values() {
                exists(&qualified(&target["table"]), key);
            }
        }
    }
}
