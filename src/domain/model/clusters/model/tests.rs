//! Groups that keep their names from training to training. Absent: the comparison with scikit-learn, in `tests/it/models`.

use super::*;
use crate::domain::model::seed::Seed;

/// About normal, mean 0, deviation 1.
fn normal(seed: &mut Seed) -> f64 {
    (0..12).map(|_| seed.share()).sum::<f64>() - 6.0
}

/// Kinds of guests by days of silence, bookings, revenue a booking, and a region; the kind of each guest beside.
fn guests(each: usize, shift: f64, seed: u64) -> (Vec<Customer<'static>>, Vec<u32>) {
    let kinds = [
        (30.0, 14.0, 900.0, "Nordsee"),
        (60.0, 4.0, 250.0, "Tirol"),
        (400.0, 5.0, 800.0, "Tirol"),
        (900.0, 1.0, 120.0, "Berlin"),
        (45.0, 1.0, 150.0, "Berlin"),
    ];
    let mut seed = Seed::new(seed);
    let mut guests = Vec::new();
    let mut truth = Vec::new();
    for _ in 0..each {
        for (kind, (silence, bookings, price, region)) in (0_u32..).zip(kinds) {
            let mut near = |value: f64| value * libm::exp(normal(&mut seed) * 0.16);
            let bookings = near(bookings);
            guests.push(Customer {
                rfm: Rfm {
                    recency_days: near(silence) + shift,
                    bookings,
                    revenue: near(price) * bookings,
                },
                region: Some(region),
            });
            truth.push(kind);
        }
    }
    (guests, truth)
}

/// Share of guests in the group that their kind is matched with.
fn accuracy(model: &Clusters, guests: &[Customer<'_>], truth: &[u32]) -> f64 {
    let mut costs = vec![vec![0.0; model.groups.len()]; 5];
    for (guest, kind) in guests.iter().zip(truth) {
        let found = model.assign(&guest.rfm).unwrap().group.id;
        let place = model.groups.iter().position(|one| one.id == found).unwrap();
        costs[*kind as usize][place] -= 1.0;
    }
    let matched = cheapest(&costs);
    let right: f64 = matched
        .iter()
        .zip(&costs)
        .filter_map(|(at, row)| Some(-row[(*at)?]))
        .sum();
    right / f64::from(u32::try_from(guests.len()).unwrap())
}

#[test]
fn planted_kinds_of_guests_are_found() {
    let (guests, truth) = guests(400, 0.0, 1);
    let (model, report) = Clusters::train(&guests, None, 42, 0).unwrap();
    assert_eq!(model.groups.len(), 5, "{:?}", report.tries);
    let found = accuracy(&model, &guests, &truth);
    assert!(found >= 0.99, "{found}");
    let names: Vec<&str> = model
        .groups
        .iter()
        .map(|one| one.name.german.as_str())
        .collect();
    assert!(
        names.contains(&"Aktive umsatzstarke Stammgäste, Nordsee"),
        "{names:?}"
    );
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 5, "{names:?}");
}

#[test]
fn trained_twice_it_is_the_same_to_the_byte() {
    let (guests, _) = guests(60, 0.0, 2);
    let bytes = || postcard::to_stdvec(&Clusters::train(&guests, None, 7, 0).unwrap().0).unwrap();
    assert_eq!(bytes(), bytes());
}

#[test]
fn groups_keep_id_and_name_when_trained_again() {
    let (before, _) = guests(100, 0.0, 3);
    let (first, _) = Clusters::train(&before, None, 42, 0).unwrap();
    let (after, _) = guests(110, 30.0, 4);
    let (second, report) = Clusters::train(&after, Some(&first), 43, 0).unwrap();
    let known = |model: &Clusters| -> Vec<(u32, Name)> {
        model
            .groups
            .iter()
            .map(|one| (one.id, one.name.clone()))
            .collect()
    };
    assert_eq!(known(&first), known(&second));
    let moved: u32 = report.moved.iter().map(|(_, _, n)| n).sum();
    assert_eq!(moved, report.customers);
    assert!(report.churn.unwrap() < 0.05, "{:?}", report.moved);
}

#[test]
fn a_group_that_vanished_does_not_lend_its_id_to_a_new_one() {
    let (before, kinds) = guests(100, 0.0, 5);
    let (first, _) = Clusters::train(&before, None, 42, 0).unwrap();
    // The sleepers of kind 3 are gone; in their place a club that books every week.
    let after: Vec<Customer<'_>> = before
        .iter()
        .zip(&kinds)
        .map(|(guest, kind)| {
            let club = Rfm {
                recency_days: 2.0,
                bookings: 200.0 * guest.rfm.bookings,
                revenue: 200.0 * guest.rfm.revenue,
            };
            let rfm = if *kind == 3 { club } else { guest.rfm };
            Customer { rfm, ..*guest }
        })
        .collect();
    let (second, _) = Clusters::train(&after, Some(&first), 42, 0).unwrap();
    let ids = |model: &Clusters| {
        model
            .groups
            .iter()
            .map(|one| one.id)
            .collect::<BTreeSet<_>>()
    };
    let new: Vec<u32> = ids(&second).difference(&ids(&first)).copied().collect();
    assert_eq!(new, [6], "{:?}", second.groups);
}

#[test]
fn a_handful_of_customers_is_no_population() {
    let (guests, _) = guests(10, 0.0, 6);
    assert_eq!(
        Clusters::train(&guests, None, 1, 0).unwrap_err(),
        Untrainable::TooFew(50)
    );
}

#[test]
fn on_the_border_nothing_is_clear() {
    let (guests, _) = guests(60, 0.0, 8);
    let (model, _) = Clusters::train(&guests, None, 42, 0).unwrap();
    let middle = |place: usize| -> Vec<f64> {
        let centre = &model.groups[place].centre;
        centre.iter().map(|part| libm::expm1(*part)).collect()
    };
    let rfm = |point: &[f64]| Rfm {
        recency_days: point[0],
        bookings: point[1],
        revenue: point[2],
    };
    let own = model.assign(&rfm(&middle(0))).unwrap();
    assert_eq!(own.group.id, model.groups[0].id);
    assert!(own.clarity > 0.999, "{}", own.clarity);
    // Neighbours, so that no third group lies between them.
    let far = |other: &&Group| {
        let scaled = |group: &Group| model.scale.scaled(&group.centre);
        apart(&scaled(&model.groups[0]), &scaled(other))
    };
    let next = model.groups[1..].iter();
    let next = next.min_by(|a, b| far(a).total_cmp(&far(b))).unwrap();
    let between: Vec<f64> = model.groups[0]
        .centre
        .iter()
        .zip(&next.centre)
        .map(|(a, b)| libm::expm1(f64::midpoint(*a, *b)))
        .collect();
    assert!(model.assign(&rfm(&between)).unwrap().clarity < 0.2);
}
