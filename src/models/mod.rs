//! Where models are kept: every version with its report, which of them speaks since when, and what tenants decide about
//! them.
//!
//! All tables are append-only, so that a past instant finds the champion and the settings of then, and a rollback is one
//! row more.
//! Deliberately absent: training and judging (that is `derivations::training`) and scoring (that is `domain::model`).

mod champions;
mod versions;
mod settings;
mod fingerprint;
pub mod form;

pub use champions::{Cause, Champion, Crowning, RolledBack, champions, crown, roll_back};
pub use fingerprint::{Fingerprint, fingerprint};
pub use settings::{Decision, Setting, set, settings};
pub use versions::{Candidate, Kept, Version, artefact, keep, version, versions};
