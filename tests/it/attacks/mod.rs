//! What somebody would try who means harm, and what comes of it.
//!
//! `CI_ATTACK_CASES=100000 cargo test --test it -- attacks:: --nocapture` is the long form.

mod tenants;
mod fence;
mod cop;
mod crowded;
mod bombs;
mod malformed;
mod floods;
mod quiet;

use crate::support::switch;

/// How many cases a random attack has, unless the environment says otherwise.
const CASES_UNLESS_TOLD: u64 = 2_000;

fn cases() -> u64 {
    switch("CI_ATTACK_CASES").unwrap_or(CASES_UNLESS_TOLD)
}
