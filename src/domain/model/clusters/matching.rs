//! Which new group is which old one: the assignment with the least total cost (Kuhn 1955, in the form of Jonker and
//! Volgenant's shortest paths).

/// For each row the column that it is matched with, so that the sum of the costs is least; none for rows that go without
/// because there are more rows than columns. `costs` are rows of equal length, finite.
#[must_use]
pub fn cheapest(costs: &[Vec<f64>]) -> Vec<Option<usize>> {
    let rows = costs.len();
    let columns = costs.first().map_or(0, Vec::len);
    if rows > columns {
        // The other way round, because every row of the search below finds a column.
        let turned: Vec<Vec<f64>> = (0..columns)
            .map(|column| costs.iter().map(|row| cost(row, column)).collect())
            .collect();
        let mut matched = vec![None; rows];
        for (column, row) in cheapest(&turned).into_iter().enumerate() {
            if let Some(of_row) = row.and_then(|row| matched.get_mut(row)) {
                *of_row = Some(column);
            }
        }
        return matched;
    }
    let mut search = Search::new(rows, columns);
    for row in 0..rows {
        search.augment(costs, row);
    }
    let mut matched = vec![None; rows];
    for (column, row) in search.row_of.iter().enumerate() {
        if let Some(of_row) = row.and_then(|row| matched.get_mut(row)) {
            *of_row = Some(column);
        }
    }
    matched
}

fn cost(row: &[f64], column: usize) -> f64 {
    row.get(column).copied().unwrap_or(f64::MAX)
}

/// Prices of rows and columns, under which no pair costs less than nothing.
struct Search {
    row_price: Vec<f64>,
    column_price: Vec<f64>,
    /// Which row a column is matched with.
    row_of: Vec<Option<usize>>,
}

/// A column on the way of one search.
#[derive(Clone, Copy)]
struct Reached {
    /// The least price at which it was reached.
    at: f64,
    /// From which column, none when from the row that is looking.
    from: Option<usize>,
    done: bool,
}

impl Search {
    fn new(rows: usize, columns: usize) -> Self {
        Self {
            row_price: vec![0.0; rows],
            column_price: vec![0.0; columns],
            row_of: vec![None; columns],
        }
    }

    /// Finds the cheapest way from a row to a free column, and turns the matches along it.
    fn augment(&mut self, costs: &[Vec<f64>], start: usize) {
        let unknown = Reached {
            at: f64::INFINITY,
            from: None,
            done: false,
        };
        let mut reached = vec![unknown; self.column_price.len()];
        let (mut row, mut last) = (start, None);
        let mut least = 0.0;
        let free = loop {
            self.look(costs, row, (last, least), &mut reached);
            let open = reached.iter().enumerate().filter(|(_, one)| !one.done);
            let Some((column, found)) = open.min_by(|a, b| a.1.at.total_cmp(&b.1.at)) else {
                return;
            };
            least = found.at;
            if let Some(one) = reached.get_mut(column) {
                one.done = true;
            }
            last = Some(column);
            match self.row_of.get(column).copied().flatten() {
                Some(taken) => row = taken,
                None => break column,
            }
        };
        self.settle(start, least, &reached);
        let mut column = Some(free);
        while let Some(at) = column {
            let from = reached.get(at).and_then(|one| one.from);
            let row = from.map_or(Some(start), |from| self.row_of.get(from).copied().flatten());
            if let Some(of_column) = self.row_of.get_mut(at) {
                *of_column = row;
            }
            column = from;
        }
    }

    /// What the columns cost from this row on.
    fn look(
        &self,
        costs: &[Vec<f64>],
        row: usize,
        (from, least): (Option<usize>, f64),
        reached: &mut [Reached],
    ) {
        let price = self.row_price.get(row).copied().unwrap_or(0.0);
        let of_row = costs.get(row).map_or(&[][..], Vec::as_slice);
        let columns = reached.iter_mut().zip(&self.column_price);
        for ((one, column_price), cost) in columns.zip(of_row) {
            let at = least + cost - price - column_price;
            if !one.done && at < one.at {
                (one.at, one.from) = (at, from);
            }
        }
    }

    /// Keeps the prices such that the matched pairs cost nothing.
    fn settle(&mut self, start: usize, least: f64, reached: &[Reached]) {
        if let Some(price) = self.row_price.get_mut(start) {
            *price += least;
        }
        let columns = self.column_price.iter_mut().zip(&self.row_of);
        for ((price, row), one) in columns.zip(reached) {
            if one.done {
                let rise = least - one.at;
                *price -= rise;
                let of_row = row.and_then(|row| self.row_price.get_mut(row));
                if let Some(row_price) = of_row {
                    *row_price += rise;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::seed::Seed;

    fn total(costs: &[Vec<f64>], matched: &[Option<usize>]) -> f64 {
        let pairs = costs.iter().zip(matched);
        pairs
            .filter_map(|(row, column)| Some(row[(*column)?]))
            .sum()
    }

    /// The least sum over all ways, by trying each.
    fn by_force(costs: &[Vec<f64>], used: &mut Vec<bool>) -> f64 {
        let Some((row, rest)) = costs.split_first() else {
            return 0.0;
        };
        let mut least = f64::INFINITY;
        for column in 0..row.len() {
            if !used[column] {
                used[column] = true;
                least = least.min(row[column] + by_force(rest, used));
                used[column] = false;
            }
        }
        least
    }

    #[test]
    fn nothing_is_cheaper_than_what_is_found() {
        let mut seed = Seed::new(17);
        for turn in 0..300 {
            let (rows, columns) = (1 + turn % 5, 1 + turn % 5 + turn % 3);
            let costs: Vec<Vec<f64>> = (0..rows)
                .map(|_| {
                    (0..columns)
                        .map(|_| (seed.share() * 10.0).round())
                        .collect()
                })
                .collect();
            let found = cheapest(&costs);
            assert!(found.iter().all(Option::is_some));
            let best = by_force(&costs, &mut vec![false; columns]);
            assert!(
                (total(&costs, &found) - best).abs() < 1e-9,
                "{costs:?} {found:?}"
            );
        }
    }

    #[test]
    fn with_more_rows_than_columns_some_go_without() {
        let costs = vec![vec![5.0], vec![1.0], vec![3.0]];
        assert_eq!(cheapest(&costs), [None, Some(0), None]);
        assert_eq!(cheapest(&[]), []);
        assert_eq!(cheapest(&[vec![]]), [None]);
    }
}
