//! One bad row fails alone: whoever shared its insert is kept and acknowledged.

use reqwest::StatusCode;
use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::rig::{Rig, booking, with};
use crate::support::TestDb;

#[tokio::test]
async fn a_row_that_the_database_refuses_costs_its_neighbours_nothing() {
    let db = TestDb::new().await;
    // The contracts let nothing through that PostgreSQL refuses; so here it is made to refuse something.
    sqlx::raw_sql("alter table inbox add check (position('SWAMP'::bytea in payload) = 0)")
        .execute(&db.superuser())
        .await
        .unwrap();
    let rig = Rig::new(db.pool().clone()).await;
    let tenant = Uuid::from_u128(1);
    let mut deliveries = JoinSet::new();
    for n in 0..60_u128 {
        let channel = if n % 20 == 7 { "SWAMP" } else { "WEB" };
        let envelope = with(
            booking(tenant, Uuid::from_u128(n)),
            "channel",
            Some(json!(channel)),
        );
        deliveries.spawn(rig.post(envelope.to_string()).send());
    }
    while let Some(answer) = deliveries.join_next().await {
        assert_eq!(answer.unwrap().unwrap().status(), StatusCode::NO_CONTENT);
    }
    assert_eq!(rig.kept(tenant).await, 57);
    assert_eq!(rig.reasons().await, ["refused_by_database"; 3]);
}
