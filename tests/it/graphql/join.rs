//! Remote joins: the exact request, any number of keys, every kind of key, one statement.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use customer_intelligence::db::{PoolConfig, pool};
use customer_intelligence::domain::insight::{BoardingPlace, Favourite, Measured};
use serde_json::{Value, json};
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use uuid::Uuid;

use super::rig::{
    Reply, Rig, TENANT, ask, ask_as_manager, empty, join, key, person, router, with_revenue,
};

const SELECTION: &str = "{ person_profile_id  status  behavior_aggregate { lifetime_revenue  currency  total_bookings  } }";

/// Counts the statements that the database library says it ran.
#[derive(Clone, Default)]
struct Statements(Arc<AtomicUsize>);

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Runs the request and says how many statements it took. Tests of this file run on one thread each.
pub(super) async fn counted(rig: &Rig, query: &str) -> (Reply, usize) {
    // One connection, there before counting starts: making one takes a statement.
    let one = PoolConfig {
        max_connections: 1,
        ..PoolConfig::default()
    };
    let router = router(
        &pool::connect_lazy(rig.db.options(), &one),
        rig.clock.clone(),
    );
    ask_as_manager(
        &router,
        "{ customer_insights(first: 1) { nodes { status } } }",
    )
    .await;
    let statements = Statements::default();
    let subscriber = tracing_subscriber::registry().with(statements.clone());
    let guard = tracing::subscriber::set_default(subscriber);
    let reply = ask_as_manager(&router, query).await;
    drop(guard);
    (reply, statements.0.load(Ordering::Relaxed))
}

#[tokio::test]
async fn any_number_of_keys_is_one_statement_and_every_alias_is_answered_in_order() {
    let rig = Rig::new().await;
    let people: Vec<_> = (0..5_000)
        .map(|n| with_revenue(n, 123_400 + i128::try_from(n).unwrap()))
        .collect();
    rig.put(TENANT, &people).await;
    for number in [1_usize, 3, 100, 1_000, 5_000] {
        let keys: Vec<String> = people
            .iter()
            .take(number)
            .map(|one| key(one.person_profile_id))
            .collect();
        let (reply, statements) = counted(&rig, &join(7, &keys, SELECTION)).await;
        assert_eq!(statements, 1, "{number} keys");
        let data = reply.joined();
        assert_eq!(data.as_object().unwrap().len(), number);
        let mut rest = reply.text.as_str();
        for (index, person) in people.iter().take(number).enumerate() {
            let (alias, amount) = (format!("f{}", index + 7), 123_400 + index);
            rest = rest
                .split_once(&format!("\"{alias}\":"))
                .expect("in the order asked")
                .1;
            let answer = &data[alias];
            assert_eq!(answer["status"], "READY");
            assert_eq!(
                answer["person_profile_id"],
                person.person_profile_id.to_string()
            );
            let written = answer["behavior_aggregate"]["lifetime_revenue"].to_string();
            assert_eq!(written, format!("{}.{:02}", amount / 100, amount % 100));
        }
    }
}

#[tokio::test]
async fn keys_that_lead_nowhere_are_null_and_never_an_error() {
    let rig = Rig::new().await;
    rig.put(TENANT, &[empty(1)]).await;
    rig.put(Uuid::from_u128(99), &[empty(2)]).await;
    let keys = [
        key(person(1)),
        key(person(2)),
        key(person(3)),
        "\"no uuid at all\"".to_owned(),
        "42".to_owned(),
        "9007199254740993".to_owned(),
        "5.0e-2".to_owned(),
        "true".to_owned(),
        "[\"a\"]".to_owned(),
        "{a: 1}".to_owned(),
        "\"\"\"\nwith\nnewlines\"\"\"".to_owned(),
        format!("\"{}\"", person(1).simple()),
    ];
    let data = rig.ask(&join(0, &keys, "{ status  }")).await.joined();
    let mut expected = json!({ "f0": { "status": "READY" }, "f11": { "status": "READY" } });
    for number in 1..11 {
        expected[format!("f{number}")] = Value::Null;
    }
    assert_eq!(data, expected);
}

#[tokio::test]
async fn what_hasura_adds_to_a_selection_is_understood() {
    let rig = Rig::new().await;
    rig.put(TENANT, &[empty(1)]).await;
    let id = key(person(1));
    let selection =
        "{ __typename  __hasura_internal_typename: __typename  ... on CustomerInsight{ status  } }";
    let data = rig
        .ask(&join(0, std::slice::from_ref(&id), selection))
        .await
        .joined();
    let expected = json!({ "__typename": "CustomerInsight",
        "__hasura_internal_typename": "CustomerInsight", "status": "READY" });
    assert_eq!(data["f0"], expected);

    let tenant = TENANT.to_string();
    let headers = [
        ("x-hasura-role", "dispatcher"),
        ("x-hasura-tenant-id", tenant.as_str()),
    ];
    let text = format!(
        "query ($from: timestamptz,$first: Int,$kinds: [ActivityKind!],$x_hasura_after: String) {{ \
         f0: customer_insight(person_profile_id: {id}) {{ activities(from: $from,first: $first,kinds: $kinds,\
         after: $x_hasura_after) {{ nodes {{ kind  }} page_info {{ has_next_page  }} }} }} }}"
    );
    let usable = json!({ "from": "2026-01-01T00:00:00+00:00", "first": 5, "kinds": ["BOARDED"] });
    let unusable = json!({ "from": "the other day", "first": -1, "x_hasura_after": "%%%" });
    let numbers = json!({ "from": 1_234.5, "first": 3_000_000_000_u64 });
    for variables in [usable, unusable, numbers] {
        let body = json!({ "query": text, "variables": variables });
        let data = ask(&rig.router, &headers, &body).await.joined();
        let page = json!({ "nodes": [], "page_info": { "has_next_page": false } });
        assert_eq!(data["f0"]["activities"], page, "{variables}");
    }
}

