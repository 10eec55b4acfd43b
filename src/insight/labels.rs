//! Names of tours and places, looked up only where somebody selected them.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::{Error, Reader};
use crate::domain::source::{SourceKey, SourceKind};
use crate::resolve::reference;

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
    /// The row that holds the name.
    const fn source(self) -> SourceKey {
        match self {
            Self::Tour(id) => SourceKey::new(SourceKind::TourTemplate, id),
            Self::Offering(id) => SourceKey::new(SourceKind::TourOffering, id),
            Self::BoardingPoint(id) => SourceKey::new(SourceKind::BoardingPoint, id),
        }
    }
}

pub(super) async fn labels(
    reader: &Reader,
    tenant: Uuid,
    keys: &[LabelKey],
) -> Result<HashMap<LabelKey, String>, Error> {
    let sources: BTreeSet<SourceKey> = keys.iter().map(|key| key.source()).collect();
    let mut connection = reader.connection(tenant).await?;
    let labels = reference::labels(&mut connection, tenant, &sources).await?;
    connection.done();
    let label = |key: &LabelKey| Some((*key, labels.get(&key.source())?.clone()));
    Ok(keys.iter().filter_map(label).collect())
}
