//! Role permissions against the schema that is really served, by Hasura's own rules.

use std::collections::BTreeSet;

use customer_intelligence::graphql::access::{Field, Grant, MUTATIONS, QUERIES, grant};
use customer_intelligence::graphql::caller::Role;
use customer_intelligence::graphql::sdl;

use super::directory::{list, remote_schema, text};
use crate::conformance::introspection;
use crate::conformance::permission::complaints;
use crate::conformance::rig::{GATEWAY_SECRET, Rig};
use crate::conformance::schema::{Document, Kind, TypeDef};

/// What Hasura holds after introspection: the secret is all it sends, and there is no database yet.
async fn upstream() -> Document {
    let rig = Rig::without_database();
    let (status, answer) = rig
        .graphql(&[("x-ci-secret", GATEWAY_SECRET)], introspection::request())
        .await;
    assert_eq!(status.as_u16(), 200);
    introspection::read(&answer).unwrap()
}

fn named<'a>(document: &'a Document, name: &str) -> &'a TypeDef {
    document
        .types
        .iter()
        .find(|ty| ty.name == name)
        .unwrap_or_else(|| panic!("there is no type {name}"))
}

/// Role and schema text of every permission.
fn permissions() -> Vec<(String, String)> {
    let schema = remote_schema();
    let permissions = list(&schema["permissions"]).iter();
    permissions
        .map(|one| {
            (
                text(&one["role"]).to_owned(),
                text(&one["definition"]["schema"]).to_owned(),
            )
        })
        .collect()
}

#[tokio::test]
async fn hasura_takes_the_schema_of_every_role() {
    let upstream = upstream().await;
    let permissions = permissions();
    assert!(permissions.len() > 2, "{permissions:?}");
    for (role, sdl) in permissions {
        assert_eq!(complaints(&upstream, &sdl), Vec::<String>::new(), "{role}");
    }
}

#[tokio::test]
async fn hasura_would_refuse_the_raw_export_and_every_slip_in_a_roles_schema() {
    let upstream = upstream().await;
    assert!(
        !complaints(&upstream, &sdl()).is_empty(),
        "the export can be pasted: the generator is not needed any more"
    );
    let (_, good) = permissions().remove(0);
    let slips = [
        ("first: Int", "first: Int = 20"),
        ("): CustomerInsight\n", "): CustomerInsight @deprecated\n"),
        (", person_profile_id: uuid!)", ")"),
        ("person_profile_id: uuid!)", "person_profile_id: uuid)"),
        ("person_profile_id: uuid!)", "person_profile_id: ID!)"),
        ("as_of: timestamptz,", "as_of: timestamptz!,"),
        ("status: InsightStatus!", "status: InsightStatus"),
        (
            "behavior_aggregate: BehaviorAggregate",
            "behavior: BehaviorAggregate",
        ),
        ("scalar uuid", ""),
        ("query: Query", "query: Root"),
    ];
    for (from, to) in slips {
        let slipped = good.replacen(from, to, 1);
        assert_ne!(slipped, good, "{from} is no longer in the schema");
        assert!(
            !complaints(&upstream, &slipped).is_empty(),
            "{from} -> {to} was taken"
        );
    }
}

#[tokio::test]
async fn each_role_may_ask_what_the_access_matrix_grants_and_others_nothing() {
    let permissions = permissions();
    for (role, sdl) in &permissions {
        let document = crate::conformance::grammar::parse_schema(sdl).unwrap();
        let asked = |root: &str| -> BTreeSet<String> {
            let root = document.types.iter().find(|ty| ty.name == root);
            let fields = root.map(|root| root.kind.fields()).unwrap_or_default();
            fields.iter().map(|field| field.name.clone()).collect()
        };
        let granted = |lines: &[Field]| -> BTreeSet<String> {
            let names = lines.iter().map(|field| field.name.to_owned());
            names
                .filter(|field| grant(field, Role::named(role)) != Grant::No)
                .collect()
        };
        assert_eq!(asked("Query"), granted(QUERIES), "{role}");
        assert_eq!(asked("Mutation"), granted(MUTATIONS), "{role}");
        let root = document.schemas[0].mutation.as_deref();
        assert_eq!(root.is_some(), !granted(MUTATIONS).is_empty(), "{role}");
    }
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Admin) {
        let asks = QUERIES
            .iter()
            .any(|field| grant(field.name, role) != Grant::No);
        let listed = permissions.iter().any(|(named, _)| named == role.name());
        assert_eq!(listed, asks, "{role:?}");
    }
    for role in ["admin", "driver", "anonymous", ""] {
        assert!(permissions.iter().all(|(named, _)| named != role), "{role}");
    }
}

#[tokio::test]
async fn the_relationships_lead_to_a_field_that_takes_the_key_and_may_be_null() {
    let upstream = upstream().await;
    let root = named(&upstream, "Query")
        .kind
        .fields()
        .iter()
        .find(|field| field.name == "customer_insight")
        .unwrap();
    assert_eq!(root.ty.to_string(), "CustomerInsight");
    let required: Vec<String> = root
        .arguments
        .iter()
        .filter(|argument| !argument.ty.nullable())
        .map(|argument| format!("{}: {}", argument.name, argument.ty))
        .collect();
    assert_eq!(
        required,
        ["person_profile_id: uuid!"],
        "an argument that is not mapped would be asked of the user"
    );

    let insight = named(&upstream, "CustomerInsight").kind.fields();
    assert!(
        insight
            .iter()
            .any(|field| field.name == "person_profile_id"),
        "the way back has no key"
    );
    assert!(
        insight.iter().all(|field| field.name != "person_profile"),
        "the way back would hide a field"
    );
}

#[tokio::test]
async fn the_schema_avoids_what_hasura_trips_over() {
    let upstream = upstream().await;
    assert_eq!(upstream.schemas[0].query.as_deref(), Some("Query"));
    assert_eq!(upstream.schemas[0].mutation.as_deref(), Some("Mutation"));
    assert_eq!(upstream.schemas[0].subscription, None);
    for ty in upstream
        .types
        .iter()
        .filter(|ty| !ty.name.starts_with("__"))
    {
        for field in ty.kind.fields() {
            for argument in &field.arguments {
                assert_eq!(
                    argument.default, None,
                    "{}.{}({})",
                    ty.name, field.name, argument.name
                );
            }
        }
        let common = [
            "String",
            "Int",
            "Float",
            "Boolean",
            "ID",
            "uuid",
            "timestamptz",
            "numeric",
            "date",
            "jsonb",
        ];
        if ty.kind == Kind::Scalar {
            assert!(
                common.contains(&ty.name.as_str()),
                "scalar {} is not named as Hasura names it",
                ty.name
            );
        }
    }
}
