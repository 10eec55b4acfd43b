//! Closed-loop HTTP clients: each sends a prepared request, reads the answer, and sends the next.
//!
//! Written against the socket, because a full HTTP client would cost more than the server it measures.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
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

/// Lets `clients` clients send `requests` in turns for `time`; every answer has to be a success.
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
    let mut answer = Vec::new();
    for request in requests {
        let sent = Instant::now();
        if sent >= end {
            break;
        }
        connection.write_all(request).await?;
        answer.clear();
        while !complete(&answer)? {
            ensure!(
                connection.read_buf(&mut answer).await? > 0,
                "the server hung up"
            );
        }
        ensure!(
            answer.starts_with(b"HTTP/1.1 20"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
        latencies.push(sent.elapsed());
    }
    Ok(latencies)
}

/// Whether an answer is there with its whole body.
fn complete(answer: &[u8]) -> anyhow::Result<bool> {
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(false);
    };
    let text = std::str::from_utf8(answer.get(..head).unwrap_or_default())?;
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let body: usize = length.map_or(Ok(0), str::parse)?;
    Ok(answer.len() >= head + 4 + body)
}
