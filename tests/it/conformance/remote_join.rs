//! Remote joins as Hasura sends them, and its judgement of every answer: one fault would lose the dispatcher's whole query.

use std::time::{Duration, Instant};

use customer_intelligence::demo::remote_join::{Keys, Step, Target, body, judge, query_text};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::grammar;
use super::platform::Platform;
use super::rig::{GATEWAY_SECRET, Rig};
use super::schema::Document;
use crate::hasura::directory::{remote_schema, text};
use crate::support::TestDb;

/// As many keys as a screen, a list, an export may hold.
const SIZES: [u32; 5] = [1, 3, 100, 1_000, 5_000];
const KNOWN: u32 = 120;
const TENANT: Uuid = Uuid::from_u128(0xa);

fn person(number: u32) -> Uuid {
    Uuid::from_u128(0x10_0000 + u128::from(number))
}

fn session(role: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![
        ("x-hasura-role", role),
        ("x-hasura-tenant-id", "00000000-0000-0000-0000-00000000000a"),
    ]
}

fn target(selection: &str) -> Target {
    Target {
        field: "customer_insight".to_owned(),
        argument: "person_profile_id".to_owned(),
        arguments: vec![],
        selection: selection.to_owned(),
        definitions: vec![],
    }
}

const SELECTION: &str = "{ person_profile_id  status  behavior_aggregate { total_bookings  } }";

/// A tenant with as many profiles as [`KNOWN`], all folded.
async fn known(db: &TestDb) -> Rig {
    let platform = Platform::new(db).await;
    let insert = format!(
        "insert into backoffice.person_profiles (id, tenant_id, first_name)
         select ('00000000-0000-0000-0000-' || lpad(to_hex(x'100000'::int + n), 12, '0'))::uuid, '{TENANT}', 'Ada'
         from generate_series(0, {KNOWN} - 1) n"
    );
    platform.run(&insert).await;
    let rig = Rig::new(db);
    for event in platform.events().await {
        assert!(rig.deliver(event.body(5)).await.is_success());
    }
    rig.settle().await;
    rig
}

/// Longest wait for a machine that is too busy to read in time, which the service tells as UNAVAILABLE.
const PATIENCE: Duration = Duration::from_mins(1);

/// Sends one join and judges every answer to it; the values in the order of the keys, null keys left out.
async fn join(
    rig: &Rig,
    target: &Target,
    variables: &Map<String, Value>,
    keys: &[Value],
) -> Vec<Value> {
    let (mut step, mut noted) = (Step::default(), Keys::default());
    let aliases: Vec<u32> = keys
        .iter()
        .filter_map(|key| noted.note(&mut step, key))
        .collect();
    let request = body(&query_text(target, &noted), variables);
    let begun = Instant::now();
    loop {
        let answer = rig.ask(&session("dispatcher"), request.clone()).await;
        let values = judge(&answer, noted.aliases());
        let values =
            values.unwrap_or_else(|fatal| panic!("{fatal}: {}", String::from_utf8_lossy(&answer)));
        let busy = values
            .values()
            .any(|value| value["status"] == "UNAVAILABLE");
        if !busy || begun.elapsed() > PATIENCE {
            return aliases.iter().map(|alias| values[alias].clone()).collect();
        }
    }
}

fn keys(count: u32) -> Vec<Value> {
    (0..count).map(|number| json!(person(number))).collect()
}

#[tokio::test]
async fn any_number_of_keys_is_answered_alias_by_alias() {
    let db = TestDb::new().await;
    let rig = known(&db).await;
    for size in SIZES {
        let values = join(&rig, &target(SELECTION), &Map::new(), &keys(size)).await;
        for (number, value) in (0..size).zip(values) {
            let expected = json!({
                "person_profile_id": person(number), "status": "READY", "behavior_aggregate": { "total_bookings": 0 },
            });
            assert_eq!(
                value,
                if number < KNOWN {
                    expected
                } else {
                    Value::Null
                },
                "{number} of {size}"
            );
        }
    }
}

