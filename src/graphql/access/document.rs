//! The matrix as people read it: `docs/access.md` is this text.

use std::fmt::Write as _;

use super::{Field, Grant, MUTATIONS, Permission, QUERIES, Sphere, bundle, grant};
use crate::graphql::caller::Role;

const HEAD: &str = "\
# Who may ask what

Written by `customer-intelligence access > docs/access.md`; a test fails when it differs, another sends every line of the
matrix to the service as every role. Roles, permissions and fields are edited in `src/graphql/access/`.

Hasura names role, tenant and person in the headers `x-hasura-role`, `x-hasura-tenant-id` and `x-hasura-person-profile-id`; they
are believed only beside the gateway secret. A tenant that is named always restricts, whatever the role; PostgreSQL's row
level security restricts once more.
";

const FOOT: &str = "
* **own**: the person that the caller is, within the tenant that is named.
* **tenant**: everything of the tenant that is named; without one nothing.
* **operations**: of the tenant that is named, without one of all: nothing about persons.
* **–**: null on fields that a join reaches, since a join never fails; elsewhere the error `FORBIDDEN`.
";

/// The document.
#[must_use]
pub fn document() -> String {
    let mut out = HEAD.to_owned();
    permissions(&mut out);
    roles(&mut out);
    out.push_str("\n## The matrix\n");
    matrix(&mut out, "Query", QUERIES);
    matrix(&mut out, "Mutation", MUTATIONS);
    out.push_str(FOOT);
    out
}

fn permissions(out: &mut String) {
    out.push_str("\n## Permissions\n\n| permission | allows to |\n|---|---|\n");
    for permission in Permission::ALL {
        line(
            out,
            &[format!("`{permission}`"), permission.meaning().to_owned()],
        );
    }
}

fn roles(out: &mut String) {
    out.push_str("\n## Roles\n\n| role | permissions | with whom | why |\n|---|---|---|---|\n");
    for role in Role::ALL {
        let bundle = bundle(role);
        let permissions: Vec<String> = bundle
            .permissions
            .iter()
            .map(|held| format!("`{held}`"))
            .collect();
        let sphere = match (bundle.permissions.is_empty(), bundle.sphere) {
            (true, _) => "–",
            (false, Sphere::Person) => "oneself",
            (false, Sphere::Tenant) => "the tenant",
        };
        let all = bundle.permissions.len() == Permission::ALL.len();
        let permissions = match permissions.as_slice() {
            [] => "none".to_owned(),
            _ if all => "all".to_owned(),
            some => some.join(", "),
        };
        line(
            out,
            &[
                title(role),
                permissions,
                sphere.to_owned(),
                bundle.reason.to_owned(),
            ],
        );
    }
}

fn matrix(out: &mut String, root: &str, fields: &[Field]) {
    let mut head = vec![format!("`{root}`"), "needs".to_owned(), "join".to_owned()];
    head.extend(Role::ALL.map(title));
    out.push('\n');
    line(out, &head);
    out.push_str(&"|---".repeat(head.len()));
    out.push_str("|\n");
    for field in fields {
        let needs: Vec<String> = field
            .needs
            .iter()
            .map(|needed| format!("`{needed}`"))
            .collect();
        let join = if field.joined { "yes" } else { "" };
        let mut cells = vec![
            format!("`{}`", field.name),
            needs.join(" or "),
            join.to_owned(),
        ];
        cells.extend(Role::ALL.map(|role| {
            let shown = match grant(field.name, role) {
                Grant::No => "–",
                Grant::Own => "own",
                Grant::Tenant => "tenant",
                Grant::Operations => "operations",
            };
            shown.to_owned()
        }));
        line(out, &cells);
    }
}

fn title(role: Role) -> String {
    match role {
        Role::Unknown => "any other".to_owned(),
        Role::Absent => "none named".to_owned(),
        role => format!("`{}`", role.name()),
    }
}

fn line(out: &mut String, cells: &[String]) {
    // Writing into a text cannot fail.
    writeln!(out, "| {} |", cells.join(" | ")).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_the_one_that_is_committed() {
        assert_eq!(
            document(),
            include_str!("../../../docs/access.md"),
            "target/debug/customer-intelligence access > docs/access.md"
        );
    }
}
