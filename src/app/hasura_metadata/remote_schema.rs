//! The remote schema: where Hasura finds us, what each role may ask, and the way back from an insight to the profile.
//!
//! No header of the client is forwarded: Hasura sends the session variables by itself, and they count only beside the secret.

use super::files::metadata;
use super::tables::reference;
use super::yaml::{Yaml, map, text};
use super::{GeneratedFile, REMOTE_SCHEMA, RoleSchema, SECRET_HEADER, SOURCE};

/// Shown in Hasura's console.
pub(super) const COMMENT: &str =
    "Customer Intelligence: what is known about a person, by person_profile_id";

const NOTES: &str = "\
Role permissions count only with HASURA_GRAPHQL_ENABLE_REMOTE_SCHEMA_PERMISSIONS=true. Without it every role sees the whole
schema, and the service alone decides by role and tenant. A role that is not listed sees nothing.";

/// `remote_schemas.yaml`.
pub(super) fn file(roles: &[RoleSchema]) -> GeneratedFile {
    let (of, relationship) = back_to_the_profile();
    let back = map([
        ("type_name", text(of)),
        ("relationships", Yaml::List(vec![relationship])),
    ]);
    let schema = map([
        ("name", text(REMOTE_SCHEMA)),
        ("definition", definition()),
        ("comment", text(COMMENT)),
        (
            "permissions",
            Yaml::List(roles.iter().map(permission).collect()),
        ),
        ("remote_relationships", Yaml::List(vec![back])),
    ]);
    metadata("remote_schemas.yaml", NOTES, &Yaml::List(vec![schema]))
}

/// Where Hasura finds us.
pub(super) fn definition() -> Yaml {
    map([
        ("url_from_env", text("CI_GRAPHQL_URL")),
        ("timeout_seconds", Yaml::Number(10)),
        ("forward_client_headers", Yaml::Flag(false)),
        ("headers", secret("CI_GATEWAY_SECRET")),
        // The server's codec marks the mapping as required as soon as there is a customization, so there is none:
        // type and field names are distinctive as they are.
    ])
}

/// The header list that proves the caller to be Hasura.
pub(super) fn secret(variable: &str) -> Yaml {
    Yaml::List(vec![map([
        ("name", text(SECRET_HEADER)),
        ("value_from_env", text(variable)),
    ])])
}

/// What one role may ask.
pub(super) fn permission(role: &RoleSchema) -> Yaml {
    map([
        ("role", text(role.role.as_str())),
        (
            "definition",
            map([("schema", Yaml::Block(role.sdl.clone()))]),
        ),
    ])
}

/// The way back: the object type, and its relationship to the platform's row.
pub(super) fn back_to_the_profile() -> (&'static str, Yaml) {
    let to_source = map([
        ("source", text(SOURCE)),
        ("table", reference("backoffice", "person_profiles")),
        ("relationship_type", text("object")),
        ("field_mapping", map([("person_profile_id", text("id"))])),
    ]);
    let relationship = map([
        ("name", text("person_profile")),
        ("definition", map([("to_source", to_source)])),
    ]);
    ("CustomerInsight", relationship)
}
