//! Names of tours and places, looked up only where somebody selected them.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::{Error, Reader};
use crate::domain::source::{Field, SourceKey, SourceKind};
use crate::resolve::store;

/// What to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LabelKey {
    /// A tour, by its template.
    Tour(Uuid),
    /// A departure as it is sold.
    Offering(Uuid),
    /// A stop.
    BoardingPoint(Uuid),
}

impl LabelKey {
    /// The row that holds the name, and the field.
    const fn source(self) -> (SourceKey, Field) {
        match self {
            Self::Tour(id) => (SourceKey::new(SourceKind::TourTemplate, id), Field::Title),
            Self::Offering(id) => (SourceKey::new(SourceKind::TourOffering, id), Field::Title),
            Self::BoardingPoint(id) => {
                (SourceKey::new(SourceKind::BoardingPoint, id), Field::Label)
            }
        }
    }
}

pub(super) async fn labels(
    reader: &Reader,
    tenant: Uuid,
    keys: &[LabelKey],
) -> Result<HashMap<LabelKey, String>, Error> {
    let sources: BTreeSet<SourceKey> = keys.iter().map(|key| key.source().0).collect();
    let mut connection = reader.pool.acquire().await?;
    let dossiers = store::load(&mut connection, tenant, &sources).await?;
    let label = |key: &LabelKey| {
        let (source, field) = key.source();
        Some((*key, dossiers.get(&source)?.text(field)?.to_owned()))
    };
    Ok(keys.iter().filter_map(label).collect())
}
