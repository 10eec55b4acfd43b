//! Under load the program is killed, its database is killed, the program is told to stop: what was acknowledged is
//! there once, all comes back by itself, and the answers in between are the promised ones.
//!
//! Short form by default; `CI_FAULT_KILLS=20` (and more) is the full one.

use std::time::{Duration, Instant};

use customer_intelligence::db::embedded::{Embedded, EmbeddedConfig};
use customer_intelligence::db::{PoolConfig, pool};
use uuid::Uuid;

use super::expected::Expected;
use super::load::{Load, Tally};
use super::program::Program;
use super::shown::{compare, drained};
use super::switches::{
    FOLDED, READY_AFTER_PROGRAM, WORKS_AFTER_DATABASE, alone, connections, hold_against, kills,
    moments,
};
use crate::property::crowd::{self, Crowd};

const TENANT: Uuid = Uuid::from_u128(0x7e_4a47);
/// Histories of up to six persons each that a fault needs to have something under way.
const HISTORIES_PER_FAULT: u64 = 12;
/// The program never takes more than this.
const MEMORY_MIB: u64 = 512;
/// A stop takes no longer than this, whatever is under way.
const LONGEST_STOP: Duration = Duration::from_secs(5);

struct Storm {
    program: Program,
    expected: Expected,
    crowd: Crowd,
    load: Load,
}

impl Storm {
    async fn new(faults: u64) -> Self {
        let crowd = crowd::plainly(TENANT, 0..HISTORIES_PER_FAULT * (faults + 1));
        let expected = Expected::of(&crowd);
        let program = Program::new().await;
        let load = Load::start(program.door(), &crowd.bodies, connections());
        Self {
            program,
            expected,
            crowd,
            load,
        }
    }

    async fn reach(&mut self, (acked, then): (usize, Duration)) {
        self.load.until_acked(acked).await;
        tokio::time::sleep(then).await;
    }

    /// Everything is delivered and folded, every insight is as expected, and so is the log, row by row.
    async fn settle(self, what: &str, waits: &[Duration]) -> Tally {
        let Self {
            mut program,
            expected,
            crowd,
            load,
        } = self;
        let tally = load.finish().await;
        assert_eq!(tally.acked, crowd.bodies.len());
        let drained = drained(&program, &expected).await;
        hold_against("all folded", drained, FOLDED);
        compare(&program, &expected).await;
        let memory = program.memory_mib_max();
        assert!(memory.is_none_or(|mib| mib < MEMORY_MIB), "{memory:?} MiB");
        let (status, _) = program.stop().await;
        assert!(status.success(), "{status}");
        let own = EmbeddedConfig::new(program.folder(), None);
        let database = Embedded::start(own).await.unwrap();
        let config = PoolConfig::default();
        let pool = pool::connect_lazy(database.connect_options(), &config);
        expected.assert_log(&pool).await;
        pool.close().await;
        assert!(database.stop().await.unwrap());
        let seconds: Vec<f64> = waits.iter().map(Duration::as_secs_f64).collect();
        let longest = seconds.iter().copied().fold(0.0, f64::max);
        println!(
            "{what}: {} times, longest {longest:.2} s {seconds:.2?}; {} persons, {tally:?}, \
             folded {:.2} s after the last delivery, at most {memory:?} MiB",
            seconds.len(),
            crowd.persons.len(),
            drained.as_secs_f64(),
        );
        tally
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_of_the_program_loses_nothing_and_doubles_nothing() {
    let _alone = alone().await;
    let faults = kills(4);
    let mut storm = Storm::new(faults).await;
    let mut waits = Vec::new();
    for moment in moments(faults, storm.crowd.bodies.len()) {
        storm.reach(moment).await;
        storm.program.kill();
        storm.program.start();
        waits.push(storm.program.until_ready().await);
    }
    let longest = waits.iter().max().copied().unwrap_or_default();
    hold_against(
        "ready after kill -9 of the program",
        longest,
        READY_AFTER_PROGRAM,
    );
    storm
        .settle("ready again after kill -9 of the program", &waits)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_of_the_database_is_survived_and_said() {
    let _alone = alone().await;
    let faults = kills(2);
    let mut storm = Storm::new(faults).await;
    let persons = storm.crowd.persons.clone();
    let mut waits = Vec::new();
    for moment in moments(faults, storm.crowd.bodies.len()) {
        storm.reach(moment).await;
        let begun = Instant::now();
        storm.program.kill_database();
        // Whatever the moment, the join is answered in full: from the database, or with what cannot be known.
        let answer = storm
            .program
            .join(TENANT, &persons, "status fresh_as_of")
            .await;
        for alias in answer.as_object().unwrap().values() {
            let status = alias["status"].as_str();
            assert!(
                alias.is_null() || matches!(status, Some("READY" | "UNAVAILABLE")),
                "{alias}"
            );
        }
        // More than what was under way is acknowledged: it works again.
        storm.load.until_more_acked(connections() + 1).await;
        waits.push(begun.elapsed());
        assert!(storm.program.ended().is_none());
    }
    let longest = waits.iter().max().copied().unwrap_or_default();
    hold_against(
        "works after kill -9 of the database",
        longest,
        WORKS_AFTER_DATABASE,
    );
    let met = storm
        .settle("works again after kill -9 of the database", &waits)
        .await;
    assert!(
        met.unavailable > 0,
        "nobody was told to come again: {met:?}"
    );
    assert_eq!(met.unanswered, 0, "the program itself always answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_is_quick_and_loses_nothing() {
    let _alone = alone().await;
    let faults = kills(2);
    let mut storm = Storm::new(faults).await;
    let mut waits = Vec::new();
    for moment in moments(faults, storm.crowd.bodies.len()) {
        storm.reach(moment).await;
        let (status, took) = storm.program.stop().await;
        assert!(status.success(), "{status}");
        assert!(took < LONGEST_STOP, "{took:?}");
        waits.push(took);
        storm.program.start();
        storm.program.until_ready().await;
    }
    storm.settle("stopped under load", &waits).await;
}
