//! Small stories with numbers computed by hand, so that the oracle itself is held to the definitions.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use customer_intelligence::domain::insight::{BoardingPlace, Favourite, Measured};
use customer_intelligence::domain::money::{Currency, Purse};
use uuid::Uuid;

use super::oracle::{Oracle, Verdict};
use super::world::{Act, Col, Cols, Command, Table, World};

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
        let act = Act::Insert(Cols::from_iter(cols.iter().cloned()));
        self.0.push(Command {
            at: at(when),
            table,
            id,
            act,
        });
    }

    fn update(&mut self, when: &str, table: Table, id: Uuid, cols: &[(&'static str, Col)]) {
        let act = Act::Update(Cols::from_iter(cols.iter().cloned()));
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
            let insert = Act::Insert(Cols::from_iter(cols.iter().cloned()));
            let act = if days == 0 {
                insert
            } else {
                Act::Update(Cols::from_iter(cols))
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

#[test]
fn a_couple_travels_and_one_of_them_pays() {
    let mut story = Story::new();
    story.booking(
        BOOKING,
        TOUR,
        &["PENDING_PAYMENT", "DEPOSIT_PAID", "FULLY_PAID", "COMPLETED"],
    );
    story.passenger(0x51, BOOKING, ANNA, &[]);
    story.passenger(0x52, BOOKING, BERT, &[]);
    story.insert(
        "2025-06-20T00:00:00Z",
        Table::Ancillaries,
        Uuid::from_u128(0x61),
        &[
            ("booking_id", Col::Id(BOOKING)),
            ("type", text("MEAL")),
            ("total_amount", Col::Cents(5_000)),
            ("currency", text("EUR")),
            ("purchase_phase", text("POST_BOOKING")),
            ("status", text("ACTIVE")),
            ("purchased_at", Col::At(at("2025-06-20T00:00:00Z"))),
        ],
    );
    let anna = story.told_of(ANNA, "2025-07-05T22:00:00Z").behavior;
    // 1000.00 and the meal of 50.00; the tour's last day, 5 July, has just ended in Berlin.
    assert_eq!(eur(&anna.revenue.lifetime), 105_000);
    assert_eq!(eur(&anna.revenue.realised), 105_000);
    // Fully paid once, so only the meal is owed.
    assert_eq!(eur(&anna.revenue.outstanding), 5_000);
    // From 2 June (00:30 in Berlin) to 1 July.
    assert_eq!(
        anna.average_booking_lead_time,
        Some(Measured {
            value: 29.0,
            based_on: 1
        })
    );
    assert_eq!(
        (
            anna.trips_taken,
            anna.multi_day_trips_taken,
            anna.total_bookings
        ),
        (1, 1, 1)
    );
    assert_eq!(anna.last_activity_at, Some(at("2025-06-20T00:00:00Z")));
    let bert = story.told_of(BERT, "2025-07-05T21:59:59Z").behavior;
    assert_eq!(
        (bert.trips, bert.trips_taken, bert.total_bookings),
        (1, 0, 0)
    );
    assert_eq!(bert.revenue.lifetime, Purse::default());
}

#[test]
fn a_cancelled_booking_is_worth_what_was_kept() {
    let mut story = Story::new();
    story.booking(BOOKING, TOUR, &["DEPOSIT_PAID", "CANCELLED"]);
    let fee = [
        ("cancellation_fee", Col::Cents(10_000)),
        ("cancelled_by", text("PASSENGER")),
    ];
    story.update("2025-06-04T00:00:00Z", Table::Bookings, BOOKING, &fee);
    story.insert(
        "2025-06-02T00:00:00Z",
        Table::Payments,
        Uuid::from_u128(0x81),
        &[
            ("booking_id", Col::Id(BOOKING)),
            ("payment_type", text("DEPOSIT")),
            ("status", text("COMPLETED")),
            ("amount", Col::Cents(30_000)),
            ("currency", text("EUR")),
            ("received_at", Col::At(at("2025-06-02T00:00:00Z"))),
        ],
    );
    let anna = story.told_of(ANNA, "2025-06-10T00:00:00Z").behavior;
    assert_eq!(
        (
            anna.confirmed_bookings,
            anna.total_bookings,
            anna.cancelled_bookings
        ),
        (1, 0, 1)
    );
    // The fee of 100.00 was kept; 300.00 - 100.00 are the customer's.
    assert_eq!(
        (eur(&anna.revenue.upcoming), eur(&anna.revenue.credit)),
        (10_000, 20_000)
    );
    let called_off = [("cancelled_by", text("OPERATOR"))];
    story.update(
        "2025-06-05T00:00:00Z",
        Table::Bookings,
        BOOKING,
        &called_off,
    );
    let anna = story.told_of(ANNA, "2025-06-10T00:00:00Z").behavior;
    assert_eq!((anna.cancelled_bookings, anna.called_off_bookings), (0, 1));
    assert_eq!(
        (eur(&anna.revenue.lifetime), eur(&anna.revenue.credit)),
        (0, 30_000)
    );
}

#[test]
fn a_no_show_needs_a_departure_on_which_somebody_was_scanned() {
    let mut story = Story::new();
    story.booking(BOOKING, TOUR, &["DEPOSIT_PAID", "NO_SHOW"]);
    story.passenger(0x51, BOOKING, ANNA, &[]);
    story.passenger(0x52, BOOKING, BERT, &[]);
    let anna = story.told_of(ANNA, "2025-08-01T00:00:00Z").behavior;
    assert_eq!(
        (
            anna.no_show_count,
            anna.not_measured_departures,
            anna.no_show_bookings
        ),
        (0, 1, 0)
    );
    // Never fully paid and no fee known: the deposit.
    assert_eq!(eur(&anna.revenue.lifetime), 20_000);
    story.boarding(0x91, DEPARTURE, Some(0x99), "BOARDED");
    let anna = story.told_of(ANNA, "2025-08-01T00:00:00Z").behavior;
    assert_eq!(
        (
            anna.no_show_count,
            anna.not_measured_departures,
            anna.no_show_bookings
        ),
        (1, 0, 1)
    );
    assert_eq!(anna.no_show_rate(), Some(1.0));
    // A late scan of Bert: somebody of the booking boarded, so Anna travelled as well.
    story.boarding(0x92, DEPARTURE, Some(0x52), "BOARDED");
    let anna = story.told_of(ANNA, "2025-08-01T00:00:00Z").behavior;
    assert_eq!(
        (anna.no_show_count, anna.trips, anna.no_show_bookings),
        (0, 1, 0)
    );
    // Unless she was turned away: then it is neither.
    story.boarding(0x93, DEPARTURE, Some(0x51), "DENIED");
    let anna = story.told_of(ANNA, "2025-08-01T00:00:00Z").behavior;
    assert_eq!(
        (anna.no_show_count, anna.trips, anna.not_measured_departures),
        (0, 0, 0)
    );
}

#[test]
fn a_no_show_that_was_said_of_somebody_counts_without_any_scan() {
    let mut story = Story::new();
    story.booking(BOOKING, TOUR, &["DEPOSIT_PAID", "NO_SHOW"]);
    story.passenger(0x51, BOOKING, ANNA, &[]);
    story.passenger(0x52, BOOKING, BERT, &[]);
    let said = vec![
        (Uuid::from_u128(0x51), false),
        (Uuid::from_u128(0x52), true),
    ];
    let (table, act) = (Table::Bookings, Act::Said(said));
    story.0.push(Command {
        at: at("2025-07-08T00:00:00Z"),
        table,
        id: BOOKING,
        act,
    });
    let anna = story.told_of(ANNA, "2025-08-01T00:00:00Z").behavior;
    assert_eq!((anna.no_show_count, anna.not_measured_departures), (1, 0));
    let bert = story.told_of(BERT, "2025-08-01T00:00:00Z").behavior;
    assert_eq!((bert.no_show_count, bert.not_measured_departures), (0, 1));
}

#[test]
fn a_merged_person_is_told_of_as_the_survivor() {
    let mut story = Story::new();
    story.booking(BOOKING, TOUR, &["DEPOSIT_PAID"]);
    let merged = [("merged_into_id", Col::Id(BERT)), ("locale", text("en-GB"))];
    story.update("2025-06-09T00:00:00Z", Table::Profiles, ANNA, &merged);
    let both = story.told_of(ANNA, "2025-06-10T00:00:00Z");
    assert_eq!((both.person, both.behavior.total_bookings), (BERT, 1));
    assert_eq!(both.standing.locale, None);
    // Bert goes on into somebody whom nobody knows: both keep their own.
    let unknown = [("merged_into_id", Col::Id(Uuid::from_u128(0xc)))];
    story.update("2025-06-10T00:00:00Z", Table::Profiles, BERT, &unknown);
    let anna = story.told_of(ANNA, "2025-06-11T00:00:00Z");
    assert_eq!((anna.person, anna.behavior.total_bookings), (ANNA, 1));
    assert_eq!(
        story
            .told_of(BERT, "2025-06-11T00:00:00Z")
            .behavior
            .total_bookings,
        0
    );
}

#[test]
fn a_message_counts_when_its_contact_was_linked_in_time() {
    let mut story = Story::new();
    let (contact, conversation) = (Uuid::from_u128(0xc0), Uuid::from_u128(0xc1));
    story.insert("2025-06-01T00:00:00Z", Table::Contacts, contact, &[]);
    let linked = [("person_profile_id", Col::Id(ANNA))];
    story.update("2025-06-04T00:00:00Z", Table::Contacts, contact, &linked);
    let of = [("contact_id", Col::Id(contact))];
    story.insert(
        "2025-06-01T00:00:00Z",
        Table::Conversations,
        conversation,
        &of,
    );
    for (id, sent) in [
        (0xe1, "2025-06-01T00:00:00Z"),
        (0xe2, "2025-05-31T23:59:59Z"),
    ] {
        story.insert(
            sent,
            Table::Messages,
            Uuid::from_u128(id),
            &[
                ("conversation_id", Col::Id(conversation)),
                ("direction", text("INBOUND")),
                ("status", text("RECEIVED")),
                ("sent_at", Col::At(at(sent))),
            ],
        );
    }
    // Three days of quarantine: linked on 4 June is in time for 1 June 00:00, too late for a second before.
    let anna = story.told_of(ANNA, "2025-06-10T00:00:00Z").behavior;
    assert_eq!(
        (anna.messages, anna.last_activity_at),
        (1, Some(at("2025-06-01T00:00:00Z")))
    );
}

#[test]
fn places_go_by_the_scan_then_by_the_booking() {
    let (later, day_trip, second) = (
        Uuid::from_u128(0x71),
        Uuid::from_u128(0xd1),
        Uuid::from_u128(0xb1),
    );
    let stop = Uuid::from_u128(0x99);
    let mut story = Story::new();
    story.departure(later, day_trip, "2025-07-20", "2025-07-20");
    for (booking, offering) in [(BOOKING, TOUR), (second, later)] {
        story.booking(booking, offering, &["DEPOSIT_PAID", "COMPLETED"]);
    }
    let seat = [
        ("seat_label", text("07b")),
        ("is_door_pickup", Col::Bool(true)),
    ];
    story.passenger(0x51, BOOKING, ANNA, &seat);
    let seat = [
        ("seat_label", text("12D")),
        ("boarding_point_id", Col::Id(stop)),
    ];
    story.passenger(0x52, second, ANNA, &seat);
    let anna = story.told_of(ANNA, "2025-08-01T00:00:00Z").behavior;
    // One of two each, so the later departure wins; row 7 B is an aisle in the middle, 12 D a window behind.
    let half = |value: &str| {
        Some(Favourite {
            value: value.to_owned(),
            share: 0.5,
            based_on: 2,
        })
    };
    assert_eq!(anna.preferred_seat_position, half("WINDOW_REAR"));
    assert_eq!(anna.preferred_seat_label, half("12D"));
    let place = Favourite {
        value: BoardingPlace::Stop(stop),
        share: 0.5,
        based_on: 2,
    };
    assert_eq!(anna.preferred_boarding_point, Some(place));
    assert_eq!(
        (
            anna.trips_taken,
            anna.day_trips_taken,
            anna.multi_day_trips_taken
        ),
        (2, 1, 1)
    );
    // Both of the same tour, both in July.
    assert_eq!(anna.favourite_tours[0].share.to_bits(), 1.0_f64.to_bits());
    assert_eq!(
        anna.favourite_months[0],
        Favourite {
            value: 7,
            share: 1.0,
            based_on: 2
        }
    );
}

#[test]
fn a_state_that_lasted_no_time_still_was() {
    let mut story = Story::new();
    story.booking(BOOKING, TOUR, &["PENDING_PAYMENT", "FULLY_PAID"]);
    // In the same transaction as FULLY_PAID: back to a deposit, and another total.
    let back = [
        ("status", text("DEPOSIT_PAID")),
        ("total_amount", Col::Cents(40_000)),
    ];
    story.update("2025-06-02T22:30:00Z", Table::Bookings, BOOKING, &back);
    let anna = story.told_of(ANNA, "2025-06-10T00:00:00Z").behavior;
    // The total is the live one; having been fully paid, nothing is owed.
    assert_eq!(
        (eur(&anna.revenue.lifetime), eur(&anna.revenue.outstanding)),
        (40_000, 0)
    );
}

#[test]
fn the_last_score_and_the_mean_of_five_ratings() {
    let mut story = Story::new();
    story.booking(BOOKING, TOUR, &["DEPOSIT_PAID"]);
    for (place, rating) in [1, 5, 4, 4, 3, 5].into_iter().enumerate() {
        let when = format!("2025-08-0{}T00:00:00Z", place + 1);
        let named = if place == 0 { Col::Id(ANNA) } else { Col::Null };
        story.insert(
            &when,
            Table::Feedback,
            Uuid::from_u128(0xf1 + u128::from(place as u64)),
            &[
                ("booking_id", Col::Id(BOOKING)),
                ("person_profile_id", named),
                ("rating", Col::Int(rating)),
                (
                    "nps_score",
                    if rating == 4 { Col::Int(8) } else { Col::Null },
                ),
            ],
        );
    }
    let anna = story.told_of(ANNA, "2025-09-01T00:00:00Z").feedback;
    // (5 + 4 + 4 + 3 + 5) / 5
    assert_eq!(
        anna.satisfaction,
        Some(Measured {
            value: 4.2,
            based_on: 5
        })
    );
    assert_eq!(
        anna.nps_score,
        Some(Measured {
            value: 8,
            based_on: 2
        })
    );
}
