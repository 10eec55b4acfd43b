//! The fold: from one person's log rows to what is true of that person, whatever the time.
//!
//! Pure and order-free: rows are grouped by source row, versions sorted by their own order, and every
//! field takes its value from the latest version that carries it. Absent on purpose: "now", which
//! belongs to `derive`, and anything about other people but what `reference` says without naming them.

pub mod entity;
pub mod fate;
pub mod booking;
pub mod journey;
pub mod seat;
pub mod voice;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use self::booking::{BookingFact, BookingPart};
use self::entity::Entities;
use self::journey::Journey;
use self::voice::{Talk, Told, Ways};
use super::activity::{LogRow, Role};
use super::insight::{Feedback, Standing};
use super::money::Purse;
use super::reference::{Operator, Reference};
use super::source::SourceKind;

/// Which fold made a stored state. It rises whenever the same rows would fold to something else, or a stored form
/// changes; `rebuild` then brings what is stored up to date.
pub const FOLD_VERSION: i16 = 3;

/// What is true of a person, whatever the time: the input of `derive`. Its serialised form is what hashes are taken of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CustomerState {
    /// The person after following merges.
    pub person: Uuid,
    /// The tenant's currency and zone.
    pub operator: Operator,
    /// Confirmed bookings and open reservations as booker, by id.
    pub bookings: Vec<BookingFact>,
    /// Departures as traveller, by departure.
    pub journeys: Vec<Journey>,
    /// Spent on board.
    pub onboard: Purse,
    /// When own checkouts expired.
    pub abandoned: Vec<DateTime<Utc>>,
    /// Messages that count.
    pub talk: Vec<Talk>,
    /// Scores and ratings.
    pub feedback: Feedback,
    /// The same one by one, by time.
    pub answers: Vec<Told>,
    /// Feedback of any kind was given, also without a score or a rating.
    pub gave_feedback: bool,
    /// Consent, objection, locale, minority.
    pub standing: Standing,
    /// How the person can be reached.
    pub ways: Ways,
    /// The latest thing the person did.
    pub last_activity_at: Option<DateTime<Utc>>,
}

/// Folds the rows of a person and of everyone merged into them. The order of `rows` does not matter.
#[must_use]
pub fn fold(person: Uuid, rows: &[LogRow], reference: &Reference) -> CustomerState {
    let entities = Entities::group(rows);
    let parts = booking::parts(&entities, reference);
    combine(person, parts, &entities, reference)
}

/// The state from bookings that were folded by themselves, and `rest`: every row that belongs to no booking's bill,
/// with the booking rows that those name.
#[must_use]
pub fn combine(
    person: Uuid,
    parts: Vec<BookingPart>,
    rest: &Entities<'_>,
    reference: &Reference,
) -> CustomerState {
    let travel = journey::facts(rest, reference);
    let voice = voice::facts(rest, reference, person);
    let touched = parts.iter().filter_map(|part| part.touched_at).max();
    let moments = [touched, travel.last_touch, voice.last_touch];
    CustomerState {
        person,
        operator: reference.operator.clone(),
        bookings: parts.into_iter().filter_map(|part| part.fact).collect(),
        journeys: travel.journeys,
        onboard: travel.onboard,
        abandoned: voice.abandoned,
        talk: voice.talk,
        feedback: voice.feedback,
        answers: voice.answers,
        gave_feedback: voice.gave_feedback,
        standing: Standing {
            minor: travel.minor,
            ..voice.standing
        },
        ways: voice.ways,
        last_activity_at: moments.into_iter().flatten().max(),
    }
}

/// Whether a row belongs to a booking's bill, so that only the booking's own part looks at it, and whatever names
/// that booking.
#[must_use]
pub fn is_of_a_bill(kind: SourceKind, role: Role) -> bool {
    match kind {
        SourceKind::Booking | SourceKind::Payment | SourceKind::Ancillary => true,
        SourceKind::Passenger => role == Role::Booker,
        _ => false,
    }
}
