//! Where history comes from: which source, what tells it from others, and its pieces one after the other.

use std::path::PathBuf;

use anyhow::Context;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::Receiver;

use super::Options;
use super::event_log::{self, EventLog};
use super::lines::Lines;
use crate::actions::backfill::{Chunk, Course};

/// Most deliveries of a piece.
pub(super) const CHUNK: usize = 1_000;

/// A piece of a source and how far it is with that.
pub(super) struct Piece {
    pub(super) chunk: Chunk,
    /// Bytes of a file, events of a log.
    pub(super) done: u64,
}

/// A source that was found.
pub(super) enum Source {
    Lines(Lines),
    EventLog(EventLog),
}

/// A source that is being read.
pub(super) enum Pieces {
    Lines(Receiver<anyhow::Result<Piece>>),
    EventLog(Box<event_log::Reading>),
}

impl Source {
    pub(super) async fn open(options: &Options) -> anyhow::Result<Self> {
        if let Some(url) = &options.event_log {
            let log = EventLog::open(url, options.from, options.to).await?;
            return Ok(Self::EventLog(log));
        }
        let path = options.file.clone().unwrap_or_else(|| PathBuf::from("-"));
        Ok(Self::Lines(Lines::open(&path)?))
    }

    pub(super) fn label(&self) -> &str {
        match self {
            Self::Lines(lines) => &lines.label,
            Self::EventLog(log) => &log.label,
        }
    }

    /// Names the run: the same source read with the same filters goes on where it was.
    pub(super) fn run(&self, options: &Options) -> String {
        let (what, identity) = match self {
            Self::Lines(lines) => ("file", lines.identity.as_str()),
            Self::EventLog(log) => ("event-log", log.label.as_str()),
        };
        let mut hash = Sha256::new();
        hash.update(identity);
        hash.update(format!("{:?}", (options.tenant, options.from, options.to)));
        format!("{what}-{:.16}", hex::encode(hash.finalize()))
    }

    /// Whether there may be more of it later, so that to be finished once is not to be finished for good.
    pub(super) fn grows(&self) -> bool {
        matches!(self, Self::EventLog(_))
    }

    /// The course of a run that begins now.
    pub(super) async fn course(&self) -> anyhow::Result<Course> {
        let until = match self {
            Self::Lines(_) => None,
            Self::EventLog(log) => Some(log.latest().await?.unwrap_or_default()),
        };
        Ok(Course {
            source: self.label().to_owned(),
            until,
            ..Course::default()
        })
    }

    /// Begins to read behind what is in. With it: how much there is in all, and a remark for people.
    pub(super) async fn read(
        self,
        course: &Course,
    ) -> anyhow::Result<(Pieces, Option<u64>, Option<String>)> {
        match self {
            Self::Lines(lines) => {
                let length = lines.length;
                Ok((Pieces::Lines(lines.read(&course.mark)?), length, None))
            }
            Self::EventLog(log) => {
                let until = course.until.clone().unwrap_or_default();
                if until.is_empty() {
                    let (_, nothing) = tokio::sync::mpsc::channel(1);
                    return Ok((Pieces::Lines(nothing), Some(0), None));
                }
                let (total, undelivered) =
                    log.counts(&until).await.context("counting its events")?;
                let remark = (undelivered > 0).then(|| {
                    format!("left out, because Hasura has still to deliver them, and will: {undelivered}")
                });
                let done = course.read + course.unlistened;
                let reading = log.read(course.mark.clone(), until, done)?;
                Ok((Pieces::EventLog(Box::new(reading)), Some(total), remark))
            }
        }
    }
}

impl Pieces {
    /// The next piece; none at the end.
    pub(super) async fn next(&mut self) -> anyhow::Result<Option<Piece>> {
        match self {
            Self::Lines(pieces) => pieces.recv().await.transpose(),
            Self::EventLog(reading) => reading.next().await,
        }
    }
}
