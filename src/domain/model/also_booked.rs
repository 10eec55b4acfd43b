//! "Who booked X also booked Y": shares of people with their sample, ordered by what they are at least.
//!
//! A pair is shown from five people on: fewer say nothing, and might say something about somebody.

use serde::{Deserialize, Serialize};

use super::co_counts::CoCounts;
use super::wilson;

/// How many people must have taken both.
pub const LEAST: u32 = 5;

/// One item beside another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Also {
    /// The other item.
    pub item: u32,
    /// How many people took both.
    pub both: u32,
    /// How many people took the first.
    pub of: u32,
    /// `both` divided by `of`.
    pub share: f64,
    /// Wilson's lower bound of the share: what the list is ordered by.
    pub at_least: f64,
    /// The share divided by the share of all people who took the other item; above 1 the two go together.
    pub lift: f64,
}

/// The items that people who took `item` took as well, the surest first, then the least number.
#[must_use]
pub fn also(counts: &CoCounts, item: usize, first: usize) -> Vec<Also> {
    let of = counts.both(item, item);
    #[expect(clippy::cast_precision_loss, reason = "people fit a double")]
    let people = counts.people() as f64;
    let beside = |other: usize| {
        let both = counts.both(item, other);
        if other == item || both < LEAST {
            return None;
        }
        let share = f64::from(both) / f64::from(of);
        let everybody = f64::from(counts.both(other, other)) / people;
        Some(Also {
            item: u32::try_from(other).ok()?,
            both,
            of,
            share,
            at_least: wilson::at_least(both, of),
            lift: share / everybody,
        })
    };
    let mut found: Vec<Also> = (0..counts.items()).filter_map(beside).collect();
    found.sort_by(|a, b| {
        let surer = b.at_least.total_cmp(&a.at_least);
        surer.then(a.item.cmp(&b.item))
    });
    found.truncate(first);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_than_five_people_are_not_shown() {
        let mut counts = CoCounts::new(3);
        for _ in 0..5 {
            counts.add([0, 1]);
        }
        for _ in 0..4 {
            counts.add([0, 2]);
        }
        let found = also(&counts, 0, 10);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].item, found[0].both, found[0].of), (1, 5, 9));
        assert!((found[0].lift - 1.0).abs() < 1e-12, "all who took 1 took 0");
        assert!(also(&counts, 2, 10).is_empty());
    }

    #[test]
    fn the_surer_share_comes_first_and_not_the_higher_one() {
        let mut counts = CoCounts::new(4);
        let mut times = |n, items: &[u32]| (0..n).for_each(|_| counts.add(items.iter().copied()));
        times(60, &[0, 1]);
        times(40, &[0]);
        times(5, &[2, 3]);
        times(6, &[1, 2]);
        let of_two = also(&counts, 2, 10);
        assert_eq!(
            of_two.iter().map(|one| one.item).collect::<Vec<_>>(),
            [1, 3]
        );
        let of_zero = also(&counts, 0, 10);
        assert!(of_zero[0].at_least < of_zero[0].share);
        assert!((of_zero[0].share - 0.6).abs() < 1e-12);
        assert_eq!(also(&counts, 0, 0), []);
        assert_eq!(also(&counts, 77, 10), []);
    }
}
