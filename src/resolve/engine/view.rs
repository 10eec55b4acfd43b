//! What the fold can see of a row that is not in the log: when it changes, people must be looked at again.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::domain::source::{Field, SourceKind};
use crate::resolve::dossier::Dossier;

/// The part of a dossier that a fold may look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct View {
    ids: [Option<Uuid>; 2],
    words: [Option<String>; 2],
    days: [Option<NaiveDate>; 2],
    flags: [bool; 3],
}

impl View {
    /// What a dossier of that kind shows; nothing for kinds whose rows are in the log.
    pub(super) fn of(kind: SourceKind, dossier: &Dossier) -> Self {
        let word = |field| dossier.text(field).map(str::to_owned);
        match kind {
            SourceKind::Operator => Self {
                words: [word(Field::DefaultCurrency), word(Field::TimeZone)],
                ..Self::default()
            },
            SourceKind::TourOffering => Self {
                ids: [dossier.id(Field::Departure), dossier.id(Field::Template)],
                words: [word(Field::Title), word(Field::Region)],
                days: [dossier.day(Field::StartDate), dossier.day(Field::EndDate)],
                ..Self::default()
            },
            SourceKind::TourTemplate => Self {
                words: [word(Field::Region), None],
                ..Self::default()
            },
            SourceKind::ServiceLeg => Self {
                words: [word(Field::LegType), None],
                ..Self::default()
            },
            SourceKind::Departure => Self {
                flags: [!dossier.members.is_empty(), false, false],
                ..Self::default()
            },
            SourceKind::Booking => Self {
                flags: [
                    dossier.sightings.values().any(|boarded| *boarded),
                    dossier.sightings.values().any(|boarded| !boarded),
                    !dossier.members.is_empty(),
                ],
                ..Self::default()
            },
            _ => Self::default(),
        }
    }
}
