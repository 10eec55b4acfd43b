//! Lawful return: an explicit act lets an erased person, or an erased category of theirs, back in.
//!
//! Only what happens after the act is accepted; nothing that was told before comes back by it. Deliberately absent: any
//! return by itself; a fence never falls because something arrived.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::erase::{Error, Office};
use super::queue;
use crate::db::Tx;
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

impl Office {
    /// Lets a person, or one category of theirs, back in, in a transaction of the caller's, who holds the tenant's row.
    /// Returns the entry for the fence's file, which [`Office::keep_return`] writes once this has committed.
    pub async fn let_return(
        &self,
        tx: &mut Tx,
        tenant_id: Uuid,
        (person, category): (Uuid, Option<Category>),
        now: DateTime<Utc>,
    ) -> Result<(Comeback, Option<fence::Kept>), Error> {
        let tag = self.pepper.tag(tenant_id, person);
        if queue::is_under_way(tx, tenant_id, tag).await? {
            return Ok((Comeback::UnderWay, None));
        }
        let about = (person, category);
        let entry = fence::let_return(tx, &self.pepper, tenant_id, about, now).await?;
        Ok(match entry {
            Some(entry) => (Comeback::Allowed(now), Some(entry)),
            None => (Comeback::NotErased, None),
        })
    }

    /// Writes a return down outside of the database, once it has committed. Where that fails, a restore from a backup
    /// would keep the person out, and `erase --reapply` writes it down later.
    pub async fn keep_return(&self, entry: fence::Kept) {
        let Some(file) = self.pepper.file() else {
            return;
        };
        if let Err(error) = file.append(&[entry]).await {
            tracing::warn!(%error, "a return could not be written into the fence's file");
        }
    }
}
