//! Where the doors turn with the rights of persons: one desk a topic.

use super::export::desk::Exports;
use super::journal::Journal;
use super::requests::Erasures;

/// All desks. Cheap to clone; a new topic is a field here.
#[derive(Debug, Clone)]
pub struct Rights {
    /// Who did what, and who read about whom.
    pub journal: Journal,
    /// Requests for everything that is held about a person.
    pub exports: Exports,
    /// Erasures and retention.
    pub erasures: Erasures,
}
