//! Bookings on every path through their states, with passengers, payments and ancillaries.

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use super::{Act, Col, Cols, Plan, Table, cols, id, text, words};

/// Letters: R(D)raft, (P)ending, de(O)sit, (F)ully paid, (C)ompleted, (N)o-show, (X) cancelled, (R)efunded.
const PATHS: [&str; 24] = [
    "P", "DP", "PO", "POF", "POFC", "POFC", "POFCN", "POFN", "PON", "POC", "PFC", "PX", "DPX",
    "POX", "POX", "POFXR", "POFR", "POFCR", "POFNR", "POFNC", "POCX", "POXO", "PNXR", "DPOFCNXR",
];

fn state(letter: char) -> &'static str {
    match letter {
        'D' => "DRAFT",
        'P' => "PENDING_PAYMENT",
        'O' => "DEPOSIT_PAID",
        'F' => "FULLY_PAID",
        'C' => "COMPLETED",
        'N' => "NO_SHOW",
        'X' => "CANCELLED",
        _ => "REFUNDED",
    }
}

impl Plan {
    pub(super) fn booking(&mut self) {
        let booking = self.dice.id();
        let mut states: Vec<char> = self.dice.pick(&PATHS).chars().collect();
        // The row may first be seen in a later state, and a step may go unseen.
        for _ in 0..self.dice.below(3) {
            if states.len() > 1 && self.dice.chance(40) {
                let seen = self.dice.below(states.len() - 1);
                states.remove(seen);
            }
        }
        let mut at = self.when(250);
        let columns = self.booking_columns(at, state(states[0]));
        self.push(at, Table::Bookings, booking, Act::Insert(columns.clone()));
        for letter in states.iter().skip(1) {
            at = self.step(booking, *letter, at);
        }
        if self.dice.chance(7) {
            let act = Act::Update(self.booking_whim());
            at = self.later(at);
            self.push(at, Table::Bookings, booking, act);
        }
        self.perhaps_end(Table::Bookings, booking, at, &columns);
        self.bookings.push(booking);
        let travellers = self.dice.between(0, 3);
        let travellers: Vec<Uuid> = (0..travellers).map(|_| self.passenger(booking)).collect();
        self.perhaps_say(booking, &travellers, at);
        for _ in 0..self.dice.below(4) {
            self.payment(booking);
        }
        for _ in 0..self.dice.below(3) {
            self.ancillary(booking, &travellers);
        }
    }

    fn booking_columns(&mut self, at: DateTime<Utc>, status: &str) -> Cols {
        let booked = at - Duration::minutes(self.dice.between(0, 60 * 24 * 3));
        let booked = if self.dice.chance(85) {
            Col::At(booked)
        } else {
            Col::Null
        };
        let created = at - Duration::minutes(self.dice.between(0, 60 * 24));
        let offering = self.dice.pick(&self.offerings.clone());
        let reseller = if self.dice.chance(20) {
            Some(self.dice.id())
        } else {
            None
        };
        let replaces = self.dice.maybe(&self.bookings.clone(), 80);
        let channel = self.dice.maybe(&["WEB", "PHONE", "B2B_OTA"], 25);
        let mut columns = cols([
            ("tour_offering_id", Col::Id(offering)),
            ("status", text(status)),
            ("reference_number", text("BF-1")),
            ("booker_profile_id", id(self.somebody(12))),
            ("reseller_id", id(reseller)),
            ("channel", words(channel)),
            (
                "passenger_count",
                Col::Int(self.dice.pick(&[1, 1, 2, 2, 3, 8, 9, 14])),
            ),
            ("replaces_booking_id", id(replaces)),
            ("total_amount", self.cents()),
            ("deposit_amount", self.perhaps_cents(50)),
            ("currency", self.currency()),
            ("cancelled_by", Col::Null),
            ("cancellation_fee", Col::Null),
            ("refund_amount", Col::Null),
            ("booked_at", booked),
            ("created_at", Col::At(created)),
        ]);
        if matches!(status, "CANCELLED" | "REFUNDED" | "NO_SHOW") {
            columns.extend(self.end_columns());
        }
        columns
    }

