//! What the models say of an instant rests on nothing that was recorded later.
//!
//! The future is planted and absurd: everybody books a fortune, answers every message on a channel they never used,
//! hates their tour, becomes somebody else, and another model speaks. Asked about the instant before, with `as_of` and
//! `known_at` both there, every value has to be the same to the byte, and the one that was given at that instant.
//!
//! Tours, departures, merges and consent are always today's, by definition; so the future's merges are with people of
//! whom nothing was known, its consents are other persons', and its departures stay as they were.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use customer_intelligence::derivations::training::{Material, TRAINERS, gather};
use customer_intelligence::domain::model::registry::Verdict;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::operator::Operator;

const PERSONS: u32 = 560;
/// Every value that a model, or a score of a person's own, gives.
const VALUES: &str = r"
  forecast { churn_risk churn_band churn_forecast sufficiency horizon_days model_version
    next_booking { expected_at from until }
    predicted_value { bookings_12_months value_12_months value_36_months }
    reasons { code sentence raises_risk weight } }
  engagement_score { score coverage churn_risk churn_band nps_score satisfaction weights_version
    parts { part value weight reason } }
  channel_preference { channel learned_channel stated_channel confidence based_on best_hour best_hour_share
    model_version reason ranked { channel responded based_on reachable } }
  cluster { cluster_id name clarity customers model_version }
  recommendations(first: 20) { list tour_template_id title score reason_code reason model_version start_date
    because { tour_template_id times adds } }
  rebooking_prompt { season prompt_from lead_days based_on due reason tour_template_id }
  extra_offers { ancillary_type reason_code reason bookings based_on lift tour_template_id }";

fn evening() -> DateTime<Utc> {
    "2026-11-20T18:00:00Z".parse().unwrap()
}

fn at(instant: DateTime<Utc>) -> String {
    format!(", as_of: \"{0}\", known_at: \"{0}\"", instant.to_rfc3339())
}

fn id(kind: u128, number: usize) -> Uuid {
    Uuid::from_u128((0xfade << 64) | (kind << 32) | u128::try_from(number).unwrap())
}

/// What nobody could have foreseen, told at `now`: bookings on these departures, and so on. Waves have ids of their own.
async fn plant(
    operator: &mut Operator,
    (wave, persons, offerings): (u128, &[Uuid], &[Uuid]),
    now: DateTime<Utc>,
) {
    let account = operator.rows("communications.channel_accounts", |_| true)[2];
    let mut rows = Vec::new();
    for (number, person) in persons.iter().enumerate() {
        let id = |kind: u128| id(wave * 100 + kind, number);
        let booking = id(1);
        let offering = offerings[number % offerings.len()];
        for status in ["DEPOSIT_PAID", "FULLY_PAID", "COMPLETED"] {
            rows.push((
                "commerce.bookings",
                booking,
                json!({ "tour_offering_id": offering, "status": status, "booker_profile_id": person,
                    "passenger_count": 9, "total_amount": 99_999.0, "currency": "EUR", "channel": "PHONE",
                    "booked_at": now, "created_at": now }),
            ));
        }
        let mut seat =
            json!({ "booking_id": booking, "person_profile_id": person, "status": "ACTIVE" });
        if wave > 0 {
            // Children are grown up all of a sudden.
            seat["fare_category"] = json!("ADULT");
        }
        rows.push(("commerce.passengers", id(2), seat));
        rows.push((
            "commerce.ancillaries",
            id(3),
            json!({ "booking_id": booking, "ancillary_type": "HELICOPTER", "status": "ACTIVE", "amount": 9_999.0,
                "currency": "EUR", "purchase_phase": "POST_BOOKING", "purchased_at": now }),
        ));
        rows.push((
            "commerce.trip_feedback",
            id(4),
            json!({ "booking_id": booking, "person_profile_id": person, "nps_score": 0, "rating": 1,
                "submitted_at": now }),
        ));
        rows.extend(words(*person, (wave, number), account, now));
        if number % 10 == 0 {
            // Somebody of whom nothing was known becomes the person.
            rows.push((
                "backoffice.person_profiles",
                id(8),
                json!({ "merged_into_id": person, "created_at": now, "locale": "en-GB" }),
            ));
        } else if number % 10 == 1 {
            rows.push((
                "backoffice.person_profiles",
                id(8),
                json!({ "marketing_consent": true, "marketing_consent_at": now, "created_at": now }),
            ));
        }
    }
    operator.tell(now, rows).await;
}

/// A conversation on a channel that the person takes to all of a sudden.
fn words(
    person: Uuid,
    (wave, number): (u128, usize),
    account: Uuid,
    now: DateTime<Utc>,
) -> Vec<(&'static str, Uuid, Value)> {
    let id = |kind: u128, number: usize| id(wave * 100 + kind, number);
    let (contact, conversation) = (id(5, number), id(6, number));
    let mut rows = vec![
        (
            "communications.contacts",
            contact,
            json!({ "person_profile_id": person, "created_at": now }),
        ),
        (
            "communications.conversations",
            conversation,
            json!({ "contact_id": contact, "status": "OPEN", "opened_at": now }),
        ),
    ];
    for message in 0..12 {
        rows.push((
            "communications.messages",
            id(7, number * 100 + message),
            json!({ "conversation_id": conversation, "channel_account_id": account, "direction": "OUTBOUND",
                "status": "READ", "sent_at": now, "delivered_at": now, "read_at": now }),
        ));
    }
    rows
}