#[tokio::test]
async fn a_key_that_is_no_persons_id_is_null_beside_one_that_is() {
    let db = TestDb::new().await;
    let rig = known(&db).await;
    let good = person(0);
    let keys = [
        json!(good),
        Value::Null,
        json!(""),
        json!("nobody"),
        json!(42),
        json!(9_007_199_254_740_993_i64),
        json!(-7),
        serde_json::from_str("0.05").unwrap(),
        serde_json::from_str("1e40").unwrap(),
        json!(true),
        json!([good]),
        json!({ "id": good }),
        json!("a \"quoted\" \\ key"),
        json!("two\nlines"),
        json!("\u{1F68C} \u{0} \u{7f}"),
        json!("00000000-0000-0000-0000-000000000000"),
        json!(good.simple().to_string().to_uppercase()),
    ];
    let values = join(&rig, &target("{ status  }"), &Map::new(), &keys).await;
    assert_eq!(
        values.len(),
        keys.len() - 1,
        "nothing is asked for a null key"
    );
    let ready = json!({ "status": "READY" });
    assert_eq!(values.first(), Some(&ready));
    assert_eq!(
        values.last(),
        Some(&ready),
        "another spelling of the same id"
    );
    assert!(
        values[1..values.len() - 1].iter().all(Value::is_null),
        "{values:?}"
    );
}

#[tokio::test]
async fn two_relationships_of_one_step_share_the_alias_numbers() {
    let db = TestDb::new().await;
    let rig = known(&db).await;
    let (mut step, mut profiles, mut bookers) = (Step::default(), Keys::default(), Keys::default());
    for number in 0..10 {
        profiles.note(&mut step, &json!(person(number)));
        bookers.note(&mut step, &json!(person(number / 2)));
    }
    for noted in [profiles, bookers] {
        let request = body(&query_text(&target("{ status  }"), &noted), &Map::new());
        let answer = rig.ask(&session("manager"), request).await;
        let values = judge(&answer, noted.aliases()).unwrap();
        assert!(
            values.values().all(|value| value["status"] == "READY"),
            "{values:?}"
        );
    }
}

#[tokio::test]
async fn type_names_and_inline_fragments_are_answered() {
    let db = TestDb::new().await;
    let rig = known(&db).await;
    let selection =
        "{ __typename  __hasura_internal_typename: __typename  ... on CustomerInsight{ status  } }";
    let values = join(&rig, &target(selection), &Map::new(), &keys(3)).await;
    let name = "CustomerInsight";
    let expected =
        json!({ "__typename": name, "__hasura_internal_typename": name, "status": "READY" });
    assert_eq!(values, vec![expected; 3]);
}

#[tokio::test]
async fn everything_a_role_may_select_is_answered_at_once() {
    let db = TestDb::new().await;
    let rig = known(&db).await;
    let schema = remote_schema();
    let sdl = text(&schema["permissions"][0]["definition"]["schema"]);
    let document = grammar::parse_schema(sdl).unwrap();
    let everything = widest(&document, "CustomerInsight");
    assert!(everything.len() > 1_000, "{everything}");
    for size in [1, KNOWN] {
        let values = join(&rig, &target(&everything), &Map::new(), &keys(size)).await;
        assert!(
            values.iter().all(|value| value["status"] == "READY"),
            "{values:?}"
        );
    }
}

/// Every field of a type and of the types below it, as Hasura prints a selection.
fn widest(document: &Document, name: &str) -> String {
    let ty = document.types.iter().find(|ty| ty.name == name);
    let fields = ty.map_or(&[][..], |ty| ty.kind.fields());
    if fields.is_empty() {
        return String::new();
    }
    let fields: Vec<String> = fields
        .iter()
        .map(|field| {
            // The one field that cannot be asked for without an argument.
            let arguments = match field.name.as_str() {
                "explain" => "(metric: \"lifetime_revenue\")",
                _ => "",
            };
            let inner = widest(document, field.ty.name());
            format!("{}{arguments} {inner}", field.name)
        })
        .collect();
    format!("{{ {} }}", fields.join(" "))
}

#[tokio::test]
async fn a_users_arguments_travel_as_variables_and_unusable_ones_harm_nobody() {
    let db = TestDb::new().await;
    let rig = known(&db).await;
    let mut target = target(
        "{ activities(first: $first,after: $after,kinds: $kinds,from: $from,to: $to) { nodes { kind  } page_info { has_next_page  } } }",
    );
    target.definitions = [
        "$first: Int",
        "$after: String",
        "$kinds: [ActivityKind!]",
        "$from: timestamptz",
        "$to: timestamptz",
    ]
    .map(str::to_owned)
    .to_vec();
    let usable =
        json!({ "first": 1, "kinds": ["PROFILE_CREATED"], "from": "2001-01-01T00:00:00+02:00" });
    let values = join(&rig, &target, usable.as_object().unwrap(), &keys(3)).await;
    assert!(
        values
            .iter()
            .all(|value| value["activities"]["nodes"][0]["kind"] == "PROFILE_CREATED"),
        "{values:?}"
    );
    for unusable in [
        json!({ "first": -1 }),
        json!({ "first": 2_147_483_647 }),
        json!({ "after": "no cursor" }),
        json!({ "from": "yesterday" }),
        json!({ "from": 5, "to": ["infinity"] }),
        json!({ "kinds": [], "to": "infinity" }),
        json!({ "first": null, "after": null, "kinds": null, "from": null, "to": null }),
    ] {
        join(&rig, &target, unusable.as_object().unwrap(), &keys(3)).await;
    }
}

