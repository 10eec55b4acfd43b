//! How much nearer points are to their own group than to the next (Rousseeuw 1987), on a sample: the exact figure needs
//! every distance.

use super::points::{Points, apart};
use crate::domain::model::seed::Seed;

/// How many points are looked at.
pub const SAMPLE: usize = 2_000;

/// Mean silhouette in [-1, 1] of at most [`SAMPLE`] points, drawn by the seed; a point alone in its group counts 0.
#[must_use]
pub fn silhouette(points: &Points, labels: &[u32], k: usize, seed: u64) -> f64 {
    let places = drawn(points.len(), SAMPLE, &mut Seed::new(seed));
    let sample = points.at(&places);
    let labels: Vec<usize> = places
        .iter()
        .filter_map(|place| labels.get(*place).map(|label| *label as usize))
        .collect();
    let mut sizes = vec![0.0; k];
    for label in &labels {
        if let Some(size) = sizes.get_mut(*label) {
            *size += 1.0;
        }
    }
    let each = sample.iter().zip(&labels).map(|(point, own)| {
        let mut sums = vec![0.0; k];
        for (other, label) in sample.iter().zip(&labels) {
            if let Some(sum) = sums.get_mut(*label) {
                *sum += libm::sqrt(apart(point, other));
            }
        }
        of_point(&sums, &sizes, *own)
    });
    #[expect(clippy::cast_precision_loss, reason = "at most two thousand")]
    let n = (labels.len() as f64).max(1.0);
    each.sum::<f64>() / n
}

/// From the sums of distances to each group.
fn of_point(sums: &[f64], sizes: &[f64], own: usize) -> f64 {
    let size = sizes.get(own).copied().unwrap_or(0.0);
    if size <= 1.0 {
        return 0.0;
    }
    let within = sums.get(own).copied().unwrap_or(0.0) / (size - 1.0);
    let others = sums.iter().zip(sizes).enumerate();
    let others = others.filter(|(label, (_, size))| *label != own && **size > 0.0);
    let next = others
        .map(|(_, (sum, size))| sum / size)
        .fold(f64::INFINITY, f64::min);
    let larger = within.max(next);
    if next.is_finite() && larger > 0.0 {
        (next - within) / larger
    } else {
        0.0
    }
}

/// Up to `n` different places below `all`, in ascending order.
pub(super) fn drawn(all: usize, n: usize, seed: &mut Seed) -> Vec<usize> {
    if all <= n {
        return (0..all).collect();
    }
    // Every place is taken with the chance that is left to it (Knuth's algorithm S), so they come in order.
    let mut left = n;
    let mut chosen = Vec::with_capacity(n);
    for place in 0..all {
        if seed.below(all - place) < left {
            chosen.push(place);
            left -= 1;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(values: &[f64]) -> Points {
        let mut points = Points::new(1);
        for value in values {
            points.push(&[*value]);
        }
        points
    }

    #[test]
    fn the_figure_is_that_of_the_definition() {
        // Groups {0, 1} and {4}: of 0: (4 - 1) / 4, of 1: (3 - 1) / 3, of 4: alone, 0.
        let found = silhouette(&line(&[0.0, 1.0, 4.0]), &[0, 0, 1], 2, 1);
        assert!((found - (0.75 + 2.0 / 3.0) / 3.0).abs() < 1e-12);
    }

    #[test]
    fn a_sample_has_different_places_in_order() {
        let places = drawn(10_000, SAMPLE, &mut Seed::new(5));
        assert_eq!(places.len(), SAMPLE);
        assert!(places.windows(2).all(|two| two[0] < two[1]));
        assert_eq!(drawn(3, 5, &mut Seed::new(5)), [0, 1, 2]);
    }
}
