//! Asking the audit log: who did what, and who read about whom.
//!
//! Persons are asked for by id; what is answered names none.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::audit::log::{self, Line, Place};
use crate::db::fenced::Reads;
use crate::db::{Error, cursor};
use crate::resolve::fence::Pepper;

/// Where the audit log is asked. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Journal {
    reads: Reads,
    pepper: Pepper,
}

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only about this person and everyone merged with them.
    pub person: Option<Uuid>,
    /// Only this act, by its stable name; `read` for reads.
    pub act: Option<String>,
    /// Only by this user, or in this role.
    pub actor: Option<String>,
    /// Only from this instant on.
    pub from: Option<DateTime<Utc>>,
    /// Only before this instant.
    pub to: Option<DateTime<Utc>>,
    /// How many.
    pub first: u32,
    /// Only what comes after this place.
    pub after: Option<Place>,
}

/// Some lines, the latest first.
#[derive(Debug, Clone)]
pub struct Page {
    /// The lines.
    pub lines: Vec<Line>,
    /// There are more behind them.
    pub has_next: bool,
}

impl Journal {
    /// The log as `reads` show it; persons are found by this pepper's tags.
    #[must_use]
    pub fn new(reads: impl Into<Reads>, pepper: Pepper) -> Self {
        Self {
            reads: reads.into(),
            pepper,
        }
    }

    /// A page of the tenant's log.
    pub async fn page(&self, tenant_id: Uuid, wanted: Wanted) -> Result<Page, Error> {
        let mut reading = self.reads.of(tenant_id).await?;
        let tags = match wanted.person {
            Some(person) => Some(self.tags(&mut reading, tenant_id, person).await?),
            None => None,
        };
        let most = usize::try_from(wanted.first).unwrap_or(usize::MAX);
        let query = log::Query {
            tags,
            act: wanted.act,
            actor: wanted.actor,
            from: wanted.from,
            to: wanted.to,
            after: wanted.after,
            // One more tells whether there are more.
            limit: i64::from(wanted.first) + 1,
        };
        let mut lines = log::list(&mut *reading, tenant_id, &query).await?;
        reading.done();
        let has_next = lines.len() > most;
        lines.truncate(most);
        Ok(Page { lines, has_next })
    }

    /// The tags of the person and everyone merged with them; of an erased person only their own is left.
    async fn tags(
        &self,
        connection: &mut PgConnection,
        tenant_id: Uuid,
        person: Uuid,
    ) -> Result<Vec<Uuid>, Error> {
        let mut family = sqlx::query_scalar!(
            "select person_profile_id from customer
             where tenant_id = $1 and root = (
               select root from customer where tenant_id = $1 and person_profile_id = $2)",
            tenant_id,
            person,
        )
        .fetch_all(connection)
        .await?;
        if !family.contains(&person) {
            family.push(person);
        }
        Ok(self.pepper.tags(tenant_id, &family))
    }
}

/// The place of this line, as text.
#[must_use]
pub fn cursor(line: &Line) -> String {
    cursor::encode(&line.place())
}

/// Reads what [`cursor()`] wrote; nothing from anything else.
#[must_use]
pub fn place(cursor: &str) -> Option<Place> {
    cursor::decode(cursor)
}
