//! Event triggers as a real PostgreSQL writes them and as every Hasura version and setting sends them, up to the insight.

use customer_intelligence::demo::event::Event;
use customer_intelligence::demo::remote_join::{body, data_of};
use serde_json::{Map, Value, json};
use sqlx::Row as _;
use uuid::Uuid;

use super::platform::Platform;
use super::rig::Rig;
use crate::support::TestDb;

const STORY: &str = include_str!("story.sql");
/// Whose story it is; retold for other tenants below.
const TENANT: &str = "00000000-0000-0000-0000-00000000000a";
const BOOKER: Uuid = Uuid::from_u128(0x101);
const BOOKING: &str = "00000000-0000-0000-0000-000000000301";
const MAX_RETRIES: i32 = 2_880;

/// The story's events, told once.
async fn story(db: &TestDb) -> (Platform, Vec<Event>) {
    let platform = Platform::new(db).await;
    platform.run(STORY).await;
    let events = platform.events().await;
    assert!(events.len() > 25, "{} events", events.len());
    (platform, events)
}

/// All at the same time and each twice, as after a timeout that came too early.
async fn deliver_at_once(rig: &Rig, bodies: &[String]) {
    let posts = bodies
        .iter()
        .flat_map(|body| [rig.deliver(body.as_str()), rig.deliver(body.as_str())]);
    let answers = futures::future::join_all(posts).await;
    assert!(
        answers.iter().all(|status| status.as_u16() == 204),
        "{answers:?}"
    );
    rig.settle().await;
}

/// What the story says about its booker, without the instants of reading.
async fn insight(rig: &Rig, tenant: &str) -> Value {
    let query = format!(
        "query  {{ f0: customer_insight(person_profile_id: \"{BOOKER}\") {{ status  marketing_consent  locale  \
         behavior_aggregate {{ lifetime_revenue  total_bookings  paid_to_date  onboard_spend  trips_taken  seats_booked  \
         checkouts_abandoned  average_booking_lead_time  ancillaries {{ ancillary_type  attach_rate  }} }} \
         engagement_score {{ nps_score  satisfaction  }} activities {{ nodes {{ kind  }} }} }} }}"
    );
    let session = [
        ("x-hasura-role", "dispatcher"),
        ("x-hasura-tenant-id", tenant),
    ];
    let answer = rig.ask(&session, body(&query, &Map::new())).await;
    data_of(&answer).unwrap().remove("f0").unwrap()
}

async fn deliver(rig: &Rig, bodies: impl IntoIterator<Item = String>) {
    for body in bodies {
        let status = rig.deliver(body.as_str()).await;
        assert_eq!(status.as_u16(), 204, "{body}");
    }
    rig.settle().await;
}

fn dead_letters(rig: &Rig) -> impl Future<Output = i64> {
    let pool = rig.pool().clone();
    async move {
        let row = sqlx::raw_sql("select count(*) from dead_letter")
            .fetch_one(&pool)
            .await
            .unwrap();
        row.get(0)
    }
}

fn edited(body: &str, edit: impl FnOnce(&mut Value)) -> String {
    let mut envelope: Value = serde_json::from_str(body).unwrap();
    edit(&mut envelope);
    envelope.to_string()
}

/// The same delivery said in another way.
type Wording = fn(&str) -> String;

/// Every number of the rows as a string: `HASURA_GRAPHQL_STRINGIFY_NUMERIC_TYPES`.
fn stringified(body: &str) -> String {
    fn strings(value: &mut Value) {
        match value {
            Value::Number(number) => *value = Value::String(number.to_string()),
            Value::Array(items) => items.iter_mut().for_each(strings),
            Value::Object(fields) => fields.values_mut().for_each(strings),
            _ => {}
        }
    }
    edited(body, |envelope| strings(&mut envelope["event"]["data"]))
}

