//! What a tenant's champions know, and what can be booked: read once a version, and kept.
//!
//! A past moment is answered by who spoke then. Tours and departures are always today's, and kept for half a minute,
//! because they are looked at for every person on a screen. An artefact of another version of this program is as if there
//! were none.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, Reader};
use crate::domain::metric::Judge;
use crate::domain::model::channel::preference::Allowed;
use crate::domain::model::churn::Artefact;
use crate::domain::model::clusters::model::Clusters;
use crate::domain::model::habits::Habits;
use crate::domain::model::registry::Kind;
use crate::domain::model::settings::ModelSettings;
use crate::domain::model::standing::Voices;
use crate::domain::model::tours::catalogue::Catalogue;
use crate::domain::model::tours::model::TourModel;
use crate::domain::moment::Moment;
use crate::models::{self, form};
use crate::resolve::catalogue;

/// How long a catalogue is kept.
const CATALOGUE_KEPT: TimeDelta = TimeDelta::seconds(30);
/// Models kept of a kind, over all tenants, before all are let go.
const KEPT: usize = 256;

/// A model with its version.
#[derive(Debug)]
pub struct Spoken<T> {
    /// The version's number.
    pub version: i32,
    /// The model.
    pub model: Arc<T>,
}

impl<T> Clone for Spoken<T> {
    fn clone(&self) -> Self {
        Self {
            version: self.version,
            model: Arc::clone(&self.model),
        }
    }
}

/// Everything that is needed to score a tenant's persons at a moment.
#[derive(Debug, Clone)]
pub struct Learned {
    /// Whether, when and for how much people come back.
    pub churn: Option<Spoken<Artefact>>,
    /// Which tours go together.
    pub tours: Option<Spoken<TourModel>>,
    /// Which groups of customers there are.
    pub clusters: Option<Spoken<Clusters>>,
    /// What is usual; what holds for nobody in particular where nothing was learned.
    pub habits: Arc<Habits>,
    /// Which version of it; none where nothing was learned.
    pub habits_version: Option<i32>,
    /// What the tenant had decided by then.
    pub settings: ModelSettings,
    /// What can be booked.
    pub catalogue: Arc<Catalogue>,
}

impl Learned {
    /// Who speaks about the tenant's customers.
    #[must_use]
    pub fn voices(&self) -> Voices<'_> {
        Voices {
            churn: self.churn.as_ref().map(|spoken| &*spoken.model),
            clusters: self.clusters.as_ref().map(|spoken| &*spoken.model),
            habits: &self.habits,
            weights: &self.settings.weights,
        }
    }

    /// The same for a person who allows this, with their versions.
    #[must_use]
    pub fn judge(&self, allowed: Allowed) -> Judge<'_> {
        Judge {
            voices: self.voices(),
            churn_version: self.churn.as_ref().map(|spoken| spoken.version),
            clusters_version: self.clusters.as_ref().map(|spoken| spoken.version),
            habits_version: self.habits_version,
            allowed,
        }
    }
}

/// A catalogue and when it was read.
type Dated = (DateTime<Utc>, Arc<Catalogue>);

/// What was read before.
#[derive(Debug, Default)]
pub(super) struct Library {
    churn: Shelf<Artefact>,
    tours: Shelf<TourModel>,
    clusters: Shelf<Clusters>,
    habits: Shelf<Habits>,
    catalogues: Mutex<HashMap<Uuid, Dated>>,
}

/// Models of one kind by tenant and version; none for those that cannot be read.
#[derive(Debug)]
struct Shelf<T>(Mutex<Models<T>>);