/// Which persons and parts of their values differ, by name.
fn differences(persons: &[Uuid], one: &[Value], other: &[Value]) -> Vec<String> {
    let pairs = persons.iter().zip(one.iter().zip(other));
    let each = pairs.flat_map(|(person, (one, other))| {
        let parts = one.as_object().unwrap().iter();
        parts
            .filter(|(part, value)| other[part.as_str()] != **value)
            .map(move |(part, value)| {
                format!("{person} {part}:\n  {value}\n  {}", other[part.as_str()])
            })
    });
    each.collect()
}

/// How many persons have something to say in a part.
fn spoken(values: &[Value], part: &str) -> usize {
    let said = values.iter().map(|one| &one[part]);
    said.filter(|one| !one.is_null() && **one != json!([]))
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_recorded_later_moves_a_single_byte_of_what_was_known() {
    let mut operator = Operator::new(PERSONS, evening()).await;
    for trained in operator.train().await {
        let learned = trained.learned;
        assert_eq!(learned.verdict, Verdict::Promoted, "{learned:?}");
    }
    operator.clock.advance(TimeDelta::hours(6));
    let midnight = operator.clock.now();
    let all = operator.persons().await;
    // The past is folded from the log for each who is asked about; the future happens to everybody.
    let persons: Vec<Uuid> = all.iter().copied().step_by(5).collect();
    let given = operator.told(&persons, "", VALUES).await;
    // Or there would be nothing to move; an extra is offered to few.
    for (part, least) in [
        ("forecast", 10),
        ("engagement_score", 10),
        ("channel_preference", 10),
        ("cluster", 10),
        ("recommendations", 10),
        ("extra_offers", 4),
    ] {
        let (said, all) = (spoken(&given, part), persons.len());
        assert!(said > least, "{part} is known of {said} of {all} only");
    }
    let before = operator.told(&persons, &at(midnight), VALUES).await;
    same(&persons, &given, &before);

    operator.clock.advance(TimeDelta::hours(3));
    let (now, tenant) = (operator.clock.now(), operator.tenant);
    let of_then = gather(operator.db.pool(), tenant, midnight).await.unwrap();
    let to_come = operator.rows("commerce.tour_offerings", |row| {
        starts(row) > now.date_naive()
    });
    plant(&mut operator, (0, &all, &to_come), now).await;
    let retrained = operator.train().await;
    assert!(
        retrained.iter().any(|one| one.learned.is_new),
        "another model speaks"
    );
    let after = operator.told(&persons, &at(midnight), VALUES).await;
    same(&persons, &before, &after);

    noticed(&operator, &persons, &before).await;
    let of_now = gather(operator.db.pool(), tenant, midnight).await.unwrap();
    learned_the_same(&of_then, &of_now);

    // Even journeys of the past that nobody had told of.
    operator.clock.advance(TimeDelta::hours(3));
    let now = operator.clock.now();
    let over = operator.rows("commerce.tour_offerings", |row| {
        starts(row) < now.date_naive()
    });
    plant(&mut operator, (1, &all, &over), now).await;
    let after = operator.told(&persons, &at(midnight), VALUES).await;
    same(&persons, &before, &after);
}

/// Had the future been too dull to be noticed, nothing would be said by values that stay.
async fn noticed(operator: &Operator, persons: &[Uuid], before: &[Value]) {
    let today = operator.told(persons, "", VALUES).await;
    for part in ["forecast", "engagement_score", "channel_preference"] {
        let moved = differences(persons, before, &today);
        let moved = moved
            .iter()
            .filter(|one| one.contains(&format!(" {part}:")));
        let moved = moved.count();
        assert!(
            moved * 2 > spoken(before, part),
            "only {moved} of {part} moved"
        );
    }
}

/// Models trained up to an instant know nothing of what came later either, although its rows are there by now.
fn learned_the_same(of_then: &Material, of_now: &Material) {
    for (kind, train) in TRAINERS {
        let (then, now) = (train(of_then, None), train(of_now, None));
        assert!(then.artefact.is_some(), "{kind:?}");
        let same = then.artefact == now.artefact;
        assert!(
            same,
            "{kind:?} learned from the future:\n{}\n{}",
            then.report, now.report
        );
    }
}

fn starts(row: &Map<String, Value>) -> NaiveDate {
    row["start_date"].as_str().unwrap().parse().unwrap()
}

/// To the byte.
fn same(persons: &[Uuid], one: &[Value], other: &[Value]) {
    let moved = differences(persons, one, other);
    let shown = moved[..moved.len().min(3)].join("\n");
    assert!(moved.is_empty(), "{} moved:\n{shown}", moved.len());
    assert_eq!(json!(one).to_string(), json!(other).to_string());
}
