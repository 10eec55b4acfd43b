//! Looking for persons in every table of the ledger: by their ids, or, when nobody knows the ids any more, by tag.
//!
//! Statements are made from the ledger's own names, so a table that is added to it is looked at. Deliberately absent:
//! changing anything.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, PgConnection, Row};
use uuid::Uuid;

use super::ledger::{Occurs, TABLES, Table};
use crate::db::{Error, Tx};
use crate::domain::category::Category;
use crate::resolve::fence::Pepper;
use crate::resolve::forget;
use crate::{activity_log, projections};

/// Rows that name a person, by table; a table without one is in it with 0.
pub type Counts = BTreeMap<String, u64>;

/// The spellings in which an id may stand in JSON: with and without hyphens, in small and capital letters.
#[must_use]
pub fn spellings(persons: &BTreeSet<Uuid>) -> Vec<String> {
    let spelt = persons.iter().flat_map(|person| {
        let (hyphens, none) = (person.hyphenated().to_string(), person.simple().to_string());
        let capitals = [hyphens.to_uppercase(), none.to_uppercase()];
        [hyphens, none].into_iter().chain(capitals)
    });
    spelt.collect()
}

/// Gives the transaction's statements all the time they need: a scan reads everything.
pub async fn at_leisure(tx: &mut Tx) -> Result<(), Error> {
    sqlx::query!("set local statement_timeout = 0")
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Counts the rows that name any of these persons, in the tenant's rows and in those of no tenant.
pub async fn count(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
) -> Result<Counts, Error> {
    let ids: Vec<Uuid> = persons.iter().copied().collect();
    let bytes: Vec<Vec<u8>> = ids.iter().map(|id| id.as_bytes().to_vec()).collect();
    let spelt = spellings(persons);
    let likes: Vec<String> = spelt.iter().map(|text| format!("%{text}%")).collect();
    let written: Vec<Vec<u8>> = spelt.into_iter().map(String::into_bytes).collect();
    let mut counts = Counts::new();
    for table in TABLES.iter().filter(|table| table.names_persons()) {
        let row = statement(by_ids(table))
            .bind(vec![tenant_id, Uuid::nil()])
            .bind(&ids)
            .bind(&bytes)
            .bind(&likes)
            .bind(&written)
            .fetch_one(&mut *connection)
            .await?;
        let rows: i64 = row.try_get(0)?;
        counts.insert(table.name.to_owned(), u64::try_from(rows).unwrap_or(0));
    }
    Ok(counts)
}

fn by_ids(table: &Table) -> String {
    let named = table.occurs.iter().filter_map(|(column, how)| match how {
        Occurs::Id => Some(format!("x.{column} = any (p.ids)")),
        Occurs::Body => Some(within(column, "bytes")),
        Occurs::Written => Some(within(column, "written")),
        Occurs::Text => Some(format!("x.{column}::text like any (p.likes)")),
        Occurs::Tag => None,
    });
    let named: Vec<String> = named.collect();
    format!(
        "with p as (select $1::uuid[] as tenants, $2::uuid[] as ids, $3::bytea[] as bytes, \
           $4::text[] as likes, $5::bytea[] as written) \
         select count(*) from {} x, p where x.tenant_id = any (p.tenants) and ({})",
        table.name,
        named.join(" or ")
    )
}

fn within(column: &str, pieces: &str) -> String {
    format!(
        "exists (select from unnest(p.{pieces}) as u (piece) where position(u.piece in x.{column}) > 0)"
    )
}

/// Counts what is kept of these persons in these categories.
pub async fn count_categories(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
    categories: &[Category],
) -> Result<Counts, Error> {
    let sorts = projections::sorts(categories);
    let rows = activity_log::count(connection, tenant_id, persons, &sorts).await?;
    let left = forget::left(connection, tenant_id, persons, categories).await?;
    Ok([
        ("activity_log", rows),
        ("dossier", left.dossiers),
        ("link", left.links),
    ]
    .map(|(table, rows)| (table.to_owned(), rows))
    .into())
}

/// The customers of the tenant with one of these tags.
pub async fn customers(
    connection: &mut PgConnection,
    pepper: &Pepper,
    tenant_id: Uuid,
    tags: &BTreeSet<Uuid>,
) -> Result<BTreeSet<Uuid>, Error> {
    let mut found = BTreeSet::new();
    let mut all = sqlx::query_scalar!(
        "select person_profile_id from customer where tenant_id = $1",
        tenant_id
    )
    .fetch(connection);
    while let Some(person) = all.try_next().await? {
        if tags.contains(&pepper.tag(tenant_id, person)) {
            found.insert(person);
        }
    }
    Ok(found)
}

/// What a search by tags found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Occurrences by table.
    pub counts: Counts,
    /// Who they are.
    pub persons: BTreeSet<Uuid>,
}

