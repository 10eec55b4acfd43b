//! What numbers about words, consent and the latest thing done rest on.

use chrono::{DateTime, Utc};

use super::{Evidence, Facts, Rests, rests};
use crate::domain::activity::Role;
use crate::domain::fold::entity::Entity;
use crate::domain::fold::{journey, voice};
use crate::domain::metric::Metric as M;
use crate::domain::source::{Field, SourceKind};
use crate::domain::timeline::ActivityKind as A;

const SAID: &[A] = &[A::MessageReceived, A::MessageDelivered, A::MessageRead];
const RATED: &[A] = &[A::FeedbackSubmitted];
const ABANDONED: &[A] = &[A::CheckoutAbandoned];
const TOLD: &[A] = &[A::ProfileUpdated, A::ProfileCreated, A::ProfileMerged];
/// How many ratings the satisfaction looks back.
const RATINGS: usize = 5;

impl Facts<'_> {
    pub(super) fn of_voice(&self, metric: M) -> Option<Evidence> {
        let behavior = &self.insight.behavior;
        Some(match metric {
            M::Messages => Evidence::of(self.messages()),
            M::CheckoutsAbandoned => Evidence::of(self.abandoned().map(|(one, _)| one)),
            M::LastCheckoutAbandonedAt => {
                let last = behavior.last_checkout_abandoned_at;
                let latest = self.abandoned().filter(|(_, at)| Some(*at) == last);
                Evidence::of(latest.map(|(one, _)| one))
            }
            M::NpsScore | M::NpsBasedOn => Evidence::of(self.answers(Field::NpsScore)),
            M::Satisfaction | M::SatisfactionBasedOn => {
                Evidence::of(self.answers(Field::Rating).take(RATINGS))
            }
            M::LastActivityAt => self.last_touch(behavior.last_activity_at),
            M::ProfileCompleteness => self.parts(),
            M::MarketingConsent => Evidence::of(self.own_profile(&self.profiles)),
            M::Locale => Evidence::of(self.own_profile(&self.entities)),
            M::ProfilingObjection => {
                let profiles = self.profiles.of(SourceKind::PersonProfile);
                let objecting =
                    profiles.filter(|one| one.at(Field::ProfilingObjectionAt).is_some());
                Evidence::of(objecting.map(profile))
            }
            _ => return None,
        })
    }

    pub(super) fn messages(&self) -> impl Iterator<Item = Rests> {
        let own = voice::own_messages(&self.entities, self.reference.quarantine_days);
        own.map(|(message, _)| rests(SourceKind::Message, message.id, SAID))
    }

    pub(super) fn feedback(&self) -> impl Iterator<Item = Rests> {
        let given = voice::own_feedback(&self.entities);
        given.map(|one| rests(SourceKind::TripFeedback, one.id, RATED))
    }

    /// Feedback that answers this, the latest first, each with the answer.
    fn answers(&self, field: Field) -> impl Iterator<Item = Rests> {
        let given = voice::own_feedback(&self.entities);
        let mut given: Vec<_> = given
            .filter_map(|one| Some((one, one.int(field)?)))
            .collect();
        given.sort_by_key(|(one, _)| (one.at(Field::SubmittedAt), one.id));
        let latest_first = given.into_iter().rev();
        latest_first.map(|(one, said)| rests(SourceKind::TripFeedback, one.id, RATED).giving(said))
    }

    fn abandoned(&self) -> impl Iterator<Item = (Rests, DateTime<Utc>)> {
        let sessions = self.entities.of(SourceKind::CheckoutSession);
        let expired = sessions
            .filter(|one| one.exists() && one.mine() && one.text(Field::Status) == Some("EXPIRED"));
        expired.filter_map(|one| {
            let at = one
                .at(Field::ExpiresAt)
                .or_else(|| one.first_shown("EXPIRED"))?;
            Some((rests(SourceKind::CheckoutSession, one.id, ABANDONED), at))
        })
    }

    fn own_profile<'e>(
        &self,
        among: &'e crate::domain::fold::entity::Entities<'_>,
    ) -> impl Iterator<Item = Rests> + use<'e> {
        let root = self.insight.person_profile_id;
        let own = among.of(SourceKind::PersonProfile);
        own.filter(move |one| one.role == Role::Subject && one.id == root)
            .map(profile)
    }

    /// The five parts of completeness, each with all that makes it present.
    fn parts(&self) -> Evidence {
        let consent = self.insight.standing.marketing_consent;
        let consent = consent
            .into_iter()
            .flat_map(|_| self.own_profile(&self.profiles));
        let parts: [Vec<Rests>; 5] = [
            self.confirmations().collect(),
            self.travelled(),
            self.messages().collect(),
            self.feedback().collect(),
            consent.collect(),
        ];
        let present = parts.iter().filter(|part| !part.is_empty()).count();
        let mut rows: Vec<Rests> = parts.into_iter().flatten().collect();
        // A booking may be there both as booked and as travelled: the first says more.
        rows.sort_by_key(|one| one.source);
        rows.dedup_by_key(|one| one.source);
        Evidence::of(rows.into_iter()).counted(u32::try_from(present).unwrap_or(u32::MAX))
    }

    /// Whatever happened at that very instant.
    fn last_touch(&self, last: Option<DateTime<Utc>>) -> Evidence {
        let Some(last) = last else {
            return Evidence::default();
        };
        let entities = &self.entities;
        let own_booking = |one: &&Entity<'_>| {
            let booking = one.reference(Field::Booking);
            let booking = booking.and_then(|id| entities.get(SourceKind::Booking, id));
            booking.is_some_and(|booking| booking.mine() && booking.exists())
        };
        let at = |field: Field| move |one: &&Entity<'_>| one.at(field) == Some(last);
        let found = |kind, shown_as| move |one: &Entity<'_>| rests(kind, one.id, shown_as);
        let booked = self.state.bookings.iter();
        let booked = booked.filter(|fact| fact.fate.confirmed && fact.booked == Some(last));
        let booked =
            booked.map(|fact| rests(SourceKind::Booking, fact.id, &[A::BookingConfirmed] as &[A]));
        let payments = entities.of(SourceKind::Payment).filter(own_booking);
        let paid = payments
            .filter(|one| one.exists() && one.text(Field::Status) == Some("COMPLETED"))
            .filter(at(Field::ReceivedAt))
            .map(found(SourceKind::Payment, &[A::PaymentReceived] as &[A]));
        let extras = entities.of(SourceKind::Ancillary).filter(own_booking);
        let bought = extras
            .filter(|one| one.active())
            .filter(at(Field::PurchasedAt))
            .map(found(SourceKind::Ancillary, &[A::AncillaryPurchased]));
        let boardings = journey::own_boardings(entities).into_values().flatten();
        let boarded = boardings
            .filter(at(Field::BoardedAt))
            .filter(|one| one.text(Field::Status).unwrap_or("BOARDED") == "BOARDED")
            .map(found(SourceKind::BoardingEvent, &[A::Boarded]));
        let sales = entities.of(SourceKind::OnboardSale);
        let sold = sales
            .filter(|one| one.exists() && journey::is_own(one, entities))
            .filter(at(Field::SoldAt))
            .map(found(SourceKind::OnboardSale, &[A::OnboardSale]));
        let rated = voice::own_feedback(entities)
            .filter(at(Field::SubmittedAt))
            .map(found(SourceKind::TripFeedback, RATED));
        let checkouts = self
            .abandoned()
            .filter(|(_, at)| *at == last)
            .map(|(one, _)| one);
        let wrote = voice::own_messages(entities, self.reference.quarantine_days)
            .map(|(message, _)| message)
            .filter(|one| one.at(acted(one)) == Some(last))
            .map(found(SourceKind::Message, SAID));
        let done = booked.chain(paid).chain(bought).chain(boarded);
        Evidence::of(done.chain(sold).chain(rated).chain(checkouts).chain(wrote))
    }
}

/// What the person does with a message: write it, or read it.
fn acted(message: &Entity<'_>) -> Field {
    match message.text(Field::Direction) {
        Some("INBOUND") => Field::SentAt,
        _ => Field::ReadAt,
    }
}

fn profile(one: &Entity<'_>) -> Rests {
    rests(SourceKind::PersonProfile, one.id, TOLD)
}
