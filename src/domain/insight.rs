//! What the dispatcher reads about one person, as plain values with their sample sizes.
//!
//! Absent on purpose: GraphQL, JSON and labels of places and tours, which are looked up when read.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::channel::Channel;
use super::model::history::History;
use super::money::{Currency, Purse};

/// A value with the number of observations it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured<T> {
    /// The value.
    pub value: T,
    /// How many observations it rests on.
    pub based_on: u32,
}

/// The most frequent of several values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Favourite<T> {
    /// The winner: most frequent, then latest, then least.
    pub value: T,
    /// Its observations divided by all observations that have a value, in (0, 1].
    pub share: f64,
    /// All observations that have a value (at least 2).
    pub based_on: u32,
}

/// Where somebody gets on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum BoardingPlace {
    /// A stop of the operator's library.
    Stop(Uuid),
    /// At the own door.
    DoorPickup,
}

/// Who books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BookerKind {
    /// Most confirmed bookings carry a reseller.
    Agency,
    /// The median party is 8 or more.
    GroupOrganiser,
    /// Everybody else.
    Private,
}

/// The next departure of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextDeparture {
    /// Which offering; title and dates are looked up when read.
    pub offering_id: Uuid,
    /// As printed when folded.
    pub tour_title: Option<String>,
    /// First day.
    pub start_date: NaiveDate,
    /// Last day.
    pub end_date: Option<NaiveDate>,
    /// Where the person gets on.
    pub boarding: Option<BoardingPlace>,
}

/// Ancillaries of one type over the kept bookings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AncillaryUse {
    /// The platform's open type name.
    pub ancillary_type: String,
    /// Kept bookings with at least one of it.
    pub bookings: u32,
    /// `bookings` divided by the kept bookings.
    pub attach_rate: f64,
    /// What was paid for them, per currency.
    pub amounts: Purse,
}

/// Everything about money, per currency; the headline is the tenant's currency.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revenue {
    /// Sum of the values of the confirmed bookings as booker, gross.
    pub lifetime: Purse,
    /// The part whose tour has ended.
    pub realised: Purse,
    /// The rest.
    pub upcoming: Purse,
    /// Completed payments on confirmed bookings.
    pub paid: Purse,
    /// What kept bookings still owe.
    pub outstanding: Purse,
    /// Payments above the value of cancelled bookings.
    pub credit: Purse,
    /// Spent on board, never part of the lifetime revenue.
    pub onboard: Purse,
    /// Value of the open reservations.
    pub open_reservations: Purse,
}

/// What the log says about a person at one instant. Counts are of bookings as booker unless said otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Behavior {
    /// The tenant's currency: the headline of every amount.
    pub currency: Currency,
    /// Amounts.
    pub revenue: Revenue,
    /// Confirmed bookings of any fate.
    pub confirmed_bookings: u32,
    /// Kept bookings.
    pub total_bookings: u32,
    /// Cancelled by the customer.
    pub cancelled_bookings: u32,
    /// Cancelled by the operator.
    pub called_off_bookings: u32,
    /// Cancelled by the system.
    pub lapsed_bookings: u32,
    /// Replaced by another confirmed booking.
    pub rebooked_bookings: u32,
    /// Still `PENDING_PAYMENT`.
    pub open_reservations: u32,
    /// Seats over kept bookings.
    pub seats_booked: u64,
    /// Mean party over kept bookings that know it.
    pub average_party_size: Option<Measured<f64>>,
    /// Mean value over kept bookings in the tenant's currency, hundredths, rounded half-even.
    pub average_booking_value: Option<Measured<i64>>,
    /// Mean days between consecutive kept bookings; `based_on` counts the gaps.
    pub average_days_between_bookings: Option<Measured<f64>>,
    /// Mean whole days from booking to start.
    pub average_booking_lead_time: Option<Measured<f64>>,
    /// Median of the same days.
    pub median_booking_lead_time: Option<f64>,
    /// Agency, organiser or private; none without confirmed bookings.
    pub booker_kind: Option<BookerKind>,
    /// First confirmed booking.
    pub customer_since: Option<DateTime<Utc>>,
    /// First kept booking.
    pub first_booking_at: Option<DateTime<Utc>>,
    /// Last kept booking.
    pub last_booking_at: Option<DateTime<Utc>>,
    /// The latest thing the person did.
    pub last_activity_at: Option<DateTime<Utc>>,
    /// Trips that have ended.
    pub trips_taken: u32,
    /// Of those, trips that started and ended the same day.
    pub day_trips_taken: u32,
    /// Of those, longer ones.
    pub multi_day_trips_taken: u32,
    /// All trips, ended or under way: what shares and rates rest on.
    pub trips: u32,
    /// Departures still to come.
    pub upcoming_trips: u32,
    /// The first of them.
    pub next_departure: Option<NextDeparture>,
    /// Departures missed.
    pub no_show_count: u32,
    /// Departures on which nobody was scanned, so that missing it cannot be told.
    pub not_measured_departures: u32,
    /// Bookings as booker on which nobody appeared.
    pub no_show_bookings: u32,
    /// Such as `WINDOW_MIDDLE`.
    pub preferred_seat_position: Option<Favourite<String>>,
    /// As given.
    pub preferred_seat_label: Option<Favourite<String>>,
    /// Stop or door.
    pub preferred_boarding_point: Option<Favourite<BoardingPlace>>,
    /// Up to three tours by template.
    pub favourite_tours: Vec<Favourite<Uuid>>,
    /// Up to three regions.
    pub favourite_regions: Vec<Favourite<String>>,
    /// Up to three months of the start date, 1 to 12.
    pub favourite_months: Vec<Favourite<u32>>,
    /// Over kept bookings.
    pub favourite_party_size: Option<Favourite<i64>>,
    /// Over kept bookings.
    pub favourite_sales_channel: Option<Favourite<String>>,
    /// By type, most attached first.
    pub ancillaries: Vec<AncillaryUse>,
    /// Checkouts that expired.
    pub checkouts_abandoned: u32,
    /// The last of them.
    pub last_checkout_abandoned_at: Option<DateTime<Utc>>,
    /// Share of BOOKING, TRIP, MESSAGE, FEEDBACK, CONSENT present: 0, .2, … 1.
    pub profile_completeness: f64,
    /// Messages that count: in and out.
    pub messages: u32,
}

