//! Dead letters over HTTP: what those who run the service see of them and can do about them.

use customer_intelligence::actions::receive::{Received, receive};
use customer_intelligence::inbox::{self, Channel, Writer};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::rig::{Reply, Rig, TENANT, ask, key, letter, router_with};

const OTHER: Uuid = Uuid::from_u128(0x07_0000);

/// Asks as staff of the platform, within a tenant where one is given.
async fn ask_as_staff(rig: &Rig, tenant: Option<Uuid>, query: &str) -> Reply {
    let tenant = tenant.map(|id| id.to_string());
    let mut headers = vec![("x-hasura-role", "busflow_staff")];
    headers.extend(tenant.as_deref().map(|id| ("x-hasura-tenant-id", id)));
    ask(&rig.router, &headers, &json!({ "query": query })).await
}

/// A door whose writer works until the set is dropped.
async fn attended() -> (Rig, Writer, JoinSet<()>) {
    let mut rig = Rig::new().await;
    let (pool, clock) = (rig.db.pool().clone(), rig.clock.clone());
    let writer = Writer::new(pool.clone(), clock.clone(), inbox::Limits::default());
    rig.router = router_with(&pool, rig.db.reads(), clock, &writer);
    let mut flushing = JoinSet::new();
    let flusher = writer.clone();
    flushing.spawn(async move { flusher.run().await });
    (rig, writer, flushing)
}

/// Three letters of two tenants and one that names none; the later ones have the higher numbers.
async fn four_letters(rig: &Rig) {
    rig.put_letter(TENANT, letter(1), "wrong_type", Some(json!({})))
        .await;
    rig.put_letter(TENANT, letter(2), "unknown_table", None)
        .await;
    rig.put_letter(OTHER, letter(3), "wrong_type", None).await;
    rig.put_letter(Uuid::nil(), letter(4), "not_json", None)
        .await;
}

fn ids(data: &Value) -> Vec<Uuid> {
    let nodes = data["dead_letters"]["nodes"].as_array().unwrap();
    let id = |node: &Value| node["id"].as_str().unwrap().parse().unwrap();
    nodes.iter().map(id).collect()
}

#[tokio::test]
async fn letters_come_latest_first_in_pages_and_a_tenant_header_restricts_them() {
    let rig = Rig::new().await;
    four_letters(&rig).await;
    let all = "{ dead_letters { nodes { id } } }";
    let shown = ids(&ask_as_staff(&rig, None, all).await.joined());
    assert_eq!(shown, [letter(4), letter(3), letter(2), letter(1)]);
    let shown = ids(&ask_as_staff(&rig, Some(TENANT), all).await.joined());
    assert_eq!(shown, [letter(2), letter(1)]);
    let wrong = "{ dead_letters(reason: \"wrong_type\") { nodes { id } } }";
    let shown = ids(&ask_as_staff(&rig, None, wrong).await.joined());
    assert_eq!(shown, [letter(3), letter(1)]);

    let (mut seen, mut after) = (Vec::new(), "null".to_owned());
    loop {
        let page = format!(
            "{{ dead_letters(first: 3, after: {after}) {{ nodes {{ id }} page_info {{ has_next_page end_cursor }} }} }}"
        );
        let data = ask_as_staff(&rig, None, &page).await.joined();
        seen.extend(ids(&data));
        let info = &data["dead_letters"]["page_info"];
        if info["has_next_page"] == false {
            break;
        }
        after = info["end_cursor"].to_string();
    }
    assert_eq!(seen, [letter(4), letter(3), letter(2), letter(1)]);
    for unusable in ["first: -1", "after: \"nonsense\""] {
        let page = format!("{{ dead_letters({unusable}) {{ nodes {{ id }} }} }}");
        let body = ask_as_staff(&rig, None, &page).await.json();
        let code = &body["errors"][0]["extensions"]["code"];
        assert_eq!(code, "BAD_USER_INPUT", "{body}");
    }
}

