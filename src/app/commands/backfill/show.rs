//! What a backfill says at its end.

use std::fmt::Write;

use serde_json::json;

use super::super::super::progress::{count, duration};
use crate::actions::backfill::{Course, Report};

/// The report, as text or as JSON.
pub(super) fn report(report: &Report, as_json: bool) -> anyhow::Result<String> {
    if as_json {
        return Ok(format!("{}\n", serde_json::to_string_pretty(report)?));
    }
    let mut text = String::new();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rounded for people, and never negative"
    )]
    let (seconds, rate) = (
        report.seconds.ceil() as u64,
        report.per_second.round() as u64,
    );
    writeln!(text, "brought in: {}", report.source)?;
    let mut line = |n: u64, what: &str| writeln!(text, "{:>14}  {what}", count(n));
    line(report.read, "deliveries read")?;
    if report.filtered > 0 {
        line(report.filtered, "of other tenants, passed over")?;
    }
    if report.unlistened > 0 {
        line(
            report.unlistened,
            "events of tables that nobody here listens to, passed over",
        )?;
    }
    line(report.accepted, "accepted")?;
    line(report.duplicate, "of them said nothing new")?;
    line(report.persons, "persons gained activities")?;
    line(
        report.outputs_withheld,
        "activities appended; none causes an output, because it is history",
    )?;
    let refused: u64 = report.dead_letters.values().sum();
    line(refused, "dead letters")?;
    for (reason, n) in &report.dead_letters {
        writeln!(text, "{:>14}    {reason}", count(*n))?;
    }
    if refused > 0 {
        text.push_str("to see them: customer-intelligence dead-letters list\n");
    }
    if report.tenants.len() > 1 {
        for tenant in &report.tenants {
            writeln!(
                text,
                "tenant {}: {} accepted, {} nothing new, {} dead letters, {} persons",
                tenant.tenant_id,
                count(tenant.accepted),
                count(tenant.duplicate),
                count(tenant.dead_letters.values().sum()),
                count(tenant.persons)
            )?;
        }
    }
    writeln!(
        text,
        "in {}, {} deliveries a second",
        duration(seconds),
        count(rate)
    )?;
    Ok(text)
}

/// A source that is in already.
pub(super) fn finished(course: &Course, accepted: u64, as_json: bool) -> String {
    if as_json {
        let said = json!({ "source": course.source, "already_finished": true,
            "read": course.read, "accepted": accepted });
        return format!("{said:#}\n");
    }
    format!(
        "{} is in already: {} deliveries read, {} accepted. To read it again: --restart\n",
        course.source,
        count(course.read),
        count(accepted)
    )
}
