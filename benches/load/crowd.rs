//! Customers of one large operator, made up: what each did in four years, as the fold leaves it behind.
//!
//! Four kinds of customers (regulars of one month, twice a year, once, gone silent), two tastes of tours, channels that
//! are answered and others that are not, extras that go with tours: there is something to learn, so that training goes
//! all its ways. A number always makes the same customer.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use customer_intelligence::domain::derive::derive;
use customer_intelligence::domain::fold::booking::{AncillaryFact, BookingFact};
use customer_intelligence::domain::fold::fate::Fate;
use customer_intelligence::domain::fold::fold;
use customer_intelligence::domain::fold::journey::{Journey, Outcome};
use customer_intelligence::domain::fold::voice::{Talk, Told};
use customer_intelligence::domain::insight::Insight;
use customer_intelligence::domain::model::seed::Seed;
use customer_intelligence::domain::money::Currency;
use customer_intelligence::domain::reference::Reference;
use uuid::Uuid;

/// Tours of an ordinary catalogue; each region has ten.
pub(crate) const TOURS: usize = 200;
const REGIONS: usize = 20;
const YEARS: i64 = 4;
const CHANNELS: [&str; 3] = ["EMAIL", "WHATSAPP", "SMS"];

/// The insight of the customer of a number, as it is derived at an instant, where there are so many tours.
pub(crate) fn insight(number: u64, tours: usize, now: DateTime<Utc>) -> Insight {
    let mut seed = Seed::new(number);
    // Ids as spread as those of a platform; two halves of one stream.
    let person = Uuid::from_u64_pair(seed.bits(), seed.bits());
    let mut state = fold(person, &[], &Reference::default());
    let taste = seed.below(REGIONS);
    let answers = seed.below(CHANNELS.len());
    let days: Vec<i64> = departures(&mut seed);
    for (place, day) in (0_u64..).zip(days) {
        let id = Uuid::from_u64_pair(number, place);
        let tour = tour(&mut seed, taste, tours);
        let start = now.date_naive() - TimeDelta::days(day);
        let ahead = 20 + i64::try_from(seed.below(160)).unwrap_or(0);
        let booked = now - TimeDelta::days(day + ahead);
        if booked > now {
            continue;
        }
        state
            .bookings
            .push(booking(&mut seed, id, booked, start, tour));
        state
            .journeys
            .push(journey(id, booked, start, tour, day > 0));
        for sent in [booked, booked + TimeDelta::days(ahead / 2)] {
            let channel = seed.below(CHANNELS.len());
            let read = seed.share() < if channel == answers { 0.8 } else { 0.15 };
            state.talk.push(talk(sent, channel, read));
        }
        if day > 20 && seed.share() < 0.2 {
            let score = 6 + i64::try_from(seed.below(5)).unwrap_or(0);
            state.answers.push(Told {
                at: now - TimeDelta::days(day - 15),
                nps: Some(score),
                rating: Some(score / 2),
                template_id: Some(template(tour)),
                region: Some(region(tour)),
            });
        }
    }
    derive(&state, now)
}

/// Days before now on which somebody set off; negative ones are to come.
fn departures(seed: &mut Seed) -> Vec<i64> {
    let kind = seed.share();
    let first = i64::try_from(seed.below(365)).unwrap_or(0);
    let mut jitter = || i64::try_from(seed.below(40)).unwrap_or(0) - 20;
    match kind {
        // One trip ever.
        ..0.5 => vec![first * YEARS + jitter()],
        // Once a year in their month, to come as well.
        ..0.75 => (-1..YEARS)
            .map(|year| first + year * 365 + jitter())
            .collect(),
        // Twice a year.
        ..0.88 => (0..2 * YEARS)
            .map(|half| first + half * 182 + jitter())
            .collect(),
        // Yearly, until two years ago.
        _ => (2..=YEARS)
            .map(|year| first + year * 365 + jitter())
            .collect(),
    }
}

/// Mostly of the region that they like and the next one.
fn tour(seed: &mut Seed, taste: usize, tours: usize) -> usize {
    if seed.share() < 0.2 {
        return seed.below(tours);
    }
    let region = (taste + usize::from(seed.share() < 0.3)) % REGIONS;
    region + REGIONS * seed.below(tours / REGIONS)
}

fn template(tour: usize) -> Uuid {
    Uuid::from_u64_pair(0x70, tour as u64)
}

fn region(tour: usize) -> String {
    format!("Region {}", tour % REGIONS)
}

fn booking(
    seed: &mut Seed,
    id: Uuid,
    booked: DateTime<Utc>,
    start: NaiveDate,
    tour: usize,
) -> BookingFact {
    let value = 19_900 + 1_000 * i128::try_from(seed.below(80)).unwrap_or(0);
    let bike = seed.share() < if tour.is_multiple_of(7) { 0.5 } else { 0.1 };
    let bike = bike.then(|| AncillaryFact {
        ancillary_type: "BIKE".to_owned(),
        amount: 2_500,
        currency: Currency::default(),
    });
    BookingFact {
        id,
        fate: Fate {
            confirmed: true,
            completed: true,
            failed_to_show: false,
            cancelled: false,
            ever_fully_paid: true,
            refunded_afterwards: false,
            pending: false,
        },
        cancellation: None,
        cancelled_at: None,
        template_id: Some(template(tour)),
        currency: Currency::default(),
        value,
        paid: value,
        outstanding: 0,
        booked: Some(booked),
        end_date: Some(start + TimeDelta::days(4)),
        lead_days: None,
        reseller: false,
        passenger_count: Some(1 + i64::try_from(seed.below(3)).unwrap_or(0)),
        sales_channel: Some(if seed.share() < 0.3 { "PHONE" } else { "WEB" }.to_owned()),
        ancillaries: bike.into_iter().collect(),
        no_show: false,
    }
}

fn journey(
    id: Uuid,
    seen: DateTime<Utc>,
    start: NaiveDate,
    tour: usize,
    travelled: bool,
) -> Journey {
    Journey {
        departure: id,
        booking_id: id,
        seen_at: Some(seen),
        outcome: if travelled {
            Outcome::Trip
        } else {
            Outcome::Open
        },
        offering_id: id,
        template_id: Some(template(tour)),
        tour_title: None,
        region: Some(region(tour)),
        start_date: Some(start),
        end_date: Some(start + TimeDelta::days(4)),
        seat_position: None,
        seat_label: None,
        place: None,
    }
}

fn talk(at: DateTime<Utc>, channel: usize, read: bool) -> Talk {
    Talk {
        at,
        inbound: false,
        delivered: true,
        failed: false,
        read: read.then(|| at + TimeDelta::hours(3)),
        channel: CHANNELS.get(channel).map(|name| (*name).to_owned()),
        account: None,
    }
}
