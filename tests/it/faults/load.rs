//! A deliverer with many connections that brings every delivery again until it is acknowledged.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::program::Door;

/// Pause before a delivery that was not acknowledged comes again.
const COMES_AGAIN_AFTER: Duration = Duration::from_millis(50);
/// Without any acknowledgement for this long, there will be none.
const PATIENCE: Duration = Duration::from_secs(90);

/// Deliveries under way. Dropping it ends them.
pub(super) struct Load {
    shared: Arc<Shared>,
    acked: watch::Receiver<usize>,
    all: usize,
    connections: JoinSet<()>,
}

struct Shared {
    door: Door,
    bodies: Arc<Vec<String>>,
    /// Places in `bodies`.
    waiting: Mutex<VecDeque<usize>>,
    acked: watch::Sender<usize>,
    tally: Mutex<Tally>,
}

/// What the deliverer met.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// Acknowledged.
    pub(super) acked: usize,
    /// Told to come again, with a time.
    pub(super) unavailable: usize,
    /// Nobody answered, or the answer was cut off: whether it is durable is not known.
    pub(super) unanswered: usize,
    /// The longest time until an acknowledgement.
    pub(super) slowest_ack: Duration,
}

impl Load {
    /// Starts to deliver everything over so many connections.
    pub(super) fn start(door: Door, bodies: &[String], connections: usize) -> Self {
        let order = (0..bodies.len()).collect();
        Self::start_in(order, door, &Arc::new(bodies.to_vec()), connections)
    }

    /// Starts to deliver in that order, by places in `bodies`; a place may come more than once.
    pub(super) fn start_in(
        order: Vec<usize>,
        door: Door,
        bodies: &Arc<Vec<String>>,
        connections: usize,
    ) -> Self {
        let (sender, acked) = watch::channel(0);
        let all = order.len();
        let shared = Arc::new(Shared {
            door,
            bodies: Arc::clone(bodies),
            waiting: Mutex::new(order.into()),
            acked: sender,
            tally: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        for _ in 0..connections {
            let shared = Arc::clone(&shared);
            tasks.spawn(async move { shared.deliver().await });
        }
        Self {
            shared,
            acked,
            all,
            connections: tasks,
        }
    }

    /// Waits until that many deliveries were acknowledged.
    pub(super) async fn until_acked(&mut self, wanted: usize) {
        let reached = self.acked.wait_for(|acked| *acked >= wanted);
        let reached = tokio::time::timeout(PATIENCE, reached).await;
        let missing = || {
            format!(
                "{wanted} acknowledged: {:?}",
                self.shared.tally.lock().unwrap()
            )
        };
        assert!(
            reached.is_ok_and(|changed| changed.is_ok()),
            "never {}",
            missing()
        );
    }

    /// How many were acknowledged by now.
    pub(super) fn acked(&self) -> usize {
        *self.acked.borrow()
    }

    /// Waits until that many more than now were acknowledged, or all.
    pub(super) async fn until_more_acked(&mut self, more: usize) {
        let wanted = *self.acked.borrow() + more;
        self.until_acked(wanted.min(self.all)).await;
    }

    /// Waits until everything was acknowledged.
    pub(super) async fn finish(mut self) -> Tally {
        let all = async {
            while let Some(ended) = self.connections.join_next().await {
                ended.expect("only expected answers");
            }
        };
        tokio::time::timeout(PATIENCE, all)
            .await
            .expect("all is acknowledged in time");
        self.shared.tally.lock().unwrap().clone()
    }
}

impl Shared {
    /// One connection: delivers until nothing waits any more. What it could not deliver it brings again itself.
    async fn deliver(&self) {
        loop {
            let Some(place) = self.waiting.lock().unwrap().pop_front() else {
                return;
            };
            let body = &self.bodies[place];
            while !self.is_acked(body).await {
                tokio::time::sleep(COMES_AGAIN_AFTER).await;
            }
        }
    }

    async fn is_acked(&self, body: &str) -> bool {
        let begun = Instant::now();
        let Some(answer) = self.door.deliver(body).await else {
            self.tally.lock().unwrap().unanswered += 1;
            return false;
        };
        match answer.status() {
            StatusCode::NO_CONTENT => {
                let mut tally = self.tally.lock().unwrap();
                tally.acked += 1;
                tally.slowest_ack = tally.slowest_ack.max(begun.elapsed());
                self.acked.send_replace(tally.acked);
                true
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                let after = answer.headers()["retry-after"].to_str().unwrap();
                assert!(
                    after.parse::<u32>().is_ok_and(|seconds| seconds > 0),
                    "{after}"
                );
                self.tally.lock().unwrap().unavailable += 1;
                false
            }
            other => panic!("{other} for {body}"),
        }
    }
}
