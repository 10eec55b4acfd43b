//! The timeline: what happened, in the dispatcher's words, derived from the log's versions.
//!
//! Transitions are never stored. A state's time is the earliest version that shows it or a state that implies it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::money::{Cents, Currency};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActivityKind {
    /// A booking was confirmed (as booker or traveller).
    BookingConfirmed,
    /// It was paid in full.
    BookingFullyPaid,
    /// It was cancelled, by whomever.
    BookingCancelled,
    /// It was refunded.
    BookingRefunded,
    /// The tour took place.
    BookingCompleted,
    /// Nobody appeared.
    BookingNoShow,
    /// This traveller alone was cancelled.
    PassengerCancelled,
    /// A checkout expired.
    CheckoutAbandoned,
    /// An extra was bought.
    AncillaryPurchased,
    /// A payment arrived.
    PaymentReceived,
    /// A payment was returned.
    PaymentRefunded,
    /// Got on.
    Boarded,
    /// Was not let on.
    BoardingDenied,
    /// Bought something on board.
    OnboardSale,
    /// A message reached the person.
    MessageDelivered,
    /// The person read it.
    MessageRead,
    /// The person wrote.
    MessageReceived,
    /// A conversation was closed.
    ConversationResolved,
    /// Gave feedback.
    FeedbackSubmitted,
    /// The profile became known.
    ProfileCreated,
    /// Consent, locale or reachability changed.
    ProfileUpdated,
    /// A duplicate was merged into this person.
    ProfileMerged,
}

/// One entry of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Deterministic: source activity and kind.
    pub id: Uuid,
    /// What happened.
    pub kind: ActivityKind,
    /// When it happened in the world.
    pub occurred_at: DateTime<Utc>,
    /// When the log first heard of it.
    pub recorded_at: DateTime<Utc>,
    /// The booking it belongs to.
    pub booking_id: Option<Uuid>,
    /// The offering it belongs to.
    pub offering_id: Option<Uuid>,
    /// Where it happened.
    pub boarding_point_id: Option<Uuid>,
    /// Hundredths, with their currency.
    pub amount: Option<(Cents, Currency)>,
    /// Channel of a message, sales channel of a booking.
    pub channel: Option<String>,
    /// A word that qualifies it: who cancelled, payment type, ancillary type, seat, score.
    pub detail: Option<String>,
}
