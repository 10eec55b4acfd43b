//! One k-means: greedy k-means++ (Arthur and Vassilvitskii 2007), then Lloyd's steps, from several starts; the tightest
//! wins. With very many points the starts are compared on a sample, and the winner goes on with all of them.

use super::points::{Points, add, apart, nearest};
use super::silhouette::drawn;
use crate::domain::model::seed::Seed;

/// From how many places a fit starts: two optima may differ by a few in a hundred thousand.
pub const STARTS: u32 = 40;
/// With more points the starts are compared on so many of them.
pub const SAMPLE: usize = 10_000;
/// Lloyd's steps end by themselves long before.
const STEPS_MAX: u32 = 300;

/// What a fit found.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The middle of each group.
    pub centres: Points,
    /// The group of each point.
    pub labels: Vec<u32>,
    /// Sum of the squared distances from the points to their middles.
    pub inertia: f64,
}

/// The tightest of so many fits, of equally tight ones the first. None with fewer points than groups, or no group.
#[must_use]
pub fn best(points: &Points, k: usize, starts: u32, seed: u64) -> Option<Fit> {
    if k == 0 || points.len() < k {
        return None;
    }
    let mut seed = Seed::new(seed);
    if points.len() > SAMPLE {
        let sample = points.at(&drawn(points.len(), SAMPLE, &mut seed));
        let found = best(&sample, k, starts, seed.bits())?;
        return Some(lloyd(points, found.centres));
    }
    let mut best: Option<Fit> = None;
    for _ in 0..starts {
        let found = lloyd(points, spread(points, k, &mut seed));
        if best
            .as_ref()
            .is_none_or(|best| found.inertia < best.inertia)
        {
            best = Some(found);
        }
    }
    best
}

/// First middles: a point at random, then points with a chance that grows with the square of their distance; of several
/// such points the one that leaves the others nearest.
fn spread(points: &Points, k: usize, seed: &mut Seed) -> Points {
    let candidates = 2 + k.ilog2();
    let mut centres = Points::new(points.dimension());
    let mut near = vec![f64::INFINITY; points.len()];
    let mut next = Some(seed.below(points.len()));
    while let Some(centre) = next.and_then(|place| points.get(place)) {
        centres.push(centre);
        if centres.len() == k {
            break;
        }
        near = nearer(points, &near, centre);
        let places = (0..candidates).map(|_| drawn_by(&near, seed));
        let left = places.filter_map(|place| {
            let left: f64 = nearer(points, &near, points.get(place)?).iter().sum();
            Some((place, left))
        });
        next = left
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(place, _)| place);
    }
    centres
}

/// The squared distances to the nearest middle with one more middle.
fn nearer(points: &Points, near: &[f64], centre: &[f64]) -> Vec<f64> {
    let each = points.iter().zip(near);
    each.map(|(point, near)| near.min(apart(point, centre)))
        .collect()
}

/// A place with a chance in proportion to its weight; when all weigh nothing, any.
fn drawn_by(weights: &[f64], seed: &mut Seed) -> usize {
    let total: f64 = weights.iter().sum();
    let at = seed.share() * total;
    let mut sum = 0.0;
    let place = weights.iter().position(|weight| {
        sum += weight;
        sum > at
    });
    place.unwrap_or_else(|| seed.below(weights.len()))
}

/// Moves the middles until no point changes its group. A group that lost all its points takes the one that lies
/// farthest from its middle.
#[must_use]
pub fn lloyd(points: &Points, mut centres: Points) -> Fit {
    let mut labels: Vec<u32> = vec![u32::MAX; points.len()];
    let mut inertia = f64::INFINITY;
    for _ in 0..STEPS_MAX {
        let mut moved = false;
        let mut farthest = (0, 0.0);
        inertia = 0.0;
        for ((place, point), label) in points.iter().enumerate().zip(&mut labels) {
            let (centre, distance) = nearest(point, &centres);
            let centre = u32::try_from(centre).unwrap_or(u32::MAX);
            moved |= *label != centre;
            *label = centre;
            inertia += distance;
            if distance > farthest.1 {
                farthest = (place, distance);
            }
        }
        if !moved {
            break;
        }
        centres = middles(points, &labels, centres.len(), farthest.0);
    }
    Fit {
        centres,
        labels,
        inertia,
    }
}

fn middles(points: &Points, labels: &[u32], k: usize, lonely: usize) -> Points {
    let mut sums = vec![vec![0.0; points.dimension()]; k];
    let mut sizes = vec![0.0; k];
    for (point, label) in points.iter().zip(labels) {
        let of = sums.get_mut(*label as usize);
        if let Some((sum, size)) = of.zip(sizes.get_mut(*label as usize)) {
            add(sum, point.iter().copied());
            *size += 1.0;
        }
    }
    let mut centres = Points::new(points.dimension());
    for (sum, size) in sums.iter().zip(sizes) {
        if size > 0.0 {
            let middle: Vec<f64> = sum.iter().map(|part| part / size).collect();
            centres.push(&middle);
        } else if let Some(point) = points.get(lonely) {
            centres.push(point);
        }
    }
    centres
}

/// How many points each group has.
#[must_use]
pub fn sizes(labels: &[u32], k: usize) -> Vec<u32> {
    let mut sizes = vec![0; k];
    for label in labels {
        if let Some(size) = sizes.get_mut(*label as usize) {
            *size += 1;
        }
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three heaps on a line, 100 points each.
    fn heaps() -> Points {
        let mut seed = Seed::new(3);
        let mut points = Points::new(1);
        for middle in [0.0, 10.0, 30.0] {
            for _ in 0..100 {
                points.push(&[middle + seed.share()]);
            }
        }
        points
    }

    #[test]
    fn planted_heaps_are_found_and_the_same_seed_finds_the_same() {
        let found = best(&heaps(), 3, 10, 1).unwrap();
        assert_eq!(sizes(&found.labels, 3), [100; 3]);
        let mut middles: Vec<f64> = found.centres.iter().map(|one| one[0]).collect();
        middles.sort_by(f64::total_cmp);
        for (found, planted) in middles.iter().zip([0.5, 10.5, 30.5]) {
            assert!((found - planted).abs() < 0.1, "{found} for {planted}");
        }
        assert_eq!(best(&heaps(), 3, 10, 1), Some(found));
    }

    #[test]
    fn very_many_points_start_from_a_sample_and_end_with_all() {
        let few = heaps();
        let mut many = Points::new(1);
        for _ in 0..(SAMPLE / 300 + 2) {
            for point in &few {
                many.push(point);
            }
        }
        let found = best(&many, 3, 3, 1).unwrap();
        assert_eq!(found.labels.len(), many.len());
        let each = u32::try_from(many.len() / 3).unwrap();
        assert_eq!(sizes(&found.labels, 3), [each; 3]);
    }

    #[test]
    fn fewer_points_than_groups_have_no_fit() {
        let mut points = Points::new(1);
        points.push(&[1.0]);
        assert_eq!(best(&points, 2, 10, 1), None);
        assert_eq!(best(&points, 0, 10, 1), None);
        assert!((best(&points, 1, 10, 1).unwrap().inertia).abs() < f64::EPSILON);
    }

    #[test]
    fn equal_points_do_not_go_on_for_ever() {
        let mut points = Points::new(2);
        for _ in 0..5 {
            points.push(&[1.0, 1.0]);
        }
        let found = best(&points, 3, 10, 9).unwrap();
        assert_eq!(found.centres.len(), 3);
        assert!(found.inertia.abs() < f64::EPSILON);
    }
}
