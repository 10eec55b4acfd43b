//! `customer-intelligence backfill`: history in, by the live path and behind what is live.
//!
//! Runs ingest loops of its own, so that it needs no running server, and shares the work with those that run. Ends
//! when everything it put in is folded, and says what came of it.

mod event_log;
mod lines;
mod show;
mod source;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::source::{Piece, Pieces, Source};
use super::super::config::{Config, SecretSource, Secrets};
use super::super::progress::{At, Progress, count};
use super::super::{Database, signals};
use super::say;
use crate::actions::backfill::{Backfill, Mark, Opening};
use crate::db::{Pool, PoolConfig, migrate};
use crate::domain::clock::Clock;
use crate::inbox::backlog;
use crate::jobs::State;
use crate::projections::Settings;
use crate::resolve::fence::Pepper;
use crate::workers;

pub(super) use self::event_log::{name, query, reader};

/// The inbox never holds more deliveries on account of a backfill.
const WAITING_MAX: i64 = 20_000;
/// While the inbox is full, or the last of it is being folded, it is looked at this often.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Ingest loops of this process.
const INGEST_WORKERS: usize = 2;
/// Counting what a long history brought may take its time.
const STATEMENT_TIMEOUT: Duration = Duration::from_mins(10);

/// Where history comes from, and which part of it.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::app) struct Options {
    /// A file of event-trigger envelopes, one JSON object a line, plain or compressed with gzip; `-` is standard input.
    #[arg(required_unless_present = "event_log", conflicts_with = "event_log")]
    file: Option<PathBuf>,
    /// Read Hasura's event log instead: the URL of the database that has `hdb_catalog`. Read only; the password may
    /// come from ~/.pgpass.
    #[arg(long, value_name = "URL")]
    event_log: Option<String>,
    /// Only deliveries of this tenant.
    #[arg(long)]
    tenant: Option<Uuid>,
    /// Only events created then or later (a day, or a time in UTC).
    #[arg(long, requires = "event_log", value_parser = instant)]
    from: Option<NaiveDateTime>,
    /// Only events created before.
    #[arg(long, requires = "event_log", value_parser = instant)]
    to: Option<NaiveDateTime>,
    /// Read no more deliveries a second than this.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_rate: Option<u64>,
    /// Begin at the beginning, even if this source was read before.
    #[arg(long)]
    restart: bool,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// A day, or an instant in any usual spelling; without an offset it is UTC.
fn instant(text: &str) -> Result<NaiveDateTime, String> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(NaiveTime::MIN));
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(at.naive_utc());
    }
    text.parse()
        .map_err(|_unreadable| "no such time; write 2024-01-31 or 2024-01-31T12:00:00Z".to_owned())
}

pub(super) async fn run(mut config: Config, options: Options) -> anyhow::Result<()> {
    let source = Source::open(&options).await?;
    let pepper = pepper(&mut config)?;
    let database = Database::open(&config.database).await?;
    migrate::run(database.options()).await?;
    let pool = database.pool(&PoolConfig {
        max_connections: 3,
        statement_timeout: STATEMENT_TIMEOUT,
        ..config.database.pool()
    });
    let context = workers::Context {
        pool: database.pool(&config.database.pool()),
        clock: Clock::system(),
        pepper,
        settings: Settings {
            quarantine_days: config.contacts.quarantine_days.into(),
            ..Settings::default()
        },
    };
    let done = work(&pool, &context, source, &options).await;
    pool.close().await;
    context.pool.close().await;
    database.close().await?;
    done
}

/// The fence's tags come from the master key: with another one, erased persons would come back.
fn pepper(config: &mut Config) -> anyhow::Result<Pepper> {
    Ok(Pepper::new(&keyed(config)?.derive("fence")))
}

/// The secrets of the service whose database this is.
pub(super) fn keyed(config: &mut Config) -> anyhow::Result<Secrets> {
    let unset = matches!(config.secrets.master_key, SecretSource::Unset);
    let kept = config.database.data_dir.join("master.key").exists();
    ensure!(
        config.database.url.is_none() || !unset || kept,
        "CI_MASTER_KEY is not set here: set the key that the service uses (or CI_MASTER_KEY_FILE, or its CI_DATA_DIR). \
         With another key persons who were erased would not be recognised and would come back"
    );
    Ok(Secrets::load(config)?)
}

async fn work(
    pool: &Pool,
    context: &workers::Context,
    source: Source,
    options: &Options,
) -> anyhow::Result<()> {
    let mut progress = Progress::new("backfill");
    let clock = &context.clock;
    let Some(mut backfill) = begin(pool, clock, &source, options, &progress).await? else {
        return Ok(());
    };
    let workers = Workers::start(context);
    let (mut pieces, total, remark) = source.read(backfill.course()).await?;
    if let Some(remark) = remark {
        progress.say(&remark);
    }
    let mut way = Way {
        pool,
        workers: &workers,
        progress: &mut progress,
        total,
        pace: Pace::new(options.max_rate),
        room: 0,
        read_before: backfill.course().read,
    };
    let went = tokio::select! {
        went = way.go(&mut backfill, &mut pieces) => went.map(|()| true),
        () = signals::stop() => Ok(false),
    };
    workers.stop().await;
    progress.end();
    let complete = matches!(went, Ok(true));
    let ended = backfill.end(if complete {
        State::Finished
    } else {
        State::Cancelled
    });
    match went {
        // The first trouble is the one to tell of.
        Err(error) => {
            ended.await.ok();
            return Err(error.context(format!(
                "stopped {}; the same command goes on from there",
                place(&backfill.course().mark)
            )));
        }
        Ok(_) => ended.await?,
    }
    if !complete {
        bail!(
            "stopped {}; the same command goes on from there",
            place(&backfill.course().mark)
        );
    }
    let report = backfill.report().await?;
    say(&show::report(&report, options.json)?)
}

