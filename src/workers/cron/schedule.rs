//! The clock that asks for runs when no cron trigger does: same names, same times, same keys.
//!
//! Where Hasura's cron triggers call as well, both ask for one and the same run, and so do several processes: whoever is
//! first enters it. A time that passed while nobody was there is made good once, if it is not too long ago.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds};
use tokio::sync::Notify;
use uuid::Uuid;

use super::Context;
use crate::actions::cron::{self, Asker};
use crate::db::Error;
use crate::db::pool::within;

/// How often the clock is looked at.
const TICK: Duration = Duration::from_secs(1);
/// After a failure of the database it is left alone this long.
const PAUSE: Duration = Duration::from_secs(5);
/// A time missed longer ago is not made good; as long as Hasura holds on to a call of its own.
const TOLERANCE: TimeDelta = TimeDelta::hours(6);

/// When a job is due.
#[derive(Debug, Clone)]
pub enum Line {
    /// At these times, in UTC.
    At(Box<Cron>),
    /// Only when somebody calls.
    Off,
}

impl Line {
    /// The last time at or before `now`, unless it is too long ago.
    fn last(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let Self::At(cron) = self else { return None };
        let last = cron.find_previous_occurrence(&now, true).ok()?;
        (now - last <= TOLERANCE).then_some(last)
    }
}

/// `off`, or minute, hour, day, month, weekday.
impl FromStr for Line {
    type Err = croner::errors::CronError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).build();
        Ok(Self::At(Box::new(parser.parse(text)?)))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(cron) => f.write_str(cron.as_str()),
            Self::Off => f.write_str("off"),
        }
    }
}

/// A job's name with its line.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The job.
    pub name: &'static str,
    /// When it is due.
    pub line: Line,
    /// The time that was asked for last.
    asked: Option<DateTime<Utc>>,
}

impl Entry {
    /// A job that was not asked for yet.
    #[must_use]
    pub fn new(name: &'static str, line: Line) -> Self {
        Self {
            name,
            line,
            asked: None,
        }
    }
}

/// Runs until `stop` completes; tells `entered` of every run.
pub async fn run(
    context: Context,
    mut entries: Vec<Entry>,
    entered: &Notify,
    stop: impl Future<Output = ()> + Send,
) {
    let mut stop = std::pin::pin!(stop);
    loop {
        let pause = match round(&context, &mut entries).await {
            Ok(0) => TICK,
            Ok(_) => {
                entered.notify_one();
                TICK
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the schedule waits"
                );
                PAUSE
            }
        };
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Asks for what is due by now and was not asked for; returns how many runs that entered.
pub async fn round(context: &Context, entries: &mut [Entry]) -> Result<usize, Error> {
    let now = context.work.clock.now();
    let mut fresh = 0;
    for entry in entries {
        let Some(last) = entry.line.last(now) else {
            continue;
        };
        if entry.asked >= Some(last) {
            continue;
        }
        let run = (entry.name, last, Uuid::nil());
        let pool = &context.work.pool;
        if within(pool, cron::enter(pool, run, Asker::Schedule, now)).await? {
            fresh += 1;
        }
        entry.asked = Some(last);
    }
    Ok(fresh)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workers::cron::JOBS;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn every_job_has_a_line_that_can_be_read_and_is_written_the_same() {
        for job in JOBS {
            let line: Line = job.line.parse().unwrap();
            assert_eq!(line.to_string(), job.line);
            assert!(matches!(line, Line::At(_)), "{}", job.name);
        }
        assert_eq!("off".parse::<Line>().unwrap().to_string(), "off");
        for wrong in ["", "hourly please", "* * * *", "0 * * * * *", "61 * * * *"] {
            assert!(wrong.parse::<Line>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_last_time_counts_also_at_its_own_second_and_for_six_hours() {
        let line: Line = "20 3 * * *".parse().unwrap();
        let due = Some(at("2026-05-01T03:20:00Z"));
        assert_eq!(line.last(at("2026-05-01T03:20:00Z")), due);
        assert_eq!(line.last(at("2026-05-01T03:20:00.4Z")), due);
        assert_eq!(line.last(at("2026-05-01T09:20:00Z")), due);
        assert_eq!(line.last(at("2026-05-01T09:20:01Z")), None);
        assert_eq!(line.last(at("2026-05-01T03:19:59Z")), None);
        assert_eq!(Line::Off.last(at("2026-05-01T03:20:00Z")), None);
    }
}
