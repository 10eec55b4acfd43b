//! From the log to the read models: the only floor that writes customers and insight rows.
//!
//! Whoever is touched is refolded whole: closed over merges, locked in the order of ids, read in a later
//! statement, written in the same transaction. Deliberately absent: reading insights; that is `insight`.

mod customers;
mod refold;
mod examine;
mod rebuild;
mod heal;
mod large;
mod parts;
mod proof;
mod insight_rows;
mod scores;
mod consents;
mod purposes;
mod proofs;
mod announce;
mod erasure;
mod ageing;
mod inactive;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::activity_log::{Appended, Digest};
use crate::domain::fold::CustomerState;

pub use ageing::{Ageing, Step, age};
pub use consents::{Heard, record_consents};
pub use customers::{counts, due, due_of, upsert_profiles};
pub use erasure::{Erasure, erase, family, purge, sorts};
pub use examine::{Cell, Drift, Examined, Leaf, examine};
pub use heal::{Healed, heal};
pub use inactive::{Inactive, Sums, currency, flag_for_review, inactive, up_for_review};
pub use insight_rows::of_other_folds;
pub use proof::state_hash;
pub use proofs::{proofs, prune_proofs};
pub use purposes::{Purpose, add_purpose, purposes};
pub use rebuild::{Page, Rebuilt, page, rebuild};
pub use refold::{refold, refold_all};
pub use scores::{
    Versions, lock_for_scores, score, scores_due, tenants_with_scores_due, wait_for_scores,
    with_insight,
};

/// How to fold. Only the first may make a difference to what comes out.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long a contact may stay unlinked before what was written is forgotten, in days.
    pub quarantine_days: i64,
    /// Persons with more rows of the log than this are kept in parts.
    pub large_from: usize,
    /// How many persons are folded at a time, so that memory stays flat; at least one.
    pub at_a_time: u16,
    /// Somebody is told when insights change.
    pub announces: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            quarantine_days: 3,
            large_from: 2_000,
            at_a_time: 500,
            announces: false,
        }
    }
}

/// Whom something touched, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// Persons, each with the bookings that are the reason; whatever belongs to no booking goes without saying.
    pub persons: BTreeMap<Uuid, BTreeSet<Uuid>>,
    /// Rows that are new in the log.
    pub appended: Vec<Appended>,
    /// When they were recorded; none when nothing new was.
    pub recorded_at: Option<DateTime<Utc>>,
}

impl Touched {
    /// Persons whom only time has touched.
    #[must_use]
    pub fn by_time(persons: impl IntoIterator<Item = Uuid>) -> Self {
        let untouched = |person| (person, BTreeSet::new());
        Self {
            persons: persons.into_iter().map(untouched).collect(),
            appended: Vec::new(),
            recorded_at: None,
        }
    }
}

/// A folded person with what it rests on.
struct Folded {
    state: CustomerState,
    log_rows: u32,
    log_digest: Digest,
}
