//! What might stand in a list, and what does. Absent: scores, and the words for what speaks for a tour.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::Why;
use crate::domain::model::tours::catalogue::{Catalogue, Departure};

/// Tours of one region in a list.
const OF_A_REGION: usize = 2;

/// A tour that might stand in a list. What speaks for it is put together only for those that do.
pub(super) struct Candidate<'c> {
    pub(super) tour: Uuid,
    pub(super) departure: &'c Departure,
    pub(super) score: f64,
    pub(super) ground: Ground,
}

/// What a score rests on.
pub(super) enum Ground {
    /// What fellow travellers of this tour took.
    Taste(u32),
    /// Something else.
    Told(Why),
}

/// The best `first` of a list with at most [`OF_A_REGION`] of a region.
pub(super) fn diverse<'c>(
    mut list: Vec<Candidate<'c>>,
    catalogue: &Catalogue,
    first: usize,
) -> impl Iterator<Item = Candidate<'c>> + use<'c> {
    list.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.tour.cmp(&b.tour)));
    let mut of_region: BTreeMap<&str, usize> = BTreeMap::new();
    list.retain(|one| {
        let Some(region) = catalogue.region(one.tour) else {
            return true;
        };
        let n = of_region.entry(region).or_default();
        *n += 1;
        *n <= OF_A_REGION
    });
    list.into_iter().take(first)
}
