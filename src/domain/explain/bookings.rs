//! What numbers about bookings and money rest on.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Evidence, Facts, Rests, rests};
use crate::domain::fold::booking::{BookingFact, Cancellation};
use crate::domain::fold::entity::{Entities, Entity};
use crate::domain::fold::journey;
use crate::domain::metric::{Metric as M, MetricValue};
use crate::domain::money::Currency;
use crate::domain::source::{Field, SourceKind};
use crate::domain::timeline::ActivityKind as A;

const CONFIRMED: &[A] = &[A::BookingConfirmed];
const CANCELLED: &[A] = &[A::BookingCancelled];
const RESERVED: &[A] = &[A::BookingReserved];
const MISSED: &[A] = &[A::BookingNoShow];

/// A booking as it is shown: how it ended if it was cancelled, else that it was confirmed.
fn booking(fact: &BookingFact) -> Rests {
    let shown_as = match (fact.fate.confirmed, fact.cancellation) {
        (false, _) => RESERVED,
        (true, Some(_)) => CANCELLED,
        (true, None) => CONFIRMED,
    };
    rests(SourceKind::Booking, fact.id, shown_as)
}

fn money(cents: i128, currency: &Currency) -> MetricValue {
    MetricValue::Money(cents, currency.clone())
}

/// What hangs on each booking.
pub(super) fn attached(entities: &Entities<'_>) -> HashMap<(SourceKind, Uuid), Vec<Uuid>> {
    let kinds = [
        SourceKind::Payment,
        SourceKind::Ancillary,
        SourceKind::Passenger,
    ];
    let of_kind = |kind| {
        let by_booking = entities.by_reference(kind, Field::Booking).into_iter();
        by_booking.map(move |(booking, rows)| {
            let ids = rows.into_iter().map(|one| one.id).collect();
            ((kind, booking), ids)
        })
    };
    kinds.into_iter().flat_map(of_kind).collect()
}

