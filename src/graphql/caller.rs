//! Who asks, as Hasura's session variables say. They are believed only after the gateway secret matched.

use uuid::Uuid;

use crate::audit::Actor;

/// The header that carries the role.
pub const ROLE: &str = "x-hasura-role";
/// The header that carries the tenant.
pub const TENANT: &str = "x-hasura-tenant-id";
/// The header that carries the user.
pub const USER: &str = "x-hasura-user-id";
/// The header that carries a customer's own person.
pub const PERSON: &str = "x-hasura-person-profile-id";

/// A role of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Hasura's own administrator.
    Admin,
    /// Staff of the platform.
    BusflowStaff,
    /// Manages one operator.
    Manager,
    /// Answers one operator's customers.
    Dispatcher,
    /// Plans one operator's campaigns.
    Marketing,
    /// A customer, about themself.
    Customer,
    /// Sees to it that the law is kept: erasures, exports, consent, the audit log.
    DataProtection,
    /// Another backend of the platform.
    Service,
    /// Drives.
    Driver,
    /// A role that is not known here.
    Unknown,
    /// No role at all: may introspect and nothing else.
    Absent,
}

impl Role {
    /// Every role, in the order of the access matrix.
    pub const ALL: [Self; 11] = [
        Self::Admin,
        Self::BusflowStaff,
        Self::Manager,
        Self::Dispatcher,
        Self::Marketing,
        Self::Customer,
        Self::DataProtection,
        Self::Service,
        Self::Driver,
        Self::Unknown,
        Self::Absent,
    ];

    /// The role with that name in Hasura.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|role| !role.name().is_empty() && role.name() == name)
            .unwrap_or(Self::Unknown)
    }

    /// Its name in Hasura; empty for a role that is unknown or absent.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::BusflowStaff => "busflow_staff",
            Self::Manager => "manager",
            Self::Dispatcher => "dispatcher",
            Self::Marketing => "marketing",
            Self::Customer => "customer",
            Self::DataProtection => "data_protection",
            Self::Service => "service",
            Self::Driver => "driver",
            Self::Unknown | Self::Absent => "",
        }
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// In which role.
    pub role: Role,
    /// Within which tenant; none also when the header is no uuid, so that nothing is seen.
    pub tenant: Option<Uuid>,
    /// Whether a tenant is named at all: a header that is no uuid restricts to nothing instead of not restricting.
    pub names_tenant: bool,
    /// As which user, as the platform names it.
    pub user_id: Option<String>,
    /// As which person, for customers.
    pub person_profile_id: Option<Uuid>,
}

impl Caller {
    /// Who this is in the audit log. A customer is there as the subject only, by tag.
    #[must_use]
    pub fn actor(&self) -> Actor {
        let user_id = self.user_id.as_deref();
        match self.role {
            Role::Customer => Actor::of(Role::Customer.name(), None),
            role => Actor::of(role.name(), user_id),
        }
    }

    /// Reads the session variables through `header`, which gives a header's only value.
    #[must_use]
    pub fn read<'h>(header: impl Fn(&str) -> Option<&'h str>) -> Self {
        let id = |name| header(name).and_then(|text| text.trim().parse().ok());
        Self {
            role: header(ROLE).map_or(Role::Absent, |name| Role::named(name.trim())),
            tenant: id(TENANT),
            names_tenant: header(TENANT).is_some(),
            user_id: header(USER).map(str::to_owned),
            person_profile_id: id(PERSON),
        }
    }
}
