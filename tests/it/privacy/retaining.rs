//! Retention: activities go by their own clocks, persons nothing was heard of by theirs, holds stop both, and nothing
//! brings back what has gone.

use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use customer_intelligence::actions::cron::{Asker, enter};
use customer_intelligence::audit::Actor;
use customer_intelligence::domain::retention::RetentionClock;
use customer_intelligence::jobs::{self, Key, State};
use customer_intelligence::privacy::requests::Erasures;
use customer_intelligence::workers::rebuild::{self, Options};
use customer_intelligence::workers::{self, erasures, retain, verify};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::rig::{Rig, TENANT, backoffice, profile};
use crate::cron::stage;
use crate::property::crowd;

const REBUILD: Options = Options {
    tenant: None,
    workers: 1,
    page: 5,
    max_rate: None,
    restart: false,
};

async fn counted(rig: &Rig, sql: &str) -> i64 {
    let sql = AssertSqlSafe(format!("select count(*) from {sql}"));
    let row = sqlx::raw_sql(sql)
        .fetch_one(&rig.db.superuser())
        .await
        .unwrap();
    row.get(0)
}

/// Who is up for a review, as the desk lists them.
async fn up_for_review(rig: &Rig) -> Vec<(Uuid, DateTime<Utc>)> {
    let desk = Erasures::new(rig.office.clone(), rig.db.reads());
    desk.reviews(TENANT, 100).await.unwrap()
}

