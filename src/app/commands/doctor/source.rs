//! The platform's rows held against what is known here: exactly, row by row, in pages.
//!
//! A row is known when its dossier has a version as late as the row's own. Both sides are read by primary key, so a
//! page costs the same wherever it is. Rows that changed within the last minute are left out: they may be on their
//! way. Deliberately absent: canonical events (their rows are compared) and rows that exist here only.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgPool, Row};
use uuid::Uuid;

use super::super::super::progress::{At, Progress};
use super::super::backfill::{name, query, reader};
use super::Options;
use super::finding::Finding;
use super::gap::{self, Export, SourceTable};
use super::verdict;
use crate::db::Pool;
use crate::domain::source::{SourceKey, SourceKind};
use crate::resolve::store;

/// Rows of a page.
const PAGE: i64 = 5_000;
/// Rows younger than this may still be on their way.
const ON_THE_WAY: TimeDelta = TimeDelta::minutes(1);

/// What the comparison found.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Comparison {
    /// Which database.
    pub(super) source: String,
    pub(super) tables: Vec<TableComparison>,
}

/// One table of one tenant.
#[derive(Debug, Clone, Serialize)]
pub(super) struct TableComparison {
    pub(super) tenant_id: Uuid,
    pub(super) table: String,
    /// Rows on the platform.
    pub(super) there: u64,
    /// Of them, those that concern nobody, or that no contract understands: they are not kept here.
    pub(super) of_no_use: u64,
    /// Of them, those that are not known here.
    pub(super) missing: u64,
    /// Of them, those of which only an earlier version is known here.
    pub(super) outdated: u64,
    /// The latest change there.
    pub(super) latest_there: Option<DateTime<Utc>>,
    /// The latest change that is known here of the same rows.
    pub(super) latest_here: Option<DateTime<Utc>>,
    /// Days of the platform's changes on which something is lacking.
    pub(super) days: Vec<Day>,
}

/// One day of a table.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Day {
    pub(super) date: NaiveDate,
    /// Rows that changed last on that day.
    pub(super) there: u64,
    /// Of them, those that are missing or outdated here.
    pub(super) lacking: u64,
}

#[derive(Default)]
struct Counts {
    there: u64,
    of_no_use: u64,
    missing: u64,
    outdated: u64,
    latest_there: Option<DateTime<Utc>>,
    latest_here: Option<DateTime<Utc>>,
    days: BTreeMap<NaiveDate, (u64, u64)>,
}

/// A row of the platform.
struct SourceRow {
    id: Uuid,
    tenant_id: Uuid,
    version_at: DateTime<Utc>,
}

/// Compares all tables; gaps become findings with the command that closes them.
pub(super) async fn compare(
    findings: &mut Vec<Finding>,
    pool: &Pool,
    url: &str,
    options: &Options,
    now: DateTime<Utc>,
) -> anyhow::Result<Comparison> {
    let connect = reader(url).context("--source is no postgres:// URL")?;
    let label = name(&connect);
    let source = open(connect)
        .await
        .with_context(|| format!("{label} cannot be reached"))?;
    let (tables, absent) = gap::tables(&source).await?;
    anyhow::ensure!(
        !tables.is_empty(),
        "{label} has none of the platform's tables"
    );
    if !absent.is_empty() {
        findings.push(Finding::note(
            "source",
            format!("{label} has no table {}", absent.join(", ")),
        ));
    }
    let mut comparing = Comparing {
        pool,
        source: &source,
        options,
        until: now - ON_THE_WAY,
        export: options
            .export_gap
            .as_deref()
            .map(Export::create)
            .transpose()?,
        progress: Progress::new("doctor"),
        read: 0,
    };
    let mut compared = Vec::new();
    for table in &tables {
        compared.extend(comparing.table(table).await?);
    }
    let exported = comparing.export.take().map(Export::end).transpose()?;
    comparing.progress.end();
    let log = verdict::event_log(&source).await;
    source.close().await;
    let comparison = Comparison {
        source: label,
        tables: compared,
    };
    verdict::judge(findings, &comparison, &log, exported, url, options);
    Ok(comparison)
}

async fn open(options: PgConnectOptions) -> Result<PgPool, sqlx::Error> {
    // By itself first: a pool would only say that it waited in vain.
    options.connect().await?.close().await?;
    Ok(PgPoolOptions::new()
        .max_connections(2)
        .connect_lazy_with(options))
}

struct Comparing<'a> {
    pool: &'a Pool,
    source: &'a PgPool,
    options: &'a Options,
    until: DateTime<Utc>,
    export: Option<Export>,
    progress: Progress,
    read: u64,
}

