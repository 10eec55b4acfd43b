//! Digests of rows, and their sum: what a person's part of the log amounts to, whatever the order.
//!
//! A sum can be carried on when rows are appended, without reading what was there. It reveals damage, not malice:
//! whoever can write the log can write the sum.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Shortened SHA-256 over every cell of a row, or the sum of such digests modulo 2^128.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Digest(u128);

/// The cells of a row as they are stored.
pub(super) struct Cells<'r> {
    pub(super) person: Uuid,
    pub(super) activity_id: Uuid,
    pub(super) version_at: DateTime<Utc>,
    pub(super) content_hash: &'r [u8],
    pub(super) kind: i16,
    pub(super) role: i16,
    pub(super) provenance: i16,
    pub(super) occurred_at: DateTime<Utc>,
    pub(super) recorded_at: DateTime<Utc>,
    pub(super) body: &'r [u8],
}

impl Cells<'_> {
    /// Instants count in microseconds, as they are stored.
    pub(super) fn digest(&self) -> Digest {
        let mut hash = Sha256::new();
        hash.update(self.person.as_bytes());
        hash.update(self.activity_id.as_bytes());
        for at in [self.version_at, self.occurred_at, self.recorded_at] {
            hash.update(at.timestamp_micros().to_be_bytes());
        }
        for number in [self.kind, self.role, self.provenance] {
            hash.update(number.to_be_bytes());
        }
        hash.update(self.content_hash);
        hash.update(self.body);
        let whole = hash.finalize();
        let mut half = [0; 16];
        half.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
        Digest(u128::from_be_bytes(half))
    }
}

impl Digest {
    /// As it is stored.
    #[must_use]
    pub const fn to_uuid(self) -> Uuid {
        Uuid::from_u128(self.0)
    }

    /// As it was stored.
    #[must_use]
    pub const fn from_uuid(stored: Uuid) -> Self {
        Self(stored.as_u128())
    }
}

impl Add for Digest {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }
}

impl AddAssign for Digest {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Digest {
    fn sum<I: Iterator<Item = Self>>(digests: I) -> Self {
        digests.fold(Self::default(), Add::add)
    }
}
