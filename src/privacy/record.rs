//! Erasures that the platform asks for itself, by redacting or deleting a profile.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::erase::{removed, tags, write_act};
use super::order::Timing;
use super::propagate;
use super::request::{self, Request, State};
use crate::audit::{Act, Actor};
use crate::db::{self, Tx};
use crate::projections::Erasure;
use crate::resolve::fence::Pepper;

/// Notes, in its transaction, an erasure that the platform asked for by redacting or deleting a profile. The worker
/// scans and issues the receipts.
pub async fn record(
    tx: &mut Tx,
    pepper: &Pepper,
    tenant_id: Uuid,
    asked: (Uuid, &'static str),
    erased: (&Erasure, u64),
    now: DateTime<Utc>,
) -> Result<(), db::Error> {
    let ((person, reason), (erasure, letters)) = (asked, erased);
    let subject_tag = pepper.tag(tenant_id, person);
    // Whoever was allowed to return may be erased another time.
    let name = [
        subject_tag.as_bytes().as_slice(),
        &now.timestamp_micros().to_be_bytes(),
    ];
    let request_id = Uuid::new_v5(&tenant_id, &name.concat());
    let timing = Timing::default();
    let request = Request {
        tags: tags(pepper, tenant_id, &erasure.persons),
        state: State::Deleted,
        due_at: Some(now + timing.due),
        fenced_at: Some(now),
        deleted_at: Some(now),
        removed: removed(erasure, letters),
        next_at: Some(now + timing.first_scan),
        ..Request::new(tenant_id, request_id, subject_tag, reason, now)
    };
    request::begin(tx, &request).await?;
    propagate::tell(tx, tenant_id, request_id, &erasure.persons, now).await?;
    let detail = json!({ "basis": request.basis, "profiles": request.tags.len() });
    write_act(tx, &request, Act::Erased, &Actor::SERVICE, detail, now).await
}
