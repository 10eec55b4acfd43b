//! What can never work is refused with a stable reason and without a value.

use std::collections::BTreeSet;

use customer_intelligence::contracts::{self, Reason};
use customer_intelligence::domain::source::{Field, Version};
use serde_json::{Value, json};

use super::{FIXTURES, decode, envelope, fixture, read};

#[test]
fn every_reason_has_a_delivery_that_shows_it() {
    let mut seen: BTreeSet<Reason> = FIXTURES
        .values()
        .filter_map(|body| read(body).err())
        .map(|r| r.reason)
        .collect();
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let half = r#"{"event":{"data":{"new":{"comment":"\ud800"}}}}"#;
    for body in [
        "",
        "{",
        "nul",
        "\u{1}",
        deep.as_str(),
        half,
        "[]",
        "7",
        "{}",
    ] {
        let refusal = contracts::read(body.as_bytes()).unwrap_err();
        assert_eq!(refusal.envelope, None, "{body}");
        seen.insert(refusal.reason);
    }
    for reason in Reason::ALL {
        assert!(seen.contains(&reason), "{reason}");
    }
    let codes: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    assert_eq!(codes.len(), Reason::ALL.len());
}

#[test]
fn a_body_says_what_kind_of_no_json_it_is() {
    let reason = |body: &str| contracts::read(body.as_bytes()).unwrap_err().reason;
    assert_eq!(reason(&"[".repeat(129)), Reason::TooDeep);
    assert_eq!(reason(r#"{"a":"\ud83d"}"#), Reason::UnstorableText);
    assert_eq!(reason(r#"{"a":"\udc00\ud800"}"#), Reason::UnstorableText);
    assert_eq!(reason(r#"{"a":}"#), Reason::NotJson);
    assert_eq!(
        contracts::read(b"\xff\xfe{}").unwrap_err().reason,
        Reason::NotJson
    );
}

#[test]
fn a_letter_names_whose_it_is_where_that_can_be_read() {
    let refusal = read(&fixture("commerce/bookings.insert.not-a-number")).unwrap_err();
    assert_eq!(
        refusal.tenant_id.unwrap().to_string(),
        "000000a1-0000-4000-8000-0000000000a1"
    );
    assert_eq!(refusal.table.as_deref(), Some("commerce.bookings"));
    assert_eq!(refusal.trigger.as_deref(), Some("ci_commerce_bookings"));
    assert!(refusal.event_id.is_some());
    assert!(
        refusal.detail.contains("total_amount"),
        "{}",
        refusal.detail
    );
    let without = read(&fixture("commerce/bookings.insert.nil-tenant")).unwrap_err();
    assert_eq!(without.tenant_id, None, "the nil uuid is nobody");
    let odd = json!({"id": "Erika Mustermann", "trigger": {"name": "a b"}, "table": {"schema": "x y", "name": "z"},
        "event": {"op": "INSERT", "data": {"new": {}}}});
    let odd = read(&odd).unwrap_err();
    assert_eq!(
        (odd.event_id, odd.trigger, odd.table, odd.envelope),
        (None, None, None, None)
    );
}

#[test]
fn a_letter_is_judged_alike_when_it_is_driven_again() {
    for (name, body) in FIXTURES.iter() {
        let Err(refusal) = read(body) else { continue };
        let Some(envelope) = refusal.envelope else {
            continue;
        };
        let Err(again) = read(&envelope) else {
            // Of a word of no fixed set or a label only that it was there is shown, and the row does without.
            assert_eq!(refusal.reason, Reason::UnstorableText, "{name}");
            continue;
        };
        // What is not shown is only known to be wrong; an unknown op is not shown at all.
        let hidden = [
            Reason::OutOfRange,
            Reason::UnstorableText,
            Reason::NotAnObject,
        ];
        let alike = again.reason == refusal.reason
            || (again.reason == Reason::WrongType && hidden.contains(&refusal.reason));
        assert!(alike, "{name}: {again}");
    }
}

#[test]
fn an_event_of_a_later_version_decodes_from_its_letter_once_that_is_known() {
    let refusal = read(&fixture(
        "commerce/domain_events.insert.BookingConfirmed.version-2",
    ))
    .unwrap_err();
    let mut letter = refusal.envelope.unwrap();
    letter["event"]["data"]["new"]["schema_version"] = json!(1);
    let (again, whole) = (
        decode(&letter).unwrap(),
        decode(&fixture("commerce/domain_events.insert.BookingConfirmed")).unwrap(),
    );
    let rows = |versions: &[Version]| {
        versions
            .iter()
            .map(|version| version.source)
            .collect::<BTreeSet<_>>()
    };
    // The tags are a list of words, which a letter does not show, and they are all it says of the template.
    assert!(rows(&again.versions).is_subset(&rows(&whole.versions)));
    assert_eq!(
        again.versions[0].get(Field::Total),
        whole.versions[0].get(Field::Total)
    );
}

#[test]
fn numbers_that_postgresql_cannot_expand_are_not_shown() {
    for number in ["0e99999999999", "1e-999999", "1e400"] {
        let mut body = fixture("commerce/bookings.insert.name-as-booker");
        body["event"]["data"]["new"]["total_amount"] = serde_json::from_str(number).unwrap();
        let letter = read(&body).unwrap_err().envelope.unwrap();
        assert_eq!(
            letter["event"]["data"]["new"]["total_amount"],
            json!({"$type": "number"})
        );
    }
}

#[test]
fn an_old_row_of_another_tenant_is_refused_though_the_new_one_is_good() {
    let new = fixture("commerce/bookings.insert")["event"]["data"]["new"].clone();
    let mut old = new.clone();
    old["tenant_id"] = json!("000000a2-0000-4000-8000-0000000000a2");
    old["updated_at"] = Value::Null;
    let refusal = read(&envelope("commerce.bookings", "UPDATE", &old, &new)).unwrap_err();
    assert_eq!(refusal.reason, Reason::TenantMismatch);
}
