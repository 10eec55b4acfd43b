//! The seats of one departure: who likes the window gets the window, as long as there is one.

/// Rows of a coach; columns are A to D, A and D at the window.
const ROWS: u16 = 19;

/// A seat that was given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) label: String,
    /// `WINDOW_FRONT` …; none on coaches with numbered seats.
    pub(super) position: Option<String>,
}

/// What a person likes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taste {
    pub(super) window: bool,
    pub(super) row: u16,
}

/// Free seats of a departure.
#[derive(Clone, Debug)]
pub(super) struct Seats {
    free: Vec<(u16, char)>,
    numbered: bool,
}

impl Seats {
    pub(super) fn new(coaches: usize, numbered: bool) -> Self {
        let coach = || (1..=ROWS).flat_map(|row| ['A', 'B', 'C', 'D'].map(|column| (row, column)));
        Self {
            free: (0..coaches.max(1)).flat_map(|_| coach()).collect(),
            numbered,
        }
    }

    pub(super) const fn left(&self) -> usize {
        self.free.len()
    }

    /// Gives out the free seat that fits best.
    pub(super) fn take(&mut self, taste: Taste) -> Option<Seat> {
        let cost = |(row, column): (u16, char)| {
            let window = matches!(column, 'A' | 'D');
            u16::from(window != taste.window) * 6 + row.abs_diff(taste.row)
        };
        let best = (0..self.free.len())
            .min_by_key(|i| self.free.get(*i).copied().map_or(u16::MAX, cost))?;
        let (row, column) = self.free.remove(best);
        let seat = if self.numbered {
            let offset = u16::try_from(u32::from(column) - u32::from('A')).unwrap_or(0);
            Seat {
                label: ((row - 1) * 4 + offset + 1).to_string(),
                position: None,
            }
        } else {
            let side = if matches!(column, 'A' | 'D') {
                "WINDOW"
            } else {
                "AISLE"
            };
            let band = match row {
                1..=4 => "FRONT",
                5..=9 => "MIDDLE",
                _ => "REAR",
            };
            Seat {
                label: format!("{row}{column}"),
                position: Some(format!("{side}_{band}")),
            }
        };
        Some(seat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_given_to_who_likes_it_until_the_coach_is_full() {
        let mut seats = Seats::new(1, false);
        let first = seats
            .take(Taste {
                window: true,
                row: 2,
            })
            .unwrap();
        assert_eq!(
            first,
            Seat {
                label: "2A".into(),
                position: Some("WINDOW_FRONT".into())
            }
        );
        let taken = std::iter::from_fn(|| {
            seats.take(Taste {
                window: false,
                row: 9,
            })
        })
        .count();
        assert_eq!(taken, 75);
        assert_eq!(seats.left(), 0);
    }
}
