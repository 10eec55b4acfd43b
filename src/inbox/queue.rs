//! What waits for the next flush: bounded by rows and by bytes, so that a database that is away cannot fill memory.
//!
//! Deliberately absent: time. Nothing here waits for a clock; a flush takes whatever has come while the previous
//! one was under way.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

use super::entry::{Channel, Entry, Letter};
use super::writer::Error;

/// What a submitter wants to have stored.
#[derive(Debug)]
pub(super) enum Job {
    Keep {
        id: Uuid,
        channel: Channel,
        entry: Entry,
    },
    Bury(Letter),
}

/// A job and the one who waits for its commit.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) job: Job,
    pub(super) bytes: usize,
    pub(super) done: oneshot::Sender<Result<(), Error>>,
}

#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    arrived: Notify,
    rows_max: usize,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    closed: bool,
}

impl Queue {
    pub(super) fn new(rows_max: usize, bytes_max: usize) -> Self {
        Self {
            state: Mutex::default(),
            arrived: Notify::new(),
            rows_max,
            bytes_max,
        }
    }

    /// Joins the queue; the receiver hears of the commit.
    pub(super) fn push(&self, job: Job) -> Result<oneshot::Receiver<Result<(), Error>>, Error> {
        let bytes = size(&job);
        let (done, commit) = oneshot::channel();
        {
            let mut state = self.lock();
            if state.closed {
                return Err(Error::Unavailable);
            }
            let full = state.waiting.len() >= self.rows_max || state.bytes + bytes > self.bytes_max;
            if full {
                return Err(Error::Full);
            }
            state.bytes += bytes;
            state.waiting.push_back(Waiting { job, bytes, done });
        }
        self.arrived.notify_one();
        Ok(commit)
    }

    /// Everything that waits, up to `rows` and (after the first) `bytes`; `None` once closed and empty.
    pub(super) async fn take(&self, rows: usize, bytes: usize) -> Option<Vec<Waiting>> {
        loop {
            let arrived = self.arrived.notified();
            {
                let mut state = self.lock();
                if !state.waiting.is_empty() {
                    let batch = state.cut(rows, bytes);
                    if !state.waiting.is_empty() {
                        self.arrived.notify_one();
                    }
                    return Some(batch);
                }
                if state.closed {
                    // One permit wakes one flusher; each passes it on.
                    self.arrived.notify_one();
                    return None;
                }
            }
            arrived.await;
        }
    }

    /// Lets nobody in any more; what waits is still flushed.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// How many wait.
    pub(super) fn depth(&self) -> usize {
        self.lock().waiting.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn cut(&mut self, rows: usize, bytes: usize) -> Vec<Waiting> {
        let mut batch = Vec::with_capacity(self.waiting.len().min(rows));
        let mut taken = 0;
        while let Some(next) = self.waiting.front() {
            if batch.len() >= rows || (!batch.is_empty() && taken + next.bytes > bytes) {
                break;
            }
            taken += next.bytes;
            batch.extend(self.waiting.pop_front());
        }
        self.bytes -= taken;
        batch
    }
}

fn size(job: &Job) -> usize {
    const ROW: usize = 200;
    match job {
        Job::Keep { entry, .. } => ROW + entry.payload.len(),
        Job::Bury(letter) => {
            2 * ROW + letter.detail.len() + letter.envelope.as_ref().map_or(0, String::len)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(bytes: usize) -> Job {
        Job::Keep {
            id: Uuid::nil(),
            channel: Channel::Live,
            entry: Entry {
                tenant_id: Uuid::nil(),
                event_id: None,
                table: String::new(),
                trigger: String::new(),
                payload: vec![0; bytes],
                dropped_columns: 0,
            },
        }
    }

    #[tokio::test]
    async fn a_full_queue_says_so_and_has_room_again_after_a_flush() {
        let queue = Queue::new(2, 10_000);
        let _one = queue.push(job(1)).unwrap();
        let _two = queue.push(job(1)).unwrap();
        assert!(matches!(queue.push(job(1)), Err(Error::Full)));
        assert_eq!(queue.take(10, 10_000).await.unwrap().len(), 2);
        assert!(queue.push(job(1)).is_ok());
    }

    #[tokio::test]
    async fn bytes_count_as_well_as_rows_but_one_job_always_fits_a_flush() {
        let queue = Queue::new(100, 3_000);
        let _one = queue.push(job(1_000)).unwrap();
        let _two = queue.push(job(1_000)).unwrap();
        assert!(matches!(queue.push(job(1_000)), Err(Error::Full)));
        assert_eq!(queue.take(10, 10).await.unwrap().len(), 1);
        assert_eq!(queue.take(10, 10).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_closed_queue_is_emptied_and_then_ends_for_every_flusher() {
        let queue = Queue::new(10, 10_000);
        let _one = queue.push(job(1)).unwrap();
        queue.close();
        assert!(matches!(queue.push(job(1)), Err(Error::Unavailable)));
        assert_eq!(queue.take(10, 10_000).await.unwrap().len(), 1);
        assert!(queue.take(10, 10_000).await.is_none());
        assert!(queue.take(10, 10_000).await.is_none());
    }
}
