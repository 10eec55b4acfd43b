//! Who would like a tour: everybody's taste beside it, the strongest first.
//!
//! Everybody is looked at, some thousand at a time, and only the best are remembered; whoever is not to be judged has no
//! history here. Persons who travelled the tour, or who have it booked, are not its audience.

use std::time::Duration;

use uuid::Uuid;

use super::{Error, Reader, learned};
use crate::domain::insight::Insight;
use crate::domain::model::history::minutes;
use crate::domain::model::tours::audience::{Fan, fan};
use crate::domain::moment::Moment;

/// Customers read at a time.
const PAGE: i64 = 2_000;
/// How long all of it may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// A person who would like a tour.
#[derive(Debug, Clone, PartialEq)]
pub struct Audience {
    /// The person.
    pub person_profile_id: Uuid,
    /// How much, and why.
    pub fan: Fan,
    /// The version of the model that says so.
    pub version: i32,
}

/// The `first` persons who would like the tour most; none while nothing was learned about it.
pub(super) async fn audience(
    reader: &Reader,
    tenant: Uuid,
    tour: Uuid,
    first: usize,
) -> Result<Vec<Audience>, Error> {
    let now = reader.clock.now();
    let found = learned::learned(reader, tenant, &[Moment::NOW]).await?;
    let learned = found.get(&Moment::NOW);
    let Some(spoken) = learned.and_then(|learned| learned.tours.clone()) else {
        return Ok(Vec::new());
    };
    let mut connection = reader.connection(tenant).await?;
    let mut after = Uuid::nil();
    let mut best: Vec<(Uuid, Fan)> = Vec::new();
    loop {
        let page = sqlx::query!(
            "select person_profile_id, body from customer_insight
             where tenant_id = $1 and person_profile_id > $2
             order by person_profile_id limit $3",
            tenant,
            after,
            PAGE,
        )
        .fetch_all(&mut *connection)
        .await?;
        let Some(last) = page.last() else { break };
        after = last.person_profile_id;
        let fans = page.into_iter().filter_map(|row| {
            let history = Insight::from_stored(&row.body)?.history?;
            let fan = fan(&spoken.model, &history, tour, minutes(now))?;
            Some((row.person_profile_id, fan))
        });
        best.extend(fans);
        best.sort_by(|a, b| b.1.score.total_cmp(&a.1.score).then(a.0.cmp(&b.0)));
        best.truncate(first);
    }
    connection.done();
    let each = best.into_iter().map(|(person_profile_id, fan)| Audience {
        person_profile_id,
        fan,
        version: spoken.version,
    });
    Ok(each.collect())
}

/// "Who travelled this also travelled", with titles; none while nothing was learned about it.
pub(super) async fn also_booked(
    reader: &Reader,
    tenant: Uuid,
    tour: Uuid,
) -> Result<Vec<AlsoBookedTour>, Error> {
    let found = learned::learned(reader, tenant, &[Moment::NOW]).await?;
    let Some(learned) = found.get(&Moment::NOW) else {
        return Ok(Vec::new());
    };
    let Some(spoken) = &learned.tours else {
        return Ok(Vec::new());
    };
    let each = spoken.model.also_booked(tour).into_iter();
    let each = each.map(|also| AlsoBookedTour {
        tour: also.tour,
        title: learned.catalogue.title(also.tour).map(str::to_owned),
        figures: also.figures,
        version: spoken.version,
    });
    Ok(each.collect())
}

/// A tour beside another one.
#[derive(Debug, Clone, PartialEq)]
pub struct AlsoBookedTour {
    /// The other tour.
    pub tour: Uuid,
    /// What it is called.
    pub title: Option<String>,
    /// How many, and how surely.
    pub figures: crate::domain::model::also_booked::Also,
    /// The version of the model that says so.
    pub version: i32,
}
