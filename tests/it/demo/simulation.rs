//! The simulated operator: repeatable, complete, and really written row by row.

use std::collections::HashSet;

use customer_intelligence::demo::live::{HAPPENINGS, happen};
use customer_intelligence::demo::simulate::play::{play, prepare};
use customer_intelligence::demo::simulate::{Change, Plan, history, tenant};

use super::{number, platform_of, texts};
use crate::support::TestDb;

fn plan(seed: u64, persons: u32) -> Plan {
    Plan {
        seed,
        persons,
        now: "2026-11-20T10:00:00Z".parse().expect("an instant"),
    }
}

fn lines(changes: &[Change]) -> Vec<String> {
    changes
        .iter()
        .map(|c| format!("{} {} {} {}", c.at, c.table, c.insert, c.row))
        .collect()
}

#[test]
fn the_same_plan_gives_the_same_changes_and_another_seed_others() {
    let once = lines(&history(plan(7, 60)));
    assert_eq!(once, lines(&history(plan(7, 60))));
    assert_ne!(once, lines(&history(plan(8, 60))));
}

#[test]
fn every_row_is_inserted_before_it_is_updated_and_nothing_lies_in_the_future() {
    let plan = plan(7, 400);
    let mut rows = HashSet::new();
    for change in history(plan) {
        assert!(change.at <= plan.now);
        let new = rows.insert((change.table, change.id));
        assert_eq!(
            new, change.insert,
            "{} {} at {}",
            change.table, change.row, change.at
        );
    }
}

#[tokio::test]
async fn a_played_history_fires_an_event_for_each_change_at_its_own_time() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    let plan = prepare(&pool, plan(7, 60)).await.expect("a plan");
    let changes = history(plan);
    play(&pool, &changes, |_, _| {})
        .await
        .expect("a played history");
    let events = number(&pool, "select count(*) from hdb_catalog.event_log").await;
    assert_eq!(events, i64::try_from(changes.len()).expect("a number"));
    let last =
        "select to_char(max(updated_at) at time zone 'UTC', 'YYYY-MM-DD') from commerce.bookings";
    assert!(
        texts(&pool, last).await[0].as_str() <= "2026-11-20",
        "history keeps its own clock"
    );
    play(&pool, &changes, |_, _| {})
        .await
        .expect("nothing left to play");
    assert_eq!(
        number(&pool, "select count(*) from hdb_catalog.event_log").await,
        events
    );
}

#[tokio::test]
async fn a_database_keeps_the_operator_it_was_given_first() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    let first = prepare(&pool, plan(7, 60)).await.expect("a plan");
    let second = prepare(&pool, plan(9, 600)).await.expect("a plan");
    assert_eq!(first, second);
}

/// Each line must count at least one row.
const VARIETY: &[&str] = &[
    "commerce.bookings where reseller_id is not null and booker_profile_id is not null",
    "commerce.bookings where replaces_booking_id is not null",
    "commerce.bookings where cancelled_by = 'PASSENGER'",
    "commerce.bookings where cancelled_by = 'DISPATCHER'",
    "commerce.bookings where cancelled_by = 'OPERATOR'",
    "commerce.bookings where cancelled_by = 'SYSTEM' and status = 'CANCELLED'",
    "commerce.bookings where status = 'NO_SHOW'",
    "commerce.bookings where status = 'REFUNDED' and cancelled_by is null and refund_amount > 0",
    "commerce.bookings where passenger_count >= 10",
    "commerce.bookings where status in ('DEPOSIT_PAID', 'FULLY_PAID')",
    "commerce.passengers where fare_category = 'CHILD'",
    "commerce.passengers where status = 'CANCELLED' and cancellation_fee > 0",
    "commerce.passengers where is_door_pickup",
    "commerce.passengers where person_profile_id is null",
    "commerce.payments where status = 'REFUNDED'",
    "commerce.payments where payment_type = 'ANCILLARY'",
    "commerce.ancillaries where purchase_phase = 'CHECKOUT'",
    "commerce.ancillaries where purchase_phase = 'POST_BOOKING'",
    "commerce.checkout_sessions where status = 'EXPIRED' and booker_profile_id is not null",
    "commerce.trip_feedback where nps_score is not null",
    "operations.boarding_events where status = 'DENIED'",
    "operations.boarding_events where synced_at > boarded_at + interval '3 hours'",
    "operations.onboard_sales where ticket_id is not null",
    "operations.service_legs where status = 'COMPLETED' and is_final_leg",
    "communications.messages m join communications.channel_accounts a on a.id = m.channel_account_id where channel_type = 'SMS' and m.status = 'READ'",
    "communications.messages m join communications.channel_accounts a on a.id = m.channel_account_id where channel_type = 'WHATSAPP' and m.status = 'READ'",
    "communications.messages m join communications.channel_accounts a on a.id = m.channel_account_id where channel_type = 'EMAIL' and m.status = 'READ'",
    "communications.messages m join communications.channel_accounts a on a.id = m.channel_account_id where channel_type = 'WEBCHAT' and m.status = 'READ'",
    "communications.messages where direction = 'INBOUND'",
    "communications.conversations where status = 'RESOLVED'",
    "communications.contacts where updated_at > created_at and person_profile_id is not null",
    "backoffice.person_profiles where merged_into_id is not null",
    "backoffice.person_profiles where pii_redacted_at is not null and last_name is null",
    "backoffice.person_profiles where marketing_consent",
];

#[tokio::test]
async fn everything_that_happens_to_an_operator_happens_and_goes_on_happening() {
    let db = TestDb::new().await;
    let pool = platform_of(&db).await;
    let plan = prepare(&pool, plan(7, 500)).await.expect("a plan");
    play(&pool, &history(plan), |_, _| {})
        .await
        .expect("a played history");
    for condition in VARIETY {
        let rows = number(&pool, &format!("select count(*) from {condition}")).await;
        assert!(rows > 0, "no rows in {condition}");
    }
    for happening in HAPPENINGS {
        let before = number(&pool, "select count(*) from hdb_catalog.event_log").await;
        let rows = happen(&pool, tenant(plan.seed), *happening)
            .await
            .expect(happening.name);
        let after = number(&pool, "select count(*) from hdb_catalog.event_log").await;
        assert_eq!(
            rows > 0,
            after > before,
            "{} wrote {rows} rows",
            happening.name
        );
    }
    let today =
        "select count(*) from commerce.bookings where updated_at > now() - interval '1 minute'";
    assert!(
        number(&pool, today).await >= 1,
        "the living platform uses the real clock"
    );
}
