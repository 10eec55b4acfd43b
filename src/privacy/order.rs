//! What is asked for: whom to erase, what of them, why, and by when.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::domain::category::Category;

/// What an erasure rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The person asked (GDPR, article 17).
    GdprRequest,
    /// The person asked (CCPA).
    CcpaRequest,
    /// The operator's own rules.
    InternalPolicy,
    /// Not heard of for longer than the operator keeps people.
    Retention,
    /// Erased before, and back from a backup.
    Restored,
}

impl Basis {
    /// As it is stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::GdprRequest => "gdpr-request",
            Self::CcpaRequest => "ccpa-request",
            Self::InternalPolicy => "internal-policy",
            Self::Retention => "retention",
            Self::Restored => "restored",
        }
    }
}

/// Whom to erase, and what of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Whose customer.
    pub tenant_id: Uuid,
    /// The person, or anyone merged with them.
    pub person: Uuid,
    /// The request's own id; none goes on with what is unfinished about this person, or begins a new one.
    pub request_id: Option<Uuid>,
    /// Why.
    pub basis: Basis,
    /// Only these categories; nothing named means everything.
    pub categories: BTreeSet<Category>,
    /// A reference of whoever asks, as [`reference()`] accepts it.
    pub reason: Option<String>,
    /// When it has to be done, where that is not the usual time.
    pub due_at: Option<DateTime<Utc>>,
}

impl Order {
    /// The whole person, for that reason.
    #[must_use]
    pub fn whole(tenant_id: Uuid, person: Uuid, basis: Basis) -> Self {
        Self {
            tenant_id,
            person,
            request_id: None,
            basis,
            categories: BTreeSet::new(),
            reason: None,
            due_at: None,
        }
    }
}

/// Longest reference.
const REFERENCE_MAX: usize = 80;

/// Whether a text may be kept as somebody's reference: letters, digits and a few marks, so that it is no address.
#[must_use]
pub fn reference(text: &str) -> Option<String> {
    let text = text.trim();
    let plain = |c: char| c.is_alphanumeric() || " ._:#/-".contains(c);
    let fits = !text.is_empty() && text.chars().count() <= REFERENCE_MAX && text.chars().all(plain);
    fits.then(|| text.to_owned())
}

/// How long things take their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From asking until it has to be done.
    pub due: TimeDelta,
    /// From asking until whoever runs the service is warned.
    pub alarm: TimeDelta,
    /// From taking out until the worker's first scan: what was on its way is in by then.
    pub first_scan: TimeDelta,
    /// From the first scan until the second, which closes.
    pub second_scan: TimeDelta,
}

impl Timing {
    /// So long before an erasure is due the alarm begins.
    #[must_use]
    pub fn warned_before_due(&self) -> TimeDelta {
        (self.due - self.alarm).max(TimeDelta::zero())
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            due: TimeDelta::days(30),
            alarm: TimeDelta::days(25),
            first_scan: TimeDelta::seconds(60),
            second_scan: TimeDelta::hours(24),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_ticket_and_no_address() {
        assert_eq!(reference(" TICKET-17 #4 "), Some("TICKET-17 #4".to_owned()));
        let long = "x".repeat(81);
        for other in ["", "  ", "someone@example.org", "a\nb", &long] {
            assert_eq!(reference(other), None, "{other}");
        }
    }
}