    fn end_columns(&mut self) -> Cols {
        let by = ["PASSENGER", "DISPATCHER", "OPERATOR", "SYSTEM"];
        cols([
            ("cancelled_by", words(self.dice.maybe(&by, 15))),
            ("cancellation_fee", self.perhaps_cents(45)),
            ("refund_amount", self.perhaps_cents(45)),
        ])
    }

    fn step(&mut self, booking: Uuid, letter: char, after: DateTime<Utc>) -> DateTime<Utc> {
        let at = self.later(after);
        let mut patch = cols([("status", text(state(letter)))]);
        match letter {
            'X' => patch.extend(self.end_columns()),
            'R' if self.dice.chance(70) => {
                let refund = self.perhaps_cents(20);
                patch.insert("refund_amount", refund);
            }
            'N' if self.dice.chance(30) => {
                let fee = self.cents();
                patch.insert("cancellation_fee", fee);
            }
            _ => {}
        }
        if self.dice.chance(8) {
            patch.extend(self.booking_whim());
        }
        self.push(at, Table::Bookings, booking, Act::Update(patch));
        at
    }

    /// What else may change on a booking.
    fn booking_whim(&mut self) -> Cols {
        let replaced = self.dice.maybe(&self.bookings.clone(), 50);
        match self.dice.below(8) {
            0 | 1 => cols([("booker_profile_id", id(self.somebody(15)))]),
            2 => cols([("total_amount", self.cents())]),
            3 => cols([(
                "tour_offering_id",
                Col::Id(self.dice.pick(&self.offerings.clone())),
            )]),
            4 => cols([("passenger_count", Col::Int(self.dice.between(1, 12)))]),
            5 => cols([("replaces_booking_id", id(replaced))]),
            6 => cols([("currency", self.currency())]),
            _ => cols([("booked_at", Col::Null)]),
        }
    }

    fn passenger(&mut self, booking: Uuid) -> Uuid {
        let passenger = self.dice.id();
        let mut at = self.when(280);
        let columns = self.passenger_columns(booking);
        self.push(
            at,
            Table::Passengers,
            passenger,
            Act::Insert(columns.clone()),
        );
        while self.dice.chance(35) {
            at = self.later(at);
            let act = Act::Update(self.passenger_patch());
            self.push(at, Table::Passengers, passenger, act);
        }
        self.perhaps_end(Table::Passengers, passenger, at, &columns);
        self.passengers.push(passenger);
        if self.dice.chance(70) {
            self.ticket(booking, passenger);
        }
        passenger
    }

    fn passenger_columns(&mut self, booking: Uuid) -> Cols {
        let fare = match self.one_fare {
            Some(fare) => Some(fare),
            None => self.dice.maybe(&["ADULT", "ADULT", "CHILD", "INFANT"], 10),
        };
        let seat = self.dice.maybe(&["1A", "7C", "07b", "12D", "14", "0A"], 30);
        let position = self.dice.maybe(&["WINDOW_FRONT", "AISLE_REAR"], 70);
        cols([
            ("booking_id", Col::Id(booking)),
            ("person_profile_id", id(self.somebody(25))),
            ("first_name", text("Max")),
            ("is_primary_contact", Col::Bool(false)),
            (
                "boarding_point_id",
                id(self.dice.maybe(&self.points.clone(), 30)),
            ),
            ("is_door_pickup", Col::Bool(self.dice.chance(15))),
            ("seat_label", words(seat)),
            ("seat_position", words(position)),
            ("fare_category", words(fare)),
            ("cancellation_fee", Col::Null),
            ("status", text("ACTIVE")),
        ])
    }

    fn passenger_patch(&mut self) -> Cols {
        match self.dice.below(6) {
            0 | 1 => cols([("person_profile_id", id(self.somebody(15)))]),
            2 => cols([
                ("status", text("CANCELLED")),
                ("cancellation_fee", self.perhaps_cents(50)),
            ]),
            3 => cols([("status", text("ACTIVE"))]),
            4 => cols([("booking_id", id(self.dice.maybe(&self.bookings.clone(), 0)))]),
            _ => cols([("seat_label", words(self.dice.maybe(&["2A", "3B"], 20)))]),
        }
    }

