//! A chunk of history, read: deliveries and letters by tenant, each with its place in the source.
//!
//! Judged by the same contracts as at the webhook's door; a line that cannot be read becomes a letter with its place
//! and is never the end.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::actions::receive;
use crate::contracts::envelope;
use crate::domain::clock::Clock;
use crate::inbox::{Entry, Letter};

/// Why a line is not even looked at.
const TOO_LARGE: &str = "too_large";

/// One delivery of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Sorts in the order of the source, as text.
    pub place: String,
    /// Its place for people, such as `line 17`.
    pub origin: String,
    /// What stands there.
    pub body: Body,
}

/// What stands at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// An envelope, as far as can be told before it is read.
    Envelope(Vec<u8>),
    /// More bytes than a delivery may have.
    TooLarge {
        /// Most bytes.
        bytes_max: usize,
    },
}

/// What a chunk brings one tenant, in the order of the source.
#[derive(Debug, Default)]
pub(super) struct Part {
    entries: Vec<(String, Entry)>,
    letters: Vec<(String, Letter)>,
    pub(super) last_place: String,
}

impl Part {
    /// What stands behind `place`.
    pub(super) fn after(&self, place: &str) -> (Vec<Entry>, Vec<Letter>) {
        let entries = self.entries.iter().filter(|(at, _)| at.as_str() > place);
        let letters = self.letters.iter().filter(|(at, _)| at.as_str() > place);
        (
            entries.map(|(_, entry)| entry.clone()).collect(),
            letters.map(|(_, letter)| letter.clone()).collect(),
        )
    }
}

/// A chunk, read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) tenants: BTreeMap<Uuid, Part>,
    /// Letters of no tenant.
    pub(super) nameless: Vec<Letter>,
    /// Deliveries of tenants that were not asked for.
    pub(super) filtered: u64,
}

impl Reading {
    pub(super) fn of(items: Vec<Item>, only: Option<Uuid>, clock: &Clock) -> Self {
        let mut reading = Self::default();
        let wanted = |tenant: Uuid| only.is_none_or(|only| only == tenant);
        for Item {
            place,
            origin,
            body,
        } in items
        {
            let body = match body {
                Body::Envelope(body) => body,
                Body::TooLarge { bytes_max } => {
                    reading
                        .nameless
                        .push(too_large(&place, &origin, bytes_max, clock));
                    continue;
                }
            };
            match envelope::read(&body) {
                Ok(delivery) if wanted(delivery.tenant_id) => {
                    let part = reading.tenants.entry(delivery.tenant_id).or_default();
                    part.last_place.clone_from(&place);
                    part.entries.push((place, receive::entry(delivery)));
                }
                Ok(_) => reading.filtered += 1,
                Err(refusal) => {
                    let mut letter = receive::letter(refusal, &body, clock);
                    letter.detail = format!("{origin}: {}", letter.detail);
                    let tenant_id = letter.tenant_id;
                    if tenant_id.is_nil() {
                        reading.nameless.push(letter);
                    } else if wanted(tenant_id) {
                        let part = reading.tenants.entry(tenant_id).or_default();
                        part.last_place.clone_from(&place);
                        part.letters.push((place, letter));
                    } else {
                        reading.filtered += 1;
                    }
                }
            }
        }
        reading
    }
}

fn too_large(place: &str, origin: &str, bytes_max: usize, clock: &Clock) -> Letter {
    Letter {
        tenant_id: Uuid::nil(),
        id: Uuid::new_v5(&Uuid::nil(), format!("{origin} {place}").as_bytes()),
        event_id: None,
        table: None,
        trigger: None,
        reason: TOO_LARGE.to_owned(),
        detail: format!(
            "{origin}: more than {bytes_max} bytes, the most that a delivery may have; \
             take columns off that are not on the allow-list"
        ),
        envelope: None,
        received_at: clock.now(),
    }
}
