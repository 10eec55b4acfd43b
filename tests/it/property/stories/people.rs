//! Who is who, where they like to sit, what they write and how they liked it.

use customer_intelligence::domain::insight::{BoardingPlace, Favourite, Measured};
use uuid::Uuid;

use super::super::world::{Col, Table};
use super::{ANNA, BERT, BOOKING, Story, TOUR, at, text};

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
