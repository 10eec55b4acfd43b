//! Links break: what was asked for may have been done and nobody told. Whoever asked asks again, and it counts once.

use std::time::{Duration, Instant};

use super::load::Load;
use super::switches::{
    FOLDED, READY_AFTER_PROGRAM, alone, connections, hold_against, kills, moments,
};
use super::wired::{Wired, told};

const HISTORIES_PER_FAULT: u64 = 8;
/// A black hole lasts that long.
const HOLE: Duration = Duration::from_millis(1_500);
/// Short limits, so that the test takes seconds: what a server or a client waits for on a link that died silently.
const LIMITS: &[(&str, &str)] = &[
    ("CI_DATABASE_STATEMENT_TIMEOUT_MS", "1000"),
    ("CI_DATABASE_LOCK_TIMEOUT_MS", "1000"),
    ("CI_DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS", "1000"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_between_commit_and_answer_loses_nothing_and_doubles_nothing() {
    let _alone = alone().await;
    let faults = kills(3);
    let (crowd, expected) = told(HISTORIES_PER_FAULT * (faults + 1));
    let mut wired = Wired::new(&[]).await;
    let mut load = Load::start(wired.door(), &crowd.bodies, connections());
    let mut waits = Vec::new();
    for (at, (acked, _)) in moments(faults, crowd.bodies.len()).into_iter().enumerate() {
        load.until_acked(acked).await;
        // In turns: the database has committed and the program does not know, or the program has and its client does not.
        let link = if at % 2 == 0 {
            &wired.inside
        } else {
            &wired.outside
        };
        link.catch().await;
        wired.program.kill();
        link.cut();
        wired.program.start();
        waits.push(wired.program.until_ready().await);
    }
    let longest = waits.iter().max().copied().unwrap_or_default();
    let (tally, folded) = wired.settle(load, &[expected]).await;
    println!(
        "kill -9 between commit and answer: {faults} times, ready again {waits:.2?}, {tally:?}, folded {folded:.2?} after \
         the last delivery"
    );
    assert_eq!(tally.acked, crowd.bodies.len());
    assert!(tally.unanswered > 0, "nobody was left without an answer");
    hold_against("ready after kill -9", longest, READY_AFTER_PROGRAM);
    hold_against("all folded", folded, FOLDED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_cut_between_commit_and_answer_doubles_nothing() {
    let _alone = alone().await;
    let faults = kills(6);
    let (crowd, expected) = told(HISTORIES_PER_FAULT * (faults + 1));
    let wired = Wired::new(&[]).await;
    let mut load = Load::start(wired.door(), &crowd.bodies, connections());
    for (at, (acked, _)) in moments(faults, crowd.bodies.len()).into_iter().enumerate() {
        load.until_acked(acked).await;
        let link = if at % 2 == 0 {
            &wired.inside
        } else {
            &wired.outside
        };
        link.catch().await;
        if at % 4 < 2 {
            link.cut();
        } else {
            link.reset();
        }
    }
    let broken = wired.inside.broken() + wired.outside.broken();
    let (tally, folded) = wired.settle(load, &[expected]).await;
    println!(
        "{broken} connections cut at {faults} commits: {tally:?}, folded {folded:.2?} after the last delivery"
    );
    assert_eq!(tally.acked, crowd.bodies.len());
    assert!(
        broken > 0 && tally.unanswered + tally.unavailable > 0,
        "{tally:?}"
    );
    hold_against("all folded", folded, FOLDED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_that_are_cut_reset_silent_or_slow_lose_nothing_and_double_nothing() {
    let _alone = alone().await;
    let rounds = kills(1).div_ceil(4);
    let faults = rounds * 8;
    let (crowd, expected) = told(HISTORIES_PER_FAULT * (faults + 1));
    let mut wired = Wired::new(LIMITS).await;
    let mut load = Load::start(wired.door(), &crowd.bodies, connections());
    let mut waits = Vec::new();
    for (at, moment) in moments(faults, crowd.bodies.len()).into_iter().enumerate() {
        load.until_acked(moment.0).await;
        tokio::time::sleep(moment.1).await;
        let link = if at % 2 == 0 {
            &wired.inside
        } else {
            &wired.outside
        };
        let what = match at / 2 % 4 {
            0 => {
                link.cut();
                "cut"
            }
            1 => {
                link.reset();
                "reset"
            }
            2 => {
                link.swallow();
                "half-open"
            }
            _ => {
                link.hold(HOLE).await;
                "black hole"
            }
        };
        let begun = Instant::now();
        wired.program.until_ready().await;
        let ready = begun.elapsed();
        // More than what was under way is acknowledged: it works again.
        load.until_more_acked(connections() + 1).await;
        waits.push((what, at % 2 == 0, ready, begun.elapsed()));
        assert!(wired.program.ended().is_none());
    }
    let broken = wired.inside.broken() + wired.outside.broken();
    let (tally, folded) = wired.settle(load, &[expected]).await;
    for (what, inside, ready, works) in &waits {
        let place = if *inside { "database" } else { "door" };
        println!("{what} before the {place}: ready {ready:.2?}, acknowledging {works:.2?}");
    }
    println!("{broken} connections broken: {tally:?}, folded {folded:.2?} after the last delivery");
    assert_eq!(tally.acked, crowd.bodies.len());
    assert!(broken > 0);
    let longest = waits.iter().map(|wait| wait.2).max().unwrap_or_default();
    hold_against("ready after a link broke", longest, READY_AFTER_PROGRAM);
    hold_against("all folded", folded, FOLDED);
}
