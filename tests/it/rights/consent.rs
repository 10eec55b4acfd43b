//! The ledger of consent: complete, the same in any order, only ever added to, and gone with the person.

use std::collections::BTreeSet;

use customer_intelligence::workers::rebuild;
use sqlx::AssertSqlSafe;

use super::{Rig, TENANT};
use crate::property::crowd;

const LEDGER: &str = "select (to_jsonb(c) - 'recorded_at')::text from consent c order by (to_jsonb(c) - 'recorded_at')::text";
const UNCOVERED: &str = "select c.person_profile_id::text || p.name from customer c
    cross join (select name from consent_purpose where tenant_id = '00000000-0000-0000-0000-000000000000') p
    where not exists (select from consent k where k.tenant_id = c.tenant_id
      and k.person_profile_id = c.person_profile_id and k.purpose = p.name and k.act = 0)";

#[tokio::test]
async fn whatever_the_order_of_deliveries_the_ledger_is_the_same_and_covers_everybody() {
    let crowd = crowd::shuffled(TENANT, 0..12, 30, false);
    let (one, other) = (Rig::new().await, Rig::new().await);
    one.tell(&crowd.bodies, 100).await;
    other.tell(crowd.bodies.iter().rev(), 7).await;
    let ledger = one.lines(LEDGER).await;
    assert_eq!(ledger, other.lines(LEDGER).await);
    let acts = one
        .lines("select distinct act::text from consent order by 1")
        .await;
    assert_eq!(
        acts,
        ["0", "2", "3", "4", "5", "6"],
        "the crowd says it all"
    );
    assert!(one.customers().await.len() > 10);
    assert_eq!(one.lines(UNCOVERED).await, [""; 0]);
    // Once more changes nothing.
    one.tell(&crowd.bodies, 50).await;
    assert_eq!(one.lines(LEDGER).await, ledger);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn customers_of_before_the_ledger_get_theirs_with_a_rebuild() {
    let rig = Rig::new().await;
    rig.tell(&crowd::plainly(TENANT, 0..6).bodies, 100).await;
    let ledger = rig.lines(LEDGER).await;
    assert!(!ledger.is_empty());
    let options = rebuild::Options {
        tenant: None,
        workers: 2,
        page: 3,
        max_rate: None,
        restart: false,
    };
    for lost in [
        // As if the ledger had just been made, and as the migration leaves those who were there before it.
        vec!["delete from consent returning purpose"],
        vec![
            "delete from consent where source = 1 returning purpose",
            "update customer_insight set fold_version = 0 returning person_profile_id::text",
        ],
        // As if a purpose were new.
        vec!["delete from consent where purpose = 'marketing' returning purpose"],
    ] {
        for statement in &lost {
            assert!(!rig.lines(statement).await.is_empty(), "{statement}");
        }
        let done = rebuild::run(&rig.context.folding(), &options, |_, _| {}).await;
        done.expect("it comes to its end");
        assert_eq!(rig.lines(LEDGER).await, ledger, "{lost:?}");
    }
}

#[tokio::test]
async fn an_erased_person_has_no_consent_left() {
    let crowd = crowd::shuffled(TENANT, 0..20, 30, true);
    let rig = Rig::new().await;
    rig.tell(&crowd.bodies, 40).await;
    let erased = rig.lines("select tag::text from fence").await;
    assert!(!erased.is_empty(), "somebody was erased");
    let known: BTreeSet<_> = rig.customers().await.into_iter().collect();
    let allowed = rig
        .lines("select distinct person_profile_id::text from consent")
        .await;
    let allowed: BTreeSet<_> = allowed.iter().map(|id| id.parse().unwrap()).collect();
    assert_eq!(known, allowed);
}

#[tokio::test]
async fn the_service_can_only_add_to_the_ledger() {
    let rig = Rig::new().await;
    rig.tell(&crowd::plainly(TENANT, 0..2).bodies, 100).await;
    for statement in ["update consent set act = 2", "delete from consent"] {
        let refused = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .execute(rig.db.pool())
            .await
            .expect_err(statement);
        let code = refused
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code);
        assert_eq!(code.as_deref(), Some("42501"), "{statement}");
    }
}
