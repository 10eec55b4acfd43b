//! History from Hasura's `hdb_catalog.event_log`, by a connection that can only read.
//!
//! The table has no index by time, so keys are read in long pages (one pass over the table each) and the events
//! themselves by their primary key. Deliberately absent: events that Hasura has still to deliver; it does so itself,
//! and what comes live may cause outputs.

use std::collections::{HashMap, VecDeque};

use anyhow::{Context, ensure};
use chrono::NaiveDateTime;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgPool, Postgres, Row};

use super::source::{CHUNK, Piece};
use crate::actions::backfill::{Body, Chunk, Item, Mark};
use crate::contracts;
use crate::db::pool;

/// Keys of one pass over the table.
const KEYS: i64 = 50_000;
/// Longest time of one pass.
const STATEMENT_TIMEOUT_MS: &str = "300000";
const TIME: &str = "'YYYY-MM-DD\"T\"HH24:MI:SS.US'";

/// Hasura's event log.
pub(super) struct EventLog {
    pool: PgPool,
    /// For people: the server and database, nothing secret.
    pub(super) label: String,
    from: Option<NaiveDateTime>,
    to: Option<NaiveDateTime>,
}

/// A key of the log and whose event it is.
struct Key {
    created_at: String,
    id: String,
    listened: bool,
}

/// A reading of the log.
pub(super) struct Reading {
    log: EventLog,
    until: String,
    mark: Mark,
    keys: VecDeque<Key>,
    done: u64,
}

impl EventLog {
    /// A log that can be read: `from` inclusive, `to` exclusive, in the database's own time.
    pub(super) async fn open(
        url: &str,
        from: Option<NaiveDateTime>,
        to: Option<NaiveDateTime>,
    ) -> anyhow::Result<Self> {
        let options = reader(url).context("--event-log is no postgres:// URL")?;
        let label = format!("the event log of {}", name(&options));
        // By itself first: a pool would only say that it waited in vain.
        let mut connection = options
            .connect()
            .await
            .with_context(|| format!("{label} cannot be reached"))?;
        let there = query("select to_regclass('hdb_catalog.event_log') is not null".to_owned())
            .fetch_one(&mut connection)
            .await?;
        connection.close().await?;
        let pool = PgPoolOptions::new()
            .max_connections(2)
            .connect_lazy_with(options);
        ensure!(
            there.try_get::<bool, _>(0)?,
            "{label}: there is no table hdb_catalog.event_log; name the database that Hasura tracks the tables in"
        );
        query("select from hdb_catalog.event_log limit 1".to_owned())
            .fetch_optional(&pool)
            .await
            .with_context(|| {
                format!(
                    "{label} cannot be read; as its owner: grant usage on schema hdb_catalog to the login, \
                     grant select on hdb_catalog.event_log to it"
                )
            })?;
        Ok(Self {
            pool,
            label,
            from,
            to,
        })
    }

    /// The latest event there is now: a log that grows is read up to here.
    pub(super) async fn latest(&self) -> anyhow::Result<Option<String>> {
        let statement =
            format!("select to_char(max(created_at), {TIME}) from hdb_catalog.event_log");
        Ok(query(statement).fetch_one(&self.pool).await?.try_get(0)?)
    }

    /// How many events there are to read, and how many Hasura has still to deliver.
    pub(super) async fn counts(&self, until: &str) -> anyhow::Result<(u64, u64)> {
        let statement = format!(
            "select count(*) filter (where {DONE}), count(*) filter (where not {DONE})
             from hdb_catalog.event_log where {SPAN}"
        );
        let row = query(statement)
            .bind(until)
            .bind(self.from)
            .bind(self.to)
            .fetch_one(&self.pool)
            .await?;
        let number =
            |at| Ok::<_, sqlx::Error>(u64::try_from(row.try_get::<i64, _>(at)?).unwrap_or(0));
        Ok((number(0)?, number(1)?))
    }

    /// Reads on behind `mark`, up to `until`.
    pub(super) fn read(self, mark: Mark, until: String, done: u64) -> anyhow::Result<Reading> {
        ensure!(
            !matches!(mark, Mark::Line { .. }),
            "this run was of a file; begin again with --restart"
        );
        Ok(Reading {
            log: self,
            until,
            mark,
            keys: VecDeque::new(),
            done,
        })
    }
}

impl Reading {
    /// The next piece; none at the end.
    pub(super) async fn next(&mut self) -> anyhow::Result<Option<Piece>> {
        if self.keys.is_empty() {
            self.keys = self.page().await?;
        }
        let keys: Vec<Key> = self.keys.drain(..self.keys.len().min(CHUNK)).collect();
        let Some(last) = keys.last() else {
            return Ok(None);
        };
        self.mark = Mark::Event {
            created_at: last.created_at.clone(),
            id: last.id.clone(),
        };
        let items = self.items(&keys).await?;
        self.done += keys.len() as u64;
        let chunk = Chunk {
            items,
            next: self.mark.clone(),
            unlistened: keys.iter().filter(|key| !key.listened).count() as u64,
        };
        Ok(Some(Piece {
            chunk,
            done: self.done,
        }))
    }