/// Before 2.26, and by a user whose session and trace are told.
fn old_hasura(body: &str) -> String {
    edited(body, |envelope| {
        let created = format!("{}Z", envelope["created_at"].as_str().unwrap());
        envelope["created_at"] = json!(created);
        envelope["event"]["session_variables"] =
            json!({ "x-hasura-role": "dispatcher", "x-hasura-user-id": "7" });
        envelope["event"]["trace_context"] =
            json!({ "trace_id": "80f1", "span_id": "e457", "sampling_state": "1" });
    })
}

/// With keys that no version sends yet.
fn new_hasura(body: &str) -> String {
    edited(body, |envelope| {
        envelope["version"] = json!("3");
        envelope["event"]["weather"] = json!({ "deep": [1, { "er": null }] });
        envelope["delivery_info"]["patience"] = json!(1.5e300);
    })
}

/// Each new row once more by hand, as the console's "invoke trigger" sends it.
fn by_hand(body: &str) -> String {
    edited(body, |envelope| {
        envelope["event"]["op"] = json!("MANUAL");
        envelope["event"]["data"]["old"] = Value::Null;
    })
}

#[tokio::test]
async fn the_same_story_in_every_wording_order_and_number_gives_the_same_insight() {
    let db = TestDb::new().await;
    let (_platform, events) = story(&db).await;
    let rig = Rig::new(&db);
    let plain: Vec<String> = events.iter().map(|event| event.body(MAX_RETRIES)).collect();
    deliver(&rig, plain.clone()).await;
    let expected = insight(&rig, TENANT).await;
    let behavior = &expected["behavior_aggregate"];
    for (metric, value) in [
        ("lifetime_revenue", "12346913.40"),
        ("paid_to_date", "100.05"),
        ("onboard_spend", "4.50"),
        ("total_bookings", "1"),
        ("trips_taken", "1"),
        ("checkouts_abandoned", "1"),
    ] {
        assert_eq!(behavior[metric].to_string(), value, "{metric}");
    }
    assert_eq!(
        expected["engagement_score"],
        json!({ "nps_score": 9, "satisfaction": 5.0 })
    );

    let wordings: [(&str, Wording); 5] = [
        ("00000000-0000-0000-0000-00000000000b", stringified),
        ("00000000-0000-0000-0000-00000000000c", old_hasura),
        ("00000000-0000-0000-0000-00000000000d", new_hasura),
        ("00000000-0000-0000-0000-00000000000e", by_hand),
        ("00000000-0000-0000-0000-00000000000f", str::to_owned),
    ];
    for (tenant, wording) in wordings {
        let retold: Vec<String> = plain
            .iter()
            .rev()
            .map(|body| wording(&body.replace(TENANT, tenant)))
            .collect();
        deliver_at_once(&rig, &retold).await;
        assert_eq!(insight(&rig, tenant).await, expected, "{tenant}");
    }
    deliver(&rig, plain).await;
    assert_eq!(
        insight(&rig, TENANT).await,
        expected,
        "redelivered under the same ids"
    );
    assert_eq!(dead_letters(&rig).await, 0);
}

#[tokio::test]
async fn nothing_secret_leaves_the_platform_and_nothing_secret_is_kept() {
    let db = TestDb::new().await;
    let (_platform, events) = story(&db).await;
    let rig = Rig::new(&db);
    for event in &events {
        let told = event.payload.to_lowercase();
        assert!(
            event.table == "domain_events" || !told.contains("geheim"),
            "{}: {told}",
            event.table
        );
    }
    for event in &events {
        // A trigger that somebody made by hand delivers whole rows.
        let whole = edited(&event.body(MAX_RETRIES), |envelope| {
            for side in ["old", "new"] {
                if let Some(row) = envelope["event"]["data"][side].as_object_mut() {
                    row.extend(
                        ["first_name", "comment", "items", "qr_hash"]
                            .map(|name| (name.to_owned(), json!("Geheim"))),
                    );
                }
            }
        });
        assert_eq!(rig.deliver(whole).await.as_u16(), 204);
    }
    for moment in ["in the inbox", "processed"] {
        // bytea comes out in hexadecimal.
        let tables = sqlx::raw_sql(
            "select relname::text, coalesce((xpath('/row/all/text()', query_to_xml(format(
               'select string_agg(t::text, chr(10)) as all from customer_intelligence.%I t', relname), false, true, '')))[1]::text, '')
             from pg_class where relnamespace = 'customer_intelligence'::regnamespace and relkind = 'r'",
        );
        let tables = tables.fetch_all(&db.superuser()).await.unwrap();
        let kept: Vec<(String, String)> = tables
            .iter()
            .map(|table| (table.get(0), table.get::<String, _>(1).to_lowercase()))
            .collect();
        let seen = |word: &str| {
            kept.iter()
                .find(|(_, rows)| rows.contains(word))
                .map(|(name, _)| name)
        };
        assert!(
            seen(&hex("Nordsee")).is_some(),
            "{moment}: this look finds nothing at all"
        );
        for word in [
            String::from("geheim"),
            hex("geheim"),
            hex("Geheim"),
            hex("GEHEIM"),
        ] {
            assert_eq!(seen(&word), None, "{moment}");
        }
        rig.settle().await;
    }
}

