//! What follows from the comparison with the platform: the gaps, and the commands that close them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use super::super::backfill::query;
use super::Options;
use super::finding::{Finding, Level};
use super::source::Comparison;

/// The earliest event that Hasura still has of each table; nothing where there is no log.
pub(super) async fn event_log(source: &PgPool) -> BTreeMap<String, String> {
    let rows = query(
        "select schema_name || '.' || table_name as name, to_char(min(created_at), 'YYYY-MM-DD') as earliest
         from hdb_catalog.event_log group by 1"
            .to_owned(),
    )
    .fetch_all(source)
    .await
    .unwrap_or_default();
    let found = rows
        .iter()
        .filter_map(|row| Some((row.try_get("name").ok()?, row.try_get("earliest").ok()?)));
    found.collect()
}

/// Every gap, and how to close it.
pub(super) fn judge(
    findings: &mut Vec<Finding>,
    comparison: &Comparison,
    log: &BTreeMap<String, String>,
    exported: Option<u64>,
    url: &str,
    options: &Options,
) {
    let url = without_password(url);
    let mut gaps = 0;
    // By tenant, the first day of what Hasura may still have.
    let mut in_log: BTreeMap<Uuid, NaiveDate> = BTreeMap::new();
    for one in &comparison.tables {
        let lacking = one.missing + one.outdated;
        let Some(first) = one.days.first().filter(|_| lacking > 0) else {
            continue;
        };
        gaps += lacking;
        let says = format!(
            "{} of tenant {}: {} of {} rows lack here ({} missing, {} outdated), the first of {}",
            one.table, one.tenant_id, lacking, one.there, one.missing, one.outdated, first.date
        );
        findings.push(Finding::of(Level::Warning, "source", says, Vec::new()));
        if log
            .get(&one.table)
            .is_some_and(|earliest| *earliest <= first.date.to_string())
        {
            let from = in_log.entry(one.tenant_id).or_insert(first.date);
            *from = first.date.min(*from);
        }
    }
    let rows: u64 = comparison.tables.iter().map(|one| one.there).sum();
    if gaps == 0 {
        let says = format!("{rows} rows of {}: nothing lacks here", comparison.source);
        findings.push(Finding::ok("source", says));
        return;
    }
    let says = format!("{gaps} of {rows} rows of {} lack here", comparison.source);
    let mut todo = Vec::new();
    if let (Some(lines), Some(path)) = (exported, &options.export_gap) {
        let path = path.display();
        todo.push(format!(
            "{lines} rows were written: customer-intelligence backfill {path}"
        ));
    } else {
        let from_log = in_log.iter().map(|(tenant, from)| {
            format!(
                "what Hasura still has: customer-intelligence backfill --event-log '{url}' --from {from} --tenant {tenant}"
            )
        });
        todo.extend(from_log);
        let narrowed = narrowed(options);
        todo.push(format!(
            "the rows as they are now: customer-intelligence doctor --source '{url}'{narrowed} --export-gap gap.ndjson"
        ));
        todo.push("and then: customer-intelligence backfill gap.ndjson".to_owned());
    }
    findings.push(Finding::of(Level::Warning, "source", says, todo));
}

/// The same options again.
fn narrowed(options: &Options) -> String {
    let tenant = options.tenant.map(|tenant| format!(" --tenant {tenant}"));
    let days = options.days.map(|days| format!(" --days {days}"));
    tenant.unwrap_or_default() + &days.unwrap_or_default()
}

/// A URL that may be shown: its password has to come from ~/.pgpass when the command is repeated.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, path) = match rest.find(['/', '?']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let Some((login, host)) = authority.rsplit_once('@') else {
        return url.to_owned();
    };
    let user = login.split_once(':').map_or(login, |(user, _)| user);
    format!("{scheme}://{user}@{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let cases = [
            ("postgres://u:p:q@h:5/d?x=y", "postgres://u@h:5/d?x=y"),
            ("postgres://u@h/d", "postgres://u@h/d"),
            ("postgres://h/d?user=a@b", "postgres://h/d?user=a@b"),
            ("postgres://u:p@h", "postgres://u@h"),
        ];
        for (url, shown) in cases {
            assert_eq!(without_password(url), shown);
        }
    }
}
