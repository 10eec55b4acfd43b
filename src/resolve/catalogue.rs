//! What can be booked, and which channels the operator has: all of a tenant's tours, offerings and accounts as they stand.
//!
//! About nobody, and of no more rows than an operator has tours and departures; whoever reads it often keeps it a while.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::dossier::Dossier;
use super::reference;
use crate::db::Error;
use crate::domain::model::tours::catalogue::{Catalogue, Departure, Tour};
use crate::domain::reference::{Operator, Reference};
use crate::domain::source::{Field, SourceKey, SourceKind, Value};

/// All tours and departures of a tenant.
pub async fn catalogue(connection: &mut PgConnection, tenant_id: Uuid) -> Result<Catalogue, Error> {
    let templates = all(&mut *connection, tenant_id, SourceKind::TourTemplate).await?;
    let offerings = all(connection, tenant_id, SourceKind::TourOffering).await?;
    let mut tours: BTreeMap<Uuid, Tour> = templates
        .iter()
        .map(|(id, dossier)| (*id, tour(dossier)))
        .collect();
    let mut departures = Vec::with_capacity(offerings.len());
    for (id, dossier) in &offerings {
        let Some(template_id) = dossier.id(Field::Template) else {
            continue;
        };
        // A tour whose own row is not known is called what its departures are called.
        let own = tour(dossier);
        let known = tours.entry(template_id).or_default();
        known.title = known.title.take().or(own.title);
        known.region = known.region.take().or(own.region);
        departures.extend(departure(*id, template_id, dossier));
    }
    Ok(Catalogue::new(tours, departures))
}

/// The kind of channel of each of a tenant's accounts.
pub async fn accounts(
    connection: &mut PgConnection,
    tenant_id: Uuid,
) -> Result<BTreeMap<Uuid, String>, Error> {
    let found = all(connection, tenant_id, SourceKind::ChannelAccount).await?;
    let kinds = found.into_iter();
    let kinds = kinds.filter_map(|(id, one)| Some((id, one.text(Field::ChannelType)?.to_owned())));
    Ok(kinds.collect())
}

/// The tenant's own settings.
pub async fn operator(connection: &mut PgConnection, tenant_id: Uuid) -> Result<Operator, Error> {
    let found = all(connection, tenant_id, SourceKind::Operator).await?;
    let mut reference = Reference::default();
    for (id, dossier) in found.iter().filter(|(id, _)| **id == tenant_id) {
        let key = SourceKey::new(SourceKind::Operator, *id);
        reference::take_in(&mut reference, key, dossier);
    }
    Ok(reference.operator)
}

fn tour(dossier: &Dossier) -> Tour {
    let text = |field| dossier.text(field).map(str::to_owned);
    Tour {
        title: text(Field::Title),
        region: text(Field::Region),
        category: text(Field::Category),
    }
}

/// On sale is what is scheduled, or of which only an announcement is known, while seats are left.
fn departure(offering_id: Uuid, template_id: Uuid, dossier: &Dossier) -> Option<Departure> {
    let seats = match dossier.value(Field::SeatsAvailable) {
        Some(Value::Int(seats)) => Some(*seats),
        _ => None,
    };
    let scheduled = matches!(dossier.text(Field::Status), None | Some("SCHEDULED"));
    Some(Departure {
        offering_id,
        template_id,
        start: dossier.day(Field::StartDate)?,
        open: scheduled && seats != Some(0),
        seats,
    })
}

/// The dossiers of a kind, by id.
async fn all(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    kind: SourceKind,
) -> Result<BTreeMap<Uuid, Dossier>, Error> {
    let rows = sqlx::query!(
        "select id, body from dossier where tenant_id = $1 and kind = $2",
        tenant_id,
        kind.code(),
    )
    .fetch_all(connection)
    .await?;
    let read = rows.into_iter().map(|row| {
        let dossier = Dossier::decode(&row.body).ok_or(Error::Inconsistent {
            table: "dossier",
            column: "body",
            id: row.id,
        })?;
        Ok((row.id, dossier))
    });
    read.collect()
}
