//! The POSTs themselves, as many at a time as allowed.

use tokio::sync::mpsc::{Receiver, Sender};
use tokio::task::JoinSet;

use super::{Event, Job, Options};
use crate::demo::error::Result;
use crate::demo::{USER_AGENT, client};

/// The answer to one POST.
pub(super) struct Outcome {
    pub(super) id: String,
    pub(super) tries: i32,
    pub(super) echo: bool,
    pub(super) delivered: bool,
    pub(super) retry_after: Option<u32>,
}

/// Posts every job and hands the outcomes on; ends when the jobs end.
pub(super) async fn run(
    options: &Options,
    mut jobs: Receiver<Job>,
    outcomes: Sender<Outcome>,
) -> Result<()> {
    let client = client::new(options.retry.timeout, options.concurrency)?;
    let mut posts = JoinSet::new();
    loop {
        tokio::select! {
            Some(job) = jobs.recv(), if posts.len() < options.concurrency => {
                let request = request(&client, options, &job.event, job.trace);
                posts.spawn(post(request, job));
            }
            Some(outcome) = posts.join_next() => {
                // Nobody listens only after a failure, and then everything stops.
                if outcomes.send(outcome?).await.is_err() {
                    return Ok(());
                }
            }
            else => return Ok(()),
        }
    }
}

fn request(
    client: &reqwest::Client,
    options: &Options,
    event: &Event,
    [high, low, span]: [u64; 3],
) -> reqwest::RequestBuilder {
    let mut request = client
        .post(&options.webhook)
        .header("content-type", "application/json")
        .header("user-agent", USER_AGENT)
        .header("x-b3-traceid", format!("{high:016x}{low:016x}"))
        .header("x-b3-spanid", format!("{span:016x}"));
    for (name, value) in &options.headers {
        request = request.header(name, value);
    }
    request.body(event.body(options.retry.num_retries))
}

async fn post(request: reqwest::RequestBuilder, job: Job) -> Outcome {
    let (delivered, retry_after) = match request.send().await {
        Ok(answer) => {
            let header = answer.headers().get("retry-after");
            let seconds = header
                .and_then(|v| v.to_str().ok())
                .and_then(|v| v.trim().parse().ok());
            (answer.status().is_success(), seconds.filter(|s| *s > 0))
        }
        Err(_unreachable) => (false, None),
    };
    let Job { event, echo, .. } = job;
    Outcome {
        id: event.id,
        tries: event.tries,
        echo,
        delivered,
        retry_after,
    }
}
