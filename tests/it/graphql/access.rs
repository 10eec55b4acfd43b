//! Every root field × every role, as the committed matrix says and as the wire answers.

use customer_intelligence::graphql::access::{Field, Grant, fields, grant};
use customer_intelligence::graphql::caller::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::requests::Types;
use super::rig::{Rig, TENANT, ask, empty, key, letter, person};

/// Every role and the name it is sent by.
fn roles() -> impl Iterator<Item = (Role, Option<&'static str>)> {
    Role::ALL.into_iter().map(|role| {
        let name = match role {
            Role::Unknown => Some("anybody"),
            Role::Absent => None,
            role => Some(role.name()),
        };
        (role, name)
    })
}

/// A request for person 1 or letter 1 through each root field that shows them; others are asked by
/// `every_root_field_of_the_schema_refuses_whoever_the_matrix_does_not_name`.
fn query(field: &str) -> Option<String> {
    let (id, letter) = (key(person(1)), key(letter(1)));
    Some(match field {
        "customer_insight" => format!("{{ it: {field}(person_profile_id: {id}) {{ status }} }}"),
        "customer_insights_by_ids" => {
            format!("{{ it: {field}(person_profile_ids: [{id}]) {{ status }} }}")
        }
        "customer_insights" => format!("{{ it: {field} {{ nodes {{ status }} }} }}"),
        "dead_letter" => format!("{{ it: {field}(id: {letter}) {{ reason }} }}"),
        "dead_letters" => format!("{{ it: {field} {{ nodes {{ reason }} }} }}"),
        "drop_dead_letter" | "redrive_dead_letter" => {
            format!("mutation {{ it: {field}(input: {{ id: {letter} }}) {{ status }} }}")
        }
        _ => return None,
    })
}

/// The root fields that show what these tests have put there, with their requests.
fn shown() -> impl Iterator<Item = (&'static Field, String)> {
    fields::all().filter_map(|field| Some((field, query(field.name)?)))
}

fn shows(answer: &Value) -> bool {
    let text = answer.to_string();
    let signs = ["READY", "not_json", "DROPPED", "NEEDS_REDELIVERY"];
    signs.iter().any(|sign| text.contains(sign))
}

async fn answer(rig: &Rig, query: &str, headers: &[(&str, &str)]) -> Value {
    // Each time anew, because a mutation that is granted takes it away.
    rig.put_letter(TENANT, letter(1), "not_json", None).await;
    ask(&rig.router, headers, &json!({ "query": query }))
        .await
        .json()
}

#[tokio::test]
async fn every_role_sees_through_every_root_field_what_the_matrix_grants() {
    let rig = Rig::new().await;
    rig.put(TENANT, &[empty(1), empty(2)]).await;
    let (tenant, own, other) = (
        TENANT.to_string(),
        person(1).to_string(),
        person(2).to_string(),
    );
    for (
        Field {
            name: field,
            joined,
            ..
        },
        request,
    ) in shown()
    {
        for (role, name) in roles() {
            let granted = grant(field, role);
            let mut headers = vec![("x-hasura-tenant-id", tenant.as_str())];
            headers.extend(name.map(|name| ("x-hasura-role", name)));
            for asking in [None, Some(own.as_str()), Some(other.as_str())] {
                let mut headers = headers.clone();
                headers.extend(asking.map(|id| ("x-hasura-person-profile-id", id)));
                let body = answer(&rig, &request, &headers).await;
                let expected = match granted {
                    Grant::No => false,
                    Grant::Own => asking == Some(own.as_str()),
                    Grant::Tenant | Grant::Operations => true,
                };
                let case = format!("{field} as {role:?} being {asking:?}: {body}");
                assert_eq!(shows(&body), expected, "{case}");
                if *joined {
                    assert!(body.get("errors").is_none(), "{case}");
                } else if !expected {
                    assert_eq!(
                        body["errors"][0]["extensions"]["code"], "FORBIDDEN",
                        "{case}"
                    );
                }
            }
        }
    }
}

/// Requests come from the schema itself, so that no field can be forgotten.
#[tokio::test]
async fn every_root_field_of_the_schema_refuses_whoever_the_matrix_does_not_name() {
    let rig = Rig::new().await;
    rig.put(TENANT, &[empty(1)]).await;
    let tenant = TENANT.to_string();
    for (field, request) in Types::served().roots() {
        let joined = fields::named(&field).unwrap().joined;
        for (role, name) in roles() {
            let granted = grant(&field, role);
            for asking in [person(1), person(2)].map(|id| id.to_string()) {
                let mut headers = vec![
                    ("x-hasura-tenant-id", tenant.as_str()),
                    ("x-hasura-person-profile-id", asking.as_str()),
                    ("x-hasura-user-id", "7e57"),
                ];
                headers.extend(name.map(|name| ("x-hasura-role", name)));
                let body = answer(&rig, &request, &headers).await;
                let refused = body["errors"][0]["extensions"]["code"] == "FORBIDDEN";
                let case = format!("{request} as {role:?}: {body}");
                if joined {
                    assert!(body.get("errors").is_none(), "{case}");
                } else if granted == Grant::No {
                    assert!(refused, "{case}");
                } else if granted != Grant::Own || asking == person(1).to_string() {
                    assert!(!refused, "{case}");
                }
                if granted == Grant::No {
                    let it = &body["data"]["it"];
                    let nothing = it.is_null() || it == &json!([null]);
                    assert!(nothing, "{case}");
                }
            }
        }
    }
}

#[tokio::test]
async fn nobody_sees_a_person_without_a_tenant_and_nothing_through_another_one() {
    let rig = Rig::new().await;
    rig.put(TENANT, &[empty(1)]).await;
    let other = Uuid::from_u128(77).to_string();
    let person = person(1).to_string();
    for (
        Field {
            name: field,
            joined,
            ..
        },
        request,
    ) in shown()
    {
        for (role, name) in roles() {
            for tenant in [None, Some(other.as_str()), Some("no uuid"), Some("")] {
                let mut headers = vec![("x-hasura-person-profile-id", person.as_str())];
                headers.extend(name.map(|name| ("x-hasura-role", name)));
                headers.extend(tenant.map(|tenant| ("x-hasura-tenant-id", tenant)));
                let body = answer(&rig, &request, &headers).await;
                let expected = grant(field, role) == Grant::Operations && tenant.is_none();
                let case = format!("{field} as {role:?} of {tenant:?}: {body}");
                assert_eq!(shows(&body), expected, "{case}");
                assert!(
                    !joined || body.get("errors").is_none(),
                    "{field} as {role:?}: {body}"
                );
            }
        }
    }
}

#[tokio::test]
async fn roles_are_told_apart_to_the_letter() {
    let rig = Rig::new().await;
    rig.put(TENANT, &[empty(1)]).await;
    let tenant = TENANT.to_string();
    for name in ["Manager", "manager,driver", "managers", "", "x"] {
        let headers = [
            ("x-hasura-role", name),
            ("x-hasura-tenant-id", tenant.as_str()),
        ];
        let request = query("customer_insight").unwrap();
        let body = answer(&rig, &request, &headers).await;
        assert_eq!(body, json!({ "data": { "it": null } }), "{name}");
    }
}
