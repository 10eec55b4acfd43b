//! What a run of these tests is asked for by environment variables, and the bars it is held against.
//!
//! `CI_FAULT_KILLS`: that many kills, over 64 connections, with the bars to the letter. `CI_FAULT_SEED`: other moments.
//! `CI_FAULT_STORM`: that many events in the storm of duplicates. `CI_FAULT_FREEZE`: seconds a process is frozen for.

use std::time::Duration;

use crate::support::switch;
use tokio::sync::{Mutex, MutexGuard};

/// Ready again after the program was killed.
pub(super) const READY_AFTER_PROGRAM: Duration = Duration::from_secs(2);
/// Works again after the database was killed.
pub(super) const WORKS_AFTER_DATABASE: Duration = Duration::from_secs(5);
/// Everything is folded after the last delivery.
pub(super) const FOLDED: Duration = Duration::from_secs(5);

/// Fails when something took longer than it may. The short form runs beside other tests on machines that are busy
/// with them, so it allows for that; the figures are printed in both.
pub(super) fn hold_against(what: &str, took: Duration, bar: Duration) {
    let allowed = if is_full() { bar } else { bar * 5 };
    assert!(took < allowed, "{what}: {took:.2?}, at most {allowed:?}");
}

/// Whether the full form is asked for.
pub(super) fn is_full() -> bool {
    switch::<u64>("CI_FAULT_KILLS").is_some()
}

/// These tests measure, so they run one after the other.
pub(super) async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

/// How often to kill: `CI_FAULT_KILLS`, else the given number.
pub(super) fn kills(otherwise: u64) -> u64 {
    switch("CI_FAULT_KILLS").unwrap_or(otherwise)
}

pub(super) fn connections() -> usize {
    if is_full() { 64 } else { 16 }
}

/// A small source of chance; `CI_FAULT_SEED` gives another.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new() -> Self {
        Self(switch("CI_FAULT_SEED").unwrap_or(1))
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound.max(1)
    }

    /// Any order of these.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            let other = self.below(u64::try_from(at + 1).unwrap());
            items.swap(at, usize::try_from(other).unwrap());
        }
    }
}

/// Random moments: so many acknowledgements each, rising, with a little time after each.
pub(super) fn moments(faults: u64, all: usize) -> Vec<(usize, Duration)> {
    let mut chance = Chance::new();
    let share = u64::try_from(all).unwrap() * 9 / 10 / faults;
    let moments = (0..faults).map(|fault| {
        let acked = usize::try_from(fault * share + chance.below(share)).unwrap();
        (acked, Duration::from_micros(chance.below(30_000)))
    });
    moments.collect()
}
