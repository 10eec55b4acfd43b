//! Where models are kept: every version with its report, and which of them speaks since when.
//!
//! Both tables are append-only, so that a past instant finds the champion of then and a rollback is one row more.
//! Deliberately absent: training and judging (that is `derivations::training`) and scoring (that is `domain::model`).

mod champions;
mod versions;
pub mod form;

pub use champions::{Cause, Champion, Crowning, RolledBack, champions, crown, roll_back};
pub use versions::{Candidate, Kept, Version, artefact, keep, version, versions};
