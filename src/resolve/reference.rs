//! What a fold needs to know that is about nobody, read from dossiers.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;
use uuid::Uuid;

use super::dossier::Dossier;
use super::store;
use crate::db::Error;
use crate::domain::activity::LogRow;
use crate::domain::money::Currency;
use crate::domain::reference::{Offering, Operator, Reference, Surroundings};
use crate::domain::source::{self, Field, SourceKey, SourceKind, Value};

/// The dossiers that the rows' folds look at directly.
#[must_use]
pub fn named_by<'r>(rows: impl IntoIterator<Item = &'r LogRow>) -> BTreeSet<SourceKey> {
    let mut keys = BTreeSet::new();
    for row in rows {
        let id = |field| match source::get(&row.body.fields, field) {
            Some(Value::Id(id)) => Some(*id),
            _ => None,
        };
        let mut add = |kind, id: Option<Uuid>| keys.extend(id.map(|id| SourceKey::new(kind, id)));
        match row.kind {
            SourceKind::Booking => {
                add(SourceKind::TourOffering, id(Field::Offering));
                // What happened around a booking matters only once it failed or ended.
                let status = source::get(&row.body.fields, Field::Status);
                if status == Some(&Value::Text("NO_SHOW".into()))
                    || status == Some(&Value::Text("CANCELLED".into()))
                {
                    add(SourceKind::Booking, Some(row.body.source_id));
                }
            }
            SourceKind::BoardingEvent => add(SourceKind::ServiceLeg, id(Field::Leg)),
            _ => {}
        }
    }
    keys
}

/// The channel accounts that the rows' messages went through: for timelines.
#[must_use]
pub fn channels_of(rows: &[LogRow]) -> BTreeSet<SourceKey> {
    let accounts =
        rows.iter().filter_map(
            |row| match source::get(&row.body.fields, Field::ChannelAccount) {
                Some(Value::Id(id)) => Some(SourceKey::new(SourceKind::ChannelAccount, *id)),
                _ => None,
            },
        );
    accounts.collect()
}

/// The dossiers that those in turn name.
#[must_use]
pub fn named_by_offerings<'d>(offerings: impl Iterator<Item = &'d Dossier>) -> BTreeSet<SourceKey> {
    let mut keys = BTreeSet::new();
    for offering in offerings {
        let departure = offering.id(Field::Departure);
        keys.extend(departure.map(|id| SourceKey::new(SourceKind::Departure, id)));
        let template = offering.id(Field::Template);
        let template = template.filter(|_| offering.text(Field::Region).is_none());
        keys.extend(template.map(|id| SourceKey::new(SourceKind::TourTemplate, id)));
    }
    keys
}

/// Takes a dossier into the reference. Templates come before the offerings that borrow their region.
pub fn take_in(reference: &mut Reference, key: SourceKey, dossier: &Dossier) {
    match key.kind {
        SourceKind::Operator => reference.operator = operator(dossier),
        SourceKind::TourTemplate => {
            if let Some(region) = dossier.text(Field::Region) {
                reference.template_regions.insert(key.id, region.to_owned());
            }
        }
        SourceKind::TourOffering if !dossier.versions.is_empty() => {
            let template_id = dossier.id(Field::Template);
            let own = dossier.text(Field::Region).map(str::to_owned);
            let region = own.or_else(|| reference.template_regions.get(&template_id?).cloned());
            let offering = Offering {
                departure_id: dossier.id(Field::Departure),
                template_id,
                title: dossier.text(Field::Title).map(str::to_owned),
                region,
                start_date: dossier.day(Field::StartDate),
                end_date: dossier.day(Field::EndDate),
            };
            reference.offerings.insert(key.id, offering);
        }
        SourceKind::ServiceLeg => {
            if let Some(leg_type) = dossier.text(Field::LegType) {
                reference.leg_types.insert(key.id, leg_type.to_owned());
            }
        }
        SourceKind::Departure if !dossier.members.is_empty() => {
            reference.measured.insert(key.id);
        }
        SourceKind::Booking => {
            reference.surroundings.insert(key.id, surroundings(dossier));
        }
        SourceKind::ChannelAccount => {
            if let Some(channel) = dossier.text(Field::ChannelType) {
                reference.channels.insert(key.id, channel.to_owned());
            }
        }
        _ => {}
    }
}

fn surroundings(booking: &Dossier) -> Surroundings {
    Surroundings {
        boarded: booking.sightings.values().any(|boarded| *boarded),
        denied: booking.sightings.values().any(|boarded| !boarded),
        replaced: !booking.members.is_empty(),
    }
}

/// The tenant's settings; what is missing or unusable is as before its row was known.
fn operator(dossier: &Dossier) -> Operator {
    let default = Operator::default();
    let zone = dossier
        .text(Field::TimeZone)
        .and_then(|name| name.parse().ok());
    let currency = dossier.text(Field::DefaultCurrency);
    Operator {
        currency: currency.map_or(default.currency, |code| Currency(code.to_owned())),
        time_zone: zone.unwrap_or(default.time_zone),
    }
}

/// Reads what the folds of these rows look at, and `more`, in two round trips.
pub async fn load<'r>(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    rows: impl IntoIterator<Item = &'r LogRow>,
    quarantine_days: i64,
    more: BTreeSet<SourceKey>,
) -> Result<Reference, Error> {
    let mut keys = named_by(rows);
    keys.extend(more);
    keys.insert(SourceKey::new(SourceKind::Operator, tenant_id));
    let mut found = store::load(connection, tenant_id, &keys).await?;
    let offerings = found
        .iter()
        .filter(|(key, _)| key.kind == SourceKind::TourOffering);
    let more = named_by_offerings(offerings.map(|(_, dossier)| dossier));
    found.extend(store::load(connection, tenant_id, &more).await?);
    let mut reference = Reference {
        quarantine_days,
        ..Reference::default()
    };
    // By kind, so that templates come before the offerings that borrow their region.
    for (key, dossier) in &found {
        take_in(&mut reference, *key, dossier);
    }
    Ok(reference)
}

/// Labels as they stand: titles of tours and offerings, names of boarding points.
pub async fn labels(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    keys: &BTreeSet<SourceKey>,
) -> Result<BTreeMap<SourceKey, String>, Error> {
    let found = store::load(connection, tenant_id, keys).await?;
    let labels = found.iter().filter_map(|(key, dossier)| {
        let field = match key.kind {
            SourceKind::BoardingPoint => Field::Label,
            _ => Field::Title,
        };
        Some((*key, dossier.text(field)?.to_owned()))
    });
    Ok(labels.collect())
}
