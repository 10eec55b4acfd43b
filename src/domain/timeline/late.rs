//! What an activity that was told late has changed: the numbers just after its recording, with it and without it.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::domain::activity::LogRow;
use crate::domain::metric::{Language, Metric, MetricValue};
use crate::domain::moment::{Moment, derive_at};
use crate::domain::reference::Reference;
use crate::domain::source::SourceKey;

/// How many changes a sentence names.
const NAMED: usize = 5;

/// A number that was another before.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricChange {
    /// Which number.
    pub metric: Metric,
    /// Without the activity.
    pub before: MetricValue,
    /// With it.
    pub after: MetricValue,
}

/// `no_show_count 1 → 0`.
impl fmt::Display for MetricChange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} {} → {}",
            self.metric.name(),
            self.before,
            self.after
        )
    }
}

/// Compares what was known at the instant of a recording with the same but for the rows of that source recorded then.
///
/// `with` and `without` hold what was seen of others at that instant, with and without that row. Costs two folds of
/// the person's rows.
#[must_use]
pub fn changes<'r>(
    person: Uuid,
    recorded: impl Iterator<Item = (&'r LogRow, DateTime<Utc>)> + Clone,
    (source, recorded_at): (SourceKey, DateTime<Utc>),
    with: &Reference,
    without: &Reference,
) -> Vec<MetricChange> {
    let others = recorded.clone().filter(|(row, at)| {
        *at != recorded_at || SourceKey::new(row.kind, row.body.source_id) != source
    });
    let moment = Moment::as_seen_at(recorded_at);
    let after = derive_at(person, recorded, with, moment, recorded_at);
    let before = derive_at(person, others, without, moment, recorded_at);
    let differences = Metric::differences(&before, &after, recorded_at).into_iter();
    let changes = differences.map(|(metric, before, after)| MetricChange {
        metric,
        before,
        after,
    });
    changes.collect()
}

/// One line for people: `2 Tage später gemeldet: no_show_count 1 → 0`.
///
/// Names the numbers themselves, not the shares and sample sizes that follow from them.
#[must_use]
pub fn sentence(late_by: TimeDelta, changes: &[MetricChange], language: Language) -> String {
    let span = span(late_by, language);
    let told: Vec<String> = changes
        .iter()
        .filter(|change| !follows(change.metric))
        .map(ToString::to_string)
        .collect();
    let (named, more) = told.split_at(told.len().min(NAMED));
    let line = match (language, named.is_empty()) {
        (Language::German, true) => format!("{span} später gemeldet"),
        (Language::German, false) => format!("{span} später gemeldet: {}", named.join(", ")),
        (Language::English, true) => format!("recorded {span} late"),
        (Language::English, false) => format!("recorded {span} late, changed {}", named.join(", ")),
    };
    match (language, more.len()) {
        (_, 0) => line,
        (Language::German, more) => format!("{line} und {more} weitere"),
        (Language::English, more) => format!("{line} and {more} more"),
    }
}

/// Shares, sample sizes, splits and summaries change whenever a number does.
fn follows(metric: Metric) -> bool {
    let name = metric.name();
    let derived = ["_based_on", "_share", "_by_currency"];
    derived.iter().any(|end| name.ends_with(end))
        || matches!(
            metric,
            Metric::LastActivityAt | Metric::ProfileCompleteness | Metric::NoShowRate
        )
}

fn span(late_by: TimeDelta, language: Language) -> String {
    let (days, hours) = (late_by.num_days(), late_by.num_hours());
    match (language, days, hours) {
        (Language::German, 1, _) => "1 Tag".to_owned(),
        (Language::English, 1, _) => "1 day".to_owned(),
        (Language::German, 2.., _) => format!("{days} Tage"),
        (Language::English, 2.., _) => format!("{days} days"),
        (Language::German, _, 1) => "1 Stunde".to_owned(),
        (Language::English, _, 1) => "1 hour".to_owned(),
        (Language::German, _, _) => format!("{hours} Stunden"),
        (Language::English, _, _) => format!("{hours} hours"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(metric: Metric, before: u32, after: u32) -> MetricChange {
        MetricChange {
            metric,
            before: before.into(),
            after: after.into(),
        }
    }

    #[test]
    fn a_line_says_how_late_and_what_it_changed() {
        let changes = [
            change(Metric::NoShowCount, 1, 0),
            change(Metric::NoShowRateBasedOn, 1, 2),
        ];
        let two_days = TimeDelta::hours(53);
        assert_eq!(
            sentence(two_days, &changes, Language::German),
            "2 Tage später gemeldet: no_show_count 1 → 0"
        );
        assert_eq!(
            sentence(two_days, &changes, Language::English),
            "recorded 2 days late, changed no_show_count 1 → 0"
        );
        assert_eq!(
            sentence(TimeDelta::hours(30), &[], Language::German),
            "1 Tag später gemeldet"
        );
        let many: Vec<_> = Metric::ALL
            .into_iter()
            .filter(|metric| !follows(*metric))
            .take(NAMED + 2)
            .map(|metric| change(metric, 0, 1))
            .collect();
        assert!(sentence(two_days, &many, Language::German).ends_with(" und 2 weitere"));
    }
}
