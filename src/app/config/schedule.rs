//! When jobs come round, and how long things are kept.

use super::reader::Reader;
use crate::workers::cron::schedule::{Entry, Line};
use crate::workers::cron::{JOBS, Retention};

/// The schedule of this service's own clock, and what `ci_prune` goes by.
#[derive(Clone, Debug)]
pub struct ScheduleConfig {
    /// `CI_SCHEDULE_…`, one variable a job: minute, hour, day, month and weekday in UTC, or `off` when only Hasura's
    /// cron trigger is to ask. The same times as the trigger's make both ask for the same run.
    pub entries: Vec<Entry>,
    /// `CI_DEAD_LETTER_DAYS`, default 90: days that a dead letter is kept since it last came; and `CI_JOB_DAYS`, default
    /// 30: days that a run of a job is kept after it was over; `CI_AUDIT_READ_MONTHS`, default 24: months that is kept
    /// who read about whom; `CI_EXPORT_HOURS`, default 24: hours that an export waits to be fetched; and
    /// `CI_MESSAGE_DAYS`, default 30: days that it is kept that a message was sent.
    pub retention: Retention,
}

impl ScheduleConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let mut entries = Vec::new();
        for job in JOBS {
            // Every line of the registry can be read, which a test holds.
            let line = job.line.parse().unwrap_or(Line::Off);
            entries.push(Entry::new(
                job.name,
                reader.value(job.variable, line, job.does),
            ));
        }
        let mut number = |name, default, meaning| {
            u16::try_from(reader.number(name, default, 1..=3_650, meaning)).unwrap_or(u16::MAX)
        };
        Self {
            entries,
            retention: Retention {
                dead_letter_days: number(
                    "CI_DEAD_LETTER_DAYS",
                    90,
                    "days that a dead letter is kept since it last came",
                ),
                job_days: number(
                    "CI_JOB_DAYS",
                    30,
                    "days that a run of a job is kept after it was over",
                ),
                audit_read_months: number(
                    "CI_AUDIT_READ_MONTHS",
                    24,
                    "months that is kept who read about whom",
                ),
                export_hours: number(
                    "CI_EXPORT_HOURS",
                    24,
                    "hours that an export waits to be fetched",
                ),
                message_days: number(
                    "CI_MESSAGE_DAYS",
                    30,
                    "days that it is kept that a message was sent, without what it said",
                ),
            },
        }
    }
}
