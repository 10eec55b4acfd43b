//! Rebuilding: the same numbers from the same log, whatever was stored before, however often it is interrupted.

use std::process::{Command, Stdio};

use customer_intelligence::workers::rebuild::{self, Options, Progress};
use customer_intelligence::workers::verify;
use uuid::Uuid;

use super::rig::{Rig, TENANT};
use crate::support::switch;

const OPTIONS: Options = Options {
    tenant: None,
    workers: 2,
    page: 7,
    max_rate: None,
    restart: false,
};

async fn rebuilt(rig: &Rig) -> Progress {
    let done = rebuild::run(&rig.folding(), &OPTIONS, |_, _| {}).await;
    done.expect("it comes to its end")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_comes_to_what_ingest_came_to_twice_over() {
    let rig = Rig::new(20, 40).await;
    let before = rig.derived().await;
    assert!(
        before.iter().any(|row| row.contains("\"bucket\"")),
        "somebody is kept in parts"
    );
    let done = rebuilt(&rig).await;
    assert!(done.insights > 20 && done.log_rows > 200, "{done:?}");
    assert_eq!(rig.derived().await, before);
    rebuilt(&rig).await;
    assert_eq!(rig.derived().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_older_fold_left_is_brought_up_to_date() {
    let rig = Rig::new(8, usize::MAX).await;
    let before = rig.derived().await;
    rig.behind_its_back(
        "update customer_insight set fold_version = 0, total_bookings = 99, state_hash = '', body = '\\x0001'",
    )
    .await;
    let verdict = verify::tenant(&rig.folding(), TENANT, |_| {})
        .await
        .unwrap();
    assert!(!verdict.drifts.is_empty());
    assert!(
        verdict
            .drifts
            .iter()
            .all(|drift| drift.older_fold && !drift.log_differs)
    );
    rebuilt(&rig).await;
    assert_eq!(rig.derived().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_never_find_a_hole_while_it_runs() {
    let rig = Rig::new(10, 40).await;
    let folding = rig.folding();
    let count = || async {
        let counted = sqlx::query_scalar!(r#"select count(*) as "n!" from customer_insight"#);
        counted.fetch_one(rig.db.pool()).await.unwrap()
    };
    let all = count().await;
    let mut running = tokio::task::JoinSet::new();
    running.spawn(async move { rebuild::run(&folding, &OPTIONS, |_, _| {}).await });
    loop {
        assert_eq!(count().await, all);
        tokio::select! {
            done = running.join_next() => {
                done.unwrap().unwrap().unwrap();
                return;
            }
            () = tokio::task::yield_now() => {}
        }
    }
}

/// How often a rebuild is killed. `CI_FAULT_KILLS` says otherwise.
const KILLS: u64 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_again_and_again_it_goes_on_and_comes_to_the_same() {
    let kills = switch("CI_FAULT_KILLS").unwrap_or(KILLS);
    let rig = Rig::new(20, 2_000).await;
    let before = rig.derived().await;
    rig.behind_its_back("update customer_insight set fold_version = 0, total_bookings = 99")
        .await;
    let mut reached = Vec::new();
    for kill in 0..kills {
        // Slow enough to be killed in the middle.
        let mut child = program(&rig, &["--max-rate", "300", "--page-size", "4"]);
        let earlier: Option<Progress> = reached.last().cloned();
        loop {
            let progress = progress(&rig).await;
            if progress.is_some() && progress != earlier {
                reached.extend(progress);
                break;
            }
            if child.try_wait().unwrap().is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        eprintln!("kill {kill}: {:?}", reached.last());
    }
    assert!(program(&rig, &[]).wait().unwrap().success());
    let customers: Vec<u64> = reached.iter().map(|one| one.customers).collect();
    assert!(
        customers.is_sorted() && customers.first() < customers.last(),
        "it went on: {customers:?}"
    );
    assert_eq!(
        without_instants(rig.derived().await),
        without_instants(before)
    );
    let verdict = verify::tenant(&rig.folding(), TENANT, |_| {})
        .await
        .unwrap();
    assert_eq!(verdict.drifts, []);
}

/// The program derives for the instant of its own clock.
fn without_instants(rows: Vec<String>) -> Vec<String> {
    let kept = rows.into_iter().map(|row| {
        let mut row: serde_json::Value = serde_json::from_str(&row).unwrap();
        let cells = row.as_object_mut().unwrap();
        for cell in ["computed_at", "valid_until", "body"] {
            cells.remove(cell);
        }
        row.to_string()
    });
    kept.collect()
}

async fn progress(rig: &Rig) -> Option<Progress> {
    let jobs = customer_intelligence::jobs::running(rig.db.pool())
        .await
        .unwrap();
    let job = jobs
        .into_iter()
        .find(|job| job.key.tenant_id == Uuid::nil())?;
    let progress: Progress = serde_json::from_value(job.progress).unwrap();
    (progress.customers > 0).then_some(progress)
}

fn program(rig: &Rig, arguments: &[&str]) -> std::process::Child {
    let options = rig.db.options();
    let socket = options
        .get_socket()
        .expect("the test server listens on a socket");
    let url = format!(
        "postgres://{}@localhost/{}?host={}",
        options.get_username(),
        options.get_database().unwrap(),
        socket.display()
    );
    Command::new(env!("CARGO_BIN_EXE_customer-intelligence"))
        .args(["rebuild", "--json"])
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("DATABASE_URL", url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts")
}
