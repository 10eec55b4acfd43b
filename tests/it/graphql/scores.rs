//! Lists by what models say, and what groups of customers say of their trips.

use customer_intelligence::derivations::scoring::Scorer;
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::domain::model::history::{Answer, DAY, minutes};
use serde_json::Value;

use super::rig::{Rig, TENANT, empty, now, with_revenue};
use super::taste::{Guest, prepared};

async fn score(rig: &Rig) {
    let clock: Clock = rig.clock.clone();
    let scorer = Scorer::new(rig.db.pool().clone(), clock, 3);
    while scorer.everybody(TENANT).await.unwrap() {}
}

async fn list(rig: &Rig, arguments: &str, selection: &str) -> Vec<Value> {
    let query = format!(
        "{{ customer_insights(first: 200, {arguments}) {{ nodes {{ person_profile_id {selection} }} }} }}"
    );
    let mut data = rig.ask(&query).await.joined();
    let Value::Array(nodes) = data["customer_insights"]["nodes"].take() else {
        panic!("{data}");
    };
    nodes
}

#[tokio::test]
async fn lists_are_filtered_and_ordered_by_what_models_say() {
    let rig = prepared(&[empty(1), with_revenue(2, 1)]).await;
    score(&rig).await;
    let selection = "cluster { cluster_id } engagement_score { score churn_risk churn_band } \
        forecast { predicted_value { value_12_months } }";
    let all = list(
        &rig,
        "order_by: [{column: engagement_score, direction: desc}]",
        selection,
    )
    .await;
    let score = |one: &Value| one["engagement_score"]["score"].as_f64();
    let known: Vec<f64> = all.iter().filter_map(score).collect();
    assert!(known.len() > 100, "{} scores", known.len());
    assert!(
        known.windows(2).all(|two| two[0] >= two[1]),
        "what is read is in the order of what is written down"
    );
    let middle = known[known.len() / 2];
    let above = list(
        &rig,
        &format!("where: {{engagement_score: {{_gt: {middle}}}}}"),
        selection,
    )
    .await;
    assert!(!above.is_empty() && above.iter().all(|one| score(one) > Some(middle)));

    let cluster = |one: &Value| one["cluster"]["cluster_id"].as_i64();
    let groups: std::collections::BTreeSet<i64> = all.iter().filter_map(cluster).collect();
    assert!(groups.len() >= 2, "{groups:?}");
    for group in groups {
        let members = list(
            &rig,
            &format!("where: {{cluster_id: {{_eq: {group}}}}}"),
            selection,
        )
        .await;
        assert!(!members.is_empty() && members.iter().all(|one| cluster(one) == Some(group)));
    }
    let order = "where: {cluster_id: {_is_null: true}}";
    let unknown = list(&rig, order, selection).await;
    assert!(unknown.iter().all(|one| cluster(one).is_none()) && unknown.len() >= 2);
    // Without a model of churn there is nobody at risk.
    let risky = list(&rig, "where: {churn_band: {_in: [HIGH, MEDIUM]}, predicted_value_12_months: {_gte: \"0.01\"}}, order_by: [{column: churn_risk, direction: desc}, {column: predicted_value_36_months, direction: desc}]", selection).await;
    for one in &risky {
        let band = one["engagement_score"]["churn_band"].as_str();
        assert!(matches!(band, Some("HIGH" | "MEDIUM")), "{one}");
        assert!(one["forecast"]["predicted_value"]["value_12_months"].as_f64() > Some(0.0));
    }
    let risks = risky
        .iter()
        .filter_map(|one| one["engagement_score"]["churn_risk"].as_f64());
    let risks: Vec<f64> = risks.collect();
    assert!(risks.windows(2).all(|two| two[0] >= two[1]));
}

#[tokio::test]
async fn a_group_of_customers_says_what_it_thinks_from_ten_people_on() {
    let mut extra = Vec::new();
    for n in 0..12_u128 {
        // All alike, so that they are of one group.
        let mut one = Guest::of(5_000 + n, &[(1, 100), (2, 500), (3, 900)]).insight();
        let history = one.history.as_mut().unwrap();
        let answer = |days: i64, nps, rating| Answer {
            at: minutes(now()) - days * DAY,
            nps,
            rating,
            tour: None,
            region: None,
        };
        // The latest counts: nine promoters and three detractors; all satisfied but one.
        let nps = if n < 9 { 10 } else { 2 };
        history.answers = vec![
            answer(20, Some(0), Some(1)),
            answer(10, Some(nps), Some(if n == 0 { 2 } else { 5 })),
        ];
        extra.push(one);
    }
    let rig = prepared(&extra).await;
    score(&rig).await;
    let one = super::taste::insight(&rig, 5_000, "cluster { cluster_id }").await;
    let group = one["cluster"]["cluster_id"].as_i64().unwrap();
    let ask = |arguments: String| {
        let query = format!(
            "{{ group_sentiment({arguments}) {{ nps {{ value based_on low high }} satisfied {{ value based_on low high }} model_version }} }}"
        );
        let rig = &rig;
        async move { rig.ask(&query).await.json() }
    };
    let said = ask(format!("cluster_id: {group}")).await["data"]["group_sentiment"].take();
    assert_eq!(
        (
            said["nps"]["value"].as_f64(),
            said["nps"]["based_on"].as_i64()
        ),
        (Some(50.0), Some(12)),
        "{said}"
    );
    let low = said["nps"]["low"].as_f64().unwrap();
    assert!(low < 50.0 && said["nps"]["high"].as_f64().unwrap() > 50.0);
    assert!((said["satisfied"]["value"].as_f64().unwrap() - 11.0 / 12.0).abs() < 1e-9);
    assert_eq!(said["model_version"], 1);
    // Nobody else said anything, and groups that are none say nothing.
    for other in [0, 999, -1, i64::MAX] {
        assert_eq!(
            ask(format!("cluster_id: {other}")).await["data"]["group_sentiment"],
            Value::Null
        );
    }
    // Three of them object: nine are not told about.
    sqlx::query!(
        "delete from customer_score where tenant_id = $1 and person_profile_id = any ($2)",
        TENANT,
        &[5_009, 5_010, 5_011].map(super::rig::person),
    )
    .execute(rig.db.pool())
    .await
    .unwrap();
    assert_eq!(
        ask(format!("cluster_id: {group}")).await["data"]["group_sentiment"],
        Value::Null
    );
    let both = ask(format!("cluster_id: {group}, region: \"Tirol\"")).await;
    assert_eq!(both["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
}
