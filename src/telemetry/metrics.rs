//! Every metric by name, kind and meaning, and the recorder behind `/metrics`.
//!
//! Names are constants so that a label or a dashboard cannot drift from the code. Deliberately absent: a listener (the
//! HTTP floor renders), and labels with more values than a table has rows of kinds: never a tenant, never a person.

use std::sync::{Mutex, PoisonError};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Counter, by `outcome` (stored, dead, refused, unavailable): deliveries answered at the webhook door.
pub const DELIVERIES: &str = "ci_deliveries_total";
/// Histogram, seconds: from a delivery's last byte to its answer, which follows its commit.
pub const ACK: &str = "ci_ack_seconds";
/// Histogram, seconds: one flush of the inbox writer.
pub const INBOX_FLUSH: &str = "ci_inbox_flush_seconds";
/// Histogram, rows: deliveries in one flush.
pub const INBOX_FLUSH_ROWS: &str = "ci_inbox_flush_rows";
/// Gauge: deliveries stored and not yet worked on.
pub const INBOX_BACKLOG: &str = "ci_inbox_backlog";
/// Gauge, seconds: age of the oldest of them.
pub const INBOX_LAG: &str = "ci_inbox_lag_seconds";
/// Gauge, seconds, by `table`: since the latest delivery about it was folded, of whichever tenant.
pub const SILENCE: &str = "ci_table_silent_seconds";
/// Counter, by `reason`: deliveries parked as dead letters.
pub const DEAD_LETTERS: &str = "ci_dead_letters_total";
/// Counter: columns that the allow-list kept out.
pub const COLUMNS_DROPPED: &str = "ci_columns_dropped_total";
/// Histogram, seconds, by `worker`: one round that found work.
pub const ROUND: &str = "ci_worker_round_seconds";
/// Counter, by `worker`: items that workers finished.
pub const WORKED: &str = "ci_worker_items_total";
/// Counter, by `worker`: rounds that failed.
pub const FAILURES: &str = "ci_worker_failures_total";
/// Counter: rows appended to the log.
pub const APPENDED: &str = "ci_log_rows_total";
/// Histogram, seconds: from a delivery's arrival to the commit that shows it in the insight.
pub const VISIBLE: &str = "ci_visible_seconds";
/// Counter, by `reason` (unattributable, expired, contact): facts let go without a person.
pub const DISCARDED: &str = "ci_facts_discarded_total";
/// Counter: customers whose insight was compared with the log.
pub const AUDITED: &str = "ci_audited_total";
/// Counter: customers whose insight was not what the log says. Anything but 0 is a bug or damage.
pub const DRIFT: &str = "ci_drift_total";
/// Gauge, by `state` (busy, idle): connections of the pool.
pub const CONNECTIONS: &str = "ci_connections";
/// Histogram, seconds, by `kind` (query, mutation, subscription) and `roots` (at most 1, 10, 100, 1000 root fields, or
/// more): from a GraphQL request's text to its outcome, without reading the body and writing the answer.
pub const GRAPHQL: &str = "ci_graphql_seconds";
/// Counter, by `code` (as in `extensions.code`): errors of GraphQL answers, refused requests included.
pub const GRAPHQL_ERRORS: &str = "ci_graphql_errors_total";
/// Counter: joins answered as unavailable because their tenant asked too often.
pub const GRAPHQL_CROWDED: &str = "ci_graphql_crowded_total";
/// Counter, by `job` and `outcome` (finished, again, or given up): tries of runs of jobs.
pub const JOB_RUNS: &str = "ci_job_runs_total";
/// Gauge, seconds since 1970, by `job`: when a run of it last finished well, in whichever process.
pub const JOB_LAST_SUCCESS: &str = "ci_job_last_success_timestamp_seconds";
/// Gauge, by `state` (`due_soon`, `overdue`): erasures that are not done.
pub const ERASURES_LATE: &str = "ci_erasures_late";
/// Counter, by `target` and `outcome` (delivered, again, parked, withheld): messages to other systems.
pub const MESSAGES: &str = "ci_messages_total";
/// Histogram, seconds, by `target`: one batch of messages, from before the gate to its commit.
pub const MESSAGE_SEND: &str = "ci_message_send_seconds";
/// Gauge, by `state` (waiting, parked): deliveries of messages that have not gone out.
pub const MESSAGES_OPEN: &str = "ci_messages_open";
/// Gauge, seconds: age of the oldest of those that wait.
pub const MESSAGES_LAG: &str = "ci_messages_lag_seconds";

