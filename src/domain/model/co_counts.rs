//! How many people took two items, for every two items: what recommenders are trained from.
//!
//! Counts of pairs, never who made them. People are added one after the other, so a million of them need no more
//! memory than one.

/// Counts for every two of `items`; the lower triangle with the diagonal, row by row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CoCounts {
    items: usize,
    people: u64,
    counts: Vec<u32>,
}

impl CoCounts {
    /// Nobody took anything yet.
    #[must_use]
    pub fn new(items: usize) -> Self {
        Self {
            items,
            people: 0,
            counts: vec![0; items * (items + 1) / 2],
        }
    }

    /// Adds what one person took, in any order and however often each. Items beyond the table are left out.
    pub fn add(&mut self, taken: impl IntoIterator<Item = u32>) {
        let taken = taken.into_iter().map(|item| item as usize);
        let mut taken: Vec<usize> = taken.filter(|item| *item < self.items).collect();
        taken.sort_unstable();
        taken.dedup();
        self.people += u64::from(!taken.is_empty());
        for (place, high) in taken.iter().enumerate() {
            let row = high * (high + 1) / 2;
            for low in taken.iter().take(place + 1) {
                if let Some(count) = self.counts.get_mut(row + low) {
                    *count = count.saturating_add(1);
                }
            }
        }
    }

    /// How many items there are.
    #[must_use]
    pub const fn items(&self) -> usize {
        self.items
    }

    /// How many people took anything.
    #[must_use]
    pub const fn people(&self) -> u64 {
        self.people
    }

    /// How many people took both; of an item with itself, how many took it.
    #[must_use]
    pub fn both(&self, a: usize, b: usize) -> u32 {
        let (high, low) = (a.max(b), a.min(b));
        let place = high * (high + 1) / 2 + low;
        let known = high < self.items;
        known
            .then(|| self.counts.get(place).copied())
            .flatten()
            .unwrap_or(0)
    }

    /// How many people took each item.
    #[must_use]
    pub fn takers(&self) -> Vec<u32> {
        (0..self.items).map(|item| self.both(item, item)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_of_a_pair_are_one_count() {
        let mut counts = CoCounts::new(4);
        counts.add([3, 0, 3]);
        counts.add([0, 1, 3, 9]);
        counts.add([]);
        assert_eq!((counts.both(0, 3), counts.both(3, 0)), (2, 2));
        assert_eq!((counts.both(1, 3), counts.both(1, 2)), (1, 0));
        assert_eq!((counts.both(0, 4), counts.both(9, 9)), (0, 0));
        assert_eq!(counts.takers(), [2, 1, 0, 2]);
        assert_eq!(counts.people(), 2);
    }
}
