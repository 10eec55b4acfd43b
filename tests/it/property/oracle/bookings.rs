//! Bookings: what became of each, what each is worth, and the counts over those of one booker.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use customer_intelligence::domain::insight::{Behavior, BookerKind, Measured};
use uuid::Uuid;

use super::super::world::{Row, Table};
use super::{Oracle, count, favourites, float};

/// How a confirmed booking ended, or that it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Kept,
    CalledOff,
    Lapsed,
    Rebooked,
    ByCustomer,
}

/// An existing booking.
#[derive(Debug, Clone)]
pub(super) struct Deal<'a> {
    pub(super) id: Uuid,
    pub(super) row: &'a Row,
    pub(super) confirmed: bool,
    /// The latest of `COMPLETED` and `NO_SHOW`, if it was ever either.
    pub(super) outcome: Option<&'a str>,
    pub(super) ever_fully_paid: bool,
    pub(super) fate: Fate,
    pub(super) value: i64,
}

impl Deal<'_> {
    pub(super) fn completed(&self) -> bool {
        self.outcome == Some("COMPLETED")
    }

    pub(super) fn failed(&self) -> bool {
        self.outcome == Some("NO_SHOW")
    }

    pub(super) fn kept(&self) -> bool {
        self.confirmed && self.fate == Fate::Kept
    }

    pub(super) fn booked(&self) -> DateTime<Utc> {
        let created = self.row.at("created_at").expect("never null");
        self.row.at("booked_at").unwrap_or(created)
    }

    pub(super) fn currency(&self) -> &str {
        self.row.text("currency").expect("never null")
    }
}

const CONFIRMING: [&str; 5] = [
    "DEPOSIT_PAID",
    "FULLY_PAID",
    "COMPLETED",
    "NO_SHOW",
    "REFUNDED",
];

fn rank(status: &str) -> usize {
    let order = [
        "DRAFT",
        "PENDING_PAYMENT",
        "DEPOSIT_PAID",
        "FULLY_PAID",
        "COMPLETED",
        "NO_SHOW",
        "CANCELLED",
        "REFUNDED",
    ];
    order
        .iter()
        .position(|it| *it == status)
        .expect("a known state")
}

