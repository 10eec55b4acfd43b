//! What the fold needs to know that is about nobody: the operator, tours, legs, places, and whether
//! anybody of a booking or a departure was seen. Always today's, never as of a past instant.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::money::Currency;

/// The tenant's own settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Operator {
    /// The headline currency; EUR until the operator's row is known.
    pub currency: Currency,
    /// In which zone a day begins; Europe/Berlin until the operator's row is known.
    #[serde(serialize_with = "by_name")]
    pub time_zone: Tz,
}

/// A zone is its name; what the name means is the zone table's business.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn by_name<S: Serializer>(zone: &Tz, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(zone.name())
}

impl Default for Operator {
    fn default() -> Self {
        Self {
            currency: Currency::default(),
            time_zone: chrono_tz::Europe::Berlin,
        }
    }
}

/// One departure as it is sold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offering {
    /// The departure it sells.
    pub departure_id: Option<Uuid>,
    /// The tour it is a departure of.
    pub template_id: Option<Uuid>,
    /// As printed.
    pub title: Option<String>,
    /// The offering's region, else the template's.
    pub region: Option<String>,
    /// First day, in the tenant's zone.
    pub start_date: Option<NaiveDate>,
    /// Last day, in the tenant's zone.
    pub end_date: Option<NaiveDate>,
}

/// What happened around a booking, without saying to whom.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Somebody of it has a BOARDED boarding.
    pub boarded: bool,
    /// Somebody of it was DENIED.
    pub denied: bool,
    /// Another confirmed booking replaces it.
    pub replaced: bool,
}

/// The reference rows that a fold may look at.
#[derive(Debug, Clone, Default)]
pub struct Reference {
    /// The tenant.
    pub operator: Operator,
    /// By `tour_offering_id`.
    pub offerings: BTreeMap<Uuid, Offering>,
    /// Leg type by `service_leg_id`.
    pub leg_types: BTreeMap<Uuid, String>,
    /// By `booking_id`; absent means nothing known.
    pub surroundings: BTreeMap<Uuid, Surroundings>,
    /// Departures on which at least one boarding of anybody was recorded.
    pub measured: BTreeSet<Uuid>,
    /// Region by `tour_template_id`, for offerings that have none of their own.
    pub template_regions: BTreeMap<Uuid, String>,
    /// Channel type by `channel_account_id`; read for timelines only.
    pub channels: BTreeMap<Uuid, String>,
    /// How long a contact may stay unlinked before what was written is forgotten, in days.
    pub quarantine_days: i64,
}
