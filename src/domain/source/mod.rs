//! What the platform says: versions of its rows.
//!
//! Every delivery, whichever shape it had, becomes versions of source rows; a version speaks only for the
//! fields it carries. Absent on purpose: any notion of arrival. Order is a property of the version itself.

mod field;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use field::{Field, Value};

/// The platform tables that are listened to, and `Departure`, `Consent` and `ChannelWish`, which have none of their own.
///
/// The numbers are stored; they never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum SourceKind {
    /// `backoffice.operators`: the tenant itself.
    Operator = 1,
    /// `backoffice.person_profiles`: the identity, never its names.
    PersonProfile = 2,
    /// `backoffice.tour_templates`.
    TourTemplate = 3,
    /// `backoffice.boarding_points`.
    BoardingPoint = 4,
    /// `commerce.tour_offerings`: one departure as it is sold.
    TourOffering = 5,
    /// A departure: named by offerings, legs and boardings, without a row of its own.
    Departure = 6,
    /// `commerce.bookings`.
    Booking = 7,
    /// `commerce.passengers`.
    Passenger = 8,
    /// `commerce.payments`.
    Payment = 9,
    /// `commerce.ancillaries`.
    Ancillary = 10,
    /// `commerce.tickets`.
    Ticket = 11,
    /// `commerce.checkout_sessions`.
    CheckoutSession = 12,
    /// `commerce.trip_feedback`.
    TripFeedback = 13,
    /// `operations.service_legs`.
    ServiceLeg = 14,
    /// `operations.boarding_events`.
    BoardingEvent = 15,
    /// `operations.onboard_sales`.
    OnboardSale = 16,
    /// `communications.channel_accounts`.
    ChannelAccount = 17,
    /// `communications.contacts`: the link, never its name or identifiers.
    Contact = 18,
    /// `communications.conversations`.
    Conversation = 19,
    /// `communications.messages`: never their content.
    Message = 20,
    /// `backoffice.legal_holds`.
    LegalHold = 21,
    /// Something said about consent and recorded apart from the profile, without a table of its own.
    Consent = 22,
    /// The channel that somebody asked for, without a table of its own.
    ChannelWish = 23,
}

impl SourceKind {
    /// Every kind, in the order of its number.
    pub const ALL: [Self; 23] = [
        Self::Operator,
        Self::PersonProfile,
        Self::TourTemplate,
        Self::BoardingPoint,
        Self::TourOffering,
        Self::Departure,
        Self::Booking,
        Self::Passenger,
        Self::Payment,
        Self::Ancillary,
        Self::Ticket,
        Self::CheckoutSession,
        Self::TripFeedback,
        Self::ServiceLeg,
        Self::BoardingEvent,
        Self::OnboardSale,
        Self::ChannelAccount,
        Self::Contact,
        Self::Conversation,
        Self::Message,
        Self::LegalHold,
        Self::Consent,
        Self::ChannelWish,
    ];

    /// As it is shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::PersonProfile => "person_profile",
            Self::TourTemplate => "tour_template",
            Self::BoardingPoint => "boarding_point",
            Self::TourOffering => "tour_offering",
            Self::Departure => "departure",
            Self::Booking => "booking",
            Self::Passenger => "passenger",
            Self::Payment => "payment",
            Self::Ancillary => "ancillary",
            Self::Ticket => "ticket",
            Self::CheckoutSession => "checkout_session",
            Self::TripFeedback => "trip_feedback",
            Self::ServiceLeg => "service_leg",
            Self::BoardingEvent => "boarding_event",
            Self::OnboardSale => "onboard_sale",
            Self::ChannelAccount => "channel_account",
            Self::Contact => "contact",
            Self::Conversation => "conversation",
            Self::Message => "message",
            Self::LegalHold => "legal_hold",
            Self::Consent => "consent",
            Self::ChannelWish => "channel_wish",
        }
    }

    /// The stored number.
    #[must_use]
    pub const fn code(self) -> i16 {
        self as i16
    }

    /// The kind with that stored number.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// A DELETE of a link or reference row changes nothing; only these rows can end.
    #[must_use]
    pub const fn can_be_deleted(self) -> bool {
        matches!(
            self,
            Self::PersonProfile
                | Self::Booking
                | Self::Passenger
                | Self::Payment
                | Self::Ancillary
                | Self::CheckoutSession
                | Self::TripFeedback
                | Self::BoardingEvent
                | Self::OnboardSale
                | Self::Message
        )
    }
}

/// One row of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceKey {
    /// Which table.
    pub kind: SourceKind,
    /// The row's id there.
    pub id: Uuid,
}

impl SourceKey {
    /// A key from its parts.
    #[must_use]
    pub const fn new(kind: SourceKind, id: Uuid) -> Self {
        Self { kind, id }
    }
}

