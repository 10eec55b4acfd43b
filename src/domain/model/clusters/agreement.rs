//! How alike two ways of grouping the same people are, whatever the groups are called: the adjusted Rand index
//! (Hubert and Arabie 1985).

use std::collections::BTreeMap;

/// 1 when the groups are the same, about 0 when they have no more in common than chance. Points beyond the shorter list
/// are left out; 1 when there is nothing to compare.
#[must_use]
pub fn adjusted_rand(a: &[u32], b: &[u32]) -> f64 {
    let mut both: BTreeMap<(u32, u32), u64> = BTreeMap::new();
    let mut of_a: BTreeMap<u32, u64> = BTreeMap::new();
    let mut of_b: BTreeMap<u32, u64> = BTreeMap::new();
    for (a, b) in a.iter().zip(b) {
        *both.entry((*a, *b)).or_default() += 1;
        *of_a.entry(*a).or_default() += 1;
        *of_b.entry(*b).or_default() += 1;
    }
    let together: f64 = both.values().copied().map(pairs).sum();
    let in_a: f64 = of_a.values().copied().map(pairs).sum();
    let in_b: f64 = of_b.values().copied().map(pairs).sum();
    let all = pairs(of_a.values().sum());
    if all <= 0.0 {
        return 1.0;
    }
    let by_chance = in_a * in_b / all;
    let at_most = f64::midpoint(in_a, in_b);
    if at_most - by_chance == 0.0 {
        return 1.0;
    }
    (together - by_chance) / (at_most - by_chance)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a number of people fits a double"
)]
fn pairs(n: u64) -> f64 {
    let n = n as f64;
    n * (n - 1.0) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_matter_and_chance_is_worth_nothing() {
        assert!((adjusted_rand(&[0, 0, 1, 1], &[7, 7, 3, 3]) - 1.0).abs() < 1e-12);
        // The example of scikit-learn's documentation.
        assert!((adjusted_rand(&[0, 0, 1, 2], &[0, 0, 1, 1]) - 0.571_428_571).abs() < 1e-6);
        assert!((adjusted_rand(&[0, 0, 1, 1], &[0, 1, 0, 1]) + 0.5).abs() < 1e-12);
        assert!((adjusted_rand(&[], &[]) - 1.0).abs() < f64::EPSILON);
        assert!((adjusted_rand(&[0, 0], &[1, 1]) - 1.0).abs() < f64::EPSILON);
    }
}