#[tokio::test]
async fn a_preset_session_variable_is_the_argument() {
    let db = TestDb::new().await;
    let rig = known(&db).await;
    let query = "query ($x_hasura_person_profile_id: uuid!) { customer_insight(person_profile_id: $x_hasura_person_profile_id) { status  } }";
    let own = person(1).to_string();
    let mut session = session("customer");
    session.push(("x-hasura-person-profile-id", own.as_str()));
    for (value, expected) in [
        (own.as_str(), json!({ "status": "READY" })),
        (&person(2).to_string(), Value::Null),
        ("7", Value::Null),
    ] {
        let variables = Map::from_iter([("x_hasura_person_profile_id".to_owned(), json!(value))]);
        let answer = rig.ask(&session, body(query, &variables)).await;
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(
            answer,
            json!({ "data": { "customer_insight": expected } }),
            "{value}"
        );
    }
}

#[tokio::test]
async fn an_ordinary_root_field_carries_the_users_operation_name() {
    let db = TestDb::new().await;
    let rig = known(&db).await;
    let query = format!(
        "query Screen {{ customer_insight(person_profile_id: \"{}\") {{ status  }} }}",
        person(0)
    );
    let request = json!({ "query": query, "operationName": "Screen" }).to_string();
    let answer: Value =
        serde_json::from_slice(&rig.ask(&session("manager"), request).await).unwrap();
    assert_eq!(
        answer,
        json!({ "data": { "customer_insight": { "status": "READY" } } })
    );
}

#[tokio::test]
async fn a_session_that_may_not_see_the_person_gets_null_and_no_error() {
    let db = TestDb::new().await;
    let rig = known(&db).await;
    let tenant = session("")[1];
    let foreign = ("x-hasura-tenant-id", "00000000-0000-0000-0000-00000000000b");
    let broken = ("x-hasura-tenant-id", "all of them");
    let sessions: [&[(&str, &str)]; 7] = [
        &[],
        &[tenant],
        &[("x-hasura-role", "manager")],
        &[("x-hasura-role", "manager"), foreign],
        &[("x-hasura-role", "manager"), broken],
        &[("x-hasura-role", "driver"), tenant],
        &[("x-hasura-role", "somebody"), tenant],
    ];
    let (mut step, mut noted) = (Step::default(), Keys::default());
    noted.note(&mut step, &json!(person(0)));
    let request = body(&query_text(&target(SELECTION), &noted), &Map::new());
    for session in sessions {
        let answer = rig.ask(session, request.clone()).await;
        let values = judge(&answer, noted.aliases());
        assert_eq!(
            values.map(|values| values[&0].clone()),
            Ok(Value::Null),
            "{session:?}"
        );
    }
}

#[tokio::test]
async fn without_the_secret_nothing_is_answered() {
    let db = TestDb::new().await;
    let rig = known(&db).await;
    let (mut step, mut noted) = (Step::default(), Keys::default());
    noted.note(&mut step, &json!(person(0)));
    let request = body(&query_text(&target(SELECTION), &noted), &Map::new());
    let twice = [
        ("x-ci-secret", GATEWAY_SECRET),
        ("x-ci-secret", GATEWAY_SECRET),
    ];
    let wrong: [&[(&str, &str)]; 4] = [
        &[],
        &[("x-ci-secret", "")],
        &[("x-ci-secret", "the gateway secret of these test")],
        &twice,
    ];
    for secret in wrong {
        let headers: Vec<(&str, &str)> = secret.iter().copied().chain(session("manager")).collect();
        for text in [request.as_str(), "{", &super::introspection::request()] {
            let (status, answer) = rig.graphql(&headers, text).await;
            assert_eq!(status.as_u16(), 401, "{secret:?}");
            assert!(
                !String::from_utf8_lossy(&answer).contains("data"),
                "{secret:?}"
            );
        }
    }
}
