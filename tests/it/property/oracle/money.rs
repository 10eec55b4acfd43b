//! Money per currency: revenue, what was paid and is owed, ancillaries, spending on board.

use std::collections::{BTreeMap, BTreeSet};

use customer_intelligence::domain::insight::{AncillaryUse, Behavior, Measured};
use customer_intelligence::domain::money::Purse;
use uuid::Uuid;

use super::super::world::Table;
use super::bookings::{Deal, Fate};
use super::{Oracle, count, put};

impl<'a> Oracle<'a> {
    pub(super) fn judge_money(&self, members: &BTreeSet<Uuid>, out: &mut Behavior) {
        let own = self.own_deals(members);
        for deal in own.iter().filter(|deal| deal.confirmed) {
            let ended = self
                .row(Table::Offerings, deal.row.id("tour_offering_id"))
                .and_then(|offering| offering.day("end_date"))
                .is_some_and(|end| end < self.today);
            let part = if ended {
                &mut out.revenue.realised
            } else {
                &mut out.revenue.upcoming
            };
            put(part, deal.currency(), deal.value);
            put(&mut out.revenue.lifetime, deal.currency(), deal.value);
            let paid = self.paid(deal, None);
            put(&mut out.revenue.paid, deal.currency(), paid);
            if deal.fate != Fate::Kept {
                put(
                    &mut out.revenue.credit,
                    deal.currency(),
                    (paid - deal.value).max(0),
                );
            } else if deal.row.id("reseller_id").is_none() {
                put(
                    &mut out.revenue.outstanding,
                    deal.currency(),
                    self.owed(deal, paid),
                );
            }
        }
        let open = |deal: &&&Deal<'a>| !deal.confirmed && deal.row.is("status", "PENDING_PAYMENT");
        for deal in own.iter().filter(open) {
            let total = deal.row.cents("total_amount").unwrap_or(0);
            put(&mut out.revenue.open_reservations, deal.currency(), total);
            out.open_reservations += 1;
        }
        for (_, sale) in self.table(Table::Sales) {
            if self
                .traveller(None, sale.id("ticket_id"))
                .is_some_and(|who| members.contains(&who))
            {
                let currency = sale.text("currency").expect("never null");
                put(
                    &mut out.revenue.onboard,
                    currency,
                    sale.cents("total_amount").unwrap_or(0),
                );
            }
        }
        let kept: Vec<_> = own.into_iter().filter(|deal| deal.kept()).collect();
        out.average_booking_value = self.average_value(&kept);
        out.ancillaries = self.ancillary_use(&kept);
    }

    /// Payments that stand, in the booking's currency, perhaps of one type only.
    pub(super) fn paid(&self, deal: &Deal<'a>, only: Option<&str>) -> i64 {
        let mut sum = 0;
        for (_, payment) in self.table(Table::Payments) {
            if payment.id("booking_id") == Some(deal.id)
                && payment.is("status", "COMPLETED")
                && payment.is("currency", deal.currency())
                && only.is_none_or(|kind| payment.is("payment_type", kind))
            {
                sum += payment.cents("amount").unwrap_or(0);
            }
        }
        sum
    }

    fn owed(&self, deal: &Deal<'a>, paid: i64) -> i64 {
        let owed = if deal.ever_fully_paid {
            self.later_ancillaries(deal) - self.paid(deal, Some("ANCILLARY"))
        } else {
            deal.value - paid
        };
        owed.max(0)
    }

    fn average_value(&self, kept: &[&Deal<'a>]) -> Option<Measured<i64>> {
        let own = kept.iter().filter(|deal| deal.currency() == self.currency);
        let values: Vec<i64> = own.map(|deal| deal.value).collect();
        let based_on = count(values.len());
        let sum: i64 = values.iter().sum();
        (based_on > 0).then(|| Measured {
            value: half_even(sum, i64::from(based_on)),
            based_on,
        })
    }

    fn ancillary_use(&self, kept: &[&Deal<'a>]) -> Vec<AncillaryUse> {
        let mut by_type: BTreeMap<String, (BTreeSet<Uuid>, Purse)> = BTreeMap::new();
        for (_, ancillary) in self.table(Table::Ancillaries) {
            let of = kept
                .iter()
                .find(|deal| ancillary.id("booking_id") == Some(deal.id));
            let (Some(deal), false) = (of, ancillary.is("status", "CANCELLED")) else {
                continue;
            };
            let kind = ancillary.text("type").expect("never null").to_owned();
            let (bookings, amounts) = by_type.entry(kind).or_default();
            bookings.insert(deal.id);
            let currency = ancillary.text("currency").expect("never null");
            put(
                amounts,
                currency,
                ancillary.cents("total_amount").unwrap_or(0),
            );
        }
        let used = by_type
            .into_iter()
            .map(|(ancillary_type, (bookings, amounts))| AncillaryUse {
                ancillary_type,
                bookings: count(bookings.len()),
                attach_rate: f64::from(count(bookings.len())) / f64::from(count(kept.len())),
                amounts,
            });
        let mut used: Vec<_> = used.collect();
        used.sort_by(|a, b| {
            b.bookings
                .cmp(&a.bookings)
                .then_with(|| a.ancillary_type.cmp(&b.ancillary_type))
        });
        used
    }
}

/// Divides what is not negative, rounding halves to the even neighbour.
fn half_even(sum: i64, by: i64) -> i64 {
    let (whole, rest) = (sum / by, sum % by);
    match (rest * 2).cmp(&by) {
        std::cmp::Ordering::Less => whole,
        std::cmp::Ordering::Greater => whole + 1,
        std::cmp::Ordering::Equal => whole + whole % 2,
    }
}
