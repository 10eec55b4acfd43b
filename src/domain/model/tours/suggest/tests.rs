//! Lists for people with planted tastes. Absent: how well lists do on real purchases; `lab recommend` says so.

use super::*;
use crate::domain::metric::Language;
use crate::domain::model::history::{Booking, Trip};
use crate::domain::model::tours::catalogue::Tour;
use crate::domain::model::tours::{reason, rebook, train};
use chrono::TimeZone;

/// Noon of 2026-03-01, in minutes.
const NOW: Minutes = 29_539_440;
const SEA: [u128; 4] = [1, 2, 3, 4];
const HILLS: [u128; 4] = [11, 12, 13, 14];

fn today() -> NaiveDate {
    chrono::Utc.timestamp_opt(NOW * 60, 0).unwrap().date_naive()
}

/// Somebody who travelled these tours, so many days ago each.
fn traveller(trips: &[(u128, i64)]) -> History {
    let mut tours: Vec<Uuid> = Vec::new();
    let mut regions: Vec<String> = Vec::new();
    let mut all: Vec<Trip> = Vec::new();
    for (tour, days_ago) in trips {
        tours.push(Uuid::from_u128(*tour));
        regions.push(region(*tour).to_owned());
        let place = u16::try_from(tours.len() - 1).unwrap();
        all.push(Trip {
            start: (NOW / DAY - days_ago) * DAY,
            nights: 4,
            ahead: 100 * DAY,
            outcome: TripOutcome::Taken,
            own: true,
            tour: Some(place),
            region: Some(place),
        });
    }
    all.sort_by_key(|trip| trip.start);
    History {
        trips: all,
        tours,
        regions,
        ..History::default()
    }
}

fn region(tour: u128) -> &'static str {
    if tour < 10 { "Nordsee" } else { "Tirol" }
}

/// People of two tastes: three tours each of the sea or of the hills, over three years.
fn population() -> Vec<History> {
    (0_u32..400)
        .map(|n| {
            let side = if n % 2 == 0 { SEA } else { HILLS };
            let start = n as usize / 2;
            let trips: Vec<(u128, i64)> = [900, 500, 100]
                .into_iter()
                .enumerate()
                .map(|(step, days)| (side[(start + step) % 4], days + i64::from(n % 30)))
                .collect();
            traveller(&trips)
        })
        .collect()
}

fn departure(tour: u128, in_days: u64) -> Departure {
    Departure {
        offering_id: Uuid::from_u128(tour * 1_000 + u128::from(in_days)),
        template_id: Uuid::from_u128(tour),
        start: today()
            .checked_add_days(chrono::Days::new(in_days))
            .unwrap(),
        open: true,
        seats: Some(20),
    }
}

fn catalogue() -> Catalogue {
    let tours = SEA.into_iter().chain(HILLS).chain([5]);
    let tours = tours.map(|tour| {
        let of = Tour {
            title: Some(format!("Tour {tour}")),
            region: Some(region(tour).to_owned()),
            category: None,
        };
        (Uuid::from_u128(tour), of)
    });
    let tours: BTreeMap<Uuid, Tour> = tours.collect();
    let departures = tours.keys().map(|tour| departure(tour.as_u128(), 60));
    Catalogue::new(tours.clone(), departures.collect::<Vec<_>>())
}

fn model() -> TourModel {
    train::train(&population().iter().collect(), NOW).unwrap().0
}

fn tours(list: &[Suggestion], of: List) -> Vec<u128> {
    let of_list = list.iter().filter(|one| one.list == of);
    of_list.map(|one| one.tour.as_u128()).collect()
}

#[test]
fn planted_co_travel_is_suggested_and_the_back_test_says_by_how_much() {
    let (model, report) = train::train(&population().iter().collect(), NOW).unwrap();
    assert_eq!((report.travellers, report.tours), (400, 8));
    assert!(report.beats_popularity(), "{report:?}");
    assert!(report.model.ndcg_10 > 0.9, "{:?}", report.model);
    let guest = traveller(&[(1, 300), (2, 650)]);
    let found = suggest(&model, &catalogue(), &guest, (NOW, today()), 3);
    let likes = tours(&found, List::YouMayLike);
    assert_eq!(likes.len(), 3);
    assert!(
        SEA.contains(&likes[0]) && SEA.contains(&likes[1]),
        "{likes:?}"
    );
    assert!(
        HILLS.contains(&likes[2]),
        "at most two of a region: {likes:?}"
    );
    let Why::Travelled(because) = &found[0].why else {
        panic!("{:?}", found[0].why);
    };
    assert!(
        because
            .iter()
            .all(|one| [1, 2].contains(&one.tour.as_u128()))
    );
    let told = reason::suggested(&found[0].why, &catalogue(), Language::English);
    assert!(told.starts_with("because you travelled “Tour "), "{told}");
}