    async fn page(&self) -> anyhow::Result<VecDeque<Key>> {
        let (created_at, id) = match &self.mark {
            Mark::Event { created_at, id } => (Some(created_at.as_str()), Some(id.as_str())),
            Mark::Start | Mark::Line { .. } => (None, None),
        };
        let statement = format!(
            "select to_char(created_at, {TIME}) as created_at, id, schema_name, table_name
             from hdb_catalog.event_log
             where {DONE} and {SPAN}
               and ($4::text is null or (created_at, id) > ($4::timestamp, $5::text))
             order by event_log.created_at, id limit {KEYS}"
        );
        let rows = query(statement)
            .bind(&self.until)
            .bind(self.log.from)
            .bind(self.log.to)
            .bind(created_at)
            .bind(id)
            .fetch_all(&self.log.pool)
            .await
            .context("the event log cannot be read on; the same command goes on from here")?;
        let keys = rows.iter().map(|row| {
            let (schema, table): (String, String) =
                (row.try_get("schema_name")?, row.try_get("table_name")?);
            Ok(Key {
                created_at: row.try_get("created_at")?,
                id: row.try_get("id")?,
                listened: contracts::table(&schema, &table).is_some(),
            })
        });
        keys.collect()
    }

    /// The events of these keys, in their order, as Hasura would send them.
    async fn items(&self, keys: &[Key]) -> anyhow::Result<Vec<Item>> {
        let listened = || keys.iter().filter(|key| key.listened);
        let ids: Vec<&str> = listened().map(|key| key.id.as_str()).collect();
        let rows = query(
            "select id, schema_name, table_name, trigger_name, payload::text as payload, tries
             from hdb_catalog.event_log where id = any ($1)"
                .to_owned(),
        )
        .bind(ids)
        .fetch_all(&self.log.pool)
        .await
        .context("the event log cannot be read on; the same command goes on from here")?;
        let mut rows: HashMap<String, _> = rows
            .into_iter()
            .map(|row| Ok((row.try_get("id")?, row)))
            .collect::<Result<_, sqlx::Error>>()?;
        let mut items = Vec::with_capacity(rows.len());
        for key in listened() {
            // Cleaned up between the two readings.
            let Some(row) = rows.remove(&key.id) else {
                continue;
            };
            items.push(Item {
                place: format!("{}/{}", key.created_at, key.id),
                origin: format!("event {} of {}", key.id, key.created_at),
                body: Body::Envelope(envelope(key, &row)?.into_bytes()),
            });
        }
        Ok(items)
    }
}

const DONE: &str = "(delivered or error or archived)";
const SPAN: &str = "created_at <= $1::timestamp and ($2::timestamp is null or created_at >= $2) \
     and ($3::timestamp is null or created_at < $3)";

/// The body that Hasura posts for a row of its log.
fn envelope(key: &Key, row: &sqlx::postgres::PgRow) -> Result<String, sqlx::Error> {
    let text = |name| Ok::<_, sqlx::Error>(quoted(row.try_get(name)?));
    Ok(format!(
        concat!(
            r#"{{"created_at":{},"delivery_info":{{"current_retry":{},"max_retries":0}},"event":{},"#,
            r#""id":{},"table":{{"name":{},"schema":{}}},"trigger":{{"name":{}}}}}"#
        ),
        quoted(&key.created_at),
        row.try_get::<i32, _>("tries")?,
        row.try_get::<&str, _>("payload")?,
        quoted(&key.id),
        text("table_name")?,
        text("schema_name")?,
        text("trigger_name")?,
    ))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A database for people: where it is, nothing secret.
pub(in crate::app::commands) fn name(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or("the default database");
    match options.get_socket() {
        Some(folder) => format!("{database} in {}", folder.display()),
        None => format!(
            "{database} on {}:{}",
            options.get_host(),
            options.get_port()
        ),
    }
}

/// How to connect for reading only.
pub(in crate::app::commands) fn reader(url: &str) -> anyhow::Result<PgConnectOptions> {
    let options = pool::options_from_url(url)?;
    Ok(options
        .application_name("customer-intelligence reader")
        .options([
            ("default_transaction_read_only", "on"),
            ("statement_timeout", STATEMENT_TIMEOUT_MS),
            ("timezone", "UTC"),
            ("datestyle", "ISO"),
        ]))
}

#[expect(
    clippy::disallowed_methods,
    reason = "Hasura's database is not the one the checked macros know"
)]
pub(in crate::app::commands) fn query(sql: String) -> Query<'static, Postgres, PgArguments> {
    sqlx::query(AssertSqlSafe(sql))
}