impl Behavior {
    /// Without what was concluded from the facts: what the person likes.
    pub fn forget_preferences(&mut self) {
        self.preferred_seat_position = None;
        self.preferred_seat_label = None;
        self.preferred_boarding_point = None;
        self.favourite_tours.clear();
        self.favourite_regions.clear();
        self.favourite_months.clear();
        self.favourite_party_size = None;
        self.favourite_sales_channel = None;
    }

    /// No-shows divided by trips and no-shows; none when there was neither.
    #[must_use]
    pub fn no_show_rate(&self) -> Option<f64> {
        let all = self.trips + self.no_show_count;
        (all > 0).then(|| f64::from(self.no_show_count) / f64::from(all))
    }

    /// Kept bookings per year since the first, counting at least one year.
    #[must_use]
    pub fn bookings_per_year(&self, now: DateTime<Utc>) -> Option<f64> {
        const DAYS_PER_YEAR: f64 = 365.25;
        let first = self.first_booking_at?;
        #[expect(
            clippy::cast_precision_loss,
            reason = "seconds of a lifetime fit a double"
        )]
        let years = (now - first).num_seconds() as f64 / 86_400.0 / DAYS_PER_YEAR;
        Some(f64::from(self.total_bookings) / years.max(1.0))
    }
}

/// What was said about the trips.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Feedback {
    /// The latest score, 0 to 10; `based_on` counts all scores given.
    pub nps_score: Option<Measured<i64>>,
    /// Mean of the last five ratings, 1 to 5.
    pub satisfaction: Option<Measured<f64>>,
}

/// What the profile itself allows and tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// As last told; none when never asked, no longer true once it has run out.
    pub marketing_consent: Option<bool>,
    /// Until when it holds, where a consent ends by itself.
    pub marketing_until: Option<DateTime<Utc>>,
    /// Any profile of the person objects to profiling.
    pub profiling_objection: bool,
    /// A consent to being measured was refused or taken back, apart from any objection.
    pub profiling_refused: bool,
    /// As last told, such as `de-DE`.
    pub locale: Option<String>,
    /// By which channel the person asked to be reached; comes before anything learned.
    pub stated_channel: Option<Channel>,
    /// The latest fare category is CHILD or INFANT: travel facts only.
    pub minor: bool,
}

impl Standing {
    /// Whether anything may be concluded about the person: scores, preferences, segments, recommendations. Facts are none.
    #[must_use]
    pub const fn profiling_allowed(&self) -> bool {
        !self.profiling_opposed() && !self.minor
    }

    /// Whether the person said no to it, in one way or the other.
    #[must_use]
    pub const fn profiling_opposed(&self) -> bool {
        self.profiling_objection || self.profiling_refused
    }

    /// What time has made of it by an instant.
    #[must_use]
    pub fn by(mut self, now: DateTime<Utc>) -> Self {
        if self.marketing_until.is_some_and(|until| until <= now) {
            self.marketing_consent = self.marketing_consent.map(|_over| false);
        }
        self
    }
}

/// First byte of a stored insight: which form the rest has. It rises with every change of the form.
const FORM: u8 = 3;

/// All that is derived for one person at one instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Insight {
    /// The person, after following merges.
    pub person_profile_id: Uuid,
    /// The facts.
    pub behavior: Behavior,
    /// The person's own words, as numbers.
    pub feedback: Feedback,
    /// Consent, objection, locale, minority.
    pub standing: Standing,
    /// What the models know; none for those who are not scored.
    pub history: Option<History>,
    /// The instant it was derived for.
    pub computed_at: DateTime<Utc>,
    /// The next instant at which time alone changes something; none when nothing will.
    pub valid_until: Option<DateTime<Utc>>,
}

impl Insight {
    /// The stored form: one byte that names it, then the value in postcard form.
    ///
    /// # Errors
    ///
    /// postcard's, of which none is to be expected: an insight is numbers and words.
    pub fn to_stored(&self) -> postcard::Result<Vec<u8>> {
        postcard::to_extend(self, vec![FORM])
    }

    /// Reads a stored form; `None` when another version of this program wrote it, so that it has to be derived anew.
    #[must_use]
    pub fn from_stored(stored: &[u8]) -> Option<Self> {
        match stored.split_first()? {
            (&FORM, rest) => postcard::from_bytes(rest).ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_insights_of_other_forms_are_not_guessed_at() {
        assert!(Insight::from_stored(&[]).is_none());
        assert!(Insight::from_stored(&[1, 0, 0]).is_none());
        assert!(Insight::from_stored(&[FORM, 1]).is_none());
    }
}
