//! Small stories with numbers computed by hand, so that the oracle itself is held to the definitions.

mod bookings;
mod people;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use customer_intelligence::domain::money::{Currency, Purse};
use uuid::Uuid;

use super::oracle::{Oracle, Verdict};
use super::world::{Act, Col, Command, Table, World};

const TENANT: Uuid = Uuid::from_u128(1);
const ANNA: Uuid = Uuid::from_u128(0xa);
const BERT: Uuid = Uuid::from_u128(0xb);
const TOUR: Uuid = Uuid::from_u128(0x70);
const DEPARTURE: Uuid = Uuid::from_u128(0xd0);
const BOOKING: Uuid = Uuid::from_u128(0xb0);

/// Commands in the making.
#[derive(Default)]
struct Story(Vec<Command>);

impl Story {
    /// Anna and Bert have profiles; one departure from 1 to 5 July 2025.
    fn new() -> Self {
        let mut story = Self::default();
        for person in [ANNA, BERT] {
            story.insert("2025-01-01T00:00:00Z", Table::Profiles, person, &[]);
        }
        story.departure(TOUR, DEPARTURE, "2025-07-01", "2025-07-05");
        story
    }

    fn insert(&mut self, when: &str, table: Table, id: Uuid, cols: &[(&'static str, Col)]) {
        let act = Act::Insert(cols.iter().cloned().collect());
        self.0.push(Command {
            at: at(when),
            table,
            id,
            act,
        });
    }

    fn update(&mut self, when: &str, table: Table, id: Uuid, cols: &[(&'static str, Col)]) {
        let act = Act::Update(cols.iter().cloned().collect());
        self.0.push(Command {
            at: at(when),
            table,
            id,
            act,
        });
    }

    fn departure(&mut self, offering: Uuid, departure: Uuid, start: &str, end: &str) {
        self.insert(
            "2025-01-01T00:00:00Z",
            Table::Offerings,
            offering,
            &[
                ("tour_departure_id", Col::Id(departure)),
                ("tour_template_id", Col::Id(Uuid::from_u128(0x7e))),
                ("title", text("Nordsee")),
                ("start_date", day(start)),
                ("end_date", day(end)),
            ],
        );
    }

    /// Anna books for 1000.00 EUR with a deposit of 200.00, late on 1 June by UTC, on 2 June in Berlin.
    fn booking(&mut self, booking: Uuid, offering: Uuid, states: &[&str]) {
        for (days, state) in states.iter().enumerate() {
            let when = at("2025-06-01T22:30:00Z") + Duration::days(i64::try_from(days).unwrap());
            let mut cols = vec![("status", text(state))];
            if days == 0 {
                cols.extend([
                    ("tour_offering_id", Col::Id(offering)),
                    ("booker_profile_id", Col::Id(ANNA)),
                    ("passenger_count", Col::Int(2)),
                    ("total_amount", Col::Cents(100_000)),
                    ("deposit_amount", Col::Cents(20_000)),
                    ("currency", text("EUR")),
                    ("booked_at", Col::At(when)),
                    ("created_at", Col::At(when)),
                ]);
            }
            let insert = Act::Insert(cols.iter().cloned().collect());
            let act = if days == 0 {
                insert
            } else {
                Act::Update(cols.into_iter().collect())
            };
            self.0.push(Command {
                at: when,
                table: Table::Bookings,
                id: booking,
                act,
            });
        }
    }

    fn passenger(
        &mut self,
        passenger: u128,
        booking: Uuid,
        person: Uuid,
        more: &[(&'static str, Col)],
    ) {
        let mut cols = vec![
            ("booking_id", Col::Id(booking)),
            ("person_profile_id", Col::Id(person)),
            ("status", text("ACTIVE")),
        ];
        cols.extend(more.iter().cloned());
        self.insert(
            "2025-06-02T00:00:00Z",
            Table::Passengers,
            Uuid::from_u128(passenger),
            &cols,
        );
    }

    fn boarding(&mut self, boarding: u128, departure: Uuid, passenger: Option<u128>, status: &str) {
        self.insert(
            "2025-07-01T06:00:00Z",
            Table::Boardings,
            Uuid::from_u128(boarding),
            &[
                ("tour_departure_id", Col::Id(departure)),
                (
                    "passenger_id",
                    passenger.map_or(Col::Null, |id| Col::Id(Uuid::from_u128(id))),
                ),
                ("status", text(status)),
                ("boarded_at", Col::At(at("2025-07-01T06:00:00Z"))),
            ],
        );
    }

    fn told_of(&self, person: Uuid, now: &str) -> Verdict {
        let world = World::run(TENANT, false, &self.0);
        Oracle::new(&world, 3, at(now))
            .verdict(person)
            .expect("a known person")
    }
}

fn at(instant: &str) -> DateTime<Utc> {
    instant.parse().unwrap()
}

fn day(day: &str) -> Col {
    Col::Day(day.parse::<NaiveDate>().unwrap())
}

fn text(text: &str) -> Col {
    Col::Text(text.to_owned())
}

fn eur(purse: &Purse) -> i128 {
    purse.of(&Currency("EUR".to_owned()))
}
