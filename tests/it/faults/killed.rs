//! Under load the program is killed, its database is killed, the program is told to stop: what was acknowledged is
//! there once, all comes back by itself, and the answers in between are the promised ones.
//!
//! Short form by default; `CI_FAULT_KILLS=20` (and more) is the full one. `CI_FAULT_SEED` repeats other moments.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use customer_intelligence::db::embedded::{Embedded, EmbeddedConfig};
use customer_intelligence::db::{PoolConfig, pool};
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::domain::insight::{Insight, Revenue};
use customer_intelligence::domain::money::{Currency, Purse};
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

use super::expected::Expected;
use super::load::{Load, Tally};
use super::program::Program;
use crate::property::crowd::{self, Crowd};

const TENANT: Uuid = Uuid::from_u128(0x7e_4a47);
/// Histories of up to six persons each that a fault needs to have something under way.
const HISTORIES_PER_FAULT: u64 = 12;
const PATIENCE: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(50);
/// The program never takes more than this.
const MEMORY_MIB: u64 = 512;
/// A stop takes no longer than this, whatever is under way.
const LONGEST_STOP: Duration = Duration::from_secs(5);

const SELECTION: &str = "status person_profile_id fresh_as_of marketing_consent is_minor \
    behavior_aggregate { currency lifetime_revenue revenue_realised paid_to_date outstanding credit_balance \
    onboard_spend total_bookings cancelled_bookings called_off_bookings lapsed_bookings rebooked_bookings \
    open_reservations seats_booked trips_taken upcoming_trips no_show_count not_measured_departures \
    no_show_bookings checkouts_abandoned messages preferred_seat_label last_activity_at }";

/// These tests measure, so they run one after the other.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test's own switches, read nowhere else"
)]
pub(super) fn switch(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .and_then(|wanted| wanted.parse().ok())
}

/// How often to kill: `CI_FAULT_KILLS`, else the given number.
pub(super) fn kills(otherwise: u64) -> u64 {
    switch("CI_FAULT_KILLS").unwrap_or(otherwise)
}

fn connections() -> usize {
    if switch("CI_FAULT_KILLS").is_some() {
        64
    } else {
        16
    }
}

/// Random moments: so many acknowledgements each, rising, with a little time after each.
fn moments(faults: u64, all: usize) -> Vec<(usize, Duration)> {
    let mut state = switch("CI_FAULT_SEED").unwrap_or(1);
    let mut next = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below.max(1)
    };
    let share = u64::try_from(all).unwrap() * 9 / 10 / faults;
    let moments = (0..faults).map(|fault| {
        let acked = usize::try_from(fault * share + next(share)).unwrap();
        (acked, Duration::from_micros(next(30_000)))
    });
    moments.collect()
}

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

/// Waits until everything that was delivered by now is folded; returns how long that took.
async fn drained(program: &Program, expected: &Expected) -> Duration {
    let (begun, asked) = (Instant::now(), Clock::system().now());
    let known = |person: &&Uuid| expected.insight(**person, asked).is_some();
    let somebody = *expected
        .persons
        .iter()
        .find(known)
        .expect("somebody with a profile");
    loop {
        let answer = program
            .join(expected.tenant, &[somebody], "fresh_as_of")
            .await;
        let fresh = answer["p0"]["fresh_as_of"].as_str();
        let fresh = fresh.and_then(|at| DateTime::parse_from_rfc3339(at).ok());
        if fresh.is_some_and(|at| at.with_timezone(&Utc) > asked) {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < PATIENCE, "fresh as of {fresh:?}");
        tokio::time::sleep(POLL).await;
    }
}

/// All persons in one join, each as the deliveries folded in memory have them.
async fn compare(program: &Program, expected: &Expected) {
    let before = Clock::system().now();
    let answer = program
        .join(expected.tenant, &expected.persons, SELECTION)
        .await;
    let after = Clock::system().now();
    let mut known = 0;
    for (at, person) in expected.persons.iter().enumerate() {
        let mut got = answer[format!("p{at}")].clone();
        if let Some(fields) = got.as_object_mut() {
            fields.remove("fresh_as_of");
            known += 1;
        }
        // A day may begin while the question is under way.
        let wanted = [before, after].map(|now| {
            expected
                .insight(*person, now)
                .map_or(Value::Null, |insight| as_joined(&insight))
        });
        assert!(
            wanted.contains(&got),
            "{person}: got {got:#}, expected {:#}",
            wanted[0]
        );
    }
    assert!(known > 0);
}

/// An insight as the join shows it.
fn as_joined(insight: &Insight) -> Value {
    let behavior = &insight.behavior;
    let Revenue {
        lifetime,
        realised,
        paid,
        outstanding,
        credit,
        onboard,
        ..
    } = &behavior.revenue;
    let amount = |purse: &Purse| money(purse, &behavior.currency);
    json!({
        "status": "READY",
        "person_profile_id": insight.person_profile_id,
        "marketing_consent": insight.standing.marketing_consent,
        "is_minor": insight.standing.minor,
        "behavior_aggregate": {
            "currency": behavior.currency.0,
            "lifetime_revenue": amount(lifetime),
            "revenue_realised": amount(realised),
            "paid_to_date": amount(paid),
            "outstanding": amount(outstanding),
            "credit_balance": amount(credit),
            "onboard_spend": amount(onboard),
            "total_bookings": behavior.total_bookings,
            "cancelled_bookings": behavior.cancelled_bookings,
            "called_off_bookings": behavior.called_off_bookings,
            "lapsed_bookings": behavior.lapsed_bookings,
            "rebooked_bookings": behavior.rebooked_bookings,
            "open_reservations": behavior.open_reservations,
            "seats_booked": behavior.seats_booked,
            "trips_taken": behavior.trips_taken,
            "upcoming_trips": behavior.upcoming_trips,
            "no_show_count": behavior.no_show_count,
            "not_measured_departures": behavior.not_measured_departures,
            "no_show_bookings": behavior.no_show_bookings,
            "checkouts_abandoned": behavior.checkouts_abandoned,
            "messages": behavior.messages,
            "preferred_seat_label": behavior.preferred_seat_label.as_ref().map(|seat| &seat.value),
            "last_activity_at": behavior.last_activity_at.map(instant),
        },
    })
}

/// Hundredths as a number with two decimals, digit by digit.
fn money(purse: &Purse, currency: &Currency) -> Value {
    let cents = purse.of(currency);
    let text = format!("{}.{:02}", cents / 100, cents % 100);
    serde_json::from_str(&text).unwrap()
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}
