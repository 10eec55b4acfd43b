//! How fresh an answer is, and what happens when time has passed over what is stored.

use chrono::TimeDelta;
use serde_json::json;

use super::rig::{Rig, TENANT, empty, join, key, now, person, with_revenue};

const SELECTION: &str =
    "{ status  computed_at  fresh_as_of  behavior_aggregate { lifetime_revenue  } }";

#[tokio::test]
async fn without_waiting_deliveries_an_answer_is_as_fresh_as_the_instant_of_reading() {
    let rig = Rig::new().await;
    rig.put(TENANT, &[with_revenue(1, 700)]).await;
    rig.clock.advance(TimeDelta::minutes(5));
    let data = rig
        .ask(&join(0, &[key(person(1))], SELECTION))
        .await
        .joined();
    let expected = json!({ "status": "READY", "computed_at": "2026-05-28T20:26:40Z",
        "fresh_as_of": "2026-05-28T20:31:40Z", "behavior_aggregate": { "lifetime_revenue": 7 } });
    assert_eq!(data["f0"]["computed_at"], expected["computed_at"]);
    assert_eq!(data["f0"]["fresh_as_of"], expected["fresh_as_of"]);
    assert_eq!(
        data["f0"]["behavior_aggregate"]["lifetime_revenue"].to_string(),
        "7.00"
    );
}

#[tokio::test]
async fn the_tenant_s_oldest_waiting_live_delivery_dates_the_answer() {
    let rig = Rig::new().await;
    rig.put(TENANT, &[empty(1)]).await;
    let other_tenant = uuid::Uuid::from_u128(5);
    let receive = async |tenant: uuid::Uuid, channel: i16| {
        let id = rig.clock.uuid_v7();
        sqlx::query!(
            "insert into inbox (tenant_id, id, channel, payload) values ($1, $2, $3, '')",
            tenant,
            id,
            channel,
        )
        .execute(rig.db.pool())
        .await
        .unwrap();
        rig.clock.advance(TimeDelta::minutes(1));
    };
    receive(TENANT, 1).await;
    receive(other_tenant, 0).await;
    receive(TENANT, 0).await;
    receive(TENANT, 0).await;
    let data = rig
        .ask(&join(0, &[key(person(1))], SELECTION))
        .await
        .joined();
    assert_eq!(data["f0"]["fresh_as_of"], "2026-05-28T20:28:40Z");
}

#[tokio::test]
async fn what_time_has_made_stale_is_derived_anew_from_the_log() {
    let rig = Rig::new().await;
    // Stored with a revenue that the (empty) log does not bear out, so that the difference shows.
    let mut stale = with_revenue(1, 700);
    stale.valid_until = Some(now() + TimeDelta::hours(1));
    rig.put(TENANT, &[stale, with_revenue(2, 900)]).await;
    let query = join(0, &[key(person(1)), key(person(2))], SELECTION);
    let revenue = |data: &serde_json::Value, alias: &str| {
        data[alias]["behavior_aggregate"]["lifetime_revenue"].to_string()
    };
    let before = rig.ask(&query).await.joined();
    assert_eq!(revenue(&before, "f0"), "7.00");
    rig.clock.advance(TimeDelta::hours(1));
    let after = rig.ask(&query).await.joined();
    assert_eq!(revenue(&after, "f0"), "0.00");
    assert_eq!(after["f0"]["computed_at"], "2026-05-28T21:26:40Z");
    assert_eq!(revenue(&after, "f1"), "9.00");
    assert_eq!(after["f1"]["computed_at"], "2026-05-28T20:26:40Z");
}

#[tokio::test]
async fn a_body_of_another_version_of_this_program_is_derived_anew() {
    let rig = Rig::new().await;
    rig.put(TENANT, &[with_revenue(1, 700)]).await;
    sqlx::query!("update customer_insight set body = '\\x02ff'")
        .execute(rig.db.pool())
        .await
        .unwrap();
    let data = rig
        .ask(&join(0, &[key(person(1))], SELECTION))
        .await
        .joined();
    assert_eq!(data["f0"]["status"], "READY");
    assert_eq!(
        data["f0"]["behavior_aggregate"]["lifetime_revenue"].to_string(),
        "0.00"
    );
}

#[tokio::test]
async fn trouble_with_stale_persons_is_theirs_alone() {
    let rig = Rig::new().await;
    let mut stale = empty(1);
    stale.valid_until = Some(now());
    rig.put(TENANT, &[stale, empty(2)]).await;
    let mut blocker = rig.db.superuser().begin().await.unwrap();
    sqlx::raw_sql("lock table activity_log in access exclusive mode")
        .execute(&mut *blocker)
        .await
        .unwrap();
    let query = join(0, &[key(person(1)), key(person(2))], "{ status  }");
    let data = rig.ask(&query).await.joined();
    assert_eq!(
        data,
        json!({ "f0": { "status": "UNAVAILABLE" }, "f1": { "status": "READY" } })
    );
    blocker.rollback().await.unwrap();
}
