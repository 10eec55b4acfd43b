//! From carried fields to a version: its order, its hash, when it happened, and whether it is about anybody.

use chrono::{DateTime, Utc};

use super::hash::content_hash;
use super::values::has;
use crate::domain::source::{
    Field, Fields, Flags, SourceKey, SourceKind, Value, Version, booking_rank, get,
};

/// What a delivery told, so far.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) versions: Vec<Version>,
    pub(super) rounded: u32,
    pub(super) unattributable: u32,
}

/// A version of a row; brings the fields into their order.
pub(super) fn version(
    source: SourceKey,
    version_at: DateTime<Utc>,
    mut fields: Fields,
    flags: Flags,
) -> Version {
    fields.sort_unstable_by_key(|(field, _)| *field);
    let rank = match (source.kind, word(&fields, Field::Status)) {
        (SourceKind::Booking, Some(status)) => booking_rank(status),
        _ => 0,
    };
    Version {
        source,
        version_at,
        occurred_at: occurred_at(source.kind, &fields).unwrap_or(version_at),
        flags,
        rank,
        content_hash: content_hash(source.kind, &fields, flags),
        fields,
    }
}

/// The same version with other flags.
pub(super) fn flagged(version: &Version, flags: Flags) -> Version {
    let mut twin = version.clone();
    twin.flags = flags;
    twin.content_hash = content_hash(version.source.kind, &version.fields, flags);
    twin
}

/// When it happened in the world, where a column of the row says so.
fn occurred_at(kind: SourceKind, fields: &[(Field, Value)]) -> Option<DateTime<Utc>> {
    let status = word(fields, Field::Status);
    let columns: &[Field] = match (kind, status) {
        (SourceKind::Payment, _) => &[Field::ReceivedAt],
        (SourceKind::Ancillary, _) => &[Field::PurchasedAt],
        (SourceKind::BoardingEvent, _) => &[Field::BoardedAt],
        (SourceKind::OnboardSale, _) => &[Field::SoldAt],
        (SourceKind::TripFeedback, _) => &[Field::SubmittedAt],
        (SourceKind::Message, Some("READ")) => &[Field::ReadAt, Field::DeliveredAt, Field::SentAt],
        (SourceKind::Message, Some("DELIVERED")) => &[Field::DeliveredAt, Field::SentAt],
        (SourceKind::Message, _) => &[Field::SentAt],
        (SourceKind::Conversation, Some("RESOLVED")) => &[Field::ResolvedAt],
        (SourceKind::CheckoutSession, Some("EXPIRED")) => &[Field::ExpiresAt],
        _ => &[],
    };
    columns.iter().find_map(|field| match get(fields, *field) {
        Some(Value::At(at)) => Some(*at),
        _ => None,
    })
}

/// The fields through which a row of this kind reaches a person; empty where rows need nobody.
///
/// A boarding also reaches its departure: that anything was recorded there makes no-shows measurable.
const fn references(kind: SourceKind) -> &'static [Field] {
    match kind {
        SourceKind::Payment => &[Field::Booking],
        SourceKind::Ancillary => &[Field::Booking, Field::Passenger],
        SourceKind::CheckoutSession | SourceKind::Consent | SourceKind::ChannelWish => {
            &[Field::Person]
        }
        SourceKind::TripFeedback => &[Field::Person, Field::Booking],
        SourceKind::BoardingEvent => &[
            Field::Person,
            Field::Passenger,
            Field::Ticket,
            Field::Departure,
        ],
        SourceKind::OnboardSale => &[Field::Person, Field::Passenger, Field::Ticket],
        SourceKind::Message => &[Field::Conversation],
        _ => &[],
    }
}

/// Whether an event's version reaches anybody.
pub(super) fn reaches(kind: SourceKind, fields: &[(Field, Value)]) -> bool {
    let references = references(kind);
    references.is_empty() || references.iter().any(|field| has(fields, *field))
}

/// Whether a row's version says that it reaches nobody: it carries references and all of them are null.
///
/// A reference that the row does not carry may be known from another version of it.
pub(super) fn reaches_nobody(kind: SourceKind, fields: &[(Field, Value)]) -> bool {
    let mut carried = references(kind)
        .iter()
        .filter_map(|field| get(fields, *field))
        .peekable();
    carried.peek().is_some() && carried.all(|value| *value == Value::Null)
}

/// The word in a field, if it holds one.
pub(super) fn word(fields: &[(Field, Value)], field: Field) -> Option<&str> {
    match get(fields, field) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}
