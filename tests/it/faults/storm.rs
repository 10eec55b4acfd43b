//! Every event delivered ten times, in any order, over many connections: one effect each, and a duplicate costs no more
//! than a fresh one.
//!
//! `CI_FAULT_STORM=100000` is the full form; it holds the cost against its bar, the short one prints it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::expected::Expected;
use super::load::Load;
use super::shown::drained;
use super::switches::{Chance, alone};
use super::wired::Wired;
use crate::property::crowd::{self, Crowd};
use crate::support::switch;

const TIMES: usize = 10;
const CONNECTIONS: usize = 64;
const TENANTS: u64 = 4;
/// Events of one history, at least; what is too many is left out.
const EVENTS_A_HISTORY: usize = 20;
/// A duplicate costs at most so many fresh ones.
const COST_BAR: f64 = 1.2;

/// So many events of several tenants, and what follows from them.
fn told(events: usize) -> (Arc<Vec<String>>, Vec<Expected>) {
    let each = events / usize::try_from(TENANTS).unwrap();
    let histories = u64::try_from(each / EVENTS_A_HISTORY).unwrap();
    let crowds = (1..=TENANTS).map(|tenant| {
        let seeds = tenant * 1_000_000..tenant * 1_000_000 + histories;
        let mut crowd = crowd::plainly(Uuid::from_u128(tenant.into()), seeds);
        assert!(crowd.bodies.len() >= each, "{} events", crowd.bodies.len());
        crowd.bodies.truncate(each);
        crowd
    });
    let crowds: Vec<Crowd> = crowds.collect();
    let expected = crowds.iter().map(Expected::of).collect();
    let bodies = crowds.into_iter().flat_map(|crowd| crowd.bodies);
    (Arc::new(bodies.collect()), expected)
}

/// Delivers in that order to a program of its own; returns how long it took until everything was folded.
async fn deliver(
    order: Vec<usize>,
    bodies: &Arc<Vec<String>>,
    expected: &[Expected],
) -> (Wired, Load, Duration) {
    let wired = Wired::new(&[]).await;
    let all = order.len();
    let begun = Instant::now();
    let mut load = Load::start_in(order, wired.program.door(), bodies, CONNECTIONS);
    load.until_acked(all).await;
    for one in expected {
        drained(&wired.program, one).await;
    }
    (wired, load, begun.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_many_events_delivered_ten_times_counts_once() {
    let _alone = alone().await;
    let asked = switch("CI_FAULT_STORM");
    let events = usize::try_from(asked.unwrap_or(2_000)).unwrap();
    let (bodies, expected) = told(events);
    let mut chance = Chance::new();
    let mut once: Vec<usize> = (0..bodies.len()).collect();
    chance.shuffle(&mut once);
    let mut order: Vec<usize> = (0..bodies.len() * TIMES)
        .map(|at| at % bodies.len())
        .collect();
    chance.shuffle(&mut order);

    let (fresh, load, fresh_took) = deliver(once, &bodies, &expected).await;
    fresh.settle(load, &expected).await;
    let (storm, load, storm_took) = deliver(order, &bodies, &expected).await;
    let (tally, _) = storm.settle(load, &expected).await;
    assert_eq!(tally.acked, bodies.len() * TIMES);

    let each =
        |took: Duration, n: usize| took.as_secs_f64() * 1e6 / f64::from(u32::try_from(n).unwrap());
    let a_fresh_one = each(fresh_took, bodies.len());
    let duplicates = bodies.len() * (TIMES - 1);
    let a_duplicate = each(storm_took.saturating_sub(fresh_took), duplicates);
    let ratio = a_duplicate / a_fresh_one;
    println!(
        "{} events once: {fresh_took:.2?}, {a_fresh_one:.0} us each; with {duplicates} duplicates among them: \
         {storm_took:.2?}; a duplicate costs {a_duplicate:.0} us, {ratio:.2} of a fresh one (at most {COST_BAR}); {tally:?}",
        bodies.len(),
    );
    assert!(asked.is_none() || ratio <= COST_BAR, "{ratio}");
}
