//! The diagnosis for people: what is well in short, what is not with what to do, the lists below.

use std::fmt::Write;

use super::super::super::progress::count;
use super::Diagnosis;
use super::events::{Seen, Standing, TenantEvents};
use super::finding::Level;
use super::source::Comparison;

/// Days that are listed of one table.
const DAYS_MAX: usize = 10;

pub(super) fn text(diagnosis: &Diagnosis, as_json: bool) -> anyhow::Result<String> {
    if as_json {
        return Ok(format!("{}\n", serde_json::to_string_pretty(diagnosis)?));
    }
    let mut text = String::new();
    for tenant in &diagnosis.tenants {
        of_tenant(&mut text, tenant)?;
    }
    if let Some(compared) = &diagnosis.source {
        of_source(&mut text, compared)?;
    }
    for finding in &diagnosis.findings {
        let level = match finding.level {
            Level::Ok => "ok",
            Level::Note => "note",
            Level::Warning => "WARNING",
            Level::Error => "ERROR",
        };
        writeln!(text, "{level:<8} {:<13} {}", finding.about, finding.says)?;
        for todo in &finding.todo {
            writeln!(text, "{:<22} → {todo}", "")?;
        }
    }
    let number = |level| {
        diagnosis
            .findings
            .iter()
            .filter(|one| one.level == level)
            .count()
    };
    let (errors, warnings) = (number(Level::Error), number(Level::Warning));
    match (errors, warnings) {
        (0, 0) => text.push_str("all is well\n"),
        _ => writeln!(text, "{errors} errors, {warnings} warnings")?,
    }
    Ok(text)
}

fn of_tenant(text: &mut String, tenant: &TenantEvents) -> std::fmt::Result {
    writeln!(text, "tenant {}", tenant.tenant_id)?;
    let width = tenant
        .tables
        .iter()
        .chain(&tenant.events)
        .map(|one| one.name.len())
        .max();
    for (title, list) in [("tables", &tenant.tables), ("events", &tenant.events)] {
        writeln!(text, "  {title}")?;
        for one in list {
            line(text, one, width.unwrap_or(0))?;
        }
    }
    writeln!(text)
}

fn line(text: &mut String, one: &Seen, width: usize) -> std::fmt::Result {
    let last = one.last_at.map_or("never".to_owned(), |at| {
        at.format("%Y-%m-%d %H:%M UTC").to_string()
    });
    let mark = match one.standing {
        Standing::Well | Standing::Quiet => "",
        Standing::Silent => "  ! silent",
        Standing::Never => "  ! never seen",
    };
    let total = count(u64::try_from(one.total).unwrap_or(0));
    writeln!(text, "    {:<width$} {total:>12}  {last}{mark}", one.name)
}

fn of_source(text: &mut String, compared: &Comparison) -> std::fmt::Result {
    writeln!(text, "compared with {}", compared.source)?;
    let width = compared
        .tables
        .iter()
        .map(|one| one.table.len())
        .max()
        .unwrap_or(0);
    let mut tenant = None;
    let mut tables: Vec<_> = compared.tables.iter().collect();
    tables.sort_by_key(|one| one.tenant_id);
    for one in tables {
        if tenant != Some(one.tenant_id) {
            tenant = Some(one.tenant_id);
            writeln!(text, "  tenant {}", one.tenant_id)?;
        }
        let lacking = one.missing + one.outdated;
        let at = |at: Option<chrono::DateTime<chrono::Utc>>| {
            at.map_or("-".to_owned(), |at| {
                at.format("%Y-%m-%d %H:%M:%S").to_string()
            })
        };
        let mark = match (lacking, one.of_no_use) {
            (0, 0) => String::new(),
            (0, n) => format!("; {} concern nobody", count(n)),
            (_, _) => "  !".to_owned(),
        };
        writeln!(
            text,
            "    {:<width$} {:>10} there, latest {}; {:>10} here, latest {}{mark}",
            one.table,
            count(one.there),
            at(one.latest_there),
            count(one.there - lacking - one.of_no_use),
            at(one.latest_here),
        )?;
        for day in one.days.iter().take(DAYS_MAX) {
            writeln!(
                text,
                "      {}: {} of {} lacking",
                day.date, day.lacking, day.there
            )?;
        }
        if one.days.len() > DAYS_MAX {
            let more = one.days.len() - DAYS_MAX;
            writeln!(
                text,
                "      and on {more} more days (--json lists them all)"
            )?;
        }
    }
    writeln!(text)
}
