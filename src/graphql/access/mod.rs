//! What each role may ask. The matrix root field × role is nowhere written by hand: a field names the permission it needs
//! (`fields`), a role is a bundle of permissions (`roles`), and [`grant`] puts them together; `docs/access.md` shows it.
//!
//! A join must not fail, so on fields that a join can reach "no" means null; elsewhere it is an error.

pub mod permission;
pub mod roles;
pub mod fields;
mod document;

use async_graphql::Context;
use uuid::Uuid;

use super::caller::{Caller, Role};
use super::errors::FieldError;
use super::rate::Crowded;

pub use self::document::document;
pub use self::fields::{About, Field, MUTATIONS, QUERIES};
pub use self::permission::Permission;
pub use self::roles::{Bundle, Sphere, bundle};

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

/// What the role may see of a root field.
#[must_use]
pub fn grant(field: &str, role: Role) -> Grant {
    let Some(field) = fields::named(field) else {
        return Grant::No;
    };
    let bundle = bundle(role);
    if !field
        .needs
        .iter()
        .any(|needed| bundle.permissions.contains(needed))
    {
        return Grant::No;
    }
    match (field.about, bundle.sphere) {
        (About::Person, Sphere::Person) => Grant::Own,
        (About::Person | About::Tenant, Sphere::Tenant) => Grant::Tenant,
        (About::Operations, Sphere::Tenant) => Grant::Operations,
        (About::Tenant | About::Operations, Sphere::Person) => Grant::No,
    }
}

/// Whether a field of this name is a root field outside joins: each use of it is a statement of its own.
pub(super) fn is_list(field: &str) -> bool {
    fields::named(field).is_some_and(|field| !field.joined)
}

/// Whether a join reaches the root field of this name.
pub(super) fn is_joined(field: &str) -> bool {
    fields::named(field).is_some_and(|field| field.joined)
}

/// Whether the caller may see this person through this field, if the person is in the caller's tenant.
pub(super) fn may_see(caller: &Caller, field: &str, person: Uuid) -> bool {
    match grant(field, caller.role) {
        Grant::No | Grant::Operations => false,
        Grant::Own => caller.person_profile_id == Some(person),
        Grant::Tenant => true,
    }
}

/// Whether the caller may ask for a field about persons at all.
pub(super) fn may_ask(caller: &Caller, field: &str) -> bool {
    matches!(grant(field, caller.role), Grant::Own | Grant::Tenant)
}

/// The tenant whose data the caller may see through a field about the tenant: `None` when they name none (the answer is
/// null), an error when the role may not ask.
pub(super) fn tenant(ctx: &Context<'_>, field: &str) -> async_graphql::Result<Option<Uuid>> {
    if ctx.data_opt::<Crowded>().is_some() {
        return Err(FieldError::RateLimited.to_graphql());
    }
    let caller = ctx.data_opt::<Caller>();
    caller
        .filter(|caller| grant(field, caller.role) == Grant::Tenant)
        .map(|caller| caller.tenant)
        .ok_or_else(|| FieldError::Forbidden.to_graphql())
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
    fn every_root_field_of_the_schema_is_named_once() {
        every_field("Query", QUERIES);
        every_field("Mutation", MUTATIONS);
    }

    fn every_field(root: &str, lines: &[Field]) {
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
        let mut named: Vec<&str> = lines.iter().map(|field| field.name).collect();
        named.sort_unstable();
        assert_eq!(
            fields, named,
            "a root field has one line in access/fields.rs"
        );
    }

    #[test]
    fn a_role_that_is_absent_or_unknown_is_granted_nothing() {
        for Field { name, .. } in fields::all() {
            assert_eq!(grant(name, Role::Absent), Grant::No);
            assert_eq!(grant(name, Role::named("superuser")), Grant::No);
        }
        assert_eq!(grant("no_such_field", Role::Admin), Grant::No);
    }

    #[test]
    fn whoever_may_only_see_themself_is_never_granted_a_tenant() {
        for Field { name, .. } in fields::all() {
            let grant = grant(name, Role::Customer);
            assert!(matches!(grant, Grant::No | Grant::Own), "{name}: {grant:?}");
        }
    }

    #[test]
    fn names_of_permissions_are_different_and_every_field_needs_one() {
        let mut names: Vec<&str> = Permission::ALL.map(Permission::name).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Permission::ALL.len());
        assert!(fields::all().all(|field| !field.needs.is_empty()));
    }
}
