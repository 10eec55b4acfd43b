//! Thin loops: idempotent, woken or by timer, without input, with a visible status.
//!
//! `batch` is one tenant's transaction from inbox to insight; `ingest` repeats it, `due` refreshes what
//! time has changed, `sweep` lets go of what waited too long, `dispatch` sends what is to go out, `cron` runs what comes
//! round, `rebuild` folds everybody again, `verify` looks whether what is stored is what the log says, `erase` takes a
//! person out with all that is under way, `erasures` does so for whatever was
//! asked for, `scores` writes down what models say of customers, `retain` lets go of what was kept long enough, `exports`
//! makes the archives that persons' data are handed out in, `train` learns anew from everybody.
//! Deliberately absent: spawning; whoever composes
//! the program runs these futures.

pub mod batch;
pub mod ingest;
pub mod due;
pub mod scores;
pub mod sweep;
pub mod dispatch;
pub mod cron;
pub mod rebuild;
pub mod verify;
pub mod erase;
pub mod erasures;
pub mod retain;
pub mod exports;
pub mod train;

use tokio::task::JoinHandle;

use crate::db::Pool;
use crate::domain::clock::Clock;
use crate::projections::Settings;
use crate::resolve::fence::Pepper;

/// What folding needs, and nothing else.
#[derive(Debug, Clone)]
pub struct Folding {
    /// The service's database.
    pub pool: Pool,
    /// Time and ids.
    pub clock: Clock,
    /// What a refold depends on besides the log.
    pub settings: Settings,
}

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

impl Context {
    /// The part that folding needs.
    #[must_use]
    pub fn folding(&self) -> Folding {
        Folding {
            pool: self.pool.clone(),
            clock: self.clock.clone(),
            settings: self.settings,
        }
    }
}

/// Work on a core of its own, for what keeps one busy. Whoever asks waits for it.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where workers spawn what they wait for"
)]
fn apart<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(work)
}