impl Comparing<'_> {
    async fn table(&mut self, table: &SourceTable) -> anyhow::Result<Vec<TableComparison>> {
        let (Some(kind), Some(version)) = (table.contract.kind, table.version()) else {
            return Ok(Vec::new());
        };
        let statement = statement(table, &version);
        let mut by_tenant: BTreeMap<Uuid, Counts> = BTreeMap::new();
        let mut after = Uuid::nil();
        loop {
            let rows = self.page(&statement, table, after).await?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            self.judge_page(table, kind, &rows, &mut by_tenant).await?;
            self.read += rows.len() as u64;
            let at = At {
                items: self.read,
                ..At::default()
            };
            self.progress.at(at, &table.name());
        }
        let compared = by_tenant.into_iter().map(|(tenant_id, counts)| {
            let lacking = counts
                .days
                .into_iter()
                .filter(|(_, (_, lacking))| *lacking > 0);
            TableComparison {
                tenant_id,
                table: table.name(),
                there: counts.there,
                of_no_use: counts.of_no_use,
                missing: counts.missing,
                outdated: counts.outdated,
                latest_there: counts.latest_there,
                latest_here: counts.latest_here,
                days: lacking
                    .map(|(date, (there, lacking))| Day {
                        date,
                        there,
                        lacking,
                    })
                    .collect(),
            }
        });
        Ok(compared.collect())
    }

    async fn page(
        &self,
        statement: &str,
        table: &SourceTable,
        after: Uuid,
    ) -> anyhow::Result<Vec<SourceRow>> {
        let since = self
            .options
            .days
            .map(|days| self.until - TimeDelta::days(days.into()));
        let rows = query(statement.to_owned())
            .bind(after)
            .bind(self.until)
            .bind(self.options.tenant)
            .bind(since)
            .fetch_all(self.source)
            .await
            .with_context(|| format!("{} cannot be read", table.name()))?;
        let rows = rows.iter().map(|row| {
            Ok(SourceRow {
                id: row.try_get("id")?,
                tenant_id: row.try_get("tenant_id")?,
                version_at: row.try_get("version_at")?,
            })
        });
        rows.collect()
    }

    async fn judge_page(
        &mut self,
        table: &SourceTable,
        kind: SourceKind,
        rows: &[SourceRow],
        by_tenant: &mut BTreeMap<Uuid, Counts>,
    ) -> anyhow::Result<()> {
        let known = self.known(kind, rows).await?;
        let doubtful = rows.iter().filter(|row| {
            known
                .get(&row.id)
                .is_none_or(|latest| *latest < row.version_at)
        });
        let doubtful: Vec<Uuid> = doubtful.map(|row| row.id).collect();
        let mut lacking = BTreeSet::new();
        if !doubtful.is_empty() {
            let missing = |id| !known.contains_key(&id);
            for one in gap::lacking(self.source, table, &doubtful, missing).await? {
                lacking.insert(one.id);
                if let Some(export) = &mut self.export {
                    export.write(&one)?;
                }
            }
        }
        for row in rows {
            let counts = by_tenant.entry(row.tenant_id).or_default();
            let latest_here = known.get(&row.id).copied();
            let lacks = lacking.contains(&row.id);
            counts.there += 1;
            counts.of_no_use += u64::from(!lacks && latest_here.is_none());
            counts.missing += u64::from(lacks && latest_here.is_none());
            counts.outdated += u64::from(lacks && latest_here.is_some());
            counts.latest_there = counts.latest_there.max(Some(row.version_at));
            counts.latest_here = counts.latest_here.max(latest_here);
            let day = counts.days.entry(row.version_at.date_naive()).or_default();
            day.0 += 1;
            day.1 += u64::from(lacks);
        }
        Ok(())
    }

    /// The latest version that is known of each of these rows.
    async fn known(
        &self,
        kind: SourceKind,
        rows: &[SourceRow],
    ) -> anyhow::Result<BTreeMap<Uuid, DateTime<Utc>>> {
        let mut by_tenant: BTreeMap<Uuid, BTreeSet<SourceKey>> = BTreeMap::new();
        for row in rows {
            let keys = by_tenant.entry(row.tenant_id).or_default();
            keys.insert(SourceKey::new(kind, row.id));
        }
        let mut known = BTreeMap::new();
        let mut connection = self.pool.acquire().await?;
        for (tenant_id, keys) in by_tenant {
            for (key, dossier) in store::load(&mut connection, tenant_id, &keys).await? {
                let latest = dossier.versions.iter().map(|kept| kept.version_at).max();
                known.extend(latest.map(|latest| (key.id, latest)));
            }
        }
        Ok(known)
    }
}

/// A page of the platform's rows: ids, tenants and versions.
fn statement(table: &SourceTable, version: &str) -> String {
    let (key, tenant) = (table.contract.key, table.contract.tenant);
    // Communications of contacts who are nobody known are discarded after a while: that is the platform's rule.
    let known_contact = if table.contract.kind == Some(SourceKind::Message) {
        "and exists (select from communications.conversations v
           join communications.contacts c on c.id = v.contact_id
           where v.id = t.conversation_id and c.person_profile_id is not null)"
    } else {
        ""
    };
    format!(
        "select id, tenant_id, version_at from (
           select t.{key} as id, t.{tenant} as tenant_id, {version} as version_at
           from {} t where t.{key} > $1 {known_contact}) r
         where version_at <= $2 and ($3::uuid is null or tenant_id = $3)
           and ($4::timestamptz is null or version_at >= $4)
         order by id limit {PAGE}",
        table.name()
    )
}
