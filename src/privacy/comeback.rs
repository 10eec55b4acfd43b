//! Lawful return: an explicit act lets an erased person, or an erased category of theirs, back in.
//!
//! Only what happens after the act is accepted; nothing that was told before comes back by it. Deliberately absent: any
//! return by itself; a fence never falls because something arrived.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::erase::{Error, Office};
use super::queue;
use crate::audit::{self, Act, Actor, Entry, Subject};
use crate::domain::category::Category;
use crate::resolve::fence;

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comeback {
    /// What happens after this instant is accepted.
    Allowed(DateTime<Utc>),
    /// The person (or that category of theirs) is not erased, or was let back already.
    NotErased,
    /// Their erasure is not closed yet.
    UnderWay,
}

/// Whom to let back, and who says so.
#[derive(Debug, Clone)]
pub struct Leave {
    /// Whose customer it was.
    pub tenant_id: Uuid,
    /// The person.
    pub person: Uuid,
    /// Only this category; none for the person as a whole.
    pub category: Option<Category>,
    /// Why, as [`super::order::reference`] accepts it.
    pub reason: String,
    /// Who.
    pub actor: Actor,
}

impl Office {
    /// Lets a person, or one category of theirs, back in.
    pub async fn let_return(&self, leave: &Leave) -> Result<Comeback, Error> {
        let tenant_id = leave.tenant_id;
        let tag = self.pepper.tag(tenant_id, leave.person);
        // Behind whatever is folded at the moment: nothing of before the act may be taken for something after it.
        let (mut tx, now) = self.hold_tenant(tenant_id).await?;
        if queue::is_under_way(&mut tx, tenant_id, tag).await? {
            tx.rollback().await?;
            return Ok(Comeback::UnderWay);
        }
        let about = (leave.person, leave.category);
        let entry = fence::let_return(&mut tx, &self.pepper, tenant_id, about, now).await?;
        let Some(entry) = entry else {
            tx.rollback().await?;
            return Ok(Comeback::NotErased);
        };
        let act = Entry {
            tenant_id,
            actor: leave.actor.clone(),
            act: Act::ReturnAllowed,
            subject: Subject::person(tag),
            detail: json!({ "reason": leave.reason, "category": leave.category.map(Category::name) }),
            at: now,
        };
        audit::write(&mut tx, &act).await?;
        tx.commit().await?;
        self.write_down(entry).await;
        Ok(Comeback::Allowed(now))
    }

    /// Outside of the database once it has committed: a return that did not happen must not stand there. Where this
    /// fails, a restore from a backup would keep the person out; `erase --reapply` writes it down later.
    async fn write_down(&self, entry: fence::Kept) {
        let Some(file) = self.pepper.file() else {
            return;
        };
        if let Err(error) = file.append(&[entry]).await {
            tracing::warn!(%error, "a return could not be written into the fence's file");
        }
    }
}
