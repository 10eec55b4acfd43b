//! Telling everybody downstream that a person was erased, in the transaction that erases them.
//!
//! A message holds the id and nothing else, and loses it as soon as every receiver has confirmed. Erasing a category
//! tells nobody: what was told before held no facts of it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::erase::{Error, Office};
use super::request::{self, Request, State};
use crate::db::{self, Tx};
use crate::domain::activity::Provenance;
use crate::domain::message::Kind;
use crate::outbox::{self, Message};

/// Puts the messages down, one a profile.
pub(super) async fn tell(
    tx: &mut Tx,
    tenant_id: Uuid,
    request_id: Uuid,
    persons: &BTreeSet<Uuid>,
    now: DateTime<Utc>,
) -> Result<(), db::Error> {
    let messages = ids(tenant_id, request_id, persons.len())
        .zip(persons)
        .map(|(id, person)| Message {
            tenant_id,
            id,
            kind: Kind::CustomerErased,
            // It outlives the person, until everybody has it.
            person: None,
            provenance: Provenance::Live,
            written_at: now,
            payload: json!({ "person_profile_id": person, "erased_at": now }),
        });
    let messages: Vec<Message> = messages.collect();
    outbox::put_all(tx, tenant_id, &messages).await?;
    Ok(())
}

/// The messages of a request, whoever they are about.
fn ids(tenant_id: Uuid, request_id: Uuid, profiles: usize) -> impl Iterator<Item = Uuid> {
    (0..profiles).map(move |n| {
        let cause = [request_id.as_bytes().as_slice(), &n.to_be_bytes()].concat();
        outbox::id_of(tenant_id, Kind::CustomerErased, &cause)
    })
}

impl Office {
    /// Notes that everybody downstream has confirmed, or that there is nobody to tell; false while somebody has not.
    pub async fn propagate(&self, request: &mut Request) -> Result<bool, Error> {
        let (tenant_id, request_id) = (request.tenant_id, request.request_id);
        let (mut tx, now) = self.hold_tenant(tenant_id).await?;
        *request = request::find(&mut tx, tenant_id, request_id)
            .await?
            .ok_or(Error::NoRequest(tenant_id, request_id))?;
        if request.state != State::Deleted {
            tx.rollback().await?;
            return Ok(!request.state.is_before_deletion());
        }
        if self.receivers.is_empty() {
            // Nobody else takes away what nobody receives.
            outbox::route(&mut tx, tenant_id, &[], now).await?;
            outbox::settle(&mut tx, tenant_id, now).await?;
        }
        let ids: Vec<Uuid> = ids(tenant_id, request_id, request.tags.len()).collect();
        let (open, told) = outbox::progress(&mut tx, tenant_id, &ids).await?;
        if open > 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        request.state = State::Propagated;
        request.propagated_at = Some(now);
        request.told = told.into_iter().collect();
        request::advance(&mut tx, request).await?;
        tx.commit().await?;
        Ok(true)
    }
}
