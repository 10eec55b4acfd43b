//! What is true now, derived from the log on demand: where time has passed over a stored insight, and timelines.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Error, Reader};
use crate::domain::insight::Insight;
use crate::domain::timeline::Activity;

/// Derives the insights of these roots for the instant, in a bounded number of statements.
pub(super) async fn current(
    _reader: &Reader,
    _tenant: Uuid,
    _roots: &[Uuid],
    _now: DateTime<Utc>,
) -> Result<HashMap<Uuid, Insight>, Error> {
    Ok(HashMap::new())
}

/// The timelines of these roots, latest first.
pub(super) async fn timelines(
    _reader: &Reader,
    _tenant: Uuid,
    _roots: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Activity>>, Error> {
    Ok(HashMap::new())
}
