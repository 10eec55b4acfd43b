//! The timeline: what happened, in the dispatcher's words, derived from the log's versions.
//!
//! Transitions are never stored. A state's time is the earliest version that shows it or a state that implies it.

mod entries;
mod late;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use self::entries::Entry;
pub use self::late::{MetricChange, changes, sentence};
use super::activity::{LogRow, NAMESPACE, Provenance};
use super::fold::entity::Entities;
use super::money::{Cents, Currency};
use super::reference::Reference;
use super::source::{SourceKey, SourceKind, VersionOrder};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
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
    /// A reservation awaits payment. Gone from the timeline once it is confirmed or lapses.
    BookingReserved,
}

/// When and how the log first heard of a version.
type Heard = (DateTime<Utc>, Provenance);

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
    /// How it came into the log.
    pub provenance: Provenance,
    /// The source row that it is derived from.
    pub source: SourceKey,
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

impl Activity {
    /// How long after it happened the log heard of it; none for what came in time or as history.
    #[must_use]
    pub fn late_by(&self) -> Option<TimeDelta> {
        let late = matches!(self.provenance, Provenance::Late | Provenance::Replay);
        let by = self.recorded_at - self.occurred_at;
        (late && by > TimeDelta::zero()).then_some(by)
    }
}

/// The timeline of a person, latest first. Each row comes with the instant and the way it was recorded.
#[must_use]
pub fn timeline(
    person: Uuid,
    recorded: &[(LogRow, DateTime<Utc>, Provenance)],
    reference: &Reference,
) -> Vec<Activity> {
    let mut heard: BTreeMap<(SourceKind, Uuid, VersionOrder), Heard> = BTreeMap::new();
    for (row, recorded_at, provenance) in recorded {
        let key = (row.kind, row.body.source_id, row.order());
        let first = heard.entry(key).or_insert((*recorded_at, *provenance));
        *first = (*first).min((*recorded_at, *provenance));
    }
    let rows: Vec<LogRow> = recorded.iter().map(|(row, ..)| row.clone()).collect();
    let entities = Entities::group(&rows);
    let entries = entries::all(&entities, reference, person);
    let activities = entries.into_iter().filter_map(|entry| {
        let key = (entry.source, entry.source_id, entry.shown_by);
        Some(activity(entry, *heard.get(&key)?))
    });
    let mut activities: Vec<Activity> = activities.collect();
    activities.sort_by_key(|one| Reverse((one.occurred_at, one.id)));
    activities
}

fn activity(entry: Entry, (recorded_at, provenance): Heard) -> Activity {
    let kinds = [entry.source as u8, entry.kind as u8];
    let mut name = kinds.to_vec();
    name.extend_from_slice(entry.source_id.as_bytes());
    if entry.kind == ActivityKind::ProfileUpdated {
        name.extend_from_slice(&entry.occurred_at.timestamp_micros().to_be_bytes());
    }
    Activity {
        id: Uuid::new_v5(&NAMESPACE, &name),
        kind: entry.kind,
        occurred_at: entry.occurred_at,
        recorded_at,
        provenance,
        source: SourceKey::new(entry.source, entry.source_id),
        booking_id: entry.booking_id,
        offering_id: entry.offering_id,
        boarding_point_id: entry.boarding_point_id,
        amount: entry.amount,
        channel: entry.channel,
        detail: entry.detail,
    }
}
