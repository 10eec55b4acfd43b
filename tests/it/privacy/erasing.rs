//! Erasing on demand: what goes, what stays, what it is proven by, and what stands in its way.

use std::collections::BTreeSet;

use customer_intelligence::privacy::erase::{Error, Order};
use customer_intelligence::privacy::receipt::Fault;
use customer_intelligence::privacy::request::State;
use customer_intelligence::resolve::fence;
use customer_intelligence::workers::erase;
use serde_json::{Value, json};
use uuid::Uuid;

use super::rig::{Rig, TENANT, backoffice, profile};
use crate::property::crowd::{self, Crowd};
use crate::stories::traces;

fn crowd() -> Crowd {
    crowd::shuffled(TENANT, 0..15, 30, false)
}

/// Whoever is in the most tables.
async fn busiest(rig: &Rig, crowd: &Crowd) -> Uuid {
    let mut busiest = (0, Uuid::nil());
    for person in &crowd.persons {
        let counts = rig.office.count(TENANT, &[*person].into()).await.unwrap();
        let tables = counts.values().filter(|rows| **rows > 0).count();
        busiest = busiest.max((tables, *person));
    }
    assert!(busiest.0 >= 5, "{busiest:?}");
    busiest.1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_goes_for_good_and_the_receipt_proves_it() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let crowd = crowd();
    rig.tell(&crowd.bodies).await;
    let person = busiest(&rig, &crowd).await;

    let before = traces::of(&rig.db.superuser(), person).await;
    let preview = rig.office.preview(TENANT, person).await.unwrap();
    assert!(
        preview.counts["activity_log"] > 0 && !preview.fenced,
        "{preview:?}"
    );
    let after = traces::of(&rig.db.superuser(), person).await;
    assert_eq!(after, before, "a preview changes nothing");

    // Some of it comes once more and waits while the erasure begins.
    rig.bring(&crowd.bodies).await;
    let done = erase::run(&rig.context, &rig.office, &Rig::order(person))
        .await
        .unwrap();
    assert_eq!(done.request.state, State::Verified);
    let removed = &done.receipt.receipt.removed;
    assert_eq!(removed["activity_log"], preview.counts["activity_log"]);
    for gone in &preview.persons {
        rig.assert_gone(*gone).await;
    }
    let text = serde_json::to_string(&done.receipt).unwrap();
    assert!(!text.contains(&person.to_string()) && !text.contains(&person.simple().to_string()));
    assert_eq!(rig.office.check(&done.receipt).await.unwrap(), 1);

    let same = Order {
        request_id: Some(done.request.request_id),
        ..Rig::order(person)
    };
    let again = erase::run(&rig.context, &rig.office, &same).await.unwrap();
    assert_eq!(
        again.receipt, done.receipt,
        "the same request is one erasure"
    );
    let mut others = crowd.persons.iter();
    let other = Order {
        person: *others.find(|other| **other != person).unwrap(),
        ..same.clone()
    };
    let refused = erase::run(&rig.context, &rig.office, &other).await;
    assert!(
        matches!(refused, Err(Error::OtherSubject(_))),
        "{refused:?}"
    );

    let id = done.request.request_id;
    let later = erase::verify(&rig.context, &rig.office, TENANT, id)
        .await
        .unwrap();
    assert_eq!(later.request.state, State::Closed);
    assert_eq!(
        (later.receipt.receipt.number, later.receipt.receipt.scans),
        (2, 2)
    );
    assert!(later.receipt.receipt.previous.is_some());
    assert_eq!(rig.office.check(&done.receipt).await.unwrap(), 2);

    rig.tell(&crowd.bodies).await;
    rig.assert_gone(person).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_that_was_changed_or_taken_out_breaks_the_chain() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let crowd = crowd();
    rig.tell(&crowd.bodies).await;
    let mut receipts = Vec::new();
    for person in &crowd.persons[..3] {
        let done = erase::run(&rig.context, &rig.office, &Rig::order(*person)).await;
        receipts.push(done.unwrap().receipt);
    }
    let mut changed = receipts[1].clone();
    changed.receipt.basis = "internal-policy".to_owned();
    let refused = rig.office.check(&changed).await;
    assert!(
        matches!(refused, Err(Error::Receipt(Fault::Signature))),
        "{refused:?}"
    );
    assert_eq!(rig.office.check(&receipts[2]).await.unwrap(), 3);
    let service = sqlx::raw_sql("delete from erasure_receipt")
        .execute(rig.db.pool())
        .await;
    assert!(service.is_err(), "the service itself cannot take one out");
    sqlx::raw_sql("delete from erasure_receipt where number = 2")
        .execute(&rig.db.superuser())
        .await
        .unwrap();
    let refused = rig.office.check(&receipts[2]).await;
    assert!(
        matches!(refused, Err(Error::Receipt(Fault::Chain { number: 2 }))),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_merged_goes_together_even_if_the_merge_still_waits() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let [one, other, third] = [1, 2, 3].map(|n| Uuid::new_v5(&TENANT, &[n]));
    let null = Value::Null;
    let known = [one, other, third]
        .map(|person| backoffice("person_profiles", &null, &profile(person, None, 1)));
    rig.tell(&known).await;
    let merge = |from, into| {
        let (old, new) = (profile(from, None, 1), profile(from, Some(into), 2));
        backoffice("person_profiles", &old, &new)
    };
    rig.tell(&[merge(one, other)]).await;
    rig.bring(&[merge(other, third)]).await;
    let done = erase::run(&rig.context, &rig.office, &Rig::order(other))
        .await
        .unwrap();
    assert_eq!(done.receipt.receipt.profiles, 3);
    for person in [one, other, third] {
        rig.assert_gone(person).await;
    }
    rig.tell(&known).await;
    for person in [one, other, third] {
        rig.assert_gone(person).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_nobody_knows_is_fenced_and_never_comes() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let crowd = crowd();
    let person = crowd.persons[2];
    let nowhere = erase::run(&rig.context, &rig.office, &Rig::order(person)).await;
    assert!(
        matches!(nowhere, Err(Error::NoTenant(TENANT))),
        "{nowhere:?}"
    );
    let stranger = Uuid::new_v5(&TENANT, b"somebody else");
    rig.tell(&[backoffice(
        "person_profiles",
        &Value::Null,
        &profile(stranger, None, 1),
    )])
    .await;
    let done = erase::run(&rig.context, &rig.office, &Rig::order(person))
        .await
        .unwrap();
    assert!(done.request.removed.values().all(|rows| *rows == 0));
    rig.tell(&crowd.bodies).await;
    rig.assert_gone(person).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_legal_hold_suspends_an_erasure_until_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let person = Uuid::new_v5(&TENANT, b"held");
    let hold = |closed: Option<&str>, minute: u32| {
        json!({
            "id": Uuid::new_v5(&TENANT, b"hold"), "tenant_id": TENANT, "entity_type": "person",
            "entity_id": person, "until": null, "closed_at": closed,
            "created_at": "2027-02-01T00:00:00Z",
            "updated_at": format!("2027-02-01T00:{minute:02}:00Z"),
        })
    };
    rig.tell(&[backoffice(
        "person_profiles",
        &Value::Null,
        &profile(person, None, 1),
    )])
    .await;
    // It still waits when the erasure begins.
    rig.bring(&[backoffice("legal_holds", &Value::Null, &hold(None, 1))])
        .await;
    let held = erase::run(&rig.context, &rig.office, &Rig::order(person)).await;
    let Err(Error::Held(holds)) = held else {
        panic!("{held:?}");
    };
    assert_eq!(holds.len(), 1);
    let counts = rig.office.count(TENANT, &[person].into()).await.unwrap();
    assert!(counts["customer"] == 1, "nothing went: {counts:?}");
    let closed = hold(Some("2027-02-02T00:00:00Z"), 2);
    rig.tell(&[backoffice("legal_holds", &hold(None, 1), &closed)])
        .await;
    let done = erase::run(&rig.context, &rig.office, &Rig::order(person))
        .await
        .unwrap();
    assert_eq!(done.request.state, State::Verified);
    rig.assert_gone(person).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_platform_erases_has_a_request_and_a_receipt_on_demand() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let person = Uuid::new_v5(&TENANT, b"redacted");
    let before = profile(person, None, 1);
    let mut redacted = profile(person, None, 2);
    redacted["pii_redacted_at"] = json!("2027-02-01T00:02:00Z");
    rig.tell(&[
        backoffice("person_profiles", &Value::Null, &before),
        backoffice("person_profiles", &before, &redacted),
    ])
    .await;
    let open = rig.office.open_requests(TENANT).await.unwrap();
    assert_eq!(open.len(), 1);
    let done = erase::verify(&rig.context, &rig.office, TENANT, open[0])
        .await
        .unwrap();
    assert_eq!(done.receipt.receipt.basis, "redacted");
    rig.assert_gone(person).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_back_with_a_backup_is_erased_again() {
    let folder = tempfile::tempdir().unwrap();
    let (rig, backup) = (Rig::new(folder.path()).await, Rig::new(folder.path()).await);
    let crowd = crowd();
    rig.tell(&crowd.bodies).await;
    backup.tell(&crowd.bodies).await;
    let gone: BTreeSet<Uuid> = crowd.persons[..3].iter().copied().collect();
    for person in &gone {
        erase::run(&rig.context, &rig.office, &Rig::order(*person))
            .await
            .unwrap();
    }
    let known = rig.file.read().await.unwrap();
    assert!(known.len() >= gone.len());
    let missing = fence::missing(rig.db.pool(), &known).await.unwrap();
    assert!(missing.is_empty(), "{missing:?}");
    let missing = fence::missing(backup.db.pool(), &known).await.unwrap();
    assert_eq!(missing.len(), known.len(), "the backup knows nothing of it");
    let done = erase::reapply(&backup.context, &backup.office, &backup.file)
        .await
        .unwrap();
    assert!(
        done.erased >= gone.len() && done.raised == known.len(),
        "{done:?}"
    );
    let missing = fence::missing(backup.db.pool(), &known).await.unwrap();
    assert!(missing.is_empty(), "{missing:?}");
    backup.tell(&crowd.bodies).await;
    for person in &gone {
        backup.assert_gone(*person).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_file_nobody_is_erased() {
    let folder = tempfile::tempdir().unwrap();
    // A folder stands where the file should be.
    std::fs::create_dir(folder.path().join("fence.ledger")).unwrap();
    let rig = Rig::new(folder.path()).await;
    let person = Uuid::new_v5(&TENANT, b"kept");
    rig.tell(&[backoffice(
        "person_profiles",
        &Value::Null,
        &profile(person, None, 1),
    )])
    .await;
    let failed = erase::run(&rig.context, &rig.office, &Rig::order(person)).await;
    assert!(matches!(failed, Err(Error::Database(_))), "{failed:?}");
    let counts = rig.office.count(TENANT, &[person].into()).await.unwrap();
    assert_eq!(counts["customer"], 1);
}
