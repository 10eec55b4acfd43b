//! What each role may ask: one committed matrix, root field by role.
//!
//! A join must not fail, so on fields that a join can reach "no" means null; elsewhere it is an error.

use uuid::Uuid;

use super::caller::{Caller, Role};

/// How much of a root field a role may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Nothing.
    No,
    /// The person that the caller is, within the tenant.
    Own,
    /// All of the tenant that the caller names; without a tenant nothing.
    Tenant,
    /// What keeps the service running: of the tenant that the caller names, without one of all.
    Operations,
}

/// A root field, whether a join can reach it, and the grants in the order of [`Role::ALL`].
pub type Line = (&'static str, bool, [Grant; 9]);

/// Every root field of `Query`.
#[rustfmt::skip]
pub const MATRIX: [Line; 5] = {
    use Grant::{No, Operations, Own, Tenant};
    [
        //                           join   admin   staff   manager dispatcher marketing customer driver unknown absent
        ("customer_insight",         true,  [Tenant, Tenant, Tenant, Tenant,   No,       Own,     No,    No,     No]),
        ("customer_insights",        false, [Tenant, Tenant, Tenant, Tenant,   No,       No,      No,    No,     No]),
        ("customer_insights_by_ids", true,  [Tenant, Tenant, Tenant, Tenant,   No,       Own,     No,    No,     No]),
        ("dead_letter",              false, [Operations, Operations, No, No,   No,       No,      No,    No,     No]),
        ("dead_letters",             false, [Operations, Operations, No, No,   No,       No,      No,    No,     No]),
    ]
};

/// Every root field of `Mutation`.
#[rustfmt::skip]
pub const MUTATIONS: [Line; 2] = {
    use Grant::{No, Operations};
    [
        //                           join   admin       staff       manager dispatcher marketing customer driver unknown absent
        ("drop_dead_letter",         false, [Operations, Operations, No,     No,        No,       No,      No,    No,     No]),
        ("redrive_dead_letter",      false, [Operations, Operations, No,     No,        No,       No,      No,    No,     No]),
    ]
};

fn lines() -> impl Iterator<Item = &'static Line> {
    MATRIX.iter().chain(&MUTATIONS)
}

/// What the role may see of a root field.
#[must_use]
pub fn grant(field: &str, role: Role) -> Grant {
    let line = lines().find(|(name, ..)| *name == field);
    let grants = line.into_iter().flat_map(|(_, _, grants)| grants);
    Role::ALL
        .iter()
        .zip(grants)
        .find(|(of, _)| **of == role)
        .map_or(Grant::No, |(_, grant)| *grant)
}

/// Whether a field of this name is a root field outside joins: each use of it is a statement of its own.
pub(super) fn is_list(field: &str) -> bool {
    lines().any(|(name, joined, _)| *name == field && !joined)
}

/// Whether the caller may see this person through this field, if the person is in the caller's tenant.
pub(super) fn may_see(caller: &Caller, field: &str, person: Uuid) -> bool {
    match grant(field, caller.role) {
        Grant::No | Grant::Operations => false,
        Grant::Own => caller.person_profile_id == Some(person),
        Grant::Tenant => true,
    }
}

/// Whose operations data the caller may see through this field; `None` when the role may not ask.
pub(super) fn operations(caller: &Caller, field: &str) -> Option<Reach> {
    if grant(field, caller.role) != Grant::Operations {
        return None;
    }
    match (caller.tenant, caller.names_tenant) {
        (Some(tenant), _) => Some(Reach::Tenant(tenant)),
        (None, false) => Some(Reach::All),
        (None, true) => Some(Reach::Nothing),
    }
}

/// Whose operations data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Everybody's.
    All,
    /// One tenant's.
    Tenant(Uuid),
    /// Nobody's: a tenant is named that cannot be one.
    Nothing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_has_every_root_field_of_the_schema_once() {
        every_field("Query", &MATRIX);
        every_field("Mutation", &MUTATIONS);
    }

    fn every_field(root: &str, lines: &[Line]) {
        let sdl = crate::graphql::sdl();
        let query = sdl
            .split(&format!("\ntype {root} {{\n"))
            .nth(1)
            .unwrap()
            .split("\n}")
            .next()
            .unwrap();
        let mut fields: Vec<&str> = query
            .lines()
            .filter(|line| line.starts_with('\t') && !line.starts_with("\t\t"))
            .filter_map(|line| line.trim().split(['(', ':']).next())
            .filter(|name| {
                name.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !name.is_empty()
            })
            .collect();
        fields.sort_unstable();
        let mut named: Vec<&str> = lines.iter().map(|(name, ..)| *name).collect();
        named.sort_unstable();
        assert_eq!(fields, named);
    }

    #[test]
    fn a_role_that_is_absent_or_unknown_is_granted_nothing() {
        for (field, ..) in lines() {
            assert_eq!(grant(field, Role::Absent), Grant::No);
            assert_eq!(grant(field, Role::named("superuser")), Grant::No);
        }
        assert_eq!(grant("no_such_field", Role::Admin), Grant::No);
    }
}
