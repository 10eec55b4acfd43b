//! The service's own clock: the same runs as Hasura's cron triggers would ask for, once, whoever asks.

use std::time::Duration;

use chrono::TimeDelta;
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::workers::cron::JOBS;
use customer_intelligence::workers::cron::schedule::{Entry, Line, round};
use futures::future::join_all;

use super::stage::{noon, open, worker};
use crate::support::TestDb;

fn entries() -> Vec<Entry> {
    JOBS.iter()
        .map(|job| Entry::new(job.name, job.line.parse().unwrap()))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_processes_ask_for_each_time_once() {
    let db = TestDb::new().await;
    let clock = Clock::manual(noon());
    let mut processes: Vec<_> = (0..5)
        .map(|_| (worker(&db, &clock, Duration::from_secs(10)), entries()))
        .collect();
    let mut asked = Vec::new();
    // Half an hour past noon, minute by minute.
    for _ in 0..31 {
        let all = processes
            .iter_mut()
            .map(|(context, entries)| round(context, entries));
        asked.extend(join_all(all).await.into_iter().map(Result::unwrap));
        clock.advance(TimeDelta::minutes(1));
    }
    let mut runs: Vec<(String, String)> = open(&db)
        .await
        .into_iter()
        .map(|job| (job.key.name, job.key.run))
        .collect();
    runs.sort();
    let run = |name: &str, at: &str| (name.to_owned(), format!("2026-11-22T{at}:00Z"));
    let expected = [
        run("ci_expire", "12:00"),
        run("ci_expire", "12:10"),
        run("ci_expire", "12:20"),
        run("ci_expire", "12:30"),
        run("ci_refresh", "12:00"),
        run("ci_refresh", "12:15"),
        run("ci_refresh", "12:30"),
    ];
    assert_eq!(runs, expected);
    assert_eq!(
        asked.iter().sum::<usize>(),
        expected.len(),
        "each was entered once"
    );
}

#[tokio::test]
async fn a_time_that_passed_while_nobody_was_there_is_made_good_once() {
    let db = TestDb::new().await;
    let clock = Clock::manual(noon() - TimeDelta::hours(4));
    let mut entries = entries();
    let context = worker(&db, &clock, Duration::from_secs(10));
    assert_eq!(round(&context, &mut entries).await.unwrap(), 6);
    let nightly = open(&db)
        .await
        .into_iter()
        .find(|job| job.key.name == "ci_prune")
        .unwrap();
    assert_eq!(nightly.key.run, "2026-11-22T03:20:00Z");
    assert_eq!(round(&context, &mut entries).await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_off_is_only_done_when_somebody_calls() {
    let db = TestDb::new().await;
    let clock = Clock::manual(noon());
    let mut entries: Vec<Entry> = JOBS
        .iter()
        .map(|job| Entry::new(job.name, Line::Off))
        .collect();
    let context = worker(&db, &clock, Duration::from_secs(10));
    assert_eq!(round(&context, &mut entries).await.unwrap(), 0);
    assert!(open(&db).await.is_empty());
}
