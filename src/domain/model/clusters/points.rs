//! Points of one dimension, side by side, and the scale that makes their parts comparable.

use serde::{Deserialize, Serialize};

/// Points one after the other; only finite numbers are taken in.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    dimension: usize,
    values: Vec<f64>,
}

impl Points {
    /// No points yet. A dimension of 0 is taken as 1.
    #[must_use]
    pub fn new(dimension: usize) -> Self {
        Self {
            dimension: dimension.max(1),
            values: Vec::new(),
        }
    }

    /// Adds a point; one of another dimension or with a number that is not finite is refused.
    pub fn push(&mut self, point: &[f64]) -> bool {
        let fits = point.len() == self.dimension && point.iter().all(|part| part.is_finite());
        if fits {
            self.values.extend_from_slice(point);
        }
        fits
    }

    /// Numbers a point.
    #[must_use]
    pub const fn dimension(&self) -> usize {
        self.dimension
    }

    /// How many points.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len() / self.dimension
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// One by one.
    pub fn iter(&self) -> std::slice::ChunksExact<'_, f64> {
        self.values.chunks_exact(self.dimension)
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&[f64]> {
        let start = place.checked_mul(self.dimension)?;
        self.values.get(start..start + self.dimension)
    }

    /// Those at these places, in that order; places that do not exist are passed over.
    #[must_use]
    pub fn at(&self, places: &[usize]) -> Self {
        let mut chosen = Self::new(self.dimension);
        for point in places.iter().filter_map(|place| self.get(*place)) {
            chosen.values.extend_from_slice(point);
        }
        chosen
    }
}

impl<'p> IntoIterator for &'p Points {
    type Item = &'p [f64];
    type IntoIter = std::slice::ChunksExact<'p, f64>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Squared distance.
#[must_use]
pub fn apart(a: &[f64], b: &[f64]) -> f64 {
    let parts = a.iter().zip(b);
    parts.map(|(a, b)| (a - b) * (a - b)).sum()
}

/// The place of the nearest of these points, and its squared distance; of equally near ones the first.
#[must_use]
pub fn nearest(point: &[f64], among: &Points) -> (usize, f64) {
    let mut best = (0, f64::INFINITY);
    for (place, other) in among.iter().enumerate() {
        let distance = apart(point, other);
        if distance < best.1 {
            best = (place, distance);
        }
    }
    best
}

/// How raw numbers become comparable: mean and deviation of each part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// Mean of each part.
    pub means: Vec<f64>,
    /// Standard deviation of each part over the whole population; 1 where all are equal.
    pub deviations: Vec<f64>,
}

impl Scale {
    /// The scale of these points; sums are taken in their order.
    #[must_use]
    pub fn of(points: &Points) -> Self {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a number of people fits a double"
        )]
        let n = (points.len() as f64).max(1.0);
        let mut means = vec![0.0; points.dimension()];
        for point in points {
            add(&mut means, point.iter().copied());
        }
        for mean in &mut means {
            *mean /= n;
        }
        let mut squares = vec![0.0; points.dimension()];
        for point in points {
            let off = point.iter().zip(&means).map(|(part, mean)| part - mean);
            add(&mut squares, off.map(|off| off * off));
        }
        let deviations = squares.into_iter().map(|sum| libm::sqrt(sum / n));
        Self {
            deviations: deviations
                .map(|one| if one > 0.0 { one } else { 1.0 })
                .collect(),
            means,
        }
    }

    /// A raw point in deviations from the mean.
    #[must_use]
    pub fn scaled(&self, point: &[f64]) -> Vec<f64> {
        let of = self.means.iter().zip(&self.deviations);
        let parts = point.iter().zip(of);
        parts
            .map(|(part, (mean, deviation))| (part - mean) / deviation)
            .collect()
    }

    /// A scaled point in raw numbers.
    #[must_use]
    pub fn raw(&self, point: &[f64]) -> Vec<f64> {
        let of = self.means.iter().zip(&self.deviations);
        let parts = point.iter().zip(of);
        parts
            .map(|(part, (mean, deviation))| part * deviation + mean)
            .collect()
    }

    /// All points scaled.
    #[must_use]
    pub fn all(&self, points: &Points) -> Points {
        let mut scaled = Points::new(points.dimension());
        for point in points {
            scaled.push(&self.scaled(point));
        }
        scaled
    }
}

/// Adds parts to sums.
pub(super) fn add(sums: &mut [f64], parts: impl IntoIterator<Item = f64>) {
    for (sum, part) in sums.iter_mut().zip(parts) {
        *sum += part;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_that_do_not_fit_are_refused() {
        let mut points = Points::new(2);
        assert!(points.push(&[1.0, 2.0]));
        assert!(!points.push(&[1.0]));
        assert!(!points.push(&[f64::NAN, 0.0]));
        assert_eq!((points.len(), points.get(0)), (1, Some(&[1.0, 2.0][..])));
        assert_eq!(points.get(1), None);
    }

    #[test]
    fn scaled_and_back_is_the_same_and_equal_parts_do_not_divide_by_zero() {
        let mut points = Points::new(2);
        points.push(&[1.0, 7.0]);
        points.push(&[3.0, 7.0]);
        let scale = Scale::of(&points);
        assert_eq!((scale.means[0], scale.deviations[0]), (2.0, 1.0));
        assert_eq!(scale.scaled(&[3.0, 7.0]), [1.0, 0.0]);
        assert_eq!(scale.raw(&[1.0, 0.0]), [3.0, 7.0]);
    }

    #[test]
    fn of_equally_near_points_the_first_is_taken() {
        let mut among = Points::new(1);
        among.push(&[0.0]);
        among.push(&[2.0]);
        assert_eq!(nearest(&[1.0], &among), (0, 1.0));
    }
}
