//! Bookings as their booker knows them: what became of each, what it is worth, what was paid.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::entity::{Entities, Entity};
use super::fate::Fate;
use crate::domain::activity::Role;
use crate::domain::money::{Cents, Currency};
use crate::domain::reference::{Reference, Surroundings};
use crate::domain::source::{Field, SourceKind, Value};

/// Who or what ended a cancelled booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cancellation {
    /// The customer.
    ByCustomer,
    /// The operator called the departure off.
    CalledOff,
    /// The system let it lapse.
    Lapsed,
    /// Another confirmed booking replaces it.
    Rebooked,
}

/// An ancillary that was not cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AncillaryFact {
    /// The platform's open type name.
    pub ancillary_type: String,
    /// Hundredths.
    pub amount: Cents,
    /// Its currency.
    pub currency: Currency,
}

/// One booking as its booker knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BookingFact {
    /// The booking.
    pub id: Uuid,
    /// What became of it.
    pub fate: Fate,
    /// Why it is cancelled; none for others.
    pub cancellation: Option<Cancellation>,
    /// The earliest version that shows it cancelled, of cancelled ones.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// The tour.
    pub template_id: Option<Uuid>,
    /// The currency of its amounts.
    pub currency: Currency,
    /// What it is worth, hundredths, never below 0; of an open reservation its total.
    pub value: i128,
    /// Completed payments in its currency, hundredths.
    pub paid: i128,
    /// What it still owes, hundredths; 0 for cancelled ones and those of resellers.
    pub outstanding: i128,
    /// `booked_at`, else `created_at`.
    pub booked: Option<DateTime<Utc>>,
    /// Last day of its tour.
    pub end_date: Option<NaiveDate>,
    /// Whole days from booking to the start of its first offering; none when not known or negative.
    pub lead_days: Option<i64>,
    /// Brokered by a reseller.
    pub reseller: bool,
    /// Seats.
    pub passenger_count: Option<i64>,
    /// Sales channel.
    pub sales_channel: Option<String>,
    /// Not cancelled.
    pub ancillaries: Vec<AncillaryFact>,
    /// Nobody of it was seen on a departure where others were.
    pub no_show: bool,
}

/// Rows that hang on bookings, by booking id.
struct Attached<'e, 'a> {
    payments: HashMap<Uuid, Vec<&'e Entity<'a>>>,
    ancillaries: HashMap<Uuid, Vec<&'e Entity<'a>>>,
    party: HashMap<Uuid, Vec<&'e Entity<'a>>>,
}

/// One booking folded by itself: what a large person's state is kept in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BookingPart {
    /// The booking.
    pub id: Uuid,
    /// What it counts for; none when it was never confirmed nor is it open.
    pub fact: Option<BookingFact>,
    /// The latest thing the booker did about it: booking for good, paying or buying.
    pub touched_at: Option<DateTime<Utc>>,
}

impl BookingPart {
    fn says_something(&self) -> bool {
        self.fact.is_some() || self.touched_at.is_some()
    }
}

/// The bookings of the booker that say something, by id. Each rests on its own rows and on those that ever named it.
#[must_use]
pub fn parts(entities: &Entities<'_>, reference: &Reference) -> Vec<BookingPart> {
    let attached = Attached {
        payments: entities.by_reference(SourceKind::Payment, Field::Booking),
        ancillaries: entities.by_reference(SourceKind::Ancillary, Field::Booking),
        party: entities.by_reference(SourceKind::Passenger, Field::Booking),
    };
    let bookings = entities.of(SourceKind::Booking);
    let own = bookings.filter(|booking| booking.mine() && booking.exists());
    own.map(|booking| {
        let fact = fact(booking, &attached, reference);
        let booked = fact.as_ref().filter(|fact| fact.fate.confirmed);
        BookingPart {
            id: booking.id,
            touched_at: booked
                .and_then(|fact| fact.booked)
                .max(attached.last_touch(booking.id)),
            fact,
        }
    })
    .filter(BookingPart::says_something)
    .collect()
}

