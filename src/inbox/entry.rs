//! What is handed to the writer: a delivery to keep, or a letter about one that cannot be kept.
//!
//! Deliberately absent: judgement. Whoever builds these has decided already; here they are only made storable.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Longest event id, table or trigger name that is kept, in bytes.
const NAME_BYTES: usize = 200;
/// Longest detail of a letter, in bytes.
const DETAIL_BYTES: usize = 1_000;

/// By which way a delivery came. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Channel {
    /// An event trigger, as it happens.
    Live = 0,
    /// History that is brought in.
    Backfill = 1,
    /// Something that had been delivered before.
    Replay = 2,
}

impl Channel {
    /// The stored number.
    #[must_use]
    pub const fn code(self) -> i16 {
        self as i16
    }
}

/// A delivery that may be kept: its payload holds allow-listed columns only and is known to decode.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Whose delivery.
    pub tenant_id: Uuid,
    /// Hasura's event id, where it has one.
    pub event_id: Option<String>,
    /// `schema.table`.
    pub table: String,
    /// Name of the event trigger.
    pub trigger: String,
    /// The envelope as JSON, cut to the allow-listed columns.
    pub payload: Vec<u8>,
    /// How many columns were cut away.
    pub dropped_columns: u32,
}

/// Why a delivery cannot be kept. Without personal data: its maker leaves out every value that could be.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Whose delivery; the nil uuid when it names no tenant.
    pub tenant_id: Uuid,
    /// Identity of the letter: a redelivery of the same event replaces it.
    pub id: Uuid,
    /// Hasura's event id, where it has one.
    pub event_id: Option<String>,
    /// `schema.table` as named by the delivery.
    pub table: Option<String>,
    /// The event trigger as named by the delivery.
    pub trigger: Option<String>,
    /// A stable code such as `missing_tenant`.
    pub reason: String,
    /// What, where, what to do.
    pub detail: String,
    /// JSON text: key names and types, values only of harmless types; `None` without a contract.
    pub envelope: Option<String>,
    /// When it came.
    pub received_at: DateTime<Utc>,
}

impl Letter {
    /// The id of the letter about event `event_id`, the same for every redelivery of it.
    #[must_use]
    pub fn id_of(tenant_id: Uuid, event_id: &str) -> Uuid {
        Uuid::new_v5(&tenant_id, event_id.as_bytes())
    }

    /// The letter about a delivery whose row the database does not take.
    #[must_use]
    pub fn refused_by_database(
        id: Uuid,
        entry: &Entry,
        sqlstate: &str,
        received_at: DateTime<Utc>,
    ) -> Self {
        let event_id = entry.event_id.as_ref();
        Self {
            tenant_id: entry.tenant_id,
            id: event_id.map_or(id, |event| Self::id_of(entry.tenant_id, event)),
            event_id: entry.event_id.clone(),
            table: Some(entry.table.clone()),
            trigger: Some(entry.trigger.clone()),
            reason: "refused_by_database".to_owned(),
            detail: format!(
                "the database refused the row (SQLSTATE {sqlstate}); redeliver it from Hasura"
            ),
            envelope: None,
            received_at,
        }
        .storable()
    }

    /// The same letter with everything PostgreSQL cannot store in a text taken out, and shortened.
    #[must_use]
    pub fn storable(mut self) -> Self {
        self.event_id = self.event_id.map(|text| clip(&text, NAME_BYTES));
        self.table = self.table.map(|text| clip(&text, NAME_BYTES));
        self.trigger = self.trigger.map(|text| clip(&text, NAME_BYTES));
        self.reason = clip(&self.reason, NAME_BYTES);
        self.detail = clip(&self.detail, DETAIL_BYTES);
        self
    }
}

/// Whole characters of `text` up to `bytes` bytes, control characters replaced.
fn clip(text: &str, bytes: usize) -> String {
    let mut kept = String::with_capacity(text.len().min(bytes));
    for c in text.chars() {
        let c = if c.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        };
        if kept.len() + c.len_utf8() > bytes {
            break;
        }
        kept.push(c);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_loses_what_cannot_be_stored_and_keeps_whole_characters() {
        assert_eq!(clip("a\0b", 10), "a\u{fffd}b");
        assert_eq!(clip("äöü", 5), "äö");
        assert_eq!(clip("", 5), "");
    }

    #[test]
    fn a_redelivery_has_the_same_letter_and_another_tenant_another() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(Letter::id_of(one, "e"), Letter::id_of(one, "e"));
        assert_ne!(Letter::id_of(one, "e"), Letter::id_of(other, "e"));
    }
}
