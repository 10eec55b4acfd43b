//! HTTP clients: prepared requests over kept connections, in a closed loop (the next one follows the answer) or an open
//! one (each has its instant, and waiting for its turn counts as latency).
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
    /// Latencies of answers that took this long altogether.
    pub(crate) fn new(mut latencies: Vec<Duration>, elapsed: Duration) -> anyhow::Result<Self> {
        latencies.sort_unstable();
        let answers = u32::try_from(latencies.len())?;
        Ok(Self {
            per_second: f64::from(answers) / elapsed.as_secs_f64(),
            latencies,
        })
    }

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
    let client = |first: usize| {
        let requests = Arc::clone(requests);
        async move {
            let mut connection = Connection::open(address).await?;
            let mut latencies = Vec::new();
            let mine = requests.iter().cycle();
            for request in mine.skip(first * requests.len() / clients) {
                let sent = Instant::now();
                if sent >= begun + time {
                    break;
                }
                connection.exchange(request).await?;
                latencies.push(sent.elapsed());
            }
            anyhow::Ok(latencies)
        }
    };
    let latencies = together((0..clients).map(client)).await?;
    Seen::new(latencies, begun.elapsed())
}

/// Sends `requests` in turns, `per_second` of them, for `time`, over `clients` connections.
pub(crate) async fn at_rate(
    address: SocketAddr,
    requests: &Arc<Vec<Vec<u8>>>,
    clients: u32,
    per_second: u32,
    time: Duration,
) -> anyhow::Result<Seen> {
    let begun = Instant::now();
    let client = |first: u32| {
        let requests = Arc::clone(requests);
        async move {
            let mut connection = Connection::open(address).await?;
            let mut latencies = Vec::new();
            for number in (first..).step_by(clients as usize) {
                let due = begun + Duration::from_secs(number.into()) / per_second;
                if due >= begun + time {
                    break;
                }
                tokio::time::sleep_until(due.into()).await;
                let request = requests.get(number as usize % requests.len());
                connection
                    .exchange(request.map_or(&[], Vec::as_slice))
                    .await?;
                latencies.push(due.elapsed());
            }
            anyhow::Ok(latencies)
        }
    };
    let latencies = together((0..clients).map(client)).await?;
    Seen::new(latencies, begun.elapsed())
}

/// Sends each of `requests` once, over `clients` connections.
pub(crate) async fn once(
    address: SocketAddr,
    requests: &Arc<Vec<Vec<u8>>>,
    clients: usize,
) -> anyhow::Result<()> {
    let client = |first: usize| {
        let requests = Arc::clone(requests);
        async move {
            let mut connection = Connection::open(address).await?;
            for request in requests.iter().skip(first).step_by(clients) {
                connection.exchange(request).await?;
            }
            anyhow::Ok(Vec::new())
        }
    };
    together((0..clients).map(client)).await.map(drop)
}

async fn together<F>(clients: impl Iterator<Item = F>) -> anyhow::Result<Vec<Duration>>
where
    F: Future<Output = anyhow::Result<Vec<Duration>>> + Send + 'static,
{
    let mut running: JoinSet<_> = clients.collect();
    let mut latencies = Vec::new();
    while let Some(client) = running.join_next().await {
        latencies.extend(client??);
    }
    Ok(latencies)
}

/// A connection that is kept from request to request.
pub(crate) struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let answer = Vec::new();
        Ok(Self { stream, answer })
    }

    /// Sends a request and waits for its answer, which has to be a success; gives the answer's body.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        let body = loop {
            if let Some(body) = body(&self.answer)? {
                break body;
            }
            ensure!(
                self.stream.read_buf(&mut self.answer).await? > 0,
                "the server hung up"
            );
        };
        ensure!(
            self.answer.starts_with(b"HTTP/1.1 20"),
            "{}",
            String::from_utf8_lossy(&self.answer)
        );
        Ok(self.answer.get(body..).unwrap_or_default())
    }
}

/// Where the body of an answer begins, once all of it is there.
fn body(answer: &[u8]) -> anyhow::Result<Option<usize>> {
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(answer.get(..head).unwrap_or_default())?;
    let header = |wanted: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once(": "));
        lines.find_map(|(name, value)| name.eq_ignore_ascii_case(wanted).then_some(value))
    };
    let begin = head + 4;
    let all = if header("transfer-encoding") == Some("chunked") {
        answer.len() > begin && answer.ends_with(b"0\r\n\r\n")
    } else {
        let length: usize = header("content-length").map_or(Ok(0), str::parse)?;
        answer.len() >= begin + length
    };
    Ok(all.then_some(begin))
}
