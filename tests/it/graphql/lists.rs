//! `customer_insights`: filters, orders, and pages that join up.

use chrono::TimeDelta;
use customer_intelligence::domain::insight::{Insight, Measured};
use serde_json::{Value, json};

use super::rig::{Rig, TENANT, empty, now, person, with_revenue};

/// Twelve persons with ties and unknowns in every column that is ordered by here.
fn people() -> Vec<Insight> {
    (0..12)
        .map(|n: u32| {
            let mut one = with_revenue(n.into(), i128::from(n % 3) * 1_000);
            one.behavior.trips_taken = n % 4;
            if n.is_multiple_of(2) {
                one.feedback.nps_score = Some(Measured {
                    value: i64::from(n % 5),
                    based_on: 1,
                });
            }
            if n % 3 != 1 {
                one.behavior.last_activity_at = Some(now() - TimeDelta::days(i64::from(n / 4)));
            }
            one
        })
        .collect()
}

async fn page(rig: &Rig, arguments: &str) -> Value {
    let selection = "edges { cursor node { person_profile_id } computed_at } nodes { status } \
        page_info { has_next_page has_previous_page start_cursor end_cursor }";
    let query = format!("{{ customer_insights({arguments}) {{ {selection} }} }}");
    rig.ask(&query).await.joined()["customer_insights"].take()
}

fn ids(page: &Value) -> Vec<String> {
    let edges = page["edges"].as_array().unwrap().iter();
    edges
        .map(|edge| {
            edge["node"]["person_profile_id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect()
}

/// All pages of `size`, one behind the other.
async fn walk(rig: &Rig, order: &str, size: usize) -> Vec<String> {
    let (mut all, mut after) = (Vec::new(), String::new());
    for round in 0..20 {
        let page = page(rig, &format!("{order} first: {size} {after}")).await;
        let found = ids(&page);
        assert_eq!(page["page_info"]["has_previous_page"], json!(round > 0));
        assert!(found.len() <= size);
        all.extend(found);
        let Some(cursor) = page["page_info"]["end_cursor"].as_str() else {
            return all;
        };
        if page["page_info"]["has_next_page"] == json!(false) {
            return all;
        }
        after = format!("after: \"{cursor}\"");
    }
    panic!("it never ends: {all:?}");
}

#[tokio::test]
async fn pages_of_every_size_join_up_in_every_order() {
    let rig = Rig::new().await;
    rig.put(TENANT, &people()).await;
    rig.put(uuid::Uuid::from_u128(3), &[empty(500)]).await;
    for order in [
        "",
        "order_by: [{column: lifetime_revenue, direction: desc}]",
        "order_by: [{column: nps_score, direction: desc}, {column: trips_taken, direction: asc}]",
        "order_by: [{column: last_activity_at, direction: asc}, {column: nps_score, direction: desc}]",
        "order_by: [{column: no_show_rate, direction: asc}, {column: is_minor, direction: desc}]",
    ] {
        let whole = walk(&rig, order, 100).await;
        assert_eq!(whole.len(), 12, "{order}");
        for size in [1, 2, 5, 11] {
            assert_eq!(
                walk(&rig, order, size).await,
                whole,
                "{order}, {size} at a time"
            );
        }
    }
}

#[tokio::test]
async fn the_order_is_what_it_says_with_unknown_values_last() {
    let rig = Rig::new().await;
    rig.put(TENANT, &people()).await;
    let mut expected = people();
    let score = |one: &Insight| one.feedback.nps_score.as_ref().map(|score| score.value);
    expected.sort_by_key(|one| {
        (
            score(one).is_none(),
            std::cmp::Reverse(score(one)),
            one.behavior.trips_taken,
            one.person_profile_id,
        )
    });
    let expected: Vec<String> = expected
        .iter()
        .map(|one| one.person_profile_id.to_string())
        .collect();
    let order =
        "order_by: [{column: nps_score, direction: desc}, {column: trips_taken, direction: asc}]";
    assert_eq!(ids(&page(&rig, order).await), expected);
}

#[tokio::test]
async fn filters_narrow_and_all_must_hold() {
    let rig = Rig::new().await;
    rig.put(TENANT, &people()).await;
    for (filter, numbers) in [
        (
            "lifetime_revenue: {_gte: 10.00}",
            vec![1, 2, 4, 5, 7, 8, 10, 11],
        ),
        (
            "lifetime_revenue: {_gt: 10, _lte: \"20\"}",
            vec![2, 5, 8, 11],
        ),
        ("lifetime_revenue: {_eq: 10.001}", vec![]),
        (
            "trips_taken: {_eq: 3}, nps_score: {_is_null: true}",
            vec![3, 7, 11],
        ),
        ("nps_score: {_lt: 2}", vec![0, 6, 10]),
        (
            "last_activity_at: {_lt: \"2026-05-27T22:26:40+02:00\"}",
            vec![8, 9, 11],
        ),
        ("last_activity_at: {_is_null: true}", vec![1, 4, 7, 10]),
        ("is_minor: {_eq: true}", vec![]),
        ("booker_kind: {_in: [AGENCY, PRIVATE]}", vec![]),
        (
            "booker_kind: {_is_null: true}, trips_taken: {_eq: 0}",
            vec![0, 4, 8],
        ),
        ("next_departure_on: {_gte: \"2026-01-01\"}", vec![]),
        ("satisfaction: {_gte: 4.5}", vec![]),
    ] {
        let expected: Vec<String> = numbers.into_iter().map(|n| person(n).to_string()).collect();
        let found = ids(&page(&rig, &format!("where: {{{filter}}}")).await);
        assert_eq!(found, expected, "{filter}");
    }
}

#[tokio::test]
async fn arguments_that_cannot_be_used_are_refused_by_name() {
    let rig = Rig::new().await;
    rig.put(TENANT, &people()).await;
    let cursor = page(&rig, "first: 1").await["page_info"]["end_cursor"].clone();
    let foreign = format!("after: {cursor}, order_by: [{{column: nps_score, direction: asc}}]");
    for (arguments, named) in [
        ("first: -1", "first"),
        ("after: \"nonsense\"", "after"),
        (foreign.as_str(), "after"),
        ("where: {last_activity_at: {_gt: \"yesterday\"}}", "where"),
        ("where: {lifetime_revenue: {_gt: \"a lot\"}}", "where"),
    ] {
        let body = rig
            .ask(&format!(
                "{{ customer_insights({arguments}) {{ nodes {{ status }} }} }}"
            ))
            .await
            .json();
        assert_eq!(
            body["data"],
            json!({ "customer_insights": null }),
            "{arguments}"
        );
        assert_eq!(
            body["errors"][0]["extensions"]["code"], "BAD_USER_INPUT",
            "{arguments}"
        );
        assert!(
            body["errors"][0]["message"]
                .as_str()
                .unwrap()
                .contains(named),
            "{arguments}"
        );
    }
}

#[tokio::test]
async fn a_page_is_never_longer_than_the_limit() {
    let rig = Rig::new().await;
    let many: Vec<_> = (0..205).map(empty).collect();
    rig.put(TENANT, &many).await;
    assert_eq!(ids(&page(&rig, "first: 100000").await).len(), 200);
    assert_eq!(ids(&page(&rig, "where: {}").await).len(), 50);
    let nothing = page(&rig, "first: 0").await;
    assert!(ids(&nothing).is_empty() && nothing["page_info"]["has_next_page"] == json!(true));
}
