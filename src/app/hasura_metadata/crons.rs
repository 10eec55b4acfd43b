//! Cron triggers: one a job, at the times of our own clock, so that both ask for the same runs.

use super::GeneratedFile;
use super::files::metadata;
use super::remote_schema::secret;
use super::yaml::{Yaml, map, text};
use crate::workers::cron::{JOBS, Job};

const NOTES: &str = "\
Times are UTC. The service keeps the same times by itself, so these may be left out; with both, each run happens once.
Another time than the service's: change its CI_SCHEDULE_ variable, too, or set that to off.
A payload of {\"tenant_id\": \"…\"} runs a job for that tenant alone.";

/// `cron_triggers.yaml`.
pub(super) fn file() -> GeneratedFile {
    let triggers = JOBS.iter().map(trigger).collect();
    metadata("cron_triggers.yaml", NOTES, &Yaml::List(triggers))
}

/// The cron trigger of a job. A call that fails is tried again for an hour; one that is six hours late is dropped, and
/// the next one does its work.
pub(super) fn trigger(job: &Job) -> Yaml {
    map([
        ("name", text(job.name)),
        ("webhook", text("{{CI_CRON_URL}}")),
        ("schedule", text(job.line)),
        ("include_in_metadata", Yaml::Flag(true)),
        ("payload", Yaml::Map(vec![])),
        (
            "retry_conf",
            map([
                ("num_retries", Yaml::Number(120)),
                ("retry_interval_seconds", Yaml::Number(30)),
                ("timeout_seconds", Yaml::Number(30)),
                ("tolerance_seconds", Yaml::Number(21_600)),
            ]),
        ),
        ("headers", secret("CI_WEBHOOK_SECRET")),
        ("comment", text(job.does)),
    ])
}
