//! Erasing categories: they go for good, everything else stays as it is, and the receipt names them.

use std::collections::BTreeSet;

use customer_intelligence::domain::category::Category;
use customer_intelligence::insight::Reader;
use customer_intelligence::privacy::erase::Order;
use customer_intelligence::privacy::request::State;
use customer_intelligence::workers::rebuild::{self, Options};
use customer_intelligence::workers::{erase, verify};
use uuid::Uuid;

use super::rig::{Rig, TENANT};
use crate::property::crowd;

const REBUILD: Options = Options {
    tenant: None,
    workers: 1,
    page: 5,
    max_rate: None,
    restart: false,
};

fn order(person: Uuid, category: Category) -> Order {
    Order {
        categories: [category].into(),
        ..Rig::order(person)
    }
}

/// Who has anything of a category.
async fn holder(rig: &Rig, persons: &[Uuid], category: Category) -> Option<Uuid> {
    for person in persons {
        let request = rig
            .office
            .begin(&order(*person, category), &rig.office.actor)
            .await
            .unwrap();
        let counts = rig
            .office
            .count_of(&request, &[*person].into())
            .await
            .unwrap();
        if counts["activity_log"] > 0 {
            return Some(*person);
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_category_goes_for_good_whatever_is_told_again_and_the_stored_numbers_are_the_logs() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let crowd = crowd::shuffled(TENANT, 0..25, 30, false);
    let (half, rest) = crowd.bodies.split_at(crowd.bodies.len() / 2);
    rig.tell(half).await;
    let mut purged = Vec::new();
    for category in Category::ALL {
        let Some(person) = holder(&rig, &crowd.persons, category).await else {
            continue;
        };
        let done = erase::run(&rig.context, &rig.office, &order(person, category)).await;
        let done = done.unwrap();
        assert_eq!(done.request.state, State::Verified);
        let receipt = &done.receipt.receipt;
        assert_eq!(receipt.categories, [category.name()]);
        assert!(receipt.removed["activity_log"] > 0, "{receipt:?}");
        purged.push((person, category, done.request));
    }
    assert!(purged.len() > 3, "{purged:?}");
    rig.tell(rest).await;
    rig.tell(&crowd.bodies).await;
    rebuild::run(&rig.context.folding(), &REBUILD, |_, _| {})
        .await
        .unwrap();
    for (person, category, request) in &purged {
        let counts = rig
            .office
            .count_of(request, &[*person].into())
            .await
            .unwrap();
        assert!(
            counts.values().all(|rows| *rows == 0),
            "{category:?}: {counts:?}"
        );
        let found = rig.office.find_of(request).await.unwrap();
        assert!(found.is_empty(), "{category:?}: {found:?}");
        let closed = erase::verify(&rig.context, &rig.office, TENANT, request.request_id).await;
        assert_eq!(closed.unwrap().request.state, State::Closed);
    }
    let verdict = verify::tenant(&rig.context.folding(), TENANT, |_| {}).await;
    let drifts = verdict.unwrap().drifts;
    assert!(drifts.is_empty(), "{drifts:#?}");
    let persons: BTreeSet<Uuid> = purged.iter().map(|(person, ..)| *person).collect();
    let persons: Vec<Uuid> = persons.into_iter().collect();
    let reader = Reader::new(rig.db.pool().clone(), rig.context.clock.clone(), 3);
    let shown = reader.insights(TENANT, &persons).await.unwrap();
    assert_eq!(shown.len(), persons.len(), "they are customers as before");
}
