//! What the person says and does besides: checkouts left, messages, feedback, and when last anything.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use customer_intelligence::domain::insight::{Behavior, Feedback, Measured};
use uuid::Uuid;

use super::super::world::{Row, Table};
use super::bookings::mean;
use super::{Oracle, count};

impl<'a> Oracle<'a> {
    pub(super) fn judge_voice(&self, members: &BTreeSet<Uuid>, out: &mut Behavior) {
        let abandoned = self.abandoned(members);
        out.checkouts_abandoned = count(abandoned.len());
        out.last_checkout_abandoned_at = abandoned.into_iter().max();
        out.messages = count(self.own_messages(members).len());
    }

    /// When each of the own checkouts expired.
    fn abandoned(&self, members: &BTreeSet<Uuid>) -> Vec<DateTime<Utc>> {
        let mut expired = Vec::new();
        for (id, session) in self.table(Table::Sessions) {
            let mine = session
                .id("booker_profile_id")
                .is_some_and(|who| members.contains(&who));
            if mine && session.is("status", "EXPIRED") {
                let mut versions = self.versions(Table::Sessions, id).iter();
                let seen = versions
                    .find(|ver| ver.row.is("status", "EXPIRED"))
                    .expect("it is")
                    .at;
                expired.push(session.at("expires_at").unwrap_or(seen));
            }
        }
        expired
    }

    /// The messages that count: of a contact that was linked in time, and is the person's now.
    fn own_messages(&self, members: &BTreeSet<Uuid>) -> Vec<&'a Row> {
        let mut own = Vec::new();
        for (id, message) in self.table(Table::Messages) {
            let conversation = self.row(Table::Conversations, message.id("conversation_id"));
            let contact = conversation.and_then(|row| row.id("contact_id"));
            let who = self
                .row(Table::Contacts, contact)
                .and_then(|row| row.id("person_profile_id"));
            if !who.is_some_and(|who| members.contains(&who)) {
                continue;
            }
            let versions = self
                .versions(Table::Contacts, contact.expect("it has a person"))
                .iter();
            let linked = versions.filter(|ver| ver.row.id("person_profile_id").is_some());
            let linked = linked.map(|ver| ver.at).min().expect("it is linked now");
            let told = message
                .at("sent_at")
                .or(message.at("delivered_at"))
                .or(message.at("read_at"));
            let told = told.unwrap_or_else(|| self.versions(Table::Messages, id)[0].at);
            if linked <= told + Duration::days(self.quarantine_days) {
                own.push(message);
            }
        }
        own
    }

    /// Given by name, or without a name on a booking of the person: when, id, row.
    pub(super) fn own_feedback(
        &self,
        members: &BTreeSet<Uuid>,
    ) -> Vec<(DateTime<Utc>, Uuid, &'a Row)> {
        let mut own = Vec::new();
        for (id, feedback) in self.table(Table::Feedback) {
            let booking = self.row(Table::Bookings, feedback.id("booking_id"));
            let booker = booking.and_then(|row| row.id("booker_profile_id"));
            let who = feedback.id("person_profile_id").or(booker);
            if who.is_some_and(|who| members.contains(&who)) {
                own.push((
                    feedback.at("submitted_at").expect("never null"),
                    id,
                    feedback,
                ));
            }
        }
        own.sort_by_key(|(at, id, _)| (*at, *id));
        own
    }

    pub(super) fn judge_feedback(&self, members: &BTreeSet<Uuid>) -> Feedback {
        let own = self.own_feedback(members);
        let scores: Vec<i64> = own
            .iter()
            .filter_map(|(_, _, row)| row.int("nps_score"))
            .collect();
        let ratings: Vec<i64> = own
            .iter()
            .filter_map(|(_, _, row)| row.int("rating"))
            .collect();
        let last = &ratings[ratings.len().saturating_sub(5)..];
        let latest = scores.last().copied();
        Feedback {
            nps_score: latest.map(|value| Measured {
                value,
                based_on: count(scores.len()),
            }),
            satisfaction: mean(last),
        }
    }

    pub(super) fn last_activity(&self, members: &BTreeSet<Uuid>) -> Option<DateTime<Utc>> {
        let mut times: Vec<Option<DateTime<Utc>>> = Vec::new();
        for deal in self.own_deals(members) {
            if deal.confirmed {
                times.push(Some(deal.booked()));
            }
            for (_, payment) in self.table(Table::Payments) {
                if payment.id("booking_id") == Some(deal.id) && payment.is("status", "COMPLETED") {
                    times.push(payment.at("received_at"));
                }
            }
            for (_, ancillary) in self.table(Table::Ancillaries) {
                let active = !ancillary.is("status", "CANCELLED");
                if active && ancillary.id("booking_id") == Some(deal.id) {
                    times.push(ancillary.at("purchased_at"));
                }
            }
        }
        for (_, row) in self.table(Table::Boardings) {
            let who = self.traveller(row.id("passenger_id"), row.id("ticket_id"));
            if row.is("status", "BOARDED") && who.is_some_and(|who| members.contains(&who)) {
                times.push(row.at("boarded_at"));
            }
        }
        for (_, row) in self.table(Table::Sales) {
            let who = self.traveller(None, row.id("ticket_id"));
            if who.is_some_and(|who| members.contains(&who)) {
                times.push(row.at("sold_at"));
            }
        }
        times.extend(
            self.own_feedback(members)
                .into_iter()
                .map(|(at, _, _)| Some(at)),
        );
        for message in self.own_messages(members) {
            let inbound = message.is("direction", "INBOUND");
            times.push(if inbound {
                message.at("sent_at")
            } else {
                message.at("read_at")
            });
        }
        times.extend(self.abandoned(members).into_iter().map(Some));
        times.into_iter().flatten().max()
    }
}