fn hex(text: &str) -> String {
    let digits =
        |byte: u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16));
    text.bytes().flat_map(digits).flatten().collect()
}

#[tokio::test]
async fn a_removed_row_is_no_more_and_a_removed_profile_is_forgotten() {
    let db = TestDb::new().await;
    let (platform, events) = story(&db).await;
    let rig = Rig::new(&db);
    deliver(&rig, events.iter().map(|event| event.body(MAX_RETRIES))).await;

    platform
        .run(&format!(
            "delete from commerce.bookings where id = '{BOOKING}'"
        ))
        .await;
    let removed = platform.events().await;
    assert_eq!(removed.len(), 1);
    deliver(&rig, removed.iter().map(|event| event.body(MAX_RETRIES))).await;
    let left = insight(&rig, TENANT).await;
    assert_eq!(left["behavior_aggregate"]["total_bookings"], 0);
    assert_eq!(left["status"], "READY");

    platform
        .run(&format!(
            "delete from backoffice.person_profiles where id = '{BOOKER}'"
        ))
        .await;
    let removed = platform.events().await;
    deliver(&rig, removed.iter().map(|event| event.body(MAX_RETRIES))).await;
    assert_eq!(insight(&rig, TENANT).await, Value::Null);
    deliver(&rig, events.iter().map(|event| event.body(MAX_RETRIES))).await;
    assert_eq!(
        insight(&rig, TENANT).await,
        Value::Null,
        "redelivery brings nobody back"
    );
}

#[tokio::test]
async fn a_manual_object_that_is_no_row_is_acknowledged_and_put_aside() {
    let db = TestDb::new().await;
    let (_platform, events) = story(&db).await;
    let rig = Rig::new(&db);
    let booking = events
        .iter()
        .find(|event| event.table == "bookings")
        .unwrap()
        .body(MAX_RETRIES);
    for (number, column) in (1_i64..).zip(["id", "tenant_id", "updated_at"]) {
        let broken = edited(&by_hand(&booking), |envelope| {
            envelope["id"] = json!(format!("by hand {number}"));
            envelope["event"]["data"]["new"]
                .as_object_mut()
                .unwrap()
                .remove(column);
        });
        let status = rig.deliver(broken).await;
        assert!(
            status.is_success(),
            "without {column}: {status}; Hasura would try again and again"
        );
        assert_eq!(dead_letters(&rig).await, number, "without {column}");
    }
}

#[tokio::test]
async fn an_edit_of_what_must_stay_is_not_even_an_event() {
    let db = TestDb::new().await;
    let (platform, _events) = story(&db).await;
    platform
        .run("update backoffice.person_profiles set last_name = 'Anders', dietary_needs = null")
        .await;
    platform
        .run("update communications.messages set rendered_content = 'anders'")
        .await;
    assert_eq!(platform.events().await.len(), 0);
    platform
        .run("update backoffice.person_profiles set email = null where email is not null")
        .await;
    assert_eq!(
        platform.events().await.len(),
        1,
        "whether there is an address is told, the address is not"
    );
}
