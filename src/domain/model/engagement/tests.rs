//! The score of people whose story is known beforehand. Absent: GraphQL, which shows it.

use super::*;
use crate::domain::model::channel::Channel;
use crate::domain::model::history::{Booking, Cancelled, Trip, TripOutcome};

const NOW: Minutes = 29_000_000;

fn booking(days_ago: i64) -> Booking {
    Booking {
        booked: NOW - days_ago * DAY,
        cancelled: None,
        no_show: false,
        value: None,
        tour: None,
        end: None,
        party: None,
        sales_channel: None,
        extras: Vec::new(),
    }
}

fn trip(days_ago: i64, outcome: TripOutcome) -> Trip {
    Trip {
        start: NOW - days_ago * DAY,
        nights: 0,
        ahead: 0,
        outcome,
        own: true,
        tour: None,
        region: None,
    }
}

fn scored(history: &History, trials: &[Trial]) -> Option<Engagement> {
    engagement(history, trials, &Usual::default(), &Weights::default(), NOW)
}

fn part(found: &Engagement, part: Part) -> Option<&Scored> {
    found.parts.iter().find(|one| one.part == part)
}

#[test]
fn of_nobody_who_ever_did_anything_there_is_a_score() {
    assert_eq!(scored(&History::default(), &[]), None);
}

#[test]
fn silence_for_one_usual_gap_is_worth_half() {
    let history = History {
        bookings: vec![booking(730), booking(365)],
        ..History::default()
    };
    let found = scored(&history, &[]).unwrap();
    let rhythm = part(&found, Part::Rhythm).unwrap();
    assert!((rhythm.value - 0.5).abs() < 1e-9);
    assert_eq!(
        rhythm.ground,
        Ground::Rhythm {
            silent: 365,
            usual: 365
        }
    );
    assert!(
        (found.coverage - 0.5).abs() < 1e-9,
        "rhythm and trend of all"
    );
    let weights: f64 = found.parts.iter().map(|one| one.weight).sum();
    assert!((weights - 1.0).abs() < 1e-9);
}

#[test]
fn the_score_is_the_weighted_mean_of_what_is_known() {
    let history = History {
        bookings: vec![booking(10)],
        answers: vec![Answer {
            at: NOW,
            nps: Some(10),
            rating: None,
            tour: None,
            region: None,
        }],
        ..History::default()
    };
    let found = scored(&history, &[]).unwrap();
    // Rhythm 2^(-10/365), trend .5 + .25, feedback (1 + .75) / 2, by 35, 15 and 20.
    let expected = 35.0 * (-10.0_f64 / 365.0).exp2() + 15.0 * 0.75 + 20.0 * 0.875;
    assert!(
        (found.score - expected / 70.0 * 100.0).abs() < 1e-9,
        "{}",
        found.score
    );
}

#[test]
fn missed_departures_and_late_cancellations_cost_reliability() {
    let mut late = booking(40);
    late.end = Some(NOW - 10 * DAY);
    late.cancelled = Some(Cancelled {
        at: NOW - 12 * DAY,
        why: Cancellation::ByCustomer,
    });
    let history = History {
        bookings: vec![late],
        trips: vec![trip(50, TripOutcome::Taken), trip(30, TripOutcome::NoShow)],
        ..History::default()
    };
    let found = scored(&history, &[]).unwrap();
    let reliability = part(&found, Part::Reliability).unwrap();
    assert!(
        (reliability.value - 0.5).abs() < 1e-9,
        "two of two trips and two more"
    );
}

#[test]
fn answers_are_judged_by_what_the_tenants_customers_do() {
    let usual = Usual {
        response: 0.5,
        response_steps: (0..20).map(|step| f64::from(step) / 20.0).collect(),
        ..Usual::default()
    };
    let trial = |success| Trial {
        at: NOW,
        channel: Channel::Email,
        success,
    };
    let value = |trials: &[Trial]| {
        let found = engagement(
            &History::default(),
            trials,
            &usual,
            &Weights::default(),
            NOW,
        );
        found.unwrap().parts[0].value
    };
    let (good, bad) = (value(&[trial(1.0); 8]), value(&[trial(0.0); 8]));
    assert!(good > 0.8 && bad < 0.3, "{good} {bad}");
}

#[test]
fn a_part_that_weighs_nothing_is_not_told() {
    let history = History {
        bookings: vec![booking(10)],
        ..History::default()
    };
    let weights = Weights {
        version: 3,
        each: [35.0, 0.0, 25.0, 20.0, 5.0],
    };
    let found = engagement(&history, &[], &Usual::default(), &weights, NOW).unwrap();
    assert_eq!(found.parts.len(), 1);
    assert_eq!(found.weights_version, 3);
}

#[test]
fn what_comes_later_does_not_count() {
    let history = History {
        bookings: vec![booking(100), booking(-5)],
        answers: vec![Answer {
            at: NOW + 1,
            nps: Some(0),
            rating: None,
            tour: None,
            region: None,
        }],
        ..History::default()
    };
    let found = scored(&history, &[]).unwrap();
    let earlier = scored(
        &History {
            bookings: vec![booking(100)],
            ..History::default()
        },
        &[],
    );
    assert_eq!(Some(found), earlier);
}
