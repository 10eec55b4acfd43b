//! Departures: who was seen on which, which became a trip, which was missed, which is next.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use customer_intelligence::domain::insight::{Behavior, NextDeparture};
use uuid::Uuid;

use super::super::world::{Row, Table};
use super::bookings::Deal;
use super::trips::Trip;
use super::{Oracle, count};

/// A person's place on one departure: active, on a kept booking, with a known offering.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seat<'a, 'o> {
    pub(super) passenger: Uuid,
    pub(super) row: &'a Row,
    pub(super) deal: &'o Deal<'a>,
    pub(super) offering: (Uuid, &'a Row),
}

/// A boarding of the person: when, its id, its row.
pub(super) type Boarding<'a> = (DateTime<Utc>, Uuid, &'a Row);

impl<'a> Oracle<'a> {
    /// The passenger row that a boarding or sale is about: the passenger named wins over the ticket's.
    fn passenger_of(&self, passenger: Option<Uuid>, ticket: Option<Uuid>) -> Option<&'a Row> {
        let by_ticket = || self.row(Table::Tickets, ticket)?.id("passenger_id");
        self.row(Table::Passengers, passenger.or_else(by_ticket))
    }

    /// The person that a boarding or sale is about.
    pub(super) fn traveller(&self, passenger: Option<Uuid>, ticket: Option<Uuid>) -> Option<Uuid> {
        self.passenger_of(passenger, ticket)?
            .id("person_profile_id")
    }

    fn has_seen(&self, booking: Uuid, status: &str) -> bool {
        self.table(Table::Boardings).any(|(_, boarding)| {
            let who = self.passenger_of(boarding.id("passenger_id"), boarding.id("ticket_id"));
            boarding.is("status", status)
                && who.is_some_and(|passenger| passenger.id("booking_id") == Some(booking))
        })
    }

    fn nobody_seen(&self, booking: Uuid) -> bool {
        !self.has_seen(booking, "BOARDED") && !self.has_seen(booking, "DENIED")
    }

    fn is_measured(&self, departure: Uuid) -> bool {
        let on_it = |row: &Row| row.id("tour_departure_id") == Some(departure);
        self.table(Table::Boardings).any(|(_, row)| on_it(row))
    }

    /// A canonical no-show said last that this passenger did not come.
    fn said_absent(&self, passenger: Uuid) -> bool {
        let mut latest = None;
        for said in &self.world.said {
            for (who, boarded) in &said.passengers {
                if *who == passenger && latest.is_none_or(|(at, _)| at < said.at) {
                    latest = Some((said.at, *boarded));
                }
            }
        }
        latest.is_some_and(|(_, boarded)| !boarded)
    }

    pub(super) fn departure_of(&self, offering: Option<Uuid>) -> Option<(Uuid, Uuid, &'a Row)> {
        let row = self.row(Table::Offerings, offering)?;
        let id = offering?;
        Some((row.id("tour_departure_id").unwrap_or(id), id, row))
    }

    fn seats(&self, members: &BTreeSet<Uuid>) -> BTreeMap<Uuid, Vec<Seat<'a, '_>>> {
        let mut seats: BTreeMap<Uuid, Vec<Seat<'a, '_>>> = BTreeMap::new();
        for (passenger, row) in self.table(Table::Passengers) {
            let mine = row
                .id("person_profile_id")
                .is_some_and(|who| members.contains(&who));
            if !mine || row.is("status", "CANCELLED") {
                continue;
            }
            let booking = row.id("booking_id");
            let Some(deal) = self.deals.iter().find(|deal| Some(deal.id) == booking) else {
                continue;
            };
            let on = self.departure_of(deal.row.id("tour_offering_id"));
            if let (Some((departure, id, offering)), true) = (on, deal.kept()) {
                let seat = Seat {
                    passenger,
                    row,
                    deal,
                    offering: (id, offering),
                };
                seats.entry(departure).or_default().push(seat);
            }
        }
        seats
    }

    /// Own boardings on a departure with that status, earliest first.
    fn own_boardings(
        &self,
        members: &BTreeSet<Uuid>,
        departure: Uuid,
        status: &str,
    ) -> Vec<Boarding<'a>> {
        let mut own: Vec<Boarding<'a>> = Vec::new();
        for (id, row) in self.table(Table::Boardings) {
            let who = self.traveller(row.id("passenger_id"), row.id("ticket_id"));
            if row.id("tour_departure_id") == Some(departure)
                && row.is("status", status)
                && who.is_some_and(|who| members.contains(&who))
            {
                own.push((row.at("boarded_at").expect("never null"), id, row));
            }
        }
        own.sort_by_key(|(at, id, _)| (*at, *id));
        own
    }

    pub(super) fn judge_travel(&self, members: &BTreeSet<Uuid>, out: &mut Behavior) {
        let mut trips = Vec::new();
        let mut ahead = Vec::new();
        for (departure, seats) in self.seats(members) {
            let boarded = self.own_boardings(members, departure, "BOARDED");
            let denied = !self.own_boardings(members, departure, "DENIED").is_empty();
            let speaker = *seats
                .iter()
                .min_by_key(|seat| seat.passenger)
                .expect("not empty");
            let trip = Trip { boarded, speaker };
            if trip.start().is_some_and(|start| start >= self.today) {
                ahead.push((departure, trip.clone()));
            }
            let is_trip = seats.iter().any(|seat| self.is_trip(seat, &trip));
            if denied && trip.boarded.is_empty() {
                continue;
            }
            if is_trip {
                trips.push(trip);
            } else {
                self.judge_missed(departure, &seats, out);
            }
        }
        out.upcoming_trips = count(ahead.len());
        out.next_departure = self.next(ahead);
        self.judge_trips(&trips, out);
        let own = self.own_deals(members);
        let missed = own.iter().filter(|deal| {
            let on = self.departure_of(deal.row.id("tour_offering_id"));
            deal.failed()
                && self.nobody_seen(deal.id)
                && on.is_some_and(|(departure, ..)| self.is_measured(departure))
        });
        out.no_show_bookings = count(missed.count());
    }

    fn is_trip(&self, seat: &Seat<'a, '_>, trip: &Trip<'a, '_>) -> bool {
        let others = seat.deal.failed()
            && !self.said_absent(seat.passenger)
            && self.has_seen(seat.deal.id, "BOARDED");
        !trip.boarded.is_empty() || seat.deal.completed() || others
    }

    /// A departure that was no trip: missed, or not to be told.
    fn judge_missed(&self, departure: Uuid, seats: &[Seat<'a, '_>], out: &mut Behavior) {
        let failed = |seat: &&Seat<'a, '_>| seat.deal.failed();
        let said = seats
            .iter()
            .filter(failed)
            .any(|seat| self.said_absent(seat.passenger));
        let unseen = seats
            .iter()
            .filter(failed)
            .any(|seat| self.nobody_seen(seat.deal.id));
        if said || (unseen && self.is_measured(departure)) {
            out.no_show_count += 1;
        } else if unseen {
            out.not_measured_departures += 1;
        }
    }

    fn next(&self, ahead: Vec<(Uuid, Trip<'a, '_>)>) -> Option<NextDeparture> {
        let soonest = ahead
            .into_iter()
            .min_by_key(|(departure, trip)| (trip.start(), *departure));
        let (_, trip) = soonest?;
        let (offering_id, offering) = trip.speaker.offering;
        Some(NextDeparture {
            offering_id,
            tour_title: offering.text("title").map(str::to_owned),
            start_date: trip.start()?,
            end_date: offering.day("end_date"),
            boarding: self.boarding_place(&trip),
        })
    }
}
