//! Closed-loop HTTP clients: each sends a prepared request, reads the answer, and sends the next.
//!
//! Written against the socket, because a full HTTP client would cost more than the server it measures.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What the clients saw.
pub(crate) struct Seen {
    /// Answers a second.
    pub(crate) per_second: f64,
    latencies: Vec<Duration>,
}

impl Seen {
    /// The latency that this share of answers did not exceed, in milliseconds.
    pub(crate) fn quantile_ms(&self, share: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index into a list, from a share between 0 and 1"
        )]
        let index = (last as f64 * share).round() as usize;
        self.latencies
            .get(index)
            .map_or(0.0, |latency| latency.as_secs_f64() * 1_000.0)
    }
}

/// Lets `clients` clients send `requests` in turns for `time`; every answer has to be a 204.
pub(crate) async fn drive(
    address: SocketAddr,
    requests: &Arc<Vec<Vec<u8>>>,
    clients: usize,
    time: Duration,
) -> anyhow::Result<Seen> {
    let begun = Instant::now();
    let mut running = JoinSet::new();
    for first in 0..clients {
        let requests = Arc::clone(requests);
        running.spawn(async move {
            let mine = requests
                .iter()
                .cycle()
                .skip(first * requests.len() / clients);
            one(address, mine, begun + time).await
        });
    }
    let mut latencies = Vec::new();
    while let Some(client) = running.join_next().await {
        latencies.extend(client??);
    }
    let elapsed = begun.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let answers = u32::try_from(latencies.len())?;
    Ok(Seen {
        per_second: f64::from(answers) / elapsed,
        latencies,
    })
}

async fn one(
    address: SocketAddr,
    requests: impl Iterator<Item = &Vec<u8>>,
    end: Instant,
) -> anyhow::Result<Vec<Duration>> {
    let mut connection = TcpStream::connect(address).await?;
    connection.set_nodelay(true)?;
    let mut latencies = Vec::new();
    let mut answer = [0; 4_096];
    for request in requests {
        let sent = Instant::now();
        if sent >= end {
            break;
        }
        connection.write_all(request).await?;
        let mut read = 0;
        loop {
            let Some(free) = answer.get_mut(read..) else {
                bail!("an answer without an end")
            };
            let more = connection.read(free).await?;
            ensure!(more > 0, "the server hung up");
            read += more;
            // A 204 has no body, so the end of its head is its end.
            if answer
                .get(..read)
                .is_some_and(|answer| answer.ends_with(b"\r\n\r\n"))
            {
                break;
            }
        }
        ensure!(
            answer.starts_with(b"HTTP/1.1 204"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
        latencies.push(sent.elapsed());
    }
    Ok(latencies)
}
