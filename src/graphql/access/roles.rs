//! Roles as bundles of permissions.
//!
//! Deliberately absent: roles of a tenant's own; Hasura names the role, this file says what it is worth.

use super::permission::Permission;
use crate::graphql::caller::Role;

/// How far a role's permissions go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sphere {
    /// The person that the caller is, within the tenant.
    Person,
    /// The tenant that the caller names.
    Tenant,
}

/// What one role is worth.
#[derive(Clone, Copy, Debug)]
pub struct Bundle {
    /// What it may do.
    pub permissions: &'static [Permission],
    /// With whom.
    pub sphere: Sphere,
    /// Why it is so.
    pub reason: &'static str,
}

/// The bundle of a role.
#[must_use]
pub const fn bundle(role: Role) -> Bundle {
    use Permission::{
        Checkout, ComplianceManage, ComplianceRead, Consent, Export, Manage, Operations, Read,
        SegmentationManage, SegmentationRead,
    };
    let (permissions, sphere, reason): (&[Permission], _, _) = match role {
        Role::Admin => (
            &Permission::ALL,
            Sphere::Tenant,
            "Hasura's own administrator, whom nothing in Hasura restricts either",
        ),
        Role::BusflowStaff => (
            &[
                Read,
                Manage,
                SegmentationRead,
                SegmentationManage,
                ComplianceRead,
                Operations,
            ],
            Sphere::Tenant,
            "the platform runs the service and helps; erasing, consenting and handing out are acts of the operator",
        ),
        Role::Manager => (
            &[
                Read,
                Manage,
                Consent,
                SegmentationRead,
                SegmentationManage,
                ComplianceRead,
                ComplianceManage,
                Export,
            ],
            Sphere::Tenant,
            "answers for the operator, who is the controller",
        ),
        Role::Dispatcher => (
            &[Read, Consent, SegmentationRead],
            Sphere::Tenant,
            "talks to customers, and writes down when one takes a consent back",
        ),
        Role::Marketing => (
            &[SegmentationRead],
            Sphere::Tenant,
            "works with groups, not with single persons",
        ),
        Role::Customer => (
            &[Read, Consent, Export],
            Sphere::Person,
            "the person themself",
        ),
        Role::DataProtection => (
            &[Consent, ComplianceRead, ComplianceManage, Export],
            Sphere::Tenant,
            "sees to it that the law is kept; sees a person through an export, which leaves a trace, and no lists",
        ),
        Role::Service => (
            &[Checkout],
            Sphere::Tenant,
            "another backend of the platform, such as the checkout",
        ),
        Role::Driver => (&[], Sphere::Person, "needs the manifest, not the history"),
        Role::Unknown => (&[], Sphere::Person, "nobody said what it is for"),
        Role::Absent => (&[], Sphere::Person, "may read the schema and nothing else"),
    };
    Bundle {
        permissions,
        sphere,
        reason,
    }
}