#[tokio::test]
async fn a_merged_person_is_answered_by_the_survivor() {
    let rig = Rig::new().await;
    rig.put(TENANT, &[with_revenue(1, 500)]).await;
    rig.put_customers(TENANT, &[person(2)], &[person(1)]).await;
    let keys = [key(person(2)), key(person(1))];
    let (reply, statements) = counted(&rig, &join(0, &keys, SELECTION)).await;
    let data = reply.joined();
    assert_eq!(data["f0"], data["f1"]);
    assert_eq!(data["f0"]["person_profile_id"], person(1).to_string());
    assert_eq!(statements, 1);
}

#[tokio::test]
async fn labels_are_one_more_statement_however_many_and_only_where_selected() {
    let rig = Rig::new().await;
    let favourite = |value| Favourite {
        value,
        share: 0.5,
        based_on: 4,
    };
    let people: Vec<_> = (0..100)
        .map(|n| {
            let mut one = empty(n);
            let stop = BoardingPlace::Stop(Uuid::from_u128(n % 7));
            one.behavior.preferred_boarding_point = Some(favourite(stop));
            one.behavior.favourite_tours = vec![Favourite {
                value: Uuid::from_u128(n % 5),
                share: 1.0,
                based_on: 2,
            }];
            one
        })
        .collect();
    rig.put(TENANT, &people).await;
    let keys: Vec<String> = people
        .iter()
        .map(|one| key(one.person_profile_id))
        .collect();
    let without = "{ behavior_aggregate { preferred_boarding_point { kind  id  share  based_on  } favourite_tours { tour_template_id  } } }";
    let (reply, statements) = counted(&rig, &join(0, &keys, without)).await;
    let data = reply.joined();
    assert_eq!(statements, 1);
    let point = json!({ "kind": "STOP", "id": Uuid::from_u128(1).to_string(), "share": 0.5, "based_on": 4 });
    assert_eq!(
        data["f1"]["behavior_aggregate"]["preferred_boarding_point"],
        point
    );
    let with =
        "{ behavior_aggregate { preferred_boarding_point { label  } favourite_tours { title  } } }";
    let (reply, statements) = counted(&rig, &join(0, &keys, with)).await;
    let data = reply.joined();
    assert_eq!(statements, 2);
    let nameless = json!({ "preferred_boarding_point": { "label": null }, "favourite_tours": [{ "title": null }] });
    assert_eq!(data["f1"]["behavior_aggregate"], nameless);
}

#[tokio::test]
async fn minors_have_travel_facts_and_no_score() {
    let rig = Rig::new().await;
    let rated = |number, minor| {
        let mut one = empty(number);
        one.feedback.nps_score = Some(Measured {
            value: 9,
            based_on: 2,
        });
        one.standing.minor = minor;
        one
    };
    rig.put(TENANT, &[rated(1, false), rated(2, true)]).await;
    let keys = [key(person(1)), key(person(2))];
    let selection = "{ is_minor  engagement_score { nps_score  nps_based_on  satisfaction  } behavior_aggregate { trips_taken  } }";
    let data = rig.ask(&join(0, &keys, selection)).await.joined();
    let score = json!({ "nps_score": 9, "nps_based_on": 2, "satisfaction": null });
    assert_eq!(
        data["f0"],
        json!({ "is_minor": false, "engagement_score": score, "behavior_aggregate": { "trips_taken": 0 } })
    );
    assert_eq!(
        data["f1"],
        json!({ "is_minor": true, "engagement_score": null, "behavior_aggregate": { "trips_taken": 0 } })
    );
}

#[tokio::test]
async fn by_ids_answers_in_the_order_asked_and_repeats_what_is_asked_twice() {
    let rig = Rig::new().await;
    rig.put(TENANT, &[empty(1), empty(2)]).await;
    let ids = [person(2), person(9), person(1), person(2)]
        .map(key)
        .join(",");
    let query = format!(
        "{{ customer_insights_by_ids(person_profile_ids: [{ids}, 5, \"x\"]) {{ person_profile_id }} }}"
    );
    let (reply, statements) = counted(&rig, &query).await;
    let data = reply.joined();
    let of = |number| json!({ "person_profile_id": person(number).to_string() });
    assert_eq!(
        data["customer_insights_by_ids"],
        json!([of(2), null, of(1), of(2), null, null])
    );
    assert_eq!(statements, 1);
}
