//! What each kind of source row adds to the timeline.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::ActivityKind;
use crate::domain::fold::entity::{Entities, Entity, Known};
use crate::domain::fold::fate::{CONFIRMING, Fate};
use crate::domain::fold::{journey, voice};
use crate::domain::money::{Cents, Currency};
use crate::domain::reference::Reference;
use crate::domain::source::{Field, SourceKind, Value, VersionOrder};

/// An entry before it has its id and the instant it was recorded.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) kind: ActivityKind,
    pub(super) source: SourceKind,
    pub(super) source_id: Uuid,
    /// The version that showed it first.
    pub(super) shown_by: VersionOrder,
    pub(super) occurred_at: DateTime<Utc>,
    pub(super) booking_id: Option<Uuid>,
    pub(super) offering_id: Option<Uuid>,
    pub(super) boarding_point_id: Option<Uuid>,
    pub(super) amount: Option<(Cents, Currency)>,
    pub(super) channel: Option<String>,
    pub(super) detail: Option<String>,
}

impl Entry {
    fn new(kind: ActivityKind, source: SourceKind, entity: &Entity<'_>, known: &Known<'_>) -> Self {
        Self {
            kind,
            source,
            source_id: entity.id,
            shown_by: known.place(),
            occurred_at: known.version_at,
            booking_id: entity.reference(Field::Booking),
            offering_id: None,
            boarding_point_id: None,
            amount: None,
            channel: None,
            detail: None,
        }
    }

    fn at(mut self, when: Option<DateTime<Utc>>) -> Self {
        self.occurred_at = when.unwrap_or(self.occurred_at);
        self
    }

    fn worth(mut self, entity: &Entity<'_>, field: Field, reference: &Reference) -> Self {
        let currency = entity.currency(&reference.operator.currency);
        self.amount = entity.cents(field).map(|cents| (cents, currency));
        self
    }

    fn says(mut self, detail: Option<&str>) -> Self {
        self.detail = detail.map(str::to_owned);
        self
    }
}

/// Everything, in no particular order.
pub(super) fn all(entities: &Entities<'_>, reference: &Reference, person: Uuid) -> Vec<Entry> {
    let mut entries = Vec::new();
    bookings(entities, reference, &mut entries);
    attached(entities, reference, &mut entries);
    travel(entities, reference, &mut entries);
    words(entities, reference, &mut entries);
    profiles(entities, person, &mut entries);
    entries
}

fn first<'e, 'a>(entity: &'e Entity<'a>, states: &[&str]) -> Option<&'e Known<'a>> {
    let mut versions = entity.versions.iter();
    versions.find(|known| known.status().is_some_and(|state| states.contains(&state)))
}

fn bookings(entities: &Entities<'_>, reference: &Reference, entries: &mut Vec<Entry>) {
    use ActivityKind as A;
    let travelled = journey::own_passengers(entities);
    let travelled: BTreeSet<Uuid> = travelled
        .filter_map(|one| one.reference(Field::Booking))
        .collect();
    let states: [(A, &[&str]); 6] = [
        (A::BookingConfirmed, &CONFIRMING),
        (A::BookingFullyPaid, &["FULLY_PAID"]),
        (A::BookingCancelled, &["CANCELLED"]),
        (A::BookingRefunded, &["REFUNDED"]),
        (A::BookingCompleted, &["COMPLETED"]),
        (A::BookingNoShow, &["NO_SHOW"]),
    ];
    for booking in entities
        .of(SourceKind::Booking)
        .filter(|booking| booking.exists())
    {
        if !booking.mine() && !travelled.contains(&booking.id) {
            continue;
        }
        entries.extend(reservation(booking, reference));
        for (kind, shown) in states {
            let Some(known) = first(booking, shown) else {
                continue;
            };
            let mut entry = Entry::new(kind, SourceKind::Booking, booking, known);
            entry.booking_id = Some(booking.id);
            entry.offering_id = booking.reference(Field::Offering);
            if booking.mine() {
                entry = entry.worth(booking, Field::Total, reference);
                entry.channel = booking.text(Field::SalesChannel).map(str::to_owned);
            }
            if kind == A::BookingCancelled {
                entry = entry.says(booking.text(Field::CancelledBy));
            }
            entries.push(entry);
        }
    }
    for passenger in journey::own_passengers(entities) {
        if let Some(known) = first(passenger, &["CANCELLED"]) {
            entries.push(Entry::new(
                A::PassengerCancelled,
                SourceKind::Passenger,
                passenger,
                known,
            ));
        }
    }
}