/// Begins the run, or says where it goes on; none when there is nothing to do.
async fn begin(
    pool: &Pool,
    clock: &Clock,
    source: &Source,
    options: &Options,
    progress: &Progress,
) -> anyhow::Result<Option<Backfill>> {
    let run = source.run(options);
    if options.restart {
        Backfill::forget(pool, &run).await?;
    }
    for _ in 0..2 {
        let (pool, clock, course) = (pool.clone(), clock.clone(), source.course().await?);
        let (backfill, opening) =
            Backfill::begin(pool.clone(), clock, run.clone(), options.tenant, course).await?;
        let course = backfill.course();
        match opening {
            Opening::Fresh => progress.say(&format!("reading {}", source.label())),
            Opening::Resumed(at) => progress.say(&format!(
                "going on with {} {}: {} read and {} accepted before; last active {}. \
                 To begin again: --restart",
                source.label(),
                place(&course.mark),
                count(course.read),
                count(backfill.accepted()),
                at.format("%Y-%m-%d %H:%M:%S UTC"),
            )),
            Opening::Finished if source.grows() => {
                Backfill::forget(&pool, &run).await?;
                continue;
            }
            Opening::Finished => {
                say(&show::finished(course, backfill.accepted(), options.json))?;
                return Ok(None);
            }
        }
        return Ok(Some(backfill));
    }
    bail!("another process reads {} at this moment", source.label())
}

fn place(mark: &Mark) -> String {
    match mark {
        Mark::Start => "at the beginning".to_owned(),
        Mark::Line { lines, .. } => format!("behind line {}", count(*lines)),
        Mark::Event { created_at, .. } => format!("behind the events of {created_at}"),
    }
}

/// What reading on needs.
struct Way<'a> {
    pool: &'a Pool,
    workers: &'a Workers,
    progress: &'a mut Progress,
    total: Option<u64>,
    pace: Pace,
    /// Deliveries that may go into the inbox before it is looked at again.
    room: i64,
    /// Deliveries read by earlier processes.
    read_before: u64,
}

impl Way<'_> {
    /// Everything in, then everything folded.
    async fn go(&mut self, backfill: &mut Backfill, pieces: &mut Pieces) -> anyhow::Result<()> {
        let mut at = At {
            total: self.total,
            ..At::default()
        };
        while let Some(Piece { chunk, done }) = pieces.next().await? {
            let items = chunk.items.len();
            self.make_room(backfill, at, items).await?;
            self.pace.wait(items).await;
            backfill.take(chunk).await?;
            self.workers.wake.notify_waiters();
            at.done = done;
            at.items = backfill.course().read - self.read_before;
            self.progress.at(at, "");
        }
        while !backfill.is_folded().await? {
            backfill.beat_if_due().await?;
            let waiting = backlog::waiting(self.pool, WAITING_MAX * 2).await?;
            self.progress
                .at(at, &format!("{} still to fold", shown(waiting)));
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Waits until the inbox has room for so many more.
    async fn make_room(
        &mut self,
        backfill: &mut Backfill,
        at: At,
        items: usize,
    ) -> anyhow::Result<()> {
        let items = i64::try_from(items).unwrap_or(WAITING_MAX);
        self.room -= items;
        while self.room < 0 {
            let waiting = backlog::waiting(self.pool, WAITING_MAX).await?;
            self.room = WAITING_MAX - waiting - items;
            if self.room < 0 {
                backfill.beat_if_due().await?;
                self.progress
                    .at(at, &format!("{} to fold first", shown(waiting)));
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
        Ok(())
    }
}

fn shown(waiting: i64) -> String {
    count(u64::try_from(waiting).unwrap_or(0))
}

/// Holds the rate of reading down.
struct Pace {
    per_second: Option<u64>,
    begun: Instant,
    items: u64,
}

impl Pace {
    fn new(per_second: Option<u64>) -> Self {
        Self {
            per_second,
            begun: Instant::now(),
            items: 0,
        }
    }

    /// Waits until so many more may be read.
    async fn wait(&mut self, items: usize) {
        self.items += items as u64;
        let Some(per_second) = self.per_second else {
            return;
        };
        let due = self.begun + Duration::from_millis(self.items.saturating_mul(1_000) / per_second);
        tokio::time::sleep_until(due.into()).await;
    }
}

/// Ingest loops of this process.
struct Workers {
    wake: Arc<Notify>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Workers {
    fn start(context: &workers::Context) -> Self {
        let (wake, stop) = (Arc::new(Notify::new()), CancellationToken::new());
        let mut tasks = JoinSet::new();
        for _ in 0..INGEST_WORKERS {
            let (context, wake, stop) = (context.clone(), Arc::clone(&wake), stop.clone());
            tasks.spawn(async move {
                workers::ingest::run(context, &wake, stop.cancelled()).await;
            });
        }
        Self { wake, stop, tasks }
    }

    async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_or_an_instant_in_utc_is_understood() {
        let text = |text| instant(text).map(|at| at.to_string());
        assert_eq!(text("2024-01-31").unwrap(), "2024-01-31 00:00:00");
        assert_eq!(text("2024-01-31T12:00:00").unwrap(), "2024-01-31 12:00:00");
        assert_eq!(
            text("2024-01-31T12:00:00+02:00").unwrap(),
            "2024-01-31 10:00:00"
        );
        assert!(text("yesterday").is_err());
    }
}
