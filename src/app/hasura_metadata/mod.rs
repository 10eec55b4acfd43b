//! Hasura's metadata directory (version 3), generated: event and cron triggers, remote schema, role permissions, relationships.
//!
//! Everything that must agree with the service comes from the service: columns from the contracts, role schemas from the
//! served SDL and the access matrix. Absent on purpose: our own tables (Hasura tracks none of them here), permissions beyond
//! what the joins need (they are the platform's own), addresses and secrets (environment variables of Hasura).

use anyhow::Context as _;

use crate::graphql;
use crate::graphql::access::{self, Grant};
use crate::graphql::caller::Role;

mod attach;
mod crons;
mod files;
mod joins;
mod remote_schema;
mod role_sdl;
mod tables;
mod triggers;
mod yaml;

pub use role_sdl::Upstream;
use role_sdl::{MUTATION, ROOT};
pub use tables::{EventTable, consumed};

/// The relationship's name wherever a platform row leads to an insight.
pub(crate) const RELATIONSHIP: &str = "customer_insight";
/// The remote schema's name in Hasura.
pub(crate) const REMOTE_SCHEMA: &str = "customer_intelligence";
/// The header that proves who calls.
pub(crate) const SECRET_HEADER: &str = "x-ci-secret";
/// The database source that holds the platform's tables.
pub(crate) const SOURCE: &str = "default";
/// Roles that may be granted something, in the order they are written. `driver` is none of them, and `admin` sees
/// everything. A role that no query is granted to has no schema, since Hasura wants a query root in each.
pub const ROLES: [Role; 7] = [
    Role::Manager,
    Role::Dispatcher,
    Role::Marketing,
    Role::Customer,
    Role::BusflowStaff,
    Role::DataProtection,
    Role::Service,
];

/// One file of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedFile {
    /// Path inside the directory, with forward slashes.
    pub path: String,
    /// The whole text.
    pub content: String,
}

/// A role and what it may read of the remote schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleSchema {
    /// Hasura's role name.
    pub role: String,
    /// The permission's schema text.
    pub sdl: String,
}

/// The role schemas for an exported SDL: `allows(role, type, field)` is the access matrix.
pub fn role_schemas(
    sdl: &str,
    allows: impl Fn(Role, &str, &str) -> bool,
) -> anyhow::Result<Vec<RoleSchema>> {
    let upstream = Upstream::parse(sdl)?;
    let mut schemas = Vec::new();
    for role in ROLES {
        let granted = upstream.for_role(|ty, field| allows(role, ty, field));
        if let Some(sdl) = granted.with_context(|| format!("the schema of role {}", role.name()))? {
            schemas.push(RoleSchema {
                role: role.name().to_owned(),
                sdl,
            });
        }
    }
    Ok(schemas)
}

/// Every file of the directory, sorted by path.
pub fn generate(tables: &[EventTable], roles: &[RoleSchema]) -> Vec<GeneratedFile> {
    let mut files = files::fixed();
    files.extend(tables::files(tables));
    files.push(remote_schema::file(roles));
    files.push(crons::file());
    files.push(attach::file(tables, roles));
    files.push(GeneratedFile {
        path: "sql/forget_person.sql".to_owned(),
        content: include_str!("forget_person.sql").to_owned(),
    });
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// The directory as this build of the service needs it.
pub fn generated() -> anyhow::Result<Vec<GeneratedFile>> {
    Ok(generate(
        &consumed(),
        &role_schemas(&graphql::sdl(), is_granted)?,
    ))
}

/// The access matrix is about root fields; who may ask one may read all of what it returns.
fn is_granted(role: Role, ty: &str, field: &str) -> bool {
    ![ROOT, MUTATION].contains(&ty) || access::grant(field, role) != Grant::No
}