    fn ticket(&mut self, booking: Uuid, passenger: Uuid) {
        let ticket = self.dice.id();
        let at = self.when(300);
        let columns = cols([
            ("booking_id", Col::Id(booking)),
            ("passenger_id", Col::Id(passenger)),
            ("status", text("ACTIVE")),
            ("qr_hash", text("secret")),
        ]);
        self.push(at, Table::Tickets, ticket, Act::Insert(columns));
        if self.dice.chance(8) {
            let at = self.later(at);
            let patch = cols([(
                "passenger_id",
                Col::Id(self.dice.pick(&self.passengers.clone())),
            )]);
            self.push(at, Table::Tickets, ticket, Act::Update(patch));
        }
        if self.dice.chance(5) {
            let at = self.strictly_later(at);
            self.push(at, Table::Tickets, ticket, Act::Delete);
        }
        self.tickets.push(ticket);
    }

    /// A canonical no-show may say of each passenger whether they came.
    fn perhaps_say(&mut self, booking: Uuid, travellers: &[Uuid], after: DateTime<Utc>) {
        if self.dice.chance(15) && !travellers.is_empty() {
            let said = travellers
                .iter()
                .map(|traveller| (*traveller, self.dice.chance(30)));
            let said = said.collect();
            let at = self.strictly_later(after);
            self.push(at, Table::Bookings, booking, Act::Said(said));
        }
    }

    fn payment(&mut self, booking: Uuid) {
        let payment = self.dice.id();
        let mut at = self.when(300);
        let completed = self.dice.chance(50);
        let mut columns = cols([
            ("booking_id", Col::Id(booking)),
            (
                "payment_type",
                text(self.dice.pick(&["DEPOSIT", "FINAL_PAYMENT", "ANCILLARY"])),
            ),
            ("status", text("PENDING")),
            ("amount", self.cents()),
            ("currency", self.currency()),
            ("payment_method", text("CARD")),
            ("received_at", Col::Null),
        ]);
        let received = cols([("status", text("COMPLETED")), ("received_at", Col::At(at))]);
        if completed {
            columns.extend(received.clone());
        }
        self.push(at, Table::Payments, payment, Act::Insert(columns.clone()));
        if !completed && self.dice.chance(60) {
            at = self.later(at);
            self.push(at, Table::Payments, payment, Act::Update(received));
        }
        if self.dice.chance(15) {
            at = self.later(at);
            let patch = cols([("status", text("REFUNDED"))]);
            self.push(at, Table::Payments, payment, Act::Update(patch));
        }
        self.perhaps_end(Table::Payments, payment, at, &columns);
    }

    fn ancillary(&mut self, booking: Uuid, travellers: &[Uuid]) {
        let ancillary = self.dice.id();
        let at = self.when(300);
        let item = if self.dice.chance(40) {
            Some(self.dice.id())
        } else {
            None
        };
        let columns = cols([
            ("booking_id", Col::Id(booking)),
            ("passenger_id", id(self.dice.maybe(travellers, 60))),
            ("catalog_item_id", id(item)),
            (
                "type",
                text(self.dice.pick(&["INSURANCE", "MEAL", "LUGGAGE"])),
            ),
            ("label", text("free text")),
            ("quantity", Col::Int(1)),
            ("unit_price", Col::Null),
            ("total_amount", self.cents()),
            ("currency", self.currency()),
            (
                "purchase_phase",
                text(
                    self.dice
                        .pick(&["CHECKOUT", "POST_BOOKING", "POST_BOOKING"]),
                ),
            ),
            ("status", text("ACTIVE")),
            ("purchased_at", Col::At(at)),
        ]);
        self.push(
            at,
            Table::Ancillaries,
            ancillary,
            Act::Insert(columns.clone()),
        );
        if self.dice.chance(15) {
            let at = self.later(at);
            let patch = cols([("status", text("CANCELLED"))]);
            self.push(at, Table::Ancillaries, ancillary, Act::Update(patch));
        }
        self.perhaps_end(Table::Ancillaries, ancillary, at, &columns);
    }
}
