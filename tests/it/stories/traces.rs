//! Looks for a person's id in every table of the schema: in uuid columns, in text, and as bytes inside bodies.

use customer_intelligence::db::Pool;
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

/// The columns that name the person, with how many rows do.
pub(crate) async fn of(pool: &Pool, person: Uuid) -> Vec<String> {
    let columns = "select table_name::text, column_name::text, data_type::text
         from information_schema.columns c join information_schema.tables t
           using (table_schema, table_name)
         where table_schema = 'customer_intelligence' and table_type = 'BASE TABLE'
           and data_type in ('uuid', 'bytea', 'text', 'jsonb') order by 1, 2";
    let columns = sqlx::raw_sql(columns)
        .fetch_all(pool)
        .await
        .expect("the columns");
    assert!(
        columns.len() > 20,
        "all tables are looked at: {}",
        columns.len()
    );
    let mut traces = Vec::new();
    for column in columns {
        let (table, name): (String, String) = (column.get(0), column.get(1));
        let named = match column.get::<String, _>(2).as_str() {
            "uuid" => format!("{name} = '{person}'"),
            "bytea" => format!("position('\\x{}'::bytea in {name}) > 0", person.simple()),
            _ => format!("{name}::text like '%{person}%'"),
        };
        let count = format!("select count(*) from {table} where {named}");
        let found = sqlx::raw_sql(AssertSqlSafe(count))
            .fetch_one(pool)
            .await
            .expect("a count");
        let rows: i64 = found.get(0);
        if rows > 0 {
            traces.push(format!("{table}.{name} in {rows} rows"));
        }
    }
    traces
}
