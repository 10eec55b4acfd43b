//! Every root field: which permission it asks for, and about whom it answers. A new root field is one line here.

use super::permission::Permission::{
    self, ComplianceManage, ComplianceRead, Consent, Export, Manage, Operations, Read,
};

/// About whom a root field answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Single persons that are named: whoever may only see themself is answered about themself. The resolver asks
    /// `access::may_see` for each of them.
    Person,
    /// The tenant as a whole, or any of its persons: not for those who may only see themself.
    Tenant,
    /// What keeps the service running: of the tenant that the caller names, without one of all.
    Operations,
}

/// One root field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Whether a remote relationship can reach it; then "no" is null and never an error.
    pub joined: bool,
    /// Any one of these is enough.
    pub needs: &'static [Permission],
    /// About whom it answers.
    pub about: About,
}

const fn joined(name: &'static str, needs: &'static [Permission], about: About) -> Field {
    Field {
        name,
        joined: true,
        needs,
        about,
    }
}

const fn asked(name: &'static str, needs: &'static [Permission], about: About) -> Field {
    Field {
        name,
        joined: false,
        needs,
        about,
    }
}

/// Every root field of `Query`.
#[rustfmt::skip]
pub const QUERIES: &[Field] = &[
    asked ("also_booked",              &[Read],       About::Tenant),
    asked ("audit_log",                &[ComplianceRead], About::Tenant),
    asked ("checkout_prefill",         &[Permission::Checkout], About::Person),
    joined("customer_insight",         &[Read],       About::Person),
    asked ("customer_insights",        &[Read],       About::Tenant),
    joined("customer_insights_by_ids", &[Read],       About::Person),
    asked ("dead_letter",              &[Operations], About::Operations),
    asked ("dead_letters",             &[Operations], About::Operations),
    asked ("erasure_requests",         &[ComplianceRead], About::Tenant),
    asked ("export_requests",          &[Export],     About::Tenant),
    asked ("group_sentiment",          &[Read],       About::Tenant),
    asked ("model_settings",           &[Manage],     About::Tenant),
    asked ("models",                   &[Manage],     About::Tenant),
    asked ("retention",                &[ComplianceRead], About::Tenant),
    asked ("retention_reviews",        &[ComplianceManage], About::Tenant),
    asked ("tour_audience",            &[Read],       About::Tenant),
];

/// Every root field of `Mutation`.
#[rustfmt::skip]
pub const MUTATIONS: &[Field] = &[
    asked ("allow_customer_return",    &[ComplianceManage], About::Tenant),
    asked ("drop_dead_letter",         &[Operations], About::Operations),
    asked ("redrive_dead_letter",      &[Operations], About::Operations),
    asked ("request_customer_erasure", &[ComplianceManage], About::Tenant),
    asked ("request_customer_export",  &[Export],     About::Person),
    asked ("roll_back_model",          &[Manage],     About::Tenant),
    asked ("set_churn_horizon",        &[Manage],     About::Tenant),
    asked ("set_customer_consent",     &[Consent],    About::Person),
    asked ("set_engagement_weights",   &[Manage],     About::Tenant),
    asked ("set_retention",            &[ComplianceManage], About::Tenant),
    asked ("state_channel_preference", &[Consent],    About::Person),
];

/// Every root field.
pub fn all() -> impl Iterator<Item = &'static Field> {
    QUERIES.iter().chain(MUTATIONS)
}

/// The root field with that name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Field> {
    all().find(|field| field.name == name)
}