/// Counter: requests that read about persons and were recorded.
pub const AUDIT_READS: &str = "ci_audit_reads_total";
/// Counter: such requests that could not be recorded. Anything but 0 is to be looked into.
pub const AUDIT_READS_LOST: &str = "ci_audit_reads_lost_total";
/// Gauge: such requests that wait to be recorded.
pub const AUDIT_READS_WAITING: &str = "ci_audit_reads_waiting";
/// Counter: groups of them that could not be written at once.
pub const AUDIT_FAILURES: &str = "ci_audit_failures_total";

/// Gauge: requests for persons' data that are due within five days, or were due, and are not answered.
pub const EXPORTS_PRESSING: &str = "ci_exports_pressing";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

const DESCRIBED: &[(Kind, &str, &str)] = &[
    (
        Kind::Gauge,
        ERASURES_LATE,
        "Erasures that are not done, by how late they are",
    ),
    (
        Kind::Counter,
        DELIVERIES,
        "Deliveries answered at the webhook door, by outcome",
    ),
    (
        Kind::Histogram,
        ACK,
        "Seconds from a delivery's last byte to its answer",
    ),
    (
        Kind::Histogram,
        INBOX_FLUSH,
        "Seconds of one flush of the inbox writer",
    ),
    (Kind::Histogram, INBOX_FLUSH_ROWS, "Deliveries in one flush"),
    (
        Kind::Gauge,
        INBOX_BACKLOG,
        "Deliveries stored and not yet worked on",
    ),
    (
        Kind::Gauge,
        INBOX_LAG,
        "Age in seconds of the oldest delivery not yet worked on",
    ),
    (
        Kind::Gauge,
        SILENCE,
        "Seconds since the latest delivery about a table was folded",
    ),
    (
        Kind::Counter,
        DEAD_LETTERS,
        "Deliveries parked as dead letters, by reason",
    ),
    (
        Kind::Counter,
        COLUMNS_DROPPED,
        "Columns that the allow-list kept out",
    ),
    (
        Kind::Histogram,
        ROUND,
        "Seconds of one round of a worker that found work",
    ),
    (Kind::Counter, WORKED, "Items that workers finished"),
    (Kind::Counter, FAILURES, "Rounds of workers that failed"),
    (Kind::Counter, APPENDED, "Rows appended to the log"),
    (
        Kind::Histogram,
        VISIBLE,
        "Seconds from a delivery's arrival to the insight that shows it",
    ),
    (
        Kind::Counter,
        DISCARDED,
        "Facts let go without a person, by reason",
    ),
    (
        Kind::Counter,
        AUDITED,
        "Customers whose insight was compared with the log",
    ),
    (
        Kind::Counter,
        DRIFT,
        "Customers whose insight was not what the log says",
    ),
    (
        Kind::Gauge,
        CONNECTIONS,
        "Connections of the pool, by state",
    ),
    (
        Kind::Histogram,
        GRAPHQL,
        "Seconds from a GraphQL request's text to its outcome, by kind and number of root fields",
    ),
    (
        Kind::Counter,
        GRAPHQL_ERRORS,
        "Errors of GraphQL answers, by code",
    ),
    (
        Kind::Counter,
        GRAPHQL_CROWDED,
        "Joins answered as unavailable because their tenant asked too often",
    ),
    (
        Kind::Counter,
        JOB_RUNS,
        "Tries of runs of jobs, by job and outcome",
    ),
    (
        Kind::Gauge,
        JOB_LAST_SUCCESS,
        "When a run of the job last finished well, in seconds since 1970",
    ),
    (
        Kind::Counter,
        AUDIT_READS,
        "Requests that read about persons and were recorded",
    ),
    (
        Kind::Counter,
        AUDIT_READS_LOST,
        "Requests that read about persons and could not be recorded",
    ),
    (
        Kind::Gauge,
        AUDIT_READS_WAITING,
        "Requests that read about persons and wait to be recorded",
    ),
    (
        Kind::Gauge,
        EXPORTS_PRESSING,
        "Requests for persons' data that are about to be due and not answered",
    ),
    (
        Kind::Counter,
        AUDIT_FAILURES,
        "Groups of reads that could not be written at once",
    ),
    (
        Kind::Counter,
        MESSAGES,
        "Messages to other systems, by receiver and outcome",
    ),
    (
        Kind::Histogram,
        MESSAGE_SEND,
        "Seconds of one batch of messages to a receiver",
    ),
    (
        Kind::Gauge,
        MESSAGES_OPEN,
        "Messages that have not gone out, by state",
    ),
    (
        Kind::Gauge,
        MESSAGES_LAG,
        "Age in seconds of the oldest message that waits",
    ),
];

