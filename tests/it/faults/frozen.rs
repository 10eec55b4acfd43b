//! A process that freezes while it holds a tenant: another goes on after a stated time, and when the first wakes up
//! nothing is lost or counted twice.
//!
//! `CI_FAULT_FREEZE=60` freezes for a minute with the limit the service has by itself; the short form sets a short one.

use std::time::{Duration, Instant};

use customer_intelligence::db::embedded::{Embedded, EmbeddedConfig};
use customer_intelligence::db::{Pool, PoolConfig, pool};

use super::expected::Expected;
use super::load::Load;
use super::program::Program;
use super::shown::{compare, drained};
use super::switches::{alone, connections};
use super::wired::told;
use crate::support::switch;

const HISTORIES: u64 = 40;
/// The limit on a pause inside a transaction, in milliseconds: short, and the service's own.
const SHORT: u64 = 1_000;
const OWN: u64 = 10_000;
/// What another process needs beyond that to notice and to fold what waits.
const BEYOND: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(1);
/// Sessions of the program that are in the middle of a transaction which has changed or locked something.
const HOLDING: &str = "select count(*) from pg_stat_activity
    where application_name = 'customer-intelligence' and backend_xid is not null";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_frozen_with_a_tenant_in_its_hands_harms_nobody() {
    let _alone = alone().await;
    let asked = switch("CI_FAULT_FREEZE").map(Duration::from_secs);
    let (limit, freeze) = match asked {
        Some(freeze) => (OWN, freeze),
        None => (SHORT, Duration::from_secs(3)),
    };
    let (crowd, expected) = told(HISTORIES);
    let limit_set = vec![(
        "CI_DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS",
        limit.to_string(),
    )];
    let mut frozen = Program::with(limit_set).await;
    let database = database(&frozen).await;
    let mut load = Load::start(frozen.door(), &crowd.bodies, connections());
    load.until_acked(crowd.bodies.len() / 4).await;
    freeze_while_holding(&frozen, &database).await;
    let begun = Instant::now();

    let mut other = frozen.beside().await;
    let drained_by_other = drained(&other, &expected).await;
    let went_on = begun.elapsed();
    while begun.elapsed() < freeze {
        assert!(other.ended().is_none(), "the other goes on all the while");
        tokio::time::sleep(POLL).await;
    }
    let lasted = begun.elapsed();
    frozen.freeze(false);

    let tally = load.finish().await;
    frozen.until_ready().await;
    drained(&frozen, &expected).await;
    compare(&frozen, &expected).await;
    compare(&other, &expected).await;
    for program in [&mut frozen, &mut other] {
        let (status, _) = program.stop().await;
        assert!(status.success(), "{status}");
    }
    assert_log(&frozen, &expected).await;
    println!(
        "frozen for {lasted:.1?} with a tenant held and a limit of {limit} ms: another process had folded everything \
         {went_on:.2?} after the freeze ({drained_by_other:.2?} after it was ready); {tally:?}"
    );
    let allowed = Duration::from_millis(limit) + BEYOND;
    assert!(went_on < allowed, "{went_on:?}, at most {allowed:?}");
    assert_eq!(tally.acked, crowd.bodies.len());
}

/// Freezes it at a moment at which it holds a row, and goes on holding it.
async fn freeze_while_holding(program: &Program, database: &Pool) {
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < BEYOND * 6, "it never holds anything");
        if holding(database).await == 0 {
            continue;
        }
        program.freeze(true);
        // What it had sent before may still be carried out.
        tokio::time::sleep(Duration::from_millis(100)).await;
        if holding(database).await > 0 {
            return;
        }
        program.freeze(false);
        tokio::time::sleep(POLL).await;
    }
}

async fn holding(database: &Pool) -> i64 {
    let row = sqlx::raw_sql(HOLDING).fetch_one(database).await.unwrap();
    sqlx::Row::get(&row, 0)
}

/// The program's own database, as its superuser.
async fn database(program: &Program) -> Pool {
    let own = EmbeddedConfig::new(program.folder(), None);
    let options = Embedded::start(own).await.unwrap().connect_options();
    let config = PoolConfig {
        max_connections: 1,
        application_name: "a test".to_owned(),
        ..PoolConfig::default()
    };
    pool::connect_lazy(options, &config)
}

async fn assert_log(program: &Program, expected: &Expected) {
    let own = EmbeddedConfig::new(program.folder(), None);
    let database = Embedded::start(own).await.unwrap();
    let pool = pool::connect_lazy(database.connect_options(), &PoolConfig::default());
    expected.assert_log(&pool).await;
    pool.close().await;
    database.stop().await.unwrap();
}
