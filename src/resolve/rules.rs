//! The rules of attribution, as data: which rows name which, which roles pass from one to the other, and
//! what of a row concerns a person in a role.

use uuid::Uuid;

use super::dossier::Kept;
use crate::domain::activity::{LogRow, Role, RowBody, activity_id, digest};
use crate::domain::source::{Field, Fields, SourceKey, SourceKind, Value};

use SourceKind as K;

/// The rows a row of this kind may name, by the field that names them.
#[must_use]
pub const fn parents(kind: SourceKind) -> &'static [(Field, SourceKind)] {
    match kind {
        // Nothing passes along these: an erasure follows them to whoever names the person.
        K::PersonProfile => &[(Field::MergedInto, K::PersonProfile)],
        K::LegalHold => &[(Field::Entity, K::PersonProfile)],
        K::TourOffering => &[
            (Field::Departure, K::Departure),
            (Field::Template, K::TourTemplate),
        ],
        K::Booking => &[
            (Field::Person, K::PersonProfile),
            (Field::Offering, K::TourOffering),
        ],
        K::Passenger | K::TripFeedback => &[
            (Field::Person, K::PersonProfile),
            (Field::Booking, K::Booking),
        ],
        K::Payment | K::Ancillary => &[(Field::Booking, K::Booking)],
        K::Ticket => &[(Field::Passenger, K::Passenger)],
        K::CheckoutSession | K::Contact | K::Consent | K::ChannelWish => {
            &[(Field::Person, K::PersonProfile)]
        }
        K::BoardingEvent | K::OnboardSale => &[
            (Field::Person, K::PersonProfile),
            (Field::Passenger, K::Passenger),
            (Field::Ticket, K::Ticket),
            (Field::Leg, K::ServiceLeg),
        ],
        K::Conversation => &[(Field::Contact, K::Contact)],
        K::Message => &[(Field::Conversation, K::Conversation)],
        _ => &[],
    }
}

/// The role a person linked to `parent` has in a row of `child`, if any passes on.
#[must_use]
pub const fn inherited(child: SourceKind, parent: SourceKind, role: Role) -> Option<Role> {
    match (child, parent, role) {
        (K::Booking | K::CheckoutSession, K::PersonProfile, _)
        | (K::Payment | K::Ancillary | K::TripFeedback | K::Passenger, K::Booking, Role::Booker) => {
            Some(Role::Booker)
        }
        (K::Passenger | K::BoardingEvent | K::OnboardSale, K::PersonProfile, _)
        | (K::Ticket | K::BoardingEvent | K::OnboardSale, K::Passenger, Role::Traveller)
        | (K::BoardingEvent | K::OnboardSale, K::Ticket, Role::Traveller) => Some(Role::Traveller),
        (K::TripFeedback | K::Consent | K::ChannelWish, K::PersonProfile, _) => Some(Role::Subject),
        (K::Contact, K::PersonProfile, _)
        | (K::Conversation, K::Contact, _)
        | (K::Message, K::Conversation, _) => Some(Role::Correspondent),
        _ => None,
    }
}

/// Whether a row of this kind tells those that name it anything: persons, or the booking it is of.
#[must_use]
pub const fn tells(parent: SourceKind) -> bool {
    matches!(
        parent,
        K::PersonProfile | K::Booking | K::Passenger | K::Ticket | K::Contact | K::Conversation
    )
}

/// Whether rows that depend on this one may name it.
#[must_use]
pub const fn is_named_by_others(kind: SourceKind) -> bool {
    tells(kind) || about_nobody(kind)
}

/// Rows of these kinds are about nobody, so nothing of theirs waits for a person.
#[must_use]
pub const fn about_nobody(kind: SourceKind) -> bool {
    matches!(
        kind,
        K::Operator
            | K::TourTemplate
            | K::BoardingPoint
            | K::TourOffering
            | K::Departure
            | K::ServiceLeg
            | K::ChannelAccount
            | K::PersonProfile
            | K::LegalHold
    )
}

/// The log row of a version for a person in a role.
#[must_use]
pub fn log_row(source: SourceKey, kept: &Kept, person: Uuid, role: Role) -> LogRow {
    // A co-traveller's row is known to the booker by a digest only.
    let party = (source.kind, role) == (K::Passenger, Role::Booker);
    LogRow {
        person,
        activity_id: activity_id(source, person, role),
        kind: source.kind,
        role,
        version_at: kept.version_at,
        content_hash: kept.content_hash,
        occurred_at: kept.occurred_at,
        body: RowBody {
            source_id: if party { digest(source) } else { source.id },
            rank: kept.rank,
            fields: share(source.kind, &kept.fields, person, role),
        },
    }
}

/// What of a version concerns the person in that role, naming nobody else.
fn share(kind: SourceKind, fields: &Fields, person: Uuid, role: Role) -> Fields {
    let mut own = Fields::with_capacity(fields.len() + 1);
    for (field, value) in fields {
        match (field, role) {
            (Field::Person, _) if !concerns(kind, role, *field) => {}
            // Whose consent it is counts: that of a merged profile is not the survivor's.
            (Field::Person, _) if kind == K::Consent && *value == Value::Id(person) => {
                own.push((Field::Person, value.clone()));
            }
            (Field::Person, _) if kind == K::Consent => {}
            (Field::Person, _) => {
                own.push((Field::Mine, Value::Bool(*value == Value::Id(person))));
                if matches!(kind, K::Contact | K::TripFeedback) {
                    own.push((Field::Linked, Value::Bool(*value != Value::Null)));
                }
            }
            // That the profile was merged, not into whom.
            (Field::MergedInto, _) if matches!(value, Value::Id(_)) => {
                own.push((Field::MergedInto, Value::Id(Uuid::nil())));
            }
            _ if concerns(kind, role, *field) => own.push((*field, value.clone())),
            _ => {}
        }
    }
    own.sort_by_key(|(field, _)| *field);
    own
}

const fn concerns(kind: SourceKind, role: Role, field: Field) -> bool {
    match (kind, role) {
        (K::Booking, Role::Traveller) => {
            matches!(field, Field::Status | Field::Offering | Field::CancelledBy)
        }
        (K::Passenger, Role::Booker) => {
            matches!(
                field,
                Field::Status | Field::Booking | Field::CancellationFee
            )
        }
        (K::Ancillary, _) => !matches!(field, Field::Passenger),
        _ => true,
    }
}
