//! Where the doors turn with whatever is not reading an insight: one desk a topic.

use super::consents::Consents;
use super::dead_letters::Letters;
use super::models::Models;
use super::wishes::Wishes;
use crate::db::Pool;
use crate::db::fenced::Reads;
use crate::domain::clock::Clock;
use crate::inbox::Writer;

/// All desks. Cheap to clone; a new topic is a field here.
#[derive(Clone)]
pub struct Desks {
    /// Dead letters.
    pub letters: Letters,
    /// What was learned.
    pub models: Models,
    /// What customers allow.
    pub consents: Consents,
    /// By which channel customers asked to be reached.
    pub wishes: Wishes,
}

impl Desks {
    /// Desks over this database, whose lists come from `reads`; what can be read again goes through `writer`.
    #[must_use]
    pub fn new(
        pool: &Pool,
        reads: &Reads,
        writer: &Writer,
        clock: &Clock,
        consents: Consents,
    ) -> Self {
        let (pool, reads, clock) = (pool.clone(), reads.clone(), clock.clone());
        Self {
            letters: Letters::new(pool.clone(), reads.clone(), writer.clone(), clock.clone()),
            models: Models::new(pool, reads, clock),
            wishes: Wishes::beside(&consents),
            consents,
        }
    }
}
