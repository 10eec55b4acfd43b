//! From when to when something was allowed: what is worth proving once everything else is gone.

use chrono::{DateTime, Datelike, TimeZone, Utc};

use super::{Standing, State, Statement, in_order};

/// A time for which it was allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// Since when.
    pub from: DateTime<Utc>,
    /// When it was taken back or ran out, or the last instant that was looked at.
    pub to: DateTime<Utc>,
    /// Which wording was agreed to, where that is known.
    pub text_version: Option<String>,
}

impl Period {
    /// Until when it may have to be proven: so many years beyond the end of the year in which it ended, as sections 195
    /// and 199 of the German civil code count (in UTC).
    #[must_use]
    pub fn provable_until(&self, years: i16) -> Option<DateTime<Utc>> {
        let year = self
            .to
            .year()
            .checked_add(i32::from(years))?
            .checked_add(1)?;
        Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).single()
    }
}

/// The periods in which these statements of one person, purpose and channel allowed it, up to `until`. Their order does
/// not matter. A renewal under another wording begins a period of its own.
#[must_use]
pub fn periods(statements: &[Statement], until: DateTime<Utc>) -> Vec<Period> {
    let mut found = Vec::new();
    let mut open: Option<Period> = None;
    let mut standing = Standing::BEGINNING;
    for said in in_order(statements) {
        standing = standing.by(said.told_at);
        open = close(open, &standing, &mut found);
        let after = standing.clone().then(said);
        let began = said.effective_at.unwrap_or(said.told_at);
        if let Some(period) = &mut open {
            let reworded = after.text_version != period.text_version;
            if after.state != State::Granted || reworded {
                period.to = began.max(period.from);
                found.extend(open.take());
            }
        }
        if after.state == State::Granted && open.is_none() {
            open = Some(Period {
                from: began,
                to: began,
                text_version: after.text_version.clone(),
            });
        }
        standing = after;
    }
    standing = standing.by(until);
    open = close(open, &standing, &mut found);
    if let Some(mut period) = open {
        period.to = until.max(period.from);
        found.push(period);
    }
    found
}

/// What has run out is over.
fn close(open: Option<Period>, standing: &Standing, found: &mut Vec<Period>) -> Option<Period> {
    if standing.state != State::Expired {
        return open;
    }
    if let Some(mut period) = open {
        period.to = standing.since.unwrap_or(period.from).max(period.from);
        found.push(period);
    }
    None
}