/// A booking that was never confirmed and awaits payment, for its booker.
fn reservation(booking: &Entity<'_>, reference: &Reference) -> Option<Entry> {
    let fate = Fate::of(booking);
    let open = booking.mine() && fate.pending && !fate.confirmed;
    let known = first(booking, &["PENDING_PAYMENT"]).filter(|_| open)?;
    let kind = ActivityKind::BookingReserved;
    let mut entry = Entry::new(kind, SourceKind::Booking, booking, known);
    entry.booking_id = Some(booking.id);
    entry.offering_id = booking.reference(Field::Offering);
    entry.channel = booking.text(Field::SalesChannel).map(str::to_owned);
    Some(entry.worth(booking, Field::Total, reference))
}

fn attached(entities: &Entities<'_>, reference: &Reference, entries: &mut Vec<Entry>) {
    use ActivityKind as A;
    let own = |one: &&Entity<'_>| {
        let booking = one.reference(Field::Booking);
        let booking = booking.and_then(|id| entities.get(SourceKind::Booking, id));
        one.exists() && booking.is_some_and(|booking| booking.exists() && booking.mine())
    };
    for payment in entities.of(SourceKind::Payment).filter(own) {
        for (kind, state) in [
            (A::PaymentReceived, "COMPLETED"),
            (A::PaymentRefunded, "REFUNDED"),
        ] {
            let Some(known) = first(payment, &[state]) else {
                continue;
            };
            let received = payment
                .at(Field::ReceivedAt)
                .filter(|_| kind == A::PaymentReceived);
            let entry = Entry::new(kind, SourceKind::Payment, payment, known).at(received);
            let entry = entry.worth(payment, Field::Amount, reference);
            entries.push(entry.says(payment.text(Field::PaymentType)));
        }
    }
    for ancillary in entities
        .of(SourceKind::Ancillary)
        .filter(own)
        .filter(|one| one.active())
    {
        let Some(known) = ancillary.versions.first() else {
            continue;
        };
        let bought = ancillary.at(Field::PurchasedAt);
        let entry = Entry::new(
            A::AncillaryPurchased,
            SourceKind::Ancillary,
            ancillary,
            known,
        )
        .at(bought);
        let entry = entry.worth(ancillary, Field::Total, reference);
        entries.push(entry.says(ancillary.text(Field::AncillaryType)));
    }
    for session in entities
        .of(SourceKind::CheckoutSession)
        .filter(|one| one.exists() && one.mine())
    {
        let expired = session.text(Field::Status) == Some("EXPIRED");
        let Some(known) = first(session, &["EXPIRED"]).filter(|_| expired) else {
            continue;
        };
        let entry = Entry::new(
            A::CheckoutAbandoned,
            SourceKind::CheckoutSession,
            session,
            known,
        );
        let mut entry = entry.at(session.at(Field::ExpiresAt));
        entry.offering_id = session.reference(Field::Offering);
        entries.push(
            entry
                .worth(session, Field::CartAmount, reference)
                .says(session.text(Field::Step)),
        );
    }
}