impl Attached<'_, '_> {
    /// The latest payment received or extra bought.
    fn last_touch(&self, booking: Uuid) -> Option<DateTime<Utc>> {
        let payments = self.payments.get(&booking).into_iter().flatten();
        let paid = payments
            .filter(|payment| payment.exists() && payment.text(Field::Status) == Some("COMPLETED"))
            .filter_map(|payment| payment.at(Field::ReceivedAt));
        let extras = self.ancillaries.get(&booking).into_iter().flatten();
        let bought = extras
            .filter(|extra| extra.active())
            .filter_map(|extra| extra.at(Field::PurchasedAt));
        paid.chain(bought).max()
    }
}

fn fact(
    booking: &Entity<'_>,
    attached: &Attached<'_, '_>,
    reference: &Reference,
) -> Option<BookingFact> {
    let fate = Fate::of(booking);
    if !fate.confirmed && !fate.pending {
        return None;
    }
    let around = reference
        .surroundings
        .get(&booking.id)
        .copied()
        .unwrap_or_default();
    let currency = booking.currency(&reference.operator.currency);
    let cancellation = (fate.confirmed && fate.cancelled).then(|| cancellation(booking, around));
    let ancillaries = active_ancillaries(booking.id, attached, &currency);
    let money = Money::of(booking.id, attached, &currency);
    let value = value(booking, fate, cancellation, &money);
    let reseller = booking.reference(Field::Reseller).is_some();
    let booked_at = booking.at(Field::BookedAt);
    let booked = booked_at.or_else(|| booking.at(Field::CreatedAt));
    let offering = booking
        .reference(Field::Offering)
        .and_then(|id| reference.offerings.get(&id));
    let measured = offering_departure(booking, reference)
        .is_some_and(|departure| reference.measured.contains(&departure));
    Some(BookingFact {
        id: booking.id,
        fate,
        cancellation,
        cancelled_at: cancellation.and_then(|_| booking.first_shown("CANCELLED")),
        template_id: offering.and_then(|offering| offering.template_id),
        value,
        paid: money.paid,
        outstanding: outstanding(fate, reseller, value, &money),
        booked,
        end_date: offering.and_then(|offering| offering.end_date),
        lead_days: booked.and_then(|at| lead_days(booking, at, reference)),
        reseller,
        passenger_count: booking.int(Field::PassengerCount),
        sales_channel: booking.text(Field::SalesChannel).map(str::to_owned),
        ancillaries,
        no_show: fate.kept()
            && fate.failed_to_show
            && !around.boarded
            && !around.denied
            && measured,
        currency,
    })
}

/// The departure a booking is for: its offering's, else the offering itself.
#[must_use]
pub fn offering_departure(booking: &Entity<'_>, reference: &Reference) -> Option<Uuid> {
    let id = booking.reference(Field::Offering)?;
    let offering = reference.offerings.get(&id)?;
    Some(offering.departure_id.unwrap_or(id))
}

fn cancellation(booking: &Entity<'_>, around: Surroundings) -> Cancellation {
    match booking.text(Field::CancelledBy) {
        Some("OPERATOR") => Cancellation::CalledOff,
        Some("SYSTEM") => Cancellation::Lapsed,
        _ if around.replaced => Cancellation::Rebooked,
        _ => Cancellation::ByCustomer,
    }
}

fn active_ancillaries(
    booking: Uuid,
    attached: &Attached<'_, '_>,
    currency: &Currency,
) -> Vec<AncillaryFact> {
    let of_booking = attached.ancillaries.get(&booking).into_iter().flatten();
    let active = of_booking.filter(|ancillary| ancillary.active());
    let facts = active.map(|ancillary| AncillaryFact {
        ancillary_type: ancillary
            .text(Field::AncillaryType)
            .unwrap_or("OTHER")
            .to_owned(),
        amount: ancillary.cents(Field::Total).unwrap_or_default(),
        currency: ancillary.currency(currency),
    });
    facts.collect()
}

/// What hangs on a booking, in its currency, hundredths.
struct Money {
    paid: i128,
    paid_for_extras: i128,
    extras_after_booking: i128,
    kept_fees: i128,
}

