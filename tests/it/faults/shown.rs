//! What the program shows of everybody, asked for in one join, against the same deliveries folded in memory.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::domain::insight::{Insight, Revenue};
use customer_intelligence::domain::money::{Currency, Purse};
use serde_json::{Value, json};
use uuid::Uuid;

use super::expected::Expected;
use super::program::Program;

const PATIENCE: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(50);
/// Persons in one join.
const JOIN: usize = 1_000;
const SELECTION: &str = "status person_profile_id fresh_as_of marketing_consent is_minor \
    behavior_aggregate { currency lifetime_revenue revenue_realised paid_to_date outstanding credit_balance \
    onboard_spend total_bookings cancelled_bookings called_off_bookings lapsed_bookings rebooked_bookings \
    open_reservations seats_booked trips_taken upcoming_trips no_show_count not_measured_departures \
    no_show_bookings checkouts_abandoned messages preferred_seat_label last_activity_at }";

/// Waits until everything that was delivered by now is folded; returns how long that took.
pub(super) async fn drained(program: &Program, expected: &Expected) -> Duration {
    let (begun, asked) = (Instant::now(), Clock::system().now());
    let known = |person: &&Uuid| expected.insight(**person, asked).is_some();
    let somebody = *expected
        .persons
        .iter()
        .find(known)
        .expect("somebody with a profile");
    loop {
        let answer = program
            .join(expected.tenant, &[somebody], "fresh_as_of")
            .await;
        let fresh = answer["p0"]["fresh_as_of"].as_str();
        let fresh = fresh.and_then(|at| DateTime::parse_from_rfc3339(at).ok());
        if fresh.is_some_and(|at| at.with_timezone(&Utc) > asked) {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < PATIENCE, "fresh as of {fresh:?}");
        tokio::time::sleep(POLL).await;
    }
}

/// Everybody, as the deliveries folded in memory have them.
pub(super) async fn compare(program: &Program, expected: &Expected) {
    let mut known = 0;
    for persons in expected.persons.chunks(JOIN) {
        known += compare_some(program, expected, persons).await;
    }
    assert!(known > 0);
}

/// These in one join; returns how many of them are known.
async fn compare_some(program: &Program, expected: &Expected, persons: &[Uuid]) -> usize {
    let before = Clock::system().now();
    let answer = program.join(expected.tenant, persons, SELECTION).await;
    let after = Clock::system().now();
    let mut known = 0;
    for (at, person) in persons.iter().enumerate() {
        let mut got = answer[format!("p{at}")].clone();
        if let Some(fields) = got.as_object_mut() {
            fields.remove("fresh_as_of");
            known += 1;
        }
        // A day may begin while the question is under way.
        let wanted = [before, after].map(|now| {
            expected
                .insight(*person, now)
                .map_or(Value::Null, |insight| as_joined(&insight))
        });
        assert!(
            wanted.contains(&got),
            "{person}: got {got:#}, expected {:#}",
            wanted[0]
        );
    }
    known
}

/// An insight as the join shows it.
fn as_joined(insight: &Insight) -> Value {
    let behavior = &insight.behavior;
    let Revenue {
        lifetime,
        realised,
        paid,
        outstanding,
        credit,
        onboard,
        ..
    } = &behavior.revenue;
    let amount = |purse: &Purse| money(purse, &behavior.currency);
    json!({
        "status": "READY",
        "person_profile_id": insight.person_profile_id,
        "marketing_consent": insight.standing.marketing_consent,
        "is_minor": insight.standing.minor,
        "behavior_aggregate": {
            "currency": behavior.currency.0,
            "lifetime_revenue": amount(lifetime),
            "revenue_realised": amount(realised),
            "paid_to_date": amount(paid),
            "outstanding": amount(outstanding),
            "credit_balance": amount(credit),
            "onboard_spend": amount(onboard),
            "total_bookings": behavior.total_bookings,
            "cancelled_bookings": behavior.cancelled_bookings,
            "called_off_bookings": behavior.called_off_bookings,
            "lapsed_bookings": behavior.lapsed_bookings,
            "rebooked_bookings": behavior.rebooked_bookings,
            "open_reservations": behavior.open_reservations,
            "seats_booked": behavior.seats_booked,
            "trips_taken": behavior.trips_taken,
            "upcoming_trips": behavior.upcoming_trips,
            "no_show_count": behavior.no_show_count,
            "not_measured_departures": behavior.not_measured_departures,
            "no_show_bookings": behavior.no_show_bookings,
            "checkouts_abandoned": behavior.checkouts_abandoned,
            "messages": behavior.messages,
            "preferred_seat_label": behavior.preferred_seat_label.as_ref().map(|seat| &seat.value),
            "last_activity_at": behavior.last_activity_at.map(instant),
        },
    })
}

/// Hundredths as a number with two decimals, digit by digit.
fn money(purse: &Purse, currency: &Currency) -> Value {
    let cents = purse.of(currency);
    let text = format!("{}.{:02}", cents / 100, cents % 100);
    serde_json::from_str(&text).unwrap()
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}