type Models<T> = HashMap<(Uuid, i32), Option<Arc<T>>>;

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: DeserializeOwned + Send + Sync> Shelf<T> {
    async fn find(
        &self,
        connection: &mut PgConnection,
        (tenant, kind): (Uuid, Kind),
        speaking: &BTreeMap<Kind, models::Champion>,
    ) -> Result<Option<Spoken<T>>, Error> {
        let Some(version) = speaking.get(&kind).and_then(|champion| champion.version) else {
            return Ok(None);
        };
        let spoken = |model: Option<Arc<T>>| model.map(|model| Spoken { version, model });
        let known = self.shelf().get(&(tenant, version)).cloned();
        if let Some(known) = known {
            return Ok(spoken(known));
        }
        let bytes = models::artefact(connection, tenant, kind, version).await?;
        let model = bytes.and_then(|bytes| form::decode(&bytes)).map(Arc::new);
        let mut shelf = self.shelf();
        if shelf.len() >= KEPT {
            shelf.clear();
        }
        shelf.insert((tenant, version), model.clone());
        drop(shelf);
        Ok(spoken(model))
    }

    fn shelf(&self) -> MutexGuard<'_, Models<T>> {
        // What a panic left behind is a map all the same.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Library {
    async fn catalogue(
        &self,
        connection: &mut PgConnection,
        tenant: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Arc<Catalogue>, Error> {
        let fresh = |(read_at, _): &&Dated| (now - *read_at).abs() < CATALOGUE_KEPT;
        let known = {
            let kept = self.catalogues.lock();
            let kept = kept.unwrap_or_else(PoisonError::into_inner);
            kept.get(&tenant)
                .filter(fresh)
                .map(|(_, one)| Arc::clone(one))
        };
        if let Some(known) = known {
            return Ok(known);
        }
        let found = Arc::new(catalogue::catalogue(connection, tenant).await?);
        let mut kept = self
            .catalogues
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(tenant, (now, Arc::clone(&found)));
        Ok(found)
    }
}

/// What was learned by each of these moments.
pub(super) async fn learned(
    reader: &Reader,
    tenant: Uuid,
    moments: &[Moment],
) -> Result<HashMap<Moment, Arc<Learned>>, Error> {
    let now = reader.clock.now();
    let mut connection = reader.connection(tenant).await?;
    let catalogue = reader
        .library
        .catalogue(&mut connection, tenant, now)
        .await?;
    let mut found = HashMap::with_capacity(moments.len());
    for moment in moments.iter().copied().collect::<BTreeSet<_>>() {
        let at = spoken_at(moment, now);
        let speaking = models::champions(&mut connection, tenant, at).await?;
        let library = &reader.library;
        let churn = library
            .churn
            .find(&mut connection, (tenant, Kind::Churn), &speaking);
        let churn = churn.await?;
        let tours = library
            .tours
            .find(&mut connection, (tenant, Kind::Tours), &speaking);
        let tours = tours.await?;
        let clusters = library
            .clusters
            .find(&mut connection, (tenant, Kind::Clusters), &speaking);
        let clusters = clusters.await?;
        let habits = library
            .habits
            .find(&mut connection, (tenant, Kind::Habits), &speaking);
        let habits = habits.await?;
        let learned = Learned {
            churn,
            tours,
            clusters,
            habits_version: habits.as_ref().map(|spoken| spoken.version),
            habits: habits.map_or_else(Arc::default, |spoken| spoken.model),
            settings: models::settings(&mut connection, tenant, at).await?,
            catalogue: Arc::clone(&catalogue),
        };
        found.insert(moment, Arc::new(learned));
    }
    connection.done();
    Ok(found)
}

/// Who spoke at the earlier of the two times that are asked for.
fn spoken_at(moment: Moment, now: DateTime<Utc>) -> DateTime<Utc> {
    let told = [moment.as_of, moment.known_at].into_iter().flatten();
    told.chain([now]).min().unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_judged_by_who_spoke_then() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let moment = |as_of: Option<i64>, known_at: Option<i64>| Moment {
            as_of: as_of.map(at),
            known_at: known_at.map(at),
        };
        let now = at(1_000);
        for (asked, spoken) in [
            (moment(None, None), 1_000),
            (moment(Some(500), None), 500),
            (moment(Some(500), Some(400)), 400),
            (moment(Some(2_000), None), 1_000),
        ] {
            assert_eq!(spoken_at(asked, now), at(spoken));
        }
    }
}