#[test]
fn own_tours_are_in_their_own_list_by_how_often() {
    let guest = traveller(&[(1, 300), (1, 700), (12, 400)]);
    let found = suggest(&model(), &catalogue(), &guest, (NOW, today()), 5);
    assert_eq!(tours(&found, List::BookAgain), [1, 12]);
    assert!(!tours(&found, List::YouMayLike).contains(&1));
}

#[test]
fn what_is_booked_sold_out_or_too_small_is_not_suggested() {
    let mut guest = traveller(&[(1, 300), (2, -60)]);
    guest.trips[1].outcome = TripOutcome::Open;
    guest.bookings = vec![Booking {
        booked: NOW - 400 * DAY,
        cancelled: None,
        no_show: false,
        value: None,
        tour: None,
        end: None,
        party: Some(4),
        sales_channel: None,
        extras: Vec::new(),
    }];
    let tours_of = catalogue().tours;
    let departures = [
        departure(2, 60),
        Departure {
            open: false,
            ..departure(3, 60)
        },
        Departure {
            seats: Some(3),
            ..departure(4, 60)
        },
        departure(11, 60),
    ];
    let catalogue = Catalogue::new(tours_of, departures);
    let found = suggest(&model(), &catalogue, &guest, (NOW, today()), 5);
    assert_eq!(tours(&found, List::YouMayLike), [11]);
    assert_eq!(tours(&found, List::BookAgain), [0_u128; 0]);
}

#[test]
fn a_new_tour_inherits_from_its_region_and_strangers_get_what_is_popular() {
    let guest = traveller(&[(1, 300), (2, 700), (3, 720), (4, 1_000)]);
    let found = suggest(&model(), &catalogue(), &guest, (NOW, today()), 5);
    let new = found.iter().find(|one| one.tour.as_u128() == 5).unwrap();
    assert_eq!(
        new.why,
        Why::NewInRegion {
            region: "Nordsee".to_owned(),
            times: 4
        }
    );
    let stranger = History::default();
    let found = suggest(&model(), &catalogue(), &stranger, (NOW, today()), 5);
    assert!(!found.is_empty());
    assert!(
        found
            .iter()
            .all(|one| matches!(one.why, Why::Popular { .. })),
        "{found:?}"
    );
}

#[test]
fn nothing_that_was_recorded_later_is_used() {
    let cut = NOW - 200 * DAY;
    let guest = traveller(&[(1, 300), (12, 60)]);
    let at = crate::domain::model::history::instant(cut).unwrap();
    let then = chrono::Utc.timestamp_opt(cut * 60, 0).unwrap().date_naive();
    let lists = |history: &History| suggest(&model(), &catalogue(), history, (cut, then), 5);
    assert_eq!(lists(&guest), lists(&guest.before(at)));
    assert_eq!(lists(&guest), lists(&traveller(&[(1, 300)])));
    // The same with everybody: a model of then knows nothing of what came after.
    let population = population();
    let before: Vec<History> = population.iter().map(|one| one.before(at)).collect();
    let bytes = |histories: &[History]| {
        let (model, _) = train::train(&histories.iter().collect(), cut).unwrap();
        postcard::to_stdvec(&model).unwrap()
    };
    assert_eq!(bytes(&population), bytes(&before));
}

#[test]
fn trained_twice_it_is_the_same_to_the_byte() {
    let bytes = || postcard::to_stdvec(&model()).unwrap();
    assert_eq!(bytes(), bytes());
}

#[test]
fn a_season_of_ones_own_is_asked_about_in_time() {
    let model = model();
    let season = |trips: &[(u128, i64)]| rebook::prompt(&model, &traveller(trips), (NOW, today()));
    // Around the middle of May in three years, planned 100 days ahead, as everybody does.
    let found = season(&[(1, 290), (2, 655), (1, 1_020)]).unwrap();
    assert_eq!((found.trips, found.lead_days), (3, 100));
    let until = (found.season - today()).num_days();
    assert!((70..85).contains(&until), "{found:?}");
    assert_eq!((found.season - found.from).num_days(), 114);
    assert_eq!(found.tour, Some(Uuid::from_u128(1)));
    let booked = season(&[(1, 290), (2, 655), (1, -80)]);
    assert_eq!(booked, None, "this season is booked");
    assert_eq!(
        season(&[(1, 290), (2, 473)]),
        None,
        "spring and autumn are no season"
    );
    assert_eq!(season(&[(1, 290)]), None, "nobody travels this tour twice");
}
