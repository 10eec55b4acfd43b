//! Everybody's histories in little room: packed as they are stored, unpacked one by one when they are looked at.
//!
//! A history is some 200 bytes packed and five times that unpacked, so that a million of them fit where a fifth did. Who
//! needs few of them takes an even sample; who needs all goes through them as often as needed.

use super::history::History;

/// Bytes of a block; histories do not cross blocks, so that growing never copies what is there.
const BLOCK: usize = 1 << 20;

/// Many histories, in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histories {
    /// Each history is its length in four bytes and its postcard form.
    blocks: Vec<Vec<u8>>,
    len: usize,
}

impl Histories {
    /// Adds a history; returns its packed form.
    pub fn push(&mut self, history: &History) -> &[u8] {
        // A history is plain numbers and words: it always has a postcard form.
        let packed = postcard::to_stdvec(history).unwrap_or_default();
        let room = packed.len() + size_of::<u32>();
        let fits = |block: &Vec<u8>| block.len() + room <= BLOCK;
        if !self.blocks.last().is_some_and(fits) {
            self.blocks.push(Vec::with_capacity(BLOCK.max(room)));
        }
        let Some(block) = self.blocks.last_mut() else {
            return &[];
        };
        let length = u32::try_from(packed.len()).unwrap_or(u32::MAX);
        block.extend_from_slice(&length.to_le_bytes());
        let from = block.len();
        block.extend_from_slice(&packed);
        self.len += 1;
        block.get(from..).unwrap_or_default()
    }

    /// How many.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// How many bytes they take.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let all: usize = self.blocks.iter().map(Vec::len).sum();
        all as u64
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// One by one, unpacked.
    pub fn iter(&self) -> impl Iterator<Item = History> + '_ {
        self.packed()
            .filter_map(|bytes| postcard::from_bytes(bytes).ok())
    }

    /// Every k-th history, so that at most `most` remain: the same ones each time, spread over all.
    #[must_use]
    pub fn spread(&self, most: usize) -> Vec<History> {
        let step = self.len.div_ceil(most.max(1)).max(1);
        let some = self.packed().step_by(step);
        some.filter_map(|bytes| postcard::from_bytes(bytes).ok())
            .collect()
    }

    fn packed(&self) -> impl Iterator<Item = &[u8]> + '_ {
        self.blocks.iter().flat_map(|block| Packed { rest: block })
    }
}

impl<'h> FromIterator<&'h History> for Histories {
    fn from_iter<I: IntoIterator<Item = &'h History>>(all: I) -> Self {
        let mut histories = Self::default();
        for history in all {
            histories.push(history);
        }
        histories
    }
}

/// The packed histories of a block.
struct Packed<'b> {
    rest: &'b [u8],
}

impl<'b> Iterator for Packed<'b> {
    type Item = &'b [u8];

    fn next(&mut self) -> Option<Self::Item> {
        let (length, rest) = self.rest.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length) as usize;
        let (packed, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        Some(packed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::history::Booking;

    fn history(booked: i64, bookings: usize) -> History {
        let one = Booking {
            booked,
            cancelled: None,
            no_show: false,
            value: Some(49_900),
            tour: None,
            end: None,
            party: Some(2),
            sales_channel: None,
            extras: Vec::new(),
        };
        History::of_bookings(vec![one; bookings])
    }

    #[test]
    fn what_was_packed_comes_back_in_order_also_across_blocks() {
        // Some of 40 KB, so that there are many blocks, and one larger than a block.
        let mut all: Vec<History> = (0..100)
            .map(|n| history(28_000_000 + n, usize::try_from(n % 3).unwrap() * 2_000))
            .collect();
        all.push(history(28_000_000, 100_000));
        all.push(History::default());
        let packed: Histories = all.iter().collect();
        assert!(packed.blocks.len() > 2, "{} blocks", packed.blocks.len());
        assert_eq!(packed.len(), all.len());
        assert!(packed.iter().eq(all.iter().cloned()));
    }

    #[test]
    fn a_sample_is_spread_over_all_and_no_larger_than_wanted() {
        let all: Vec<History> = (0..100).map(|n| history(28_000_000 + n, 1)).collect();
        let packed: Histories = all.iter().collect();
        let sample = packed.spread(30);
        let wanted: Vec<History> = all.iter().step_by(4).cloned().collect();
        assert_eq!(sample, wanted);
        assert_eq!(packed.spread(100), all);
        assert_eq!(packed.spread(1).len(), 1);
    }
}
