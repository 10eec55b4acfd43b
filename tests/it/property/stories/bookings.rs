//! What becomes of a booking, what it is worth, and who travelled on it.

use customer_intelligence::domain::insight::Measured;
use customer_intelligence::domain::money::Purse;
use uuid::Uuid;

use super::super::world::{Act, Col, Command, Table};
use super::{ANNA, BERT, BOOKING, DEPARTURE, Story, TOUR, at, eur, text};

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