impl<'a> Oracle<'a> {
    pub(super) fn all_deals(&self) -> Vec<Deal<'a>> {
        let all = self.table(Table::Bookings);
        let mut deals: Vec<Deal<'a>> = all.map(|(id, row)| self.deal(id, row)).collect();
        let replacing: BTreeSet<Uuid> = deals
            .iter()
            .filter(|deal| deal.confirmed)
            .filter_map(|deal| {
                deal.row
                    .id("replaces_booking_id")
                    .filter(|other| *other != deal.id)
            })
            .collect();
        for deal in &mut deals {
            if deal.fate == Fate::ByCustomer && replacing.contains(&deal.id) {
                deal.fate = Fate::Rebooked;
            }
            deal.value = self.value(deal);
        }
        deals
    }

    /// Every state the booking was ever in, in the order of versions.
    fn states(&self, booking: Uuid) -> Vec<&'a str> {
        let versions = self.versions(Table::Bookings, booking);
        let keyed = versions.iter().map(|ver| {
            let status = ver.row.text("status").expect("never null");
            (ver.at, !ver.superseded, rank(status), status)
        });
        let mut keyed: Vec<_> = keyed.collect();
        keyed.sort();
        keyed.into_iter().map(|(_, _, _, status)| status).collect()
    }

    fn deal(&self, id: Uuid, row: &'a Row) -> Deal<'a> {
        let states = self.states(id);
        let confirmed = states.iter().any(|state| CONFIRMING.contains(state));
        let over = |state: &&&str| matches!(**state, "COMPLETED" | "NO_SHOW");
        let outcome = states.iter().rev().find(over).copied();
        let latest = row.text("status").expect("never null");
        let cancelled = states.contains(&"CANCELLED")
            && outcome.is_none()
            && matches!(latest, "CANCELLED" | "REFUNDED");
        let fate = match row.text("cancelled_by") {
            _ if !cancelled => Fate::Kept,
            Some("OPERATOR") => Fate::CalledOff,
            Some("SYSTEM") => Fate::Lapsed,
            _ => Fate::ByCustomer,
        };
        Deal {
            id,
            row,
            confirmed,
            outcome,
            ever_fully_paid: states.contains(&"FULLY_PAID"),
            fate,
            value: 0,
        }
    }

    fn value(&self, deal: &Deal<'a>) -> i64 {
        let fee = deal.row.cents("cancellation_fee");
        let refund = deal.row.cents("refund_amount");
        let value = match deal.fate {
            Fate::CalledOff => 0,
            Fate::Kept => self.kept_value(deal, fee, refund),
            _ => match (fee, refund) {
                (Some(fee), _) => fee,
                (None, Some(refund)) => self.total_before_the_end(deal.id) - refund,
                (None, None) => 0,
            },
        };
        value.max(0)
    }

    fn kept_value(&self, deal: &Deal<'a>, fee: Option<i64>, refund: Option<i64>) -> i64 {
        let total = deal.row.cents("total_amount").unwrap_or(0);
        let mut value = total;
        if deal.failed() && !deal.ever_fully_paid {
            value = fee.or(deal.row.cents("deposit_amount")).unwrap_or(total);
        }
        value += self.later_ancillaries(deal);
        for (_, passenger) in self.table(Table::Passengers) {
            if passenger.id("booking_id") == Some(deal.id) && passenger.is("status", "CANCELLED") {
                value += passenger.cents("cancellation_fee").unwrap_or(0);
            }
        }
        let states = self.states(deal.id);
        let over = |state: &str| matches!(state, "COMPLETED" | "NO_SHOW");
        if let Some(end) = states.iter().rposition(|state| over(state))
            && states[end..].contains(&"REFUNDED")
        {
            value -= refund.unwrap_or(0);
        }
        value
    }

    /// The total of the latest version that was neither cancelled nor refunded.
    fn total_before_the_end(&self, booking: Uuid) -> i64 {
        let versions = self.versions(Table::Bookings, booking).iter().rev();
        let mut open = versions.filter(|ver| {
            let ended = ver.row.is("status", "CANCELLED") || ver.row.is("status", "REFUNDED");
            !ver.superseded && !ver.tombstone && !ended
        });
        open.next()
            .and_then(|ver| ver.row.cents("total_amount"))
            .unwrap_or(0)
    }

    /// Bought after booking, still active, in the booking's currency.
    pub(super) fn later_ancillaries(&self, deal: &Deal<'a>) -> i64 {
        let mut sum = 0;
        for (_, ancillary) in self.table(Table::Ancillaries) {
            if ancillary.id("booking_id") == Some(deal.id)
                && ancillary.is("purchase_phase", "POST_BOOKING")
                && !ancillary.is("status", "CANCELLED")
                && ancillary.is("currency", deal.currency())
            {
                sum += ancillary.cents("total_amount").unwrap_or(0);
            }
        }
        sum
    }

    /// The bookings of this booker.
    pub(super) fn own_deals(&self, members: &BTreeSet<Uuid>) -> Vec<&Deal<'a>> {
        let own = |deal: &&Deal<'a>| {
            let booker = deal.row.id("booker_profile_id");
            booker.is_some_and(|booker| members.contains(&booker))
        };
        self.deals.iter().filter(own).collect()
    }

    pub(super) fn judge_bookings(&self, members: &BTreeSet<Uuid>, out: &mut Behavior) {
        let own = self.own_deals(members);
        let confirmed: Vec<_> = own.iter().copied().filter(|deal| deal.confirmed).collect();
        let kept: Vec<_> = own.iter().copied().filter(|deal| deal.kept()).collect();
        let fated = |fate| count(confirmed.iter().filter(|deal| deal.fate == fate).count());
        out.confirmed_bookings = count(confirmed.len());
        out.total_bookings = count(kept.len());
        out.cancelled_bookings = fated(Fate::ByCustomer);
        out.called_off_bookings = fated(Fate::CalledOff);
        out.lapsed_bookings = fated(Fate::Lapsed);
        out.rebooked_bookings = fated(Fate::Rebooked);
        out.customer_since = confirmed.iter().map(|deal| deal.booked()).min();
        out.first_booking_at = kept.iter().map(|deal| deal.booked()).min();
        out.last_booking_at = kept.iter().map(|deal| deal.booked()).max();
        let parties: Vec<i64> = kept
            .iter()
            .filter_map(|deal| deal.row.int("passenger_count"))
            .collect();
        out.seats_booked = u64::try_from(parties.iter().sum::<i64>()).expect("no negative party");
        out.average_party_size = mean(&parties);
        self.judge_rhythm(&kept, out);
        judge_booker(&confirmed, &parties, out);
        let parties: Vec<(i64, DateTime<Utc>)> = kept
            .iter()
            .filter_map(|deal| Some((deal.row.int("passenger_count")?, deal.booked())))
            .collect();
        out.favourite_party_size = favourites(&parties).into_iter().next();
        let channels: Vec<(String, DateTime<Utc>)> = kept
            .iter()
            .filter_map(|deal| Some((deal.row.text("channel")?.to_owned(), deal.booked())))
            .collect();
        out.favourite_sales_channel = favourites(&channels).into_iter().next();
    }

    fn judge_rhythm(&self, kept: &[&Deal<'a>], out: &mut Behavior) {
        let mut booked: Vec<DateTime<Utc>> = kept.iter().map(|deal| deal.booked()).collect();
        booked.sort();
        if booked.len() >= 2 {
            let mut days = 0.0;
            for pair in booked.windows(2) {
                let gap = (pair[1] - pair[0]).num_microseconds().expect("a short gap");
                days += float(gap) / 86_400_000_000.0;
            }
            let gaps = count(booked.len() - 1);
            let value = days / f64::from(gaps);
            out.average_days_between_bookings = Some(Measured {
                value,
                based_on: gaps,
            });
        }
        let leads: Vec<i64> = kept
            .iter()
            .filter_map(|deal| self.lead_days(deal))
            .collect();
        out.average_booking_lead_time = mean(&leads);
        out.median_booking_lead_time = median(&leads);
    }

    /// Whole days from booking to the start of the offering it was first known to be for.
    fn lead_days(&self, deal: &Deal<'a>) -> Option<i64> {
        let versions = self.versions(Table::Bookings, deal.id).iter();
        let mut live = versions.filter(|ver| !ver.superseded && !ver.tombstone);
        let first = live.find_map(|ver| ver.row.id("tour_offering_id"))?;
        let start = self.row(Table::Offerings, Some(first))?.day("start_date")?;
        let days = (start - self.local_day(deal.booked())).num_days();
        (days >= 0).then_some(days)
    }
}

fn judge_booker(confirmed: &[&Deal<'_>], parties: &[i64], out: &mut Behavior) {
    if confirmed.is_empty() {
        return;
    }
    let resold = |deal: &&&Deal<'_>| deal.row.id("reseller_id").is_some();
    let resold = confirmed.iter().filter(resold).count();
    out.booker_kind = Some(if resold * 2 > confirmed.len() {
        BookerKind::Agency
    } else if median(parties).is_some_and(|party| party >= 8.0) {
        BookerKind::GroupOrganiser
    } else {
        BookerKind::Private
    });
}

pub(super) fn mean(values: &[i64]) -> Option<Measured<f64>> {
    let based_on = count(values.len());
    let sum: i64 = values.iter().sum();
    (based_on > 0).then(|| Measured {
        value: float(sum) / f64::from(based_on),
        based_on,
    })
}

fn median(values: &[i64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let half = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(float(sorted[half])),
        _ => Some(f64::midpoint(float(sorted[half - 1]), float(sorted[half]))),
    }
}
