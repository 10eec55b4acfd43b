//! From what is true of a person to what the dispatcher reads at one instant.
//!
//! The only place where "now" enters, as a parameter. Sums are whole hundredths; means are taken in a
//! fixed order, so that the same state and instant give the same bytes.

mod favourite;
mod money;
mod rhythm;
mod travel;

use chrono::{DateTime, Days, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;

use super::fold::CustomerState;
use super::fold::booking::{BookingFact, Cancellation};
use super::fold::journey::Outcome;
use super::insight::{Behavior, BookerKind, Feedback, Insight};
use super::model::history::History;
pub(in crate::domain) use rhythm::is_group;

/// Derives the insight of a person at an instant.
#[must_use]
pub fn derive(state: &CustomerState, now: DateTime<Utc>) -> Insight {
    let zone = state.operator.time_zone;
    let today = now.with_timezone(&zone).date_naive();
    let standing = state.standing.clone().by(now);
    let mut behavior = behavior(state, today);
    let mut feedback = state.feedback.clone();
    // What may not be concluded is not kept, either.
    if standing.profiling_opposed() {
        behavior.forget_preferences();
        feedback = Feedback::default();
    }
    Insight {
        person_profile_id: state.person,
        history: History::of(state, behavior.booker_kind),
        behavior,
        feedback,
        computed_at: now,
        valid_until: valid_until(state, now, zone),
        standing,
    }
}

fn behavior(state: &CustomerState, today: NaiveDate) -> Behavior {
    let kept: Vec<&BookingFact> = state.bookings.iter().filter(|b| b.fate.kept()).collect();
    let confirmed = || state.bookings.iter().filter(|b| b.fate.confirmed);
    let cancelled = |why| count(confirmed().filter(|b| b.cancellation == Some(why)));
    let mut moments: Vec<DateTime<Utc>> = kept.iter().filter_map(|b| b.booked).collect();
    moments.sort_unstable();
    let outcomes = |outcome| count(state.journeys.iter().filter(|j| j.outcome == outcome));
    let ended = travel::ended(state, today);
    let day_trips = count(ended.iter().filter(|j| j.start_date == j.end_date));
    let taken = count(ended.iter());
    let lead = rhythm::lead_time(&kept);
    let wishes = favourite::of(state);
    let currency = &state.operator.currency;
    Behavior {
        currency: currency.clone(),
        revenue: money::revenue(state, today),
        confirmed_bookings: count(confirmed()),
        total_bookings: count(kept.iter()),
        cancelled_bookings: cancelled(Cancellation::ByCustomer),
        called_off_bookings: cancelled(Cancellation::CalledOff),
        lapsed_bookings: cancelled(Cancellation::Lapsed),
        rebooked_bookings: cancelled(Cancellation::Rebooked),
        open_reservations: count(state.bookings.iter().filter(|b| !b.fate.confirmed)),
        seats_booked: rhythm::seats(&kept),
        average_party_size: rhythm::party_size(&kept),
        average_booking_value: money::average_value(&kept, currency),
        average_days_between_bookings: rhythm::days_between(&moments),
        average_booking_lead_time: lead.mean,
        median_booking_lead_time: lead.median,
        booker_kind: booker_kind(state, &kept),
        customer_since: confirmed().filter_map(|b| b.booked).min(),
        first_booking_at: moments.first().copied(),
        last_booking_at: moments.last().copied(),
        last_activity_at: state.last_activity_at,
        trips_taken: taken,
        day_trips_taken: day_trips,
        multi_day_trips_taken: taken - day_trips,
        trips: outcomes(Outcome::Trip),
        upcoming_trips: travel::upcoming(state, today)
            .count()
            .try_into()
            .unwrap_or(u32::MAX),
        next_departure: travel::next_departure(state, today),
        no_show_count: outcomes(Outcome::NoShow),
        not_measured_departures: outcomes(Outcome::NotMeasured),
        no_show_bookings: count(kept.iter().filter(|b| b.no_show)),
        preferred_seat_position: wishes.seat_position,
        preferred_seat_label: wishes.seat_label,
        preferred_boarding_point: wishes.place,
        favourite_tours: wishes.tours,
        favourite_regions: wishes.regions,
        favourite_months: wishes.months,
        favourite_party_size: wishes.party_size,
        favourite_sales_channel: wishes.sales_channel,
        ancillaries: money::ancillaries(&kept),
        checkouts_abandoned: count(state.abandoned.iter()),
        last_checkout_abandoned_at: state.abandoned.iter().max().copied(),
        profile_completeness: completeness(state),
        messages: count(state.talk.iter()),
    }
}

fn count<I: Iterator>(items: I) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

/// An agency when most confirmed bookings carry a reseller, a group organiser when the median party is 8 or more.
fn booker_kind(state: &CustomerState, kept: &[&BookingFact]) -> Option<BookerKind> {
    let confirmed = state.bookings.iter().filter(|b| b.fate.confirmed);
    let (all, brokered) = confirmed.fold((0, 0), |(all, brokered), b| {
        (all + 1, brokered + usize::from(b.reseller))
    });
    if all == 0 {
        return None;
    }
    if brokered * 2 > all {
        return Some(BookerKind::Agency);
    }
    Some(if rhythm::organises(kept) {
        BookerKind::GroupOrganiser
    } else {
        BookerKind::Private
    })
}

/// Share of BOOKING, TRIP, MESSAGE, FEEDBACK, CONSENT that are present.
fn completeness(state: &CustomerState) -> f64 {
    let present = [
        state.bookings.iter().any(|b| b.fate.confirmed),
        state.journeys.iter().any(|j| j.outcome == Outcome::Trip),
        !state.talk.is_empty(),
        state.gave_feedback,
        state.standing.marketing_consent.is_some(),
    ];
    let found = u8::try_from(present.iter().filter(|one| **one).count()).unwrap_or_default();
    f64::from(found) / 5.0
}

/// The next local midnight at which a tour ends or a departure is no longer to come, or the end of a consent.
fn valid_until(state: &CustomerState, now: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
    let today = now.with_timezone(&zone).date_naive();
    let ends = state.bookings.iter().filter_map(|b| b.end_date);
    let travel = state
        .journeys
        .iter()
        .flat_map(|j| [j.start_date, j.end_date])
        .flatten();
    let next = ends.chain(travel).filter(|day| *day >= today).min();
    let next = next.and_then(|day| midnight(day.checked_add_days(Days::new(1))?, zone));
    let consent = state.standing.marketing_until.filter(|until| *until > now);
    [next, consent].into_iter().flatten().min()
}

/// The first instant of a day in a zone; where clocks skip midnight, the first hour that exists.
fn midnight(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let hours = (0..24).filter_map(|hour| day.and_hms_opt(hour, 0, 0));
    let mut instants = hours.filter_map(|local| zone.from_local_datetime(&local).earliest());
    instants.next().map(|at| at.with_timezone(&Utc))
}