async fn assert_as_the_log_says(rig: &Rig) {
    let verdict = verify::tenant(&rig.context.folding(), TENANT, |_| {}).await;
    let drifts = verdict.unwrap().drifts;
    assert!(drifts.is_empty(), "{drifts:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_messages_and_checkouts_go_and_no_replay_brings_them_back() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let crowd = crowd::shuffled(TENANT, 0..25, 30, false);
    rig.tell(&crowd.bodies).await;
    for clock in [RetentionClock::Review, RetentionClock::Persons] {
        let set = rig.office.set_retention(TENANT, clock, 0, &Actor::SERVICE);
        set.await.unwrap();
    }
    for clock in [RetentionClock::Messages, RetentionClock::Checkouts] {
        let set = rig.office.set_retention(TENANT, clock, 15, &Actor::SERVICE);
        set.await.unwrap();
    }
    let preview = retain::preview(&rig.context, &rig.office, TENANT)
        .await
        .unwrap();
    let aged = "activity_log where kind in (12, 20) and occurred_at <= '2025-12-01T12:00:00Z'";
    let before = counted(&rig, aged).await;
    assert!(before > 0, "the crowd has something old");
    let previewed: u64 = preview.rows.values().sum();
    assert_eq!(i64::try_from(previewed).unwrap(), before);
    assert_eq!(
        counted(&rig, aged).await,
        before,
        "a preview changes nothing"
    );

    let report = retain::tenant(&rig.context, &rig.office, TENANT)
        .await
        .unwrap();
    assert_eq!(report.rows, preview.rows);
    assert_eq!(counted(&rig, aged).await, 0);
    let kept = counted(&rig, "activity_log").await;
    assert_as_the_log_says(&rig).await;
    rig.tell(&crowd.bodies).await;
    assert_eq!(
        counted(&rig, "activity_log").await,
        kept,
        "nothing came back"
    );
    rebuild::run(&rig.context.folding(), &REBUILD, |_, _| {})
        .await
        .unwrap();
    assert_as_the_log_says(&rig).await;
    assert!(counted(&rig, "tally where name = 'aged' and total > 0").await > 0);
    let again = retain::tenant(&rig.context, &rig.office, TENANT)
        .await
        .unwrap();
    assert_eq!(again.items(), 0, "{again:?}");
}

fn told_at(person: Uuid, at: DateTime<Utc>) -> String {
    let mut row = profile(person, None, 1);
    row["created_at"] = json!(at);
    row["updated_at"] = json!(at);
    backoffice("person_profiles", &Value::Null, &row)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_not_heard_of_for_long_is_reviewed_then_erased_unless_a_hold_keeps_them() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let now = rig.context.clock.now();
    let ids = |from: u8, n: u8| (from..from + n).map(|n| Uuid::new_v5(&TENANT, &[n]));
    let (gone, held): (Vec<Uuid>, Uuid) = (ids(0, 12).collect(), Uuid::new_v5(&TENANT, b"held"));
    let (quiet, lively) = (
        Uuid::new_v5(&TENANT, b"quiet"),
        Uuid::new_v5(&TENANT, b"lively"),
    );
    let months = |n: i64| now - TimeDelta::days(31 * n);
    let mut bodies: Vec<String> = gone.iter().map(|one| told_at(*one, months(40))).collect();
    bodies.push(told_at(held, months(40)));
    bodies.push(told_at(quiet, months(30)));
    bodies.push(told_at(lively, months(2)));
    let hold = json!({ "id": Uuid::new_v5(&TENANT, b"hold"), "tenant_id": TENANT, "entity_type": "person",
        "entity_id": held, "until": null, "closed_at": null, "created_at": now, "updated_at": now });
    bodies.push(backoffice("legal_holds", &Value::Null, &hold));
    rig.tell(&bodies).await;

    let preview = retain::preview(&rig.context, &rig.office, TENANT)
        .await
        .unwrap();
    assert_eq!(
        (preview.reviews, preview.persons, preview.held),
        (14, 12, 1)
    );
    let report = retain::tenant(&rig.context, &rig.office, TENANT)
        .await
        .unwrap();
    assert_eq!((report.reviews, report.persons, report.held), (14, 12, 1));
    assert_eq!(report.summed, 12);
    let reviews = up_for_review(&rig).await;
    let reviews: BTreeSet<Uuid> = reviews.into_iter().map(|(person, _)| person).collect();
    assert!(reviews.contains(&quiet) && reviews.contains(&held) && !reviews.contains(&lively));
    let again = retain::tenant(&rig.context, &rig.office, TENANT)
        .await
        .unwrap();
    assert_eq!((again.reviews, again.persons), (0, 0), "once");

    for wait in [TimeDelta::zero(), TimeDelta::minutes(1), TimeDelta::days(1)] {
        rig.context.clock.advance(wait);
        while erasures::round(&rig.context, &rig.office).await.unwrap() > 0 {}
    }
    for person in &gone {
        rig.assert_gone(*person).await;
    }
    let closed = "erasure_request where basis = 'retention' and state = 4";
    assert_eq!(counted(&rig, closed).await, 12);
    assert_eq!(counted(&rig, "customer").await, 3);
    assert_eq!(
        counted(&rig, "retention_statistic where persons = 12").await,
        1
    );
    rig.tell(&bodies).await;
    assert_eq!(counted(&rig, "customer").await, 3);

    // Heard of again, nobody has to look.
    let mut row = profile(quiet, None, 1);
    row["updated_at"] = json!(rig.context.clock.now());
    rig.tell(&[backoffice("person_profiles", &Value::Null, &row)])
        .await;
    retain::tenant(&rig.context, &rig.office, TENANT)
        .await
        .unwrap();
    let reviews = up_for_review(&rig).await;
    assert!(reviews.iter().all(|(person, _)| *person != quiet));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_nightly_run_lets_go_of_whoever_is_due_and_warns_of_what_is_late() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let now = rig.context.clock.now();
    let [gone, lively] = [b"gone", b"live"].map(|name| Uuid::new_v5(&TENANT, name));
    let months = |n: i64| now - TimeDelta::days(31 * n);
    rig.tell(&[told_at(gone, months(40)), told_at(lively, months(2))])
        .await;
    let context = workers::cron::Context {
        work: rig.context.clone(),
        office: rig.office.clone(),
        retention: stage::RETENTION,
    };
    assert_eq!(
        nightly(&context, "ci_retain").await["items"],
        2,
        "one of them twice: reviewed, asked to go"
    );
    let requested = "erasure_request where basis = 'retention'";
    assert_eq!(counted(&rig, requested).await, 1);

    assert_eq!(nightly(&context, "ci_deadlines").await["items"], 0);
    rig.context.clock.advance(TimeDelta::days(26));
    assert_eq!(nightly(&context, "ci_deadlines").await["items"], 1);
    for _ in 0..2 {
        rig.context.clock.advance(TimeDelta::days(1));
        while erasures::round(&rig.context, &rig.office).await.unwrap() > 0 {}
    }
    rig.assert_gone(gone).await;
    assert_eq!(counted(&rig, "customer").await, 1);
}

/// Enters a run of a job, works on it, and returns how it went.
async fn nightly(context: &workers::cron::Context, name: &'static str) -> Value {
    let now = context.work.clock.now();
    let run = (name, now, Uuid::nil());
    let pool = &context.work.pool;
    assert!(enter(pool, run, Asker::Schedule, now).await.unwrap());
    assert!(workers::cron::run::round(context).await.unwrap());
    let key = Key::new(
        Uuid::nil(),
        name,
        now.to_rfc3339_opts(SecondsFormat::AutoSi, true),
    );
    let job = jobs::find(pool, &key)
        .await
        .unwrap()
        .expect("it was entered");
    assert_eq!(job.state, State::Finished, "{job:?}");
    job.progress
}