impl Facts<'_> {
    pub(super) fn of_bookings(&self, metric: M) -> Option<Evidence> {
        self.of_money(metric)
            .or_else(|| self.of_counts(metric))
            .or_else(|| self.of_rhythm(metric))
    }

    fn of_money(&self, metric: M) -> Option<Evidence> {
        let home = |currency: &Currency| *currency == self.state.operator.currency;
        let here = |fact: &&BookingFact| home(&fact.currency);
        let ended = |fact: &&BookingFact| fact.end_date.is_some_and(|end| end < self.today);
        Some(match metric {
            M::LifetimeRevenue => self.valued(self.confirmed().filter(here)),
            M::RevenueRealised => self.valued(self.confirmed().filter(here).filter(ended)),
            M::RevenueUpcoming => {
                self.valued(self.confirmed().filter(here).filter(|fact| !ended(fact)))
            }
            M::RevenueByCurrency => self.valued(self.confirmed()),
            M::PaidToDate => self.payments(self.confirmed().filter(here)),
            M::PaidByCurrency => self.payments(self.confirmed()),
            M::Outstanding => self.owed(self.confirmed().filter(here)),
            M::OutstandingByCurrency => self.owed(self.confirmed()),
            M::CreditBalance => self.credited(self.confirmed().filter(here)),
            M::CreditBalanceByCurrency => self.credited(self.confirmed()),
            M::OnboardSpend => self.sales(home),
            M::OnboardSpendByCurrency => self.sales(|_| true),
            M::OpenReservationsValue => Evidence::of(
                self.reserved()
                    .filter(here)
                    .filter(|fact| fact.value != 0)
                    .map(|fact| booking(fact).giving(money(fact.value, &fact.currency))),
            ),
            M::AverageBookingValue | M::AverageBookingValueBasedOn => Evidence::of(
                self.kept()
                    .filter(here)
                    .map(|fact| booking(fact).giving(money(fact.value, &fact.currency))),
            ),
            M::Ancillaries => {
                let extras = self.kept().flat_map(|fact| self.extras(fact));
                Evidence::of(extras)
            }
            _ => return None,
        })
    }

    fn of_counts(&self, metric: M) -> Option<Evidence> {
        let each = |facts: &mut dyn Iterator<Item = &BookingFact>| Evidence::of(facts.map(booking));
        let ended_by = |why| move |fact: &&BookingFact| fact.cancellation == Some(why);
        Some(match metric {
            M::LifetimeRevenueBasedOn | M::BookerKind => each(&mut self.confirmed()),
            M::TotalBookings | M::BookingsPerYear => each(&mut self.kept()),
            M::CancelledBookings => {
                each(&mut self.confirmed().filter(ended_by(Cancellation::ByCustomer)))
            }
            M::CalledOffBookings => {
                each(&mut self.confirmed().filter(ended_by(Cancellation::CalledOff)))
            }
            M::LapsedBookings => each(&mut self.confirmed().filter(ended_by(Cancellation::Lapsed))),
            M::RebookedBookings => {
                each(&mut self.confirmed().filter(ended_by(Cancellation::Rebooked)))
            }
            M::OpenReservations => each(&mut self.reserved()),
            M::NoShowBookings => Evidence::of(
                self.kept()
                    .filter(|fact| fact.no_show)
                    .map(|fact| rests(SourceKind::Booking, fact.id, MISSED)),
            ),
            M::CustomerSince => {
                let first = self.insight.behavior.customer_since;
                each(&mut self.confirmed().filter(|fact| fact.booked == first))
            }
            M::FirstBookingAt => {
                let first = self.insight.behavior.first_booking_at;
                each(&mut self.kept().filter(|fact| fact.booked == first))
            }
            M::LastBookingAt => {
                let last = self.insight.behavior.last_booking_at;
                each(&mut self.kept().filter(|fact| fact.booked == last))
            }
            _ => return None,
        })
    }

    fn of_rhythm(&self, metric: M) -> Option<Evidence> {
        let behavior = &self.insight.behavior;
        let with = |part: fn(&BookingFact) -> Option<i64>| {
            let known = self
                .kept()
                .filter_map(move |fact| Some((fact, part(fact)?)));
            Evidence::of(known.map(|(fact, value)| booking(fact).giving(value)))
        };
        Some(match metric {
            M::SeatsBooked
            | M::AveragePartySize
            | M::AveragePartySizeBasedOn
            | M::FavouritePartySize
            | M::FavouritePartySizeShare
            | M::FavouritePartySizeBasedOn => with(|fact| fact.passenger_count),
            M::AverageBookingLeadTime
            | M::MedianBookingLeadTime
            | M::AverageBookingLeadTimeBasedOn => with(|fact| fact.lead_days),
            M::FavouriteSalesChannel
            | M::FavouriteSalesChannelShare
            | M::FavouriteSalesChannelBasedOn => {
                let known = self
                    .kept()
                    .filter_map(|fact| Some((fact, fact.sales_channel.as_ref()?)));
                Evidence::of(known.map(|(fact, channel)| booking(fact).giving(channel)))
            }
            M::AverageDaysBetweenBookings | M::AverageDaysBetweenBookingsBasedOn => {
                let dated = self
                    .kept()
                    .filter_map(|fact| Some(booking(fact).giving(fact.booked?)));
                let gaps = behavior.average_days_between_bookings.as_ref();
                Evidence::of(dated).counted(gaps.map_or(0, |gaps| gaps.based_on))
            }
            _ => return None,
        })
    }

    fn confirmed(&self) -> impl Iterator<Item = &BookingFact> {
        self.state
            .bookings
            .iter()
            .filter(|fact| fact.fate.confirmed)
    }

    pub(super) fn kept(&self) -> impl Iterator<Item = &BookingFact> {
        self.state.bookings.iter().filter(|fact| fact.fate.kept())
    }

    fn reserved(&self) -> impl Iterator<Item = &BookingFact> {
        self.state
            .bookings
            .iter()
            .filter(|fact| !fact.fate.confirmed)
    }

    pub(super) fn confirmations(&self) -> impl Iterator<Item = Rests> {
        self.confirmed().map(booking)
    }

    /// Bookings of some value, with the extras and the fees of fellow travellers that are part of it.
    fn valued<'f>(&self, facts: impl Iterator<Item = &'f BookingFact>) -> Evidence {
        let worth: Vec<&BookingFact> = facts.filter(|fact| fact.value != 0).collect();
        let bookings = worth
            .iter()
            .map(|fact| booking(fact).giving(money(fact.value, &fact.currency)));
        let kept = worth.iter().filter(|fact| fact.cancellation.is_none());
        let parts = kept.flat_map(|fact| self.later_parts(fact));
        Evidence::of(bookings).and(parts)
    }

    /// Extras bought after booking, and seats given up for a fee.
    fn later_parts(&self, fact: &BookingFact) -> Vec<Rests> {
        let extras = self
            .hanging_on(SourceKind::Ancillary, fact.id)
            .filter(|extra| {
                extra.active()
                    && extra.text(Field::PurchasePhase) == Some("POST_BOOKING")
                    && extra.currency(&fact.currency) == fact.currency
            });
        let extras =
            extras.map(|extra| rests(SourceKind::Ancillary, extra.id, &[A::AncillaryPurchased]));
        let seats = self
            .hanging_on(SourceKind::Passenger, fact.id)
            .filter(|seat| {
                seat.text(Field::Status) == Some("CANCELLED")
                    && seat.cents(Field::CancellationFee).is_some()
            });
        let seats =
            seats.map(|seat| rests(SourceKind::Passenger, seat.id, &[A::PassengerCancelled]));
        extras.chain(seats).collect()
    }

    fn hanging_on(&self, kind: SourceKind, booking: Uuid) -> impl Iterator<Item = &Entity<'_>> {
        let rows = self.attached.get(&(kind, booking)).into_iter().flatten();
        rows.filter_map(move |id| self.entities.get(kind, *id))
    }

    /// Payments that count, each with its amount.
    fn received(&self, fact: &BookingFact) -> Vec<Rests> {
        let payments = self.hanging_on(SourceKind::Payment, fact.id).filter(|one| {
            one.exists()
                && one.text(Field::Status) == Some("COMPLETED")
                && one.currency(&fact.currency) == fact.currency
        });
        let each = payments.map(|one| {
            let cents = one.cents(Field::Amount).unwrap_or_default();
            let payment = rests(SourceKind::Payment, one.id, &[A::PaymentReceived]);
            payment.giving(money(cents.into(), &fact.currency))
        });
        each.collect()
    }

    fn payments<'f>(&self, facts: impl Iterator<Item = &'f BookingFact>) -> Evidence {
        Evidence::of(facts.flat_map(|fact| self.received(fact)))
    }

    /// What led to an amount beside the booking itself, without saying what it adds.
    fn beside(&self, fact: &BookingFact) -> impl Iterator<Item = Rests> {
        let paid = self.received(fact).into_iter().map(|one| Rests {
            contributes: None,
            ..one
        });
        paid.chain(self.later_parts(fact))
    }

    fn owed<'f>(&self, facts: impl Iterator<Item = &'f BookingFact>) -> Evidence {
        let owing: Vec<&BookingFact> = facts
            .filter(|fact| fact.cancellation.is_none() && fact.outstanding != 0)
            .collect();
        let bookings = owing
            .iter()
            .map(|fact| booking(fact).giving(money(fact.outstanding, &fact.currency)));
        Evidence::of(bookings).and(owing.iter().flat_map(|fact| self.beside(fact)))
    }

    fn credited<'f>(&self, facts: impl Iterator<Item = &'f BookingFact>) -> Evidence {
        let credited: Vec<&BookingFact> = facts
            .filter(|fact| fact.cancellation.is_some() && fact.paid > fact.value)
            .collect();
        let bookings = credited
            .iter()
            .map(|fact| booking(fact).giving(money(fact.paid - fact.value, &fact.currency)));
        Evidence::of(bookings).and(credited.iter().flat_map(|fact| self.beside(fact)))
    }

    fn extras(&self, fact: &BookingFact) -> Vec<Rests> {
        let active = self
            .hanging_on(SourceKind::Ancillary, fact.id)
            .filter(|one| one.active());
        let each = active.map(|one| {
            let cents = one.cents(Field::Total).unwrap_or_default();
            let extra = rests(SourceKind::Ancillary, one.id, &[A::AncillaryPurchased]);
            extra.giving(money(cents.into(), &one.currency(&fact.currency)))
        });
        each.collect()
    }

    fn sales(&self, counts: impl Fn(&Currency) -> bool) -> Evidence {
        let sales = self.entities.of(SourceKind::OnboardSale);
        let own = sales.filter(|one| one.exists() && journey::is_own(one, &self.entities));
        let each = own.filter_map(|one| {
            let currency = one.currency(&self.state.operator.currency);
            let cents = one.cents(Field::Total).unwrap_or_default();
            let sale = rests(SourceKind::OnboardSale, one.id, &[A::OnboardSale]);
            counts(&currency).then(|| sale.giving(money(cents.into(), &currency)))
        });
        Evidence::of(each)
    }
}
