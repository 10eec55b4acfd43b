//! Plays a simulated history into the platform's tables: real INSERTs and UPDATEs, in batches, so that every change fires the
//! event triggers.
//!
//! The history sets `updated_at` itself. The reference trigger would overwrite it, so the simulator replaces the trigger's
//! function in its own database by one that lets the value through while the session setting `demo.clock` says `explicit`.
//! Each step is one transaction that also notes how far it came, so a killed run goes on where it stopped.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, Row as _};
use uuid::Uuid;

use super::{Change, Plan};
use crate::demo::error::{Error, Result};
use crate::demo::platform::{run, script};

/// Changes played in one transaction.
const STEP_CHANGES: usize = 10_000;
/// Rows of one statement.
const STATEMENT_ROWS: usize = 2_000;

/// The stand-in's own note of what it has simulated, and the trigger function with the history's clock.
const PREPARE: &str = include_str!("prepare.sql");

/// Notes the plan, or returns the one noted before: a database holds one operator.
pub async fn prepare(pool: &PgPool, wanted: Plan) -> Result<Plan> {
    let mut conn = pool.acquire().await?;
    script(&mut conn, PREPARE).await?;
    let seed = wanted.seed.cast_signed();
    let persons = i64::from(wanted.persons);
    run("insert into demo.simulation (seed, persons, now) values ($1, $2, $3) on conflict do nothing")
        .bind(seed)
        .bind(persons)
        .bind(wanted.now)
        .execute(&mut *conn)
        .await?;
    let row = run("select seed, persons, now from demo.simulation")
        .fetch_one(&mut *conn)
        .await?;
    let now: DateTime<Utc> = row.try_get("now")?;
    let persons = u32::try_from(row.try_get::<i64, _>("persons")?)
        .map_err(|error| Error::Config(format!("demo.simulation.persons: {error}")))?;
    Ok(Plan {
        seed: row.try_get::<i64, _>("seed")?.cast_unsigned(),
        persons,
        now,
    })
}

/// Plays what has not been played yet; `progress` gets the changes done and their total.
pub async fn play(
    pool: &PgPool,
    changes: &[Change],
    mut progress: impl FnMut(usize, usize) + Send,
) -> Result<()> {
    let row = run("select played from demo.simulation")
        .fetch_one(pool)
        .await?;
    let mut done = usize::try_from(row.try_get::<i64, _>("played")?).unwrap_or(0);
    progress(done, changes.len());
    while let Some(step) = changes.get(done..).filter(|rest| !rest.is_empty()) {
        let step = step.get(..STEP_CHANGES).unwrap_or(step);
        done += step.len();
        let mut tx = pool.begin().await?;
        run("set local demo.clock = 'explicit'")
            .execute(&mut *tx)
            .await?;
        for (kind, rows) in batches(step) {
            for rows in rows.chunks(STATEMENT_ROWS) {
                execute(&mut tx, &kind, rows).await?;
            }
        }
        let played = i64::try_from(done).unwrap_or(i64::MAX);
        run("update demo.simulation set played = $1")
            .bind(played)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        progress(done, changes.len());
    }
    Ok(())
}

/// Changes that one statement can make: the same table, operation and columns, and each row at most once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    /// The how-manieth change of its row within the step.
    round: usize,
    table: &'static str,
    insert: bool,
    columns: Arc<str>,
}

/// Groups a step's changes so that the changes of one row stay in order.
fn batches(step: &[Change]) -> BTreeMap<Kind, Vec<&str>> {
    let mut rounds: HashMap<(&str, Uuid), usize> = HashMap::new();
    let mut out: BTreeMap<Kind, Vec<&str>> = BTreeMap::new();
    for change in step {
        let seen = rounds.entry((change.table, change.id)).or_default();
        let Change { table, insert, .. } = *change;
        let kind = Kind {
            round: *seen,
            table,
            insert,
            columns: change.columns.clone(),
        };
        *seen += 1;
        out.entry(kind).or_default().push(&change.row);
    }
    out
}

async fn execute(conn: &mut PgConnection, kind: &Kind, rows: &[&str]) -> Result<()> {
    let Kind { table, columns, .. } = kind;
    let source = format!("json_populate_recordset(null::{table}, $1::json)");
    let sql = if kind.insert {
        format!("insert into {table} ({columns}) select {columns} from {source}")
    } else {
        let set: Vec<_> = columns
            .split(',')
            .filter(|c| *c != "id")
            .map(|c| format!("{c} = r.{c}"))
            .collect();
        format!(
            "update {table} t set {} from {source} r where t.id = r.id",
            set.join(", ")
        )
    };
    run(sql)
        .bind(format!("[{}]", rows.join(",")))
        .execute(conn)
        .await?;
    Ok(())
}
