//! Try a dead letter again, after the program learnt to read it.
//!
//! A letter holds no texts (they could be personal), so what comes back from it is a delivery without them; where
//! they matter, or where there is no envelope at all, Hasura has to send the event again.

use uuid::Uuid;

use super::receive::{self, Received};
use crate::contracts::Reason;
use crate::db::{self, Pool};
use crate::domain::clock::Clock;
use crate::inbox::{self, Channel, Writer, dead_letters};

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

/// Reads the letter's envelope again and keeps it if that works now.
pub async fn redrive(
    pool: &Pool,
    writer: &Writer,
    clock: &Clock,
    id: Uuid,
) -> Result<Redriven, Error> {
    let Some((letter, envelope)) = dead_letters::show(pool, None, id).await? else {
        return Ok(Redriven::NotFound);
    };
    let Some(envelope) = envelope else {
        return Ok(Redriven::NeedsRedelivery);
    };
    let body = envelope.to_string();
    match receive::receive(writer, clock, body.as_bytes(), Channel::Replay).await? {
        Received::Kept { .. } => {
            dead_letters::discard(pool, letter.tenant_id, letter.id).await?;
            Ok(Redriven::Kept)
        }
        Received::Buried { reason } => Ok(Redriven::StillRefused(reason)),
    }
}
