//! Deal with dead letters: look at them, try one again after the program learnt to read it, drop one for good.
//!
//! A letter holds no texts (they could be personal), so what comes back from it is a delivery without them; where
//! they matter, or where there is no envelope at all, Hasura has to send the event again.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::receive::{self, Received};
use crate::audit::{self, Act, Actor, Entry, Subject};
use crate::contracts::Reason;
use crate::db::fenced::Reads;
use crate::db::{self, Pool, Tx, cursor};
use crate::domain::clock::Clock;
use crate::inbox::{self, Channel, Writer, dead_letters};

pub use crate::inbox::dead_letters::Summary;

/// Where letters are dealt with. Cheap to clone.
#[derive(Clone)]
pub struct Letters {
    pool: Pool,
    reads: Reads,
    writer: Writer,
    clock: Clock,
}

/// The letters of one tenant or of all, the latest first; at most [`dead_letters::PAGE_MAX`] at once.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only of this tenant; the nil uuid for those that name none.
    pub tenant_id: Option<Uuid>,
    /// Only with this reason.
    pub reason: Option<String>,
    /// How many.
    pub first: u32,
    /// Only what comes after this letter.
    pub after: Option<Place>,
}

/// Some letters.
#[derive(Debug, Clone)]
pub struct Page {
    /// The letters.
    pub letters: Vec<Summary>,
    /// There are more behind them.
    pub has_next: bool,
}

/// A letter's place in the list: when it was received, and its id.
pub type Place = (DateTime<Utc>, Uuid);

/// The place of this letter, as text.
#[must_use]
pub fn cursor(letter: &Summary) -> String {
    cursor::encode(&(letter.received_at, letter.id))
}

/// Reads what [`cursor()`] wrote; nothing from anything else.
#[must_use]
pub fn place(cursor: &str) -> Option<Place> {
    cursor::decode(cursor)
}

impl Letters {
    /// Letters in this database, those of one tenant as `reads` show them; what can be read again goes through `writer`.
    #[must_use]
    pub fn new(pool: Pool, reads: impl Into<Reads>, writer: Writer, clock: Clock) -> Self {
        Self {
            pool,
            reads: reads.into(),
            writer,
            clock,
        }
    }

    /// A page of them.
    pub async fn page(&self, wanted: Wanted) -> Result<Page, Error> {
        let most = usize::try_from(wanted.first).unwrap_or(usize::MAX);
        let query = dead_letters::Query {
            tenant_id: wanted.tenant_id,
            reason: wanted.reason,
            after: wanted.after,
            // One more tells whether there are more.
            limit: i64::from(wanted.first) + 1,
        };
        let mut letters = match query.tenant_id {
            None => dead_letters::list(&self.pool, &query).await?,
            Some(tenant_id) => {
                let reading = self.reads.of(tenant_id).await;
                let mut reading = reading.map_err(db::Error::from)?;
                let letters = dead_letters::list(&mut *reading, &query).await?;
                reading.done();
                letters
            }
        };
        let has_next = letters.len() > most;
        letters.truncate(most);
        Ok(Page { letters, has_next })
    }

    /// One of them, of this tenant where one is given.
    pub async fn letter(
        &self,
        tenant_id: Option<Uuid>,
        id: Uuid,
    ) -> Result<Option<Summary>, Error> {
        let found = self.found(tenant_id, id).await?;
        Ok(found.map(|(letter, _)| letter))
    }

    async fn found(
        &self,
        tenant_id: Option<Uuid>,
        id: Uuid,
    ) -> Result<Option<(Summary, Option<serde_json::Value>)>, db::Error> {
        let Some(tenant) = tenant_id else {
            return dead_letters::show(&self.pool, None, id).await;
        };
        let mut reading = self.reads.of(tenant).await?;
        let found = dead_letters::show(&mut *reading, tenant_id, id).await?;
        reading.done();
        Ok(found)
    }

    /// Reads the envelope of a letter (of this tenant where one is given) again and keeps it if that works now.
    pub async fn redrive(
        &self,
        tenant_id: Option<Uuid>,
        id: Uuid,
        actor: Actor,
    ) -> Result<Redriven, Error> {
        let found = self.found(tenant_id, id).await?;
        let Some((letter, envelope)) = found else {
            return Ok(Redriven::NotFound);
        };
        let Some(envelope) = envelope else {
            return Ok(Redriven::NeedsRedelivery);
        };
        let body = envelope.to_string();
        let (writer, clock) = (&self.writer, &self.clock);
        match receive::receive(writer, clock, body.as_bytes(), Channel::Replay).await? {
            Received::Kept { .. } => {
                self.remove(&letter, actor, Act::LetterRedriven).await?;
                Ok(Redriven::Kept)
            }
            Received::Buried { reason } => Ok(Redriven::StillRefused(reason)),
        }
    }

    /// Drops one for good; whether it was there.
    pub async fn drop(
        &self,
        tenant_id: Option<Uuid>,
        id: Uuid,
        actor: Actor,
    ) -> Result<bool, Error> {
        match self.letter(tenant_id, id).await? {
            Some(letter) => Ok(self.remove(&letter, actor, Act::LetterDropped).await?),
            None => Ok(false),
        }
    }

    /// Takes a letter away and says who did, in one transaction.
    async fn remove(&self, letter: &Summary, actor: Actor, act: Act) -> Result<bool, db::Error> {
        let mut tx = Tx::begin(&self.pool).await?;
        let gone = dead_letters::discard(&mut *tx, letter.tenant_id, letter.id).await?;
        if gone {
            let entry = Entry {
                tenant_id: letter.tenant_id,
                actor,
                act,
                subject: Subject::object(letter.id),
                detail: json!({ "reason": letter.reason }),
                at: self.clock.now(),
            };
            audit::write(&mut tx, &entry).await?;
        }
        tx.commit().await?;
        Ok(gone)
    }
}

/// What became of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redriven {
    /// It lies in the inbox; the letter is gone.
    Kept,
    /// It still cannot be read; the letter says why.
    StillRefused(Reason),
    /// The letter holds no envelope; redeliver the event from Hasura.
    NeedsRedelivery,
    /// There is no such letter.
    NotFound,
}

/// Why a letter could not be tried again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The letter could not be read or removed.
    #[error("the dead letter could not be read")]
    Database(#[from] db::Error),
    /// The delivery could not be stored.
    #[error("the delivery could not be stored")]
    Inbox(#[from] inbox::Error),
}