fn travel(entities: &Entities<'_>, reference: &Reference, entries: &mut Vec<Entry>) {
    use ActivityKind as A;
    for boarding in journey::own_boardings(entities).into_values().flatten() {
        let Some(known) = boarding.versions.first() else {
            continue;
        };
        let kind = match boarding.text(Field::Status) {
            Some("DENIED") => A::BoardingDenied,
            Some("BOARDED") | None => A::Boarded,
            Some(_) => continue,
        };
        let entry = Entry::new(kind, SourceKind::BoardingEvent, boarding, known);
        let mut entry = entry.at(boarding.at(Field::BoardedAt));
        entry.boarding_point_id = boarding.reference(Field::BoardingPoint);
        entries.push(entry.says(boarding.text(Field::SeatLabel)));
    }
    let sales = entities.of(SourceKind::OnboardSale);
    for sale in sales.filter(|sale| sale.exists() && journey::is_own(sale, entities)) {
        let Some(known) = sale.versions.first() else {
            continue;
        };
        let entry = Entry::new(A::OnboardSale, SourceKind::OnboardSale, sale, known);
        let entry = entry
            .at(sale.at(Field::SoldAt))
            .worth(sale, Field::Total, reference);
        entries.push(entry.says(sale.text(Field::PaymentMethod)));
    }
}

fn words(entities: &Entities<'_>, reference: &Reference, entries: &mut Vec<Entry>) {
    use ActivityKind as A;
    for (message, said_at) in voice::own_messages(entities, reference.quarantine_days) {
        let Some(known) = message.versions.first() else {
            continue;
        };
        let inbound = message.text(Field::Direction) == Some("INBOUND");
        let account = message.reference(Field::ChannelAccount);
        let channel = message.text(Field::ChannelType).map(str::to_owned);
        let channel = channel.or_else(|| reference.channels.get(&account?).cloned());
        let moments: [(A, Option<DateTime<Utc>>); 3] = [
            (A::MessageReceived, inbound.then_some(said_at)),
            (
                A::MessageDelivered,
                message.at(Field::DeliveredAt).filter(|_| !inbound),
            ),
            (
                A::MessageRead,
                message.at(Field::ReadAt).filter(|_| !inbound),
            ),
        ];
        for (kind, when) in moments {
            let Some(when) = when else { continue };
            let mut entry = Entry::new(kind, SourceKind::Message, message, known).at(Some(when));
            entry.channel.clone_from(&channel);
            entries.push(entry.says(message.text(Field::TriggerEvent)));
        }
    }
    let contacts = voice::own_contacts(entities);
    for conversation in entities.of(SourceKind::Conversation) {
        let contact = conversation.reference(Field::Contact);
        let linked = contact.and_then(|contact| contacts.get(&contact));
        let Some((known, linked)) = first(conversation, &["RESOLVED"]).zip(linked) else {
            continue;
        };
        let resolved = conversation.at(Field::ResolvedAt);
        let entry = Entry::new(
            A::ConversationResolved,
            SourceKind::Conversation,
            conversation,
            known,
        );
        let entry = entry.at(resolved);
        if voice::counts(*linked, entry.occurred_at, reference.quarantine_days) {
            entries.push(entry);
        }
    }
    for feedback in voice::own_feedback(entities) {
        let Some(known) = feedback.versions.first() else {
            continue;
        };
        let entry = Entry::new(
            A::FeedbackSubmitted,
            SourceKind::TripFeedback,
            feedback,
            known,
        );
        let score = feedback
            .int(Field::NpsScore)
            .map(|score| format!("NPS {score}"));
        entries.push(
            entry
                .at(feedback.at(Field::SubmittedAt))
                .says(score.as_deref()),
        );
    }
}

fn profiles(entities: &Entities<'_>, person: Uuid, entries: &mut Vec<Entry>) {
    use ActivityKind as A;
    for profile in entities.of(SourceKind::PersonProfile) {
        let mut live: Vec<_> = profile.live().collect();
        live.reverse();
        if profile.id != person {
            let merged =
                |known: &&&Known<'_>| matches!(known.get(Field::MergedInto), Some(Value::Id(_)));
            let merged = live.iter().find(merged);
            entries.extend(merged.map(|known| {
                Entry::new(A::ProfileMerged, SourceKind::PersonProfile, profile, known)
            }));
            continue;
        }
        for (place, known) in live.into_iter().enumerate() {
            let kind = if place == 0 {
                A::ProfileCreated
            } else {
                A::ProfileUpdated
            };
            let created = profile.at(Field::CreatedAt).filter(|_| place == 0);
            let entry = Entry::new(kind, SourceKind::PersonProfile, profile, known);
            entries.push(entry.at(created));
        }
    }
}
