//! Runs of jobs: worked on once by any number of processes, gone on with after one is killed or frozen, tried again
//! for whom they failed, and given up in the end.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use customer_intelligence::actions::cron::{Asker, Progress, enter};
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::inbox::dead_letters::{self, Query};
use customer_intelligence::jobs::{Job, Key, State};
use customer_intelligence::workers::cron::run::{TRIES_MAX, round};
use futures::future::join_all;
use uuid::Uuid;

use super::stage::{
    RETENTION, find, hold, let_go, noon, number, open, run, strangers, tenant, worker,
};
use crate::support::TestDb;

const PATIENT: Duration = Duration::from_secs(10);
const IMPATIENT: Duration = Duration::from_millis(50);
/// What has not happened by then will not happen any more.
const PATIENCE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(5);

async fn entered(db: &TestDb, name: &str) -> Key {
    let run = (name, noon(), Uuid::nil());
    assert!(enter(db.pool(), run, Asker::Hasura, noon()).await.unwrap());
    Key::new(Uuid::nil(), name, "2026-11-22T12:00:00Z")
}

fn progress(job: &Job) -> Progress {
    serde_json::from_value(job.progress.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_processes_work_on_a_run_once() {
    let db = TestDb::new().await;
    let tenants = [tenant(1), tenant(2), tenant(3)];
    strangers(&db, &tenants, 40).await;
    let clock = Clock::manual(noon());
    let key = entered(&db, "ci_expire").await;
    let workers: Vec<_> = (0..5).map(|_| worker(&db, &clock, PATIENT)).collect();
    let worked = join_all(workers.iter().map(round)).await;
    let worked: Vec<bool> = worked.into_iter().map(Result::unwrap).collect();
    assert_eq!(
        worked.iter().filter(|worked| **worked).count(),
        1,
        "{worked:?}"
    );
    let job = find(&db, &key).await;
    assert_eq!(job.state, State::Finished);
    assert_eq!((progress(&job).tries, progress(&job).items), (1, 120));
    for tenant in tenants {
        assert_eq!(let_go(&db, tenant).await, 40);
    }
    assert!(!round(&workers[0]).await.unwrap(), "nothing is left");
}

#[tokio::test]
async fn a_tenant_for_whom_it_failed_is_tried_again_later_and_the_others_do_not_wait() {
    let db = TestDb::new().await;
    let (held, free) = (tenant(1), tenant(2));
    strangers(&db, &[held, free], 5).await;
    let clock = Clock::manual(noon());
    let key = entered(&db, "ci_expire").await;
    let worker = worker(&db, &clock, IMPATIENT);
    let superuser = db.superuser();
    let frozen = hold(&superuser, held).await;
    assert!(round(&worker).await.unwrap());
    let job = find(&db, &key).await;
    assert_eq!(job.state, State::Running);
    assert_eq!(progress(&job).only, Some(vec![held]));
    assert!(progress(&job).error.is_some());
    assert_eq!((let_go(&db, free).await, let_go(&db, held).await), (5, 0));
    assert!(
        !round(&worker).await.unwrap(),
        "not before its pause is over"
    );

    frozen.rollback().await.unwrap();
    clock.advance(TimeDelta::seconds(30));
    assert!(round(&worker).await.unwrap());
    let job = find(&db, &key).await;
    assert_eq!((job.state, progress(&job).tries), (State::Finished, 2));
    assert_eq!((let_go(&db, free).await, let_go(&db, held).await), (5, 5));
}

#[tokio::test]
async fn a_run_that_keeps_failing_is_given_up() {
    let db = TestDb::new().await;
    strangers(&db, &[tenant(1)], 5).await;
    let clock = Clock::manual(noon());
    let key = entered(&db, "ci_expire").await;
    let worker = worker(&db, &clock, IMPATIENT);
    let superuser = db.superuser();
    let _frozen = hold(&superuser, tenant(1)).await;
    for _ in 0..TRIES_MAX {
        assert_eq!(find(&db, &key).await.state, State::Running);
        assert!(round(&worker).await.unwrap());
        clock.advance(TimeDelta::hours(1));
    }
    let job = find(&db, &key).await;
    assert_eq!(
        (job.state, progress(&job).tries),
        (State::Failed, TRIES_MAX)
    );
    assert!(!round(&worker).await.unwrap());
}

/// Polls until it is so, but not for ever.
async fn until(mut so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !so().await {
        assert!(begun.elapsed() < PATIENCE, "it takes too long");
        tokio::time::sleep(POLL).await;
    }
}

/// A worker is cut off in the middle, as by kill -9; another goes on once it counts as dead, and not before.
#[tokio::test]
async fn after_a_kill_another_goes_on_where_the_run_stood() {
    let db = TestDb::new().await;
    strangers(&db, &[tenant(1), tenant(2)], 5).await;
    let clock = Clock::manual(noon());
    let key = entered(&db, "ci_expire").await;
    let superuser = db.superuser();
    let held = hold(&superuser, tenant(2)).await;
    let killed = worker(&db, &clock, PATIENT);
    tokio::select! {
        worked = round(&killed) => panic!("it waits for the second tenant: {worked:?}"),
        () = async {
            until(async || let_go(&db, tenant(1)).await == 5).await;
        } => {}
    }
    held.rollback().await.unwrap();
    let other = worker(&db, &clock, PATIENT);
    assert!(!round(&other).await.unwrap(), "it still counts as alive");
    clock.advance(TimeDelta::seconds(61));
    assert!(round(&other).await.unwrap());
    let job = find(&db, &key).await;
    assert_eq!((job.state, progress(&job).tries), (State::Finished, 2));
    assert_eq!(
        (let_go(&db, tenant(1)).await, let_go(&db, tenant(2)).await),
        (5, 5)
    );
}

/// A worker freezes, another takes the run; what the first does when it wakes up changes nothing any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_wakes_up_late_has_lost_its_run() {
    let db = TestDb::new().await;
    strangers(&db, &[tenant(1)], 5).await;
    let clock = Clock::manual(noon());
    let key = entered(&db, "ci_expire").await;
    let superuser = db.superuser();
    let held = hold(&superuser, tenant(1)).await;
    let (frozen, quick) = (worker(&db, &clock, PATIENT), worker(&db, &clock, IMPATIENT));
    let waking = async {
        until(async || find(&db, &key).await.progress["tries"] == 1).await;
        clock.advance(TimeDelta::seconds(61));
        assert!(round(&quick).await.unwrap());
        let taken_over = find(&db, &key).await;
        held.rollback().await.unwrap();
        taken_over
    };
    let (late, taken_over) = tokio::join!(round(&frozen), waking);
    assert!(late.unwrap());
    assert_eq!(
        find(&db, &key).await,
        taken_over,
        "the run stands as the other left it"
    );
    assert_eq!(progress(&taken_over).tries, 2);

    clock.advance(TimeDelta::hours(1));
    assert!(round(&quick).await.unwrap());
    assert_eq!(find(&db, &key).await.state, State::Finished);
    assert_eq!(
        let_go(&db, tenant(1)).await,
        5,
        "the work itself was done once"
    );
}

#[tokio::test]
async fn pruning_takes_what_is_old_and_over_and_nothing_else() {
    let db = TestDb::new().await;
    strangers(&db, &[tenant(1)], 0).await;
    let clock = Clock::manual(noon());
    let ago = |days: u16| (noon() - TimeDelta::days(days.into())).to_rfc3339();
    let (letter, job) = (RETENTION.dead_letter_days, RETENTION.job_days);
    for tenant in [tenant(1), Uuid::nil()] {
        for (name, days) in [("old", letter + 1), ("young", letter - 1)] {
            let at = ago(days);
            run(
                db.pool(),
                format!(
                    "insert into dead_letter (tenant_id, id, received_at, reason, detail)
                 values ('{tenant}', gen_random_uuid(), '{at}', '{name}', '')"
                ),
            )
            .await;
        }
        for (name, state, days) in [
            ("old", 1, job + 1),
            ("old failed", 2, job + 1),
            ("open", 0, job + 1),
            ("young", 1, job - 1),
        ] {
            let at = ago(days);
            run(
                db.pool(),
                format!(
                "insert into job (tenant_id, name, run, state, started_at, touched_at, progress)
                 values ('{tenant}', '{name}', '', {state}, '{at}', '{at}', '{{}}')"
            ),
            )
            .await;
        }
    }
    let key = entered(&db, "ci_prune").await;
    assert!(round(&worker(&db, &clock, PATIENT)).await.unwrap());
    assert_eq!(progress(&find(&db, &key).await).items, 6);
    let query = Query {
        limit: 10,
        ..Query::default()
    };
    let letters = dead_letters::list(db.pool(), &query).await.unwrap();
    assert_eq!(letters.len(), 2);
    assert!(letters.iter().all(|letter| letter.reason == "young"));
    let kept = "select count(*) from job where name in ('open', 'young')";
    assert_eq!(number(db.pool(), kept).await, 4);
    let gone = "select count(*) from job where name like 'old%'";
    assert_eq!(number(db.pool(), gone).await, 0);
    assert!(open(&db).await.is_empty());
}