impl Money {
    fn of(booking: Uuid, attached: &Attached<'_, '_>, currency: &Currency) -> Self {
        let payments = attached.payments.get(&booking).into_iter().flatten();
        let received: Vec<_> = payments
            .filter(|payment| payment.exists() && payment.text(Field::Status) == Some("COMPLETED"))
            .collect();
        let same = |entity: &&&Entity<'_>| entity.currency(currency) == *currency;
        let amount =
            |payment: &&Entity<'_>| i128::from(payment.cents(Field::Amount).unwrap_or_default());
        let for_extras =
            |payment: &&&Entity<'_>| payment.text(Field::PaymentType) == Some("ANCILLARY");
        let extras = attached.ancillaries.get(&booking).into_iter().flatten();
        let extras: Vec<_> = extras.filter(|extra| extra.active()).collect();
        let later =
            |extra: &&&&Entity<'_>| extra.text(Field::PurchasePhase) == Some("POST_BOOKING");
        let party = attached.party.get(&booking).into_iter().flatten();
        let party = party.filter(|one| one.role == Role::Booker && one.exists());
        let gone = party.filter(|one| one.text(Field::Status) == Some("CANCELLED"));
        Self {
            paid: received.iter().copied().filter(same).map(amount).sum(),
            paid_for_extras: received
                .iter()
                .copied()
                .filter(same)
                .filter(for_extras)
                .map(amount)
                .sum(),
            extras_after_booking: extras
                .iter()
                .filter(later)
                .filter(|extra| same(extra))
                .map(|extra| i128::from(extra.cents(Field::Total).unwrap_or_default()))
                .sum(),
            kept_fees: gone
                .filter_map(|one| one.cents(Field::CancellationFee))
                .map(i128::from)
                .sum(),
        }
    }
}

fn value(
    booking: &Entity<'_>,
    fate: Fate,
    cancellation: Option<Cancellation>,
    money: &Money,
) -> i128 {
    let cents = |field| booking.cents(field).map(i128::from);
    let total = cents(Field::Total).unwrap_or_default();
    if !fate.confirmed {
        return total.max(0);
    }
    if let Some(cancellation) = cancellation {
        let kept = match (
            cancellation,
            cents(Field::CancellationFee),
            cents(Field::Refund),
        ) {
            (Cancellation::CalledOff, ..) | (_, None, None) => 0,
            (_, Some(fee), _) => fee,
            (_, None, Some(refund)) => total_before_the_end(booking) - refund,
        };
        return kept.max(0);
    }
    let base = if fate.failed_to_show && !fate.ever_fully_paid {
        cents(Field::CancellationFee)
            .or_else(|| cents(Field::Deposit))
            .unwrap_or(total)
    } else {
        total
    };
    let refund = if fate.refunded_afterwards {
        cents(Field::Refund).unwrap_or_default()
    } else {
        0
    };
    (base + money.extras_after_booking + money.kept_fees - refund).max(0)
}

/// The total of the latest version that was neither cancelled nor refunded.
fn total_before_the_end(booking: &Entity<'_>) -> i128 {
    let open = booking
        .live()
        .filter(|known| !matches!(known.status(), Some("CANCELLED" | "REFUNDED")));
    let total = open.filter_map(|known| match known.get(Field::Total) {
        Some(Value::Cents(cents)) => Some(i128::from(*cents)),
        _ => None,
    });
    total.into_iter().next().unwrap_or_default()
}

fn outstanding(fate: Fate, reseller: bool, value: i128, money: &Money) -> i128 {
    if !fate.kept() || reseller {
        return 0;
    }
    let owed = if fate.ever_fully_paid {
        money.extras_after_booking - money.paid_for_extras
    } else {
        value - money.paid
    };
    owed.max(0)
}

fn lead_days(booking: &Entity<'_>, booked: DateTime<Utc>, reference: &Reference) -> Option<i64> {
    let mut named = booking.versions.iter().filter(|known| !known.superseded);
    let first = named.find_map(|known| match known.get(Field::Offering) {
        Some(Value::Id(id)) => Some(*id),
        _ => None,
    })?;
    let start = reference.offerings.get(&first)?.start_date?;
    let day = booked
        .with_timezone(&reference.operator.time_zone)
        .date_naive();
    let days = (start - day).num_days();
    (days >= 0).then_some(days)
}
