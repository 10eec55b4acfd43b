//! One person's share of what the platform says: the rows of the activity log.
//!
//! A row is one version of one source row as it concerns one person in one role. It names nobody else:
//! the person column has become `Mine`, and rows of co-travellers are known by a digest of their id.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::source::{ContentHash, Fields, Flags, SourceKey, SourceKind, VersionOrder};

/// In which role a source row concerns the person. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Role {
    /// The row is the person's own: profile, feedback given by name.
    Subject = 0,
    /// Booked it, pays for it.
    Booker = 1,
    /// Travels on it.
    Traveller = 2,
    /// Writes and is written to.
    Correspondent = 3,
}

impl Role {
    /// Every role, in the order of its number.
    pub const ALL: [Self; 4] = [
        Self::Subject,
        Self::Booker,
        Self::Traveller,
        Self::Correspondent,
    ];

    /// The stored number.
    #[must_use]
    pub const fn code(self) -> i16 {
        self as i16
    }

    /// The role with that stored number.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }
}

/// How a row came into the log; outside its identity and its fold. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Provenance {
    /// As it happened.
    Live = 0,
    /// More than a day after it happened.
    Late = 1,
    /// Brought in as history.
    Backfill = 2,
    /// Delivered before.
    Replay = 3,
}

impl Provenance {
    /// The one with that stored number.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        let all = [Self::Live, Self::Late, Self::Backfill, Self::Replay];
        all.into_iter().find(|one| *one as i16 == code)
    }
}

/// What a row says, in the form it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowBody {
    /// The source row's id; for rows of co-travellers a digest of it.
    pub source_id: Uuid,
    /// Place of the state among those of the same instant.
    pub rank: u8,
    /// The carried fields that concern this person in this role.
    pub fields: Fields,
}

/// One row of the activity log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRow {
    /// Whose row it is.
    pub person: Uuid,
    /// `UUIDv5` of table, source row, person and role.
    pub activity_id: Uuid,
    /// Which table it came from.
    pub kind: SourceKind,
    /// How it concerns the person.
    pub role: Role,
    /// The version's time.
    pub version_at: DateTime<Utc>,
    /// Identity of the version's content, with its flags.
    pub content_hash: ContentHash,
    /// When it happened in the world.
    pub occurred_at: DateTime<Utc>,
    /// What it says.
    pub body: RowBody,
}

impl LogRow {
    /// Its place among the versions of its source row.
    #[must_use]
    pub fn order(&self) -> VersionOrder {
        let flags = self.content_hash.flags();
        VersionOrder::new(self.version_at, flags, self.body.rank, self.content_hash)
    }

    /// Superseded, tombstone, canonical.
    #[must_use]
    pub fn flags(&self) -> Flags {
        self.content_hash.flags()
    }
}

/// The namespace of every id this service derives.
pub const NAMESPACE: Uuid = Uuid::from_u128(0x6f1d_7c52_0d0e_5b8c_9a3e_4b1c_a7f0_2e61);

/// The deterministic id of an activity: one source row as it concerns one person in one role.
#[must_use]
pub fn activity_id(source: SourceKey, person: Uuid, role: Role) -> Uuid {
    let mut name = [0_u8; 34];
    let parts = [source.kind as u8, role as u8].into_iter();
    let parts = parts.chain(*source.id.as_bytes()).chain(*person.as_bytes());
    for (to, from) in name.iter_mut().zip(parts) {
        *to = from;
    }
    Uuid::new_v5(&NAMESPACE, &name)
}

/// A name for a source row that says nothing but "the same row as elsewhere".
#[must_use]
pub fn digest(source: SourceKey) -> Uuid {
    let mut name = [0_u8; 17];
    let parts = [source.kind as u8].into_iter().chain(*source.id.as_bytes());
    for (to, from) in name.iter_mut().zip(parts) {
        *to = from;
    }
    Uuid::new_v5(&NAMESPACE, &name)
}