impl Found {
    /// Nobody was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.persons.is_empty()
    }
}

/// Looks at every id that stands anywhere in the tenant's rows, and in those of no tenant, and tells those with one
/// of these tags. Reads all of it.
pub async fn find(
    connection: &mut PgConnection,
    pepper: &Pepper,
    tenant_id: Uuid,
    tags: &BTreeSet<Uuid>,
) -> Result<Found, Error> {
    let mut found = Found::default();
    let mut known: HashMap<Uuid, bool> = HashMap::new();
    for table in TABLES.iter().filter(|table| table.names_persons()) {
        let mut rows = 0;
        for (column, how) in table.occurs {
            let Some(shown) = shown(column, *how) else {
                continue;
            };
            let sql = format!(
                "select {shown} from {} where tenant_id = any ($1::uuid[]) and {column} is not null",
                table.name
            );
            let asked = statement(sql).bind(vec![tenant_id, Uuid::nil()]);
            let mut cells = asked.fetch(&mut *connection);
            while let Some(cell) = cells.try_next().await? {
                let mut here = false;
                for id in ids(&cell, *how)? {
                    let is = known
                        .entry(id)
                        .or_insert_with(|| tags.contains(&pepper.tag(tenant_id, id)));
                    if *is {
                        found.persons.insert(id);
                        here = true;
                    }
                }
                rows += u64::from(here);
            }
        }
        found.counts.insert(table.name.to_owned(), rows);
    }
    Ok(found)
}

fn shown(column: &str, how: Occurs) -> Option<String> {
    match how {
        Occurs::Id | Occurs::Body | Occurs::Written => Some(column.to_owned()),
        Occurs::Text => Some(format!("{column}::text")),
        Occurs::Tag => None,
    }
}

/// Every id that may stand in a cell.
fn ids(cell: &sqlx::postgres::PgRow, how: Occurs) -> Result<Vec<Uuid>, Error> {
    Ok(match how {
        Occurs::Id => vec![cell.try_get(0)?],
        Occurs::Body => in_body(cell.try_get::<&[u8], _>(0)?),
        Occurs::Written => in_text(&String::from_utf8_lossy(cell.try_get::<&[u8], _>(0)?)),
        Occurs::Text => in_text(cell.try_get::<&str, _>(0)?),
        Occurs::Tag => Vec::new(),
    })
}

/// Postcard writes an id as its length, 16, and its bytes: whatever follows a 16 may be one.
fn in_body(body: &[u8]) -> Vec<Uuid> {
    let windows = body.windows(17).filter_map(|window| match window {
        [16, id @ ..] => Uuid::from_slice(id).ok(),
        _ => None,
    });
    windows.collect()
}

fn in_text(text: &str) -> Vec<Uuid> {
    let words = text.split(|c: char| !(c.is_ascii_hexdigit() || c == '-'));
    let ids = words.filter(|word| matches!(word.len(), 32 | 36));
    ids.filter_map(|word| Uuid::try_parse(word).ok()).collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "tables and columns are the ledger's constants; values are bound"
)]
fn statement(
    sql: String,
) -> sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments> {
    sqlx::query(AssertSqlSafe(sql))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_in_bodies_and_in_texts_however_they_are_spelt() {
        let person = Uuid::from_u128(0xabcd_ef01_2345_6789_abcd_ef01_2345_6789);
        let body = postcard::to_extend(&("x", Some(person), 16_u8), vec![1]).unwrap();
        assert!(in_body(&body).contains(&person));
        for spelt in spellings(&[person].into()) {
            let text = format!("{{\"a\":\"{spelt}\",\"b\":7}}");
            assert_eq!(in_text(&text), [person], "{text}");
        }
        assert!(in_body(&[16]).is_empty() && in_text("abc-def").is_empty());
    }
}
