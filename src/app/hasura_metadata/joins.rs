//! Where an insight hangs: the platform's rows that hold a person, and who may follow them in the sample permissions.

use super::yaml::{Yaml, map, text, texts};
use super::{RELATIONSHIP, REMOTE_SCHEMA};

/// A table from whose rows an insight is reached, by the column that holds the person.
pub(super) struct Join {
    pub(super) schema: &'static str,
    pub(super) table: &'static str,
    pub(super) key: &'static str,
    /// Roles of the sample permission, each with the column of its row filter and the session variable compared with it.
    pub(super) readers: &'static [(&'static str, &'static str, &'static str)],
}

const TENANT: (&str, &str) = ("tenant_id", "X-Hasura-Tenant-Id");
const STAFF: [(&str, &str, &str); 2] = [
    ("manager", TENANT.0, TENANT.1),
    ("dispatcher", TENANT.0, TENANT.1),
];

/// Where an insight hangs on the platform's side.
pub(super) const JOINS: [Join; 3] = [
    Join {
        schema: "backoffice",
        table: "person_profiles",
        key: "id",
        readers: &[
            STAFF[0],
            STAFF[1],
            ("marketing", TENANT.0, TENANT.1),
            ("customer", "id", "X-Hasura-Person-Profile-Id"),
        ],
    },
    Join {
        schema: "commerce",
        table: "bookings",
        key: "booker_profile_id",
        readers: &STAFF,
    },
    Join {
        schema: "communications",
        table: "contacts",
        key: "person_profile_id",
        readers: &STAFF,
    },
];

/// The remote relationship of a table.
pub(super) fn relationship(join: &Join) -> Yaml {
    let argument = map([("person_profile_id", text(format!("${}", join.key)))]);
    let to_remote_schema = map([
        ("remote_schema", text(REMOTE_SCHEMA)),
        ("lhs_fields", texts([join.key])),
        (
            "remote_field",
            map([(RELATIONSHIP, map([("arguments", argument)]))]),
        ),
    ]);
    map([
        ("name", text(RELATIONSHIP)),
        ("definition", map([("to_remote_schema", to_remote_schema)])),
    ])
}

/// A sample permission that lets a role follow it.
pub(super) fn permission(join: &Join, (role, column, variable): (&str, &str, &str)) -> Yaml {
    let columns = if join.key == "id" {
        vec!["id"]
    } else {
        vec!["id", join.key]
    };
    map([
        ("role", text(role)),
        (
            "permission",
            map([
                ("columns", texts(columns)),
                ("filter", map([(column, map([("_eq", text(variable))]))])),
                ("allow_aggregations", Yaml::Flag(false)),
            ]),
        ),
    ])
}