/// First bytes of SHA-256 over the canonical JSON of the carried fields, the last byte holding the flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContentHash(pub [u8; 16]);

/// What a version is besides its fields.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Flags {
    /// A `data.old` whose `data.new` has the same version: evidence that it was, never of a value.
    pub superseded: bool,
    /// The row was deleted just after this version.
    pub tombstone: bool,
    /// From a canonical event: null says nothing, so only known fields are carried.
    pub canonical: bool,
}

/// The carried fields of a version, sorted by [`Field`], each at most once.
pub type Fields = Vec<(Field, Value)>;

/// One version of one source row, as the platform told it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Which row.
    pub source: SourceKey,
    /// `updated_at` of the row (or what stands for it), `occurred_at` of a canonical event.
    pub version_at: DateTime<Utc>,
    /// When it happened in the world, where a column says so; else `version_at`.
    pub occurred_at: DateTime<Utc>,
    /// Superseded, tombstone, canonical.
    pub flags: Flags,
    /// Place of the state among those of the same instant (bookings; 0 elsewhere).
    pub rank: u8,
    /// Identity of the content, the last tie-breaker.
    pub content_hash: ContentHash,
    /// What it says.
    pub fields: Fields,
}

/// The total order of the versions of one row: nothing in it depends on arrival.
///
/// Superseded versions come before live ones of the same instant; a tombstone just after its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionOrder(DateTime<Utc>, bool, u8, ContentHash);

impl VersionOrder {
    /// The order key of a version with these parts.
    #[must_use]
    pub fn new(at: DateTime<Utc>, flags: Flags, rank: u8, hash: ContentHash) -> Self {
        // The tombstone bit lives in the hash's last byte, so a tombstone follows the very version it ends.
        Self(at, !flags.superseded, rank, hash)
    }
}

impl VersionOrder {
    /// The version's hash, with its flags.
    #[must_use]
    pub const fn hash(&self) -> ContentHash {
        self.3
    }

    /// The content alone, as [`ContentHash::content`].
    #[must_use]
    pub fn content(&self) -> [u8; 16] {
        self.3.content()
    }
}

impl ContentHash {
    /// The hash of `digest` (SHA-256 of the canonical JSON) with its flags folded into the last byte.
    #[must_use]
    pub fn new(digest: &[u8], flags: Flags) -> Self {
        let mut bytes = [0_u8; 16];
        for (to, from) in bytes.iter_mut().zip(digest) {
            *to = *from;
        }
        if let Some(last) = bytes.last_mut() {
            *last = u8::from(flags.superseded)
                | u8::from(flags.canonical) << 1
                | u8::from(flags.tombstone) << 2;
        }
        Self(bytes)
    }

    /// The flags folded into the last byte.
    #[must_use]
    pub fn flags(self) -> Flags {
        let last = self.0.last().copied().unwrap_or_default();
        Flags {
            superseded: last & 1 != 0,
            canonical: last & 2 != 0,
            tombstone: last & 4 != 0,
        }
    }

    /// The content alone: equal for a version and for its superseded or ended twin.
    #[must_use]
    pub fn content(self) -> [u8; 16] {
        let mut bytes = self.0;
        if let Some(last) = bytes.last_mut() {
            *last = 0;
        }
        bytes
    }
}

impl Version {
    /// Its place among the versions of its row.
    #[must_use]
    pub fn order(&self) -> VersionOrder {
        VersionOrder::new(self.version_at, self.flags, self.rank, self.content_hash)
    }

    /// The value it carries for a field, if it carries it.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&Value> {
        get(&self.fields, field)
    }

    /// The reference it carries, if it carries one that is not null.
    #[must_use]
    pub fn id(&self, field: Field) -> Option<Uuid> {
        match self.get(field) {
            Some(Value::Id(id)) => Some(*id),
            _ => None,
        }
    }
}

/// Looks a field up in carried fields.
#[must_use]
pub fn get(fields: &[(Field, Value)], field: Field) -> Option<&Value> {
    let at = fields
        .binary_search_by_key(&field, |(name, _)| *name)
        .ok()?;
    fields.get(at).map(|(_, value)| value)
}

/// Place of a booking's state among those of the same instant (DRAFT first, REFUNDED last).
#[must_use]
pub fn booking_rank(status: &str) -> u8 {
    const ORDER: [&str; 8] = [
        "DRAFT",
        "PENDING_PAYMENT",
        "DEPOSIT_PAID",
        "FULLY_PAID",
        "COMPLETED",
        "NO_SHOW",
        "CANCELLED",
        "REFUNDED",
    ];
    let place = ORDER.iter().position(|state| *state == status);
    place.map_or(0, |at| u8::try_from(at + 1).unwrap_or(0))
}
