//! What the tenant offers: tours, departures, legs, boarding points, channel accounts.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Act, Col, Cols, Plan, Table, cols, day, id, text, words};

impl Plan {
    pub(super) fn tours(&mut self) {
        self.templates = (0..self.dice.between(1, 2))
            .map(|_| self.dice.id())
            .collect();
        self.points = (0..self.dice.between(1, 3))
            .map(|_| self.dice.id())
            .collect();
        self.departures = (0..self.dice.between(1, 3))
            .map(|_| self.dice.id())
            .collect();
        let days: Vec<(i64, i64)> = self
            .departures
            .clone()
            .iter()
            .map(|_| self.span())
            .collect();
        for template in self.templates.clone() {
            self.template(template);
        }
        for point in self.points.clone() {
            self.point(point);
        }
        for place in 0..usize::try_from(self.dice.between(1, 4)).unwrap() {
            let at = if self.dice.chance(80) {
                place
            } else {
                self.dice.below(3)
            };
            let departure = at % self.departures.len();
            self.offering(self.departures[departure], days[departure]);
        }
        for (departure, place) in self.departures.clone().into_iter().zip(0..) {
            for _ in 0..self.dice.between(0, 3) {
                self.leg(departure, place);
            }
        }
    }

    /// First day and last day of a departure.
    fn span(&mut self) -> (i64, i64) {
        let start = self.dice.pick(&[5, 40, 90, 120, 121, 200, 300, 420, 500]);
        (start, start + self.dice.pick(&[0, 0, 1, 4, 9]))
    }

    fn template(&mut self, template: Uuid) {
        let region = self.dice.maybe(&["Nordsee", "Tirol"], 40);
        let at = self.when(400);
        let columns = cols([
            ("title", text("Inselzauber")),
            ("region", words(region)),
            ("category", text("COAST")),
            ("duration_days", Col::Int(5)),
        ]);
        if self.dice.chance(85) {
            self.push(at, Table::Templates, template, Act::Insert(columns));
        }
        if self.dice.chance(15) {
            let at = self.later(at);
            let region = self.dice.maybe(&["Ostsee", "Tirol"], 40);
            let patch = cols([("region", words(region))]);
            self.push(at, Table::Templates, template, Act::Update(patch));
        }
    }

    fn point(&mut self, point: Uuid) {
        let at = self.when(400);
        let columns = cols([("label", text("ZOB")), ("zone_label", Col::Null)]);
        if self.dice.chance(70) {
            self.push(at, Table::Points, point, Act::Insert(columns));
        }
    }

    fn offering(&mut self, departure: Uuid, days: (i64, i64)) {
        let offering = self.dice.id();
        self.offerings.push(offering);
        let mut at = self.when(300);
        let template = self.dice.pick(&self.templates.clone());
        let title = self.dice.pick(&["Nordsee", "Tirol", "Rom"]);
        let region = self.dice.maybe(&["Nordsee", "Tirol"], 40);
        let columns = cols([
            ("tour_departure_id", Col::Id(departure)),
            ("tour_template_id", Col::Id(template)),
            ("title", text(title)),
            ("region", words(region)),
            ("start_date", Col::Day(day(days.0))),
            ("end_date", Col::Day(day(days.1))),
            ("list_price", self.perhaps_cents(30)),
            ("currency", text("EUR")),
            ("seats_available", Col::Int(40)),
            ("status", text("SCHEDULED")),
        ]);
        // Rarely an offering is named by bookings and never told.
        if self.dice.chance(92) {
            self.push(at, Table::Offerings, offering, Act::Insert(columns));
        }
        while self.dice.chance(25) {
            at = self.later(at);
            let act = Act::Update(self.offering_patch(days));
            self.push(at, Table::Offerings, offering, act);
        }
        if self.dice.chance(4) {
            let at = self.strictly_later(at);
            self.push(at, Table::Offerings, offering, Act::Delete);
        }
    }

    fn offering_patch(&mut self, days: (i64, i64)) -> Cols {
        match self.dice.below(5) {
            0 => {
                let moved = self.dice.between(-3, 30);
                cols([
                    ("start_date", Col::Day(day(days.0 + moved))),
                    ("end_date", Col::Day(day(days.1 + moved))),
                ])
            }
            1 => cols([("title", text("Neuer Titel"))]),
            2 => cols([("region", Col::Null)]),
            3 => {
                let departure = self.dice.pick(&self.departures.clone());
                cols([("tour_departure_id", Col::Id(departure))])
            }
            _ => cols([
                ("status", text("COMPLETED")),
                ("seats_available", Col::Int(0)),
            ]),
        }
    }

    fn leg(&mut self, departure: Uuid, place: usize) {
        let leg = self.dice.id();
        self.legs.push((leg, departure));
        if self.dice.chance(15) {
            return;
        }
        let mut at = self.when(450);
        let offering = self
            .offerings
            .get(place)
            .copied()
            .filter(|_| self.dice.chance(60));
        let columns = cols([
            ("tour_offering_id", id(offering)),
            ("tour_departure_id", Col::Id(departure)),
            (
                "leg_type",
                text(self.dice.pick(&["PICKUP", "PICKUP", "TRANSIT", "DROPOFF"])),
            ),
            ("is_final_leg", Col::Bool(false)),
            ("status", text("SCHEDULED")),
            ("scheduled_start", Col::At(at)),
            ("scheduled_end", Col::Null),
            ("actual_start", Col::Null),
            ("actual_end", Col::Null),
        ]);
        self.push(at, Table::Legs, leg, Act::Insert(columns));
        if self.dice.chance(50) {
            at = self.later(at);
            let patch = completed(at);
            self.push(at, Table::Legs, leg, Act::Update(patch));
        }
    }
}

fn completed(at: DateTime<Utc>) -> Cols {
    cols([("status", text("COMPLETED")), ("actual_end", Col::At(at))])
}
