//! How popular each item is: the baseline that everything else has to beat, and the prior that helps the new.

use super::interactions::Interactions;

/// Takers of each item divided by those of the most taken one, in [0, 1]; all 0 when nothing was taken.
#[must_use]
pub fn share(table: &Interactions) -> Vec<f64> {
    let takers = table.takers();
    let most = takers.iter().copied().max().unwrap_or(0).max(1);
    let share = |of: &u32| f64::from(*of) / f64::from(most);
    takers.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_taken_item_has_share_one() {
        let table = Interactions::count(3, [vec![0, 1], vec![1], vec![1, 1, 0]]);
        assert_eq!(share(&table), [2.0 / 3.0, 1.0, 0.0]);
        assert_eq!(share(&Interactions::count(2, [vec![]])), [0.0, 0.0]);
    }
}
