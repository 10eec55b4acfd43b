//! Take a delivery in: keep it if its contract understands it, else leave a dead letter. Durable when it returns.
//!
//! The same for every way in (webhook, redrive), so that what was refused once is judged alike the next time.

use uuid::Uuid;

use crate::contracts::{Delivery, Reason, Refusal, envelope};
use crate::domain::clock::Clock;
use crate::inbox::{Channel, Entry, Error, Letter, Writer};

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// It lies in the inbox.
    Kept {
        /// `schema.table`.
        table: String,
    },
    /// It can never work as it is; a dead letter says why.
    Buried {
        /// Why.
        reason: Reason,
    },
}

/// Reads `body` and stores what becomes of it.
pub async fn receive(
    writer: &Writer,
    clock: &Clock,
    body: &[u8],
    channel: Channel,
) -> Result<Received, Error> {
    match envelope::read(body) {
        Ok(delivery) => {
            let table = delivery.table.clone();
            writer.submit(entry(delivery), channel).await?;
            Ok(Received::Kept { table })
        }
        Err(refusal) => {
            let reason = refusal.reason;
            writer.bury(letter(refusal, body, clock)).await?;
            Ok(Received::Buried { reason })
        }
    }
}

pub(super) fn entry(delivery: Delivery) -> Entry {
    Entry {
        tenant_id: delivery.tenant_id,
        event_id: delivery.event_id,
        table: delivery.table,
        trigger: delivery.trigger,
        payload: delivery.cut,
        dropped_columns: delivery.dropped_columns,
    }
}

/// The letter's id comes from the event's id, or else from the body: the same delivery has one letter.
pub(super) fn letter(refusal: Refusal, body: &[u8], clock: &Clock) -> Letter {
    let tenant_id = refusal.tenant_id.unwrap_or(Uuid::nil());
    let id = match &refusal.event_id {
        Some(event) => Letter::id_of(tenant_id, event),
        None => Uuid::new_v5(&tenant_id, body),
    };
    Letter {
        tenant_id,
        id,
        event_id: refusal.event_id,
        table: refusal.table,
        trigger: refusal.trigger,
        reason: refusal.reason.code().to_owned(),
        detail: refusal.detail,
        envelope: refusal.envelope.map(|envelope| envelope.to_string()),
        received_at: clock.now(),
    }
}