#[tokio::test]
async fn a_letter_tells_what_is_wrong_and_never_what_stood_there() {
    let (rig, writer, _flushing) = attended().await;
    let body = json!({
        "id": "9f1f", "created_at": "2026-01-02T03:04:05.678901",
        "trigger": { "name": "ci_backoffice_person_profiles" },
        "table": { "schema": "backoffice", "name": "person_profiles" },
        "event": { "op": "INSERT", "session_variables": null, "data": { "old": null, "new": {
            "id": Uuid::from_u128(5), "tenant_id": TENANT, "first_name": "Erika",
            "email": "erika@example.org", "updated_at": "erika@example.org"
        } } }
    });
    let received = receive(
        &writer,
        &rig.clock,
        body.to_string().as_bytes(),
        Channel::Live,
    )
    .await;
    assert!(
        matches!(received, Ok(Received::Buried { .. })),
        "{received:?}"
    );
    let shown = ask_as_staff(
        &rig,
        None,
        "{ dead_letters { nodes { id tenant_id received_at event_id table trigger reason detail redrivable } } }",
    )
    .await;
    let node = &shown.joined()["dead_letters"]["nodes"][0];
    assert_eq!(node["tenant_id"], TENANT.to_string());
    assert_eq!(node["event_id"], "9f1f");
    assert_eq!(node["table"], "backoffice.person_profiles");
    assert!(
        node["detail"].as_str().unwrap().contains("updated_at"),
        "{node}"
    );
    for personal in ["Erika", "erika", "example.org"] {
        assert!(!shown.text.contains(personal), "{}", shown.text);
    }
    let id = &node["id"];
    let one = format!("{{ dead_letter(id: {id}) {{ reason tenant_id }} }}");
    let found = ask_as_staff(&rig, None, &one).await.joined();
    assert_eq!(found["dead_letter"]["reason"], node["reason"]);
    for (tenant, id) in [
        (Some(OTHER), id.to_string()),
        (None, "\"nonsense\"".to_owned()),
    ] {
        let one = format!("{{ dead_letter(id: {id}) {{ reason }} }}");
        let found = ask_as_staff(&rig, tenant, &one).await.joined();
        assert_eq!(found["dead_letter"], Value::Null);
    }
}

#[tokio::test]
async fn trying_again_and_dropping_say_what_became_of_the_letter() {
    let (rig, _writer, _flushing) = attended().await;
    four_letters(&rig).await;
    let readable = json!({
        "id": "e1", "created_at": "2026-01-02T03:04:05.678901",
        "trigger": { "name": "ci_backoffice_person_profiles" },
        "table": { "schema": "backoffice", "name": "person_profiles" },
        "event": { "op": "INSERT", "session_variables": null, "data": { "old": null, "new": {
            "id": Uuid::from_u128(5), "tenant_id": TENANT,
            "created_at": "2026-01-02T03:04:05+00:00", "updated_at": "2026-01-02T03:04:05+00:00"
        } } }
    });
    rig.put_letter(TENANT, letter(5), "unknown_table", Some(readable))
        .await;
    for (number, tenant, expected) in [
        (
            5,
            Some(OTHER),
            json!({ "status": "NOT_FOUND", "reason": null }),
        ),
        (5, Some(TENANT), json!({ "status": "KEPT", "reason": null })),
        (5, None, json!({ "status": "NOT_FOUND", "reason": null })),
        (
            1,
            None,
            json!({ "status": "STILL_REFUSED", "reason": "missing_event" }),
        ),
        (
            2,
            None,
            json!({ "status": "NEEDS_REDELIVERY", "reason": null }),
        ),
    ] {
        let id = key(letter(number));
        let query = format!(
            "mutation {{ redrive_dead_letter(input: {{ id: {id} }}) {{ status reason }} }}"
        );
        let data = ask_as_staff(&rig, tenant, &query).await.joined();
        assert_eq!(data["redrive_dead_letter"], expected, "letter {number}");
    }
    let waiting = sqlx::query_scalar!("select count(*) from inbox where tenant_id = $1", TENANT);
    let waiting = waiting.fetch_one(rig.db.pool()).await.unwrap();
    assert_eq!(waiting, Some(1), "what was kept waits to be worked on");
    for (tenant, expected) in [
        (Some(OTHER), "NOT_FOUND"),
        (None, "DROPPED"),
        (None, "NOT_FOUND"),
    ] {
        let id = key(letter(2));
        let query = format!("mutation {{ drop_dead_letter(input: {{ id: {id} }}) {{ status }} }}");
        let data = ask_as_staff(&rig, tenant, &query).await.joined();
        assert_eq!(data["drop_dead_letter"]["status"], expected);
    }
}
