//! Jobs that come round: which there are (`JOBS`, the registry), what makes them due (`schedule`, or a cron trigger of
//! Hasura's at the door), and who works on them (`run`).
//!
//! A job is a function over one tenant, idempotent, so that a run which was cut off is simply gone on with. To add one
//! is to add an entry to `JOBS`: its schedule, its variable, its cron trigger in `hasura/` and its metrics follow.

mod handlers;
pub mod run;
pub mod schedule;

use futures::future::BoxFuture;
use uuid::Uuid;

use crate::actions::cron::TRAINING;
use crate::db::Error;
use crate::privacy::erase::Office;

/// A job that comes round.
#[derive(Debug)]
pub struct Job {
    /// Its name, also that of Hasura's cron trigger.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub does: &'static str,
    /// When, unless told otherwise: minute, hour, day, month, weekday, in UTC.
    pub line: &'static str,
    /// The variable that tells otherwise.
    pub variable: &'static str,
    /// Does it for one tenant (the nil uuid: rows of no tenant); returns how many things were done.
    pub work: Work,
}

/// The work of a job for one tenant.
pub type Work = for<'c> fn(&'c Context, Uuid) -> BoxFuture<'c, Result<u64, Error>>;

/// Every job, in the order in which they are looked at.
pub const JOBS: &[Job] = &[
    Job {
        name: "ci_refresh",
        does: "Derives anew the insights that time alone has changed",
        line: "*/15 * * * *",
        variable: "CI_SCHEDULE_REFRESH",
        work: |context, tenant_id| Box::pin(handlers::refresh(context, tenant_id)),
    },
    Job {
        name: "ci_expire",
        does: "Lets go of facts that waited too long for a person",
        line: "*/10 * * * *",
        variable: "CI_SCHEDULE_EXPIRE",
        work: |context, tenant_id| Box::pin(handlers::expire(context, tenant_id)),
    },
    Job {
        name: TRAINING,
        does: "Learns anew from everybody: who comes back, which tours go together, groups and habits",
        line: "10 2 * * *",
        variable: "CI_SCHEDULE_TRAIN",
        work: |context, tenant_id| Box::pin(handlers::train(context, tenant_id)),
    },
    Job {
        name: "ci_prune",
        does: "Takes away dead letters, finished runs, sent messages, proofs and records of reads that are over",
        line: "20 3 * * *",
        variable: "CI_SCHEDULE_PRUNE",
        work: |context, tenant_id| Box::pin(handlers::prune(context, tenant_id)),
    },
    Job {
        name: "ci_retain",
        does: "Lets go of what was kept long enough, and flags who was inactive for long",
        line: "40 3 * * *",
        variable: "CI_SCHEDULE_RETAIN",
        work: |context, tenant_id| Box::pin(handlers::retain(context, tenant_id)),
    },
    Job {
        name: "ci_deadlines",
        does: "Warns of erasures that are due soon or overdue",
        line: "50 3 * * *",
        variable: "CI_SCHEDULE_DEADLINES",
        work: |context, tenant_id| Box::pin(handlers::deadlines(context, tenant_id)),
    },
];

/// The names of all jobs.
#[must_use]
pub fn names() -> Vec<&'static str> {
    JOBS.iter().map(|job| job.name).collect()
}

/// What jobs need.
#[derive(Debug, Clone)]
pub struct Context {
    /// What every loop needs.
    pub work: super::Context,
    /// Where erasures are asked for.
    pub office: Office,
    /// How long things are kept.
    pub retention: Retention,
}

/// How long things are kept.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Dead letters, since they last came.
    pub dead_letter_days: u16,
    /// Runs of jobs that are over.
    pub job_days: u16,
    /// Who read about whom, in months.
    pub audit_read_months: u16,
    /// Archives that wait to be fetched, in hours.
    pub export_hours: u16,
    /// That messages were sent, since they were.
    pub message_days: u16,
}
