//! Thin loops: idempotent, woken or by timer, without input, with a visible status.
//!
//! `batch` is one tenant's transaction from inbox to insight; `ingest` repeats it, `due` refreshes what
//! time has changed, `sweep` lets go of what waited too long, `cron` runs what comes round, `rebuild` folds everybody
//! again, `verify` looks whether what is stored is what the log says. Deliberately absent: spawning; whoever composes
//! the program runs these futures.

pub mod batch;
pub mod ingest;
pub mod due;
pub mod sweep;
pub mod cron;
pub mod rebuild;
pub mod verify;

use crate::db::Pool;
use crate::domain::clock::Clock;
use crate::projections::Settings;
use crate::resolve::fence::Pepper;

/// What every loop needs.
#[derive(Debug, Clone)]
pub struct Context {
    /// The service's database.
    pub pool: Pool,
    /// Time and ids.
    pub clock: Clock,
    /// Makes the fence's tags.
    pub pepper: Pepper,
    /// What a refold depends on besides the log.
    pub settings: Settings,
}
