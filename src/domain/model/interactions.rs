//! Who took what: one row a user, items by number, with how often.

/// A sparse table of counts. Rows are users in the order they were given; items are numbers below [`Self::items`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interactions {
    items: usize,
    rows: Vec<Vec<(u32, u32)>>,
}

impl Interactions {
    /// Counts the items of each user. Items beyond `items` are left out.
    #[must_use]
    pub fn count<I: IntoIterator<Item = u32>>(
        items: usize,
        users: impl IntoIterator<Item = I>,
    ) -> Self {
        let known = |item: &u32| usize::try_from(*item).is_ok_and(|item| item < items);
        let rows = users.into_iter().map(|taken| {
            let mut taken: Vec<u32> = taken.into_iter().filter(known).collect();
            taken.sort_unstable();
            let runs = taken.chunk_by(|a, b| a == b);
            let counted = runs.filter_map(|run| {
                let times = u32::try_from(run.len()).unwrap_or(u32::MAX);
                Some((*run.first()?, times))
            });
            counted.collect()
        });
        Self {
            items,
            rows: rows.collect(),
        }
    }

    /// How many items there are, taken or not.
    #[must_use]
    pub const fn items(&self) -> usize {
        self.items
    }

    /// How many users there are, with items or not.
    #[must_use]
    pub const fn users(&self) -> usize {
        self.rows.len()
    }

    /// Each user's items by number, with how often.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[(u32, u32)]> {
        self.rows.iter().map(Vec::as_slice)
    }

    /// One user's items.
    #[must_use]
    pub fn row(&self, user: usize) -> &[(u32, u32)] {
        self.rows.get(user).map_or(&[], Vec::as_slice)
    }

    /// How many pairs of user and item.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.rows.iter().map(Vec::len).sum()
    }

    /// By how many users each item was taken.
    #[must_use]
    pub fn takers(&self) -> Vec<u32> {
        let mut takers = vec![0_u32; self.items];
        for (item, _) in self.rows.iter().flatten() {
            if let Some(of_item) = takers.get_mut(*item as usize) {
                *of_item += 1;
            }
        }
        takers
    }

    /// The pairs that `keep(user, item)` lets through, users and items numbered as before.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(usize, u32) -> bool) -> Self {
        let rows = self.rows.iter().enumerate().map(|(user, row)| {
            let kept = row.iter().filter(|(item, _)| keep(user, *item));
            kept.copied().collect()
        });
        Self {
            items: self.items,
            rows: rows.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_counted_and_items_beyond_the_table_left_out() {
        let table = Interactions::count(3, [vec![2, 0, 2], vec![], vec![3, 1]]);
        let rows: Vec<_> = table.rows().collect();
        assert_eq!(rows, [&[(0, 1), (2, 2)][..], &[], &[(1, 1)]]);
        assert_eq!((table.users(), table.items(), table.pairs()), (3, 3, 3));
        assert_eq!(table.takers(), [1, 1, 1]);
        let odd = table.filtered(|user, item| user == 0 && item == 2);
        assert_eq!(odd.rows().next(), Some(&[(2, 2)][..]));
        assert_eq!(odd.pairs(), 1);
    }
}
