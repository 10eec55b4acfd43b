//! What happens on and around the bus: boardings, sales on board, abandoned checkouts, feedback.

use chrono::Duration;
use uuid::Uuid;

use super::{Act, Col, Plan, Table, cols, id, text, words};

impl Plan {
    pub(super) fn journeys(&mut self) {
        for _ in 0..self.dice.below(6) {
            self.boarding();
        }
        for _ in 0..self.dice.below(3) {
            self.sale();
        }
        for _ in 0..self.dice.below(3) {
            self.session();
        }
        for _ in 0..self.dice.below(4) {
            self.feedback();
        }
    }

    /// A leg and the departure it belongs to; rarely they contradict each other.
    fn leg_and_departure(&mut self) -> (Uuid, Uuid) {
        let departure = self.dice.pick(&self.departures.clone());
        match self.dice.maybe(&self.legs.clone(), 10) {
            Some((leg, of)) if self.dice.chance(95) => (leg, of),
            Some((leg, _)) => (leg, departure),
            None => (self.dice.id(), departure),
        }
    }

    fn boarding(&mut self) {
        let boarding = self.dice.id();
        let at = self.when(350);
        let boarded = at - Duration::minutes(self.dice.between(0, 600));
        let synced = self.dice.chance(75);
        let (leg, departure) = self.leg_and_departure();
        let seat = self.dice.maybe(&["1B", "5a", "10D", "13", "1E"], 50);
        let status = if self.dice.chance(80) {
            "BOARDED"
        } else {
            "DENIED"
        };
        let columns = cols([
            ("service_leg_id", Col::Id(leg)),
            ("tour_departure_id", Col::Id(departure)),
            ("ticket_id", id(self.dice.maybe(&self.tickets.clone(), 40))),
            (
                "passenger_id",
                id(self.dice.maybe(&self.passengers.clone(), 45)),
            ),
            (
                "boarding_point_id",
                id(self.dice.maybe(&self.points.clone(), 40)),
            ),
            ("seat_label", words(seat)),
            ("status", text(status)),
            ("method", text("QR")),
            ("is_offline", Col::Bool(synced)),
            ("boarded_at", Col::At(boarded)),
            ("synced_at", if synced { Col::At(at) } else { Col::Null }),
        ]);
        self.push(at, Table::Boardings, boarding, Act::Insert(columns.clone()));
        if self.dice.chance(10) {
            let at = self.later(at);
            let patch = cols([("status", text("BOARDED"))]);
            self.push(at, Table::Boardings, boarding, Act::Update(patch));
        }
        self.perhaps_end(Table::Boardings, boarding, at, &columns);
    }

    fn sale(&mut self) {
        let sale = self.dice.id();
        let at = self.when(350);
        let synced = self.dice.chance(60);
        let (leg, departure) = self.leg_and_departure();
        let columns = cols([
            ("service_leg_id", Col::Id(leg)),
            ("tour_departure_id", Col::Id(departure)),
            ("ticket_id", id(self.dice.maybe(&self.tickets.clone(), 15))),
            ("seat_label", text("9C")),
            ("total_amount", self.cents()),
            ("currency", self.currency()),
            ("payment_method", text("CASH")),
            ("sold_at", Col::At(at - Duration::minutes(30))),
            ("synced_at", if synced { Col::At(at) } else { Col::Null }),
        ]);
        self.push(at, Table::Sales, sale, Act::Insert(columns.clone()));
        self.perhaps_end(Table::Sales, sale, at, &columns);
    }

    fn session(&mut self) {
        let session = self.dice.id();
        let mut at = self.when(300);
        let expires = if self.dice.chance(80) {
            Col::At(at + Duration::minutes(3))
        } else {
            Col::Null
        };
        let columns = cols([
            (
                "tour_offering_id",
                Col::Id(self.dice.pick(&self.offerings.clone())),
            ),
            ("booker_profile_id", id(self.somebody(20))),
            ("status", text("ACTIVE")),
            ("step", text("PAYMENT")),
            ("passenger_count", Col::Int(2)),
            ("cart_amount", self.perhaps_cents(50)),
            ("currency", text("EUR")),
            ("started_at", Col::At(at)),
            ("expires_at", expires),
        ]);
        self.push(at, Table::Sessions, session, Act::Insert(columns.clone()));
        for _ in 0..self.dice.below(3) {
            at = self.later(at);
            let patch = match self.dice.below(4) {
                0 => cols([("booker_profile_id", id(self.somebody(10)))]),
                1 => cols([("status", text("CONVERTED"))]),
                _ => cols([("status", text("EXPIRED"))]),
            };
            self.push(at, Table::Sessions, session, Act::Update(patch));
        }
        self.perhaps_end(Table::Sessions, session, at, &columns);
    }

    fn feedback(&mut self) {
        let feedback = self.dice.id();
        let at = self.when(380);
        let nps = self.dice.maybe(&[0, 3, 7, 9, 10], 30);
        let rating = self.dice.maybe(&[1, 2, 3, 4, 5], 30);
        let columns = cols([
            (
                "booking_id",
                id(self.dice.maybe(&self.bookings.clone(), 15)),
            ),
            ("person_profile_id", id(self.somebody(40))),
            (
                "tour_departure_id",
                Col::Id(self.dice.pick(&self.departures.clone())),
            ),
            ("nps_score", nps.map_or(Col::Null, Col::Int)),
            ("rating", rating.map_or(Col::Null, Col::Int)),
            ("comment", text("free text")),
        ]);
        self.push(at, Table::Feedback, feedback, Act::Insert(columns.clone()));
        if self.dice.chance(10) {
            let at = self.later(at);
            let patch = match self.dice.below(2) {
                0 => cols([("person_profile_id", id(self.somebody(30)))]),
                _ => cols([("rating", Col::Int(2))]),
            };
            self.push(at, Table::Feedback, feedback, Act::Update(patch));
        }
        self.perhaps_end(Table::Feedback, feedback, at, &columns);
    }
}
