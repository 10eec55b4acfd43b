//! k-means beside scikit-learn, on the same customers: golden labels, licence and origin in `tests/data/online-retail`.

use customer_intelligence::domain::model::clusters::agreement::adjusted_rand;
use customer_intelligence::domain::model::clusters::fit::{self, Fit};
use customer_intelligence::domain::model::clusters::points::{Points, Scale};

const CUSTOMERS: &str = include_str!("../../data/online-retail/rfm.csv");

/// The customers as the model sees them, and the two columns of labels.
fn customers() -> (Points, Vec<u32>, Vec<u32>) {
    let mut points = Points::new(3);
    let (mut four, mut five) = (Vec::new(), Vec::new());
    for line in CUSTOMERS.lines().skip(1) {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        let logs: Vec<f64> = cells[..3].iter().map(|x| libm::log1p(*x)).collect();
        points.push(&logs);
        let label = |at: usize| line.split(',').nth(at).unwrap().parse().unwrap();
        four.push(label(3));
        five.push(label(4));
    }
    (points, four, five)
}

#[test]
fn groups_are_those_that_scikit_learn_finds() {
    let (raw, four, five) = customers();
    assert_eq!(raw.len(), 4_334);
    let scale = Scale::of(&raw);
    for (found, published) in scale.means.iter().zip([3.858_524, 1.341_639, 6.580_578]) {
        assert!((found - published).abs() < 1e-6, "{found}");
    }
    let points = scale.all(&raw);
    for (k, golden, inertia) in [(4, four, 3_918.372_173), (5, five, 3_261.593_381)] {
        let Fit {
            labels,
            inertia: found,
            ..
        } = fit::best(&points, k, fit::STARTS, 42).unwrap();
        let alike = adjusted_rand(&labels, &golden);
        assert!(alike >= 0.99, "k = {k}: {alike}");
        assert!((found / inertia - 1.0).abs() < 1e-4, "k = {k}: {found}");
    }
}