const SECONDS: [f64; 14] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
const COUNTS: [f64; 11] = [
    1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 10_000.0,
];

/// The process's recorder: collects what is counted anywhere and renders it.
#[derive(Clone)]
pub struct Recorder(PrometheusHandle);

impl Recorder {
    /// Makes the recorder that all of the process counts into; later calls return the same.
    pub fn install() -> Result<Self, BuildError> {
        static INSTALLED: Mutex<Option<Recorder>> = Mutex::new(None);
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(recorder) = &*installed {
            return Ok(recorder.clone());
        }
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
            .set_buckets_for_metric(Matcher::Suffix("_rows".to_owned()), &COUNTS)?
            .set_buckets_for_metric(Matcher::Suffix("_keys".to_owned()), &COUNTS)?
            .install_recorder()?;
        for &(kind, name, meaning) in DESCRIBED {
            match kind {
                Kind::Counter => metrics::describe_counter!(name, meaning),
                Kind::Gauge => metrics::describe_gauge!(name, meaning),
                Kind::Histogram => metrics::describe_histogram!(name, meaning),
            }
        }
        let recorder = Self(handle);
        *installed = Some(recorder.clone());
        Ok(recorder)
    }

    /// Everything counted so far, in Prometheus' text format.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Folds new samples into their buckets. To be called every few seconds, so that samples do not pile up while
    /// nobody looks.
    pub fn upkeep(&self) {
        self.0.run_upkeep();
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recorder")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_rendered_with_its_meaning_and_in_buckets() {
        let recorder = Recorder::install().unwrap();
        metrics::counter!(DELIVERIES, "outcome" => "stored").increment(3);
        metrics::histogram!(ACK).record(0.003);
        let text = Recorder::install().unwrap().render();
        recorder.upkeep();
        assert!(
            text.contains(r#"ci_deliveries_total{outcome="stored"} 3"#),
            "{text}"
        );
        assert!(
            text.contains("# HELP ci_deliveries_total Deliveries answered"),
            "{text}"
        );
        assert!(
            text.contains(r#"ci_ack_seconds_bucket{le="0.005"} 1"#),
            "{text}"
        );
    }

    #[test]
    fn a_name_tells_its_kind_and_unit() {
        for &(kind, name, _) in DESCRIBED {
            assert!(name.starts_with("ci_"), "{name}");
            assert_eq!(name.ends_with("_total"), kind == Kind::Counter, "{name}");
            let unit = ["_seconds", "_rows", "_keys"]
                .iter()
                .any(|unit| name.ends_with(unit));
            assert!(unit || kind != Kind::Histogram, "{name}");
        }
    }
}
