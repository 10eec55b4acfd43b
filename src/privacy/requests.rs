//! Where GraphQL turns with erasures and retention: asking, looking, letting back, setting.
//!
//! Nothing is erased here; the worker is told that somebody asked.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use uuid::Uuid;

use super::erase::{Error, Office};
use super::order::Order;
use super::receipt;
use super::request::{self, Request};
use super::retention;
use crate::audit::Actor;
use crate::db::fenced::{Reading, Reads};
use crate::db::{self, cursor};
use crate::domain::retention::RetentionSettings;
use crate::projections;

/// The desk. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Erasures {
    /// Where erasures are carried out.
    pub office: Office,
    /// Told whenever somebody asked for one.
    pub asked: Arc<Notify>,
    reads: Reads,
}

/// A request with the receipt of its last scan, as JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The request.
    pub request: Request,
    /// The receipt.
    pub receipt: Option<serde_json::Value>,
    /// It was to be done by now.
    pub overdue: bool,
}

/// A request's place in the list: when it was made, and its id.
pub type Place = (DateTime<Utc>, Uuid);

impl Listed {
    /// Its place, as text.
    #[must_use]
    pub fn cursor(&self) -> String {
        cursor::encode(&(self.request.requested_at, self.request.request_id))
    }
}

/// Reads what [`Listed::cursor`] wrote; nothing from anything else.
#[must_use]
pub fn place(cursor: &str) -> Option<Place> {
    cursor::decode(cursor)
}

/// Some requests, the latest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The requests.
    pub requests: Vec<Listed>,
    /// There are more behind them.
    pub has_next: bool,
}

impl Erasures {
    /// A desk of this office, whose lists come from `reads`.
    #[must_use]
    pub fn new(office: Office, reads: impl Into<Reads>) -> Self {
        Self {
            office,
            asked: Arc::default(),
            reads: reads.into(),
        }
    }

    /// Enters a request, or finds the one about the same that is not carried out yet; and whether it is new.
    pub async fn ask(&self, order: &Order, actor: &Actor) -> Result<(Listed, bool), Error> {
        let begun = self.office.clock.now();
        let request = self.office.begin(order, actor).await?;
        self.asked.notify_one();
        let is_new = request.requested_at >= begun;
        let listed = Listed {
            overdue: is_overdue(&request, begun),
            request,
            receipt: None,
        };
        Ok((listed, is_new))
    }

    /// The tenant's requests behind the place that `after` names.
    pub async fn page(
        &self,
        tenant_id: Uuid,
        after: Option<(DateTime<Utc>, Uuid)>,
        first: u32,
    ) -> Result<Page, Error> {
        let now = self.office.clock.now();
        let mut reading = self.reading(tenant_id).await?;
        // One more tells whether there are more.
        let limit = i64::from(first) + 1;
        let mut requests = request::list(&mut reading, tenant_id, after, limit).await?;
        let most = usize::try_from(first).unwrap_or(usize::MAX);
        let has_next = requests.len() > most;
        requests.truncate(most);
        let ids: Vec<Uuid> = requests.iter().map(|one| one.request_id).collect();
        let mut receipts: HashMap<Uuid, serde_json::Value> =
            receipt::latest_of(&mut reading, tenant_id, &ids).await?;
        reading.done();
        let listed = requests.into_iter().map(|request| Listed {
            overdue: is_overdue(&request, now),
            receipt: receipts.remove(&request.request_id),
            request,
        });
        Ok(Page {
            requests: listed.collect(),
            has_next,
        })
    }

    /// The tenant's clocks.
    pub async fn retention(&self, tenant_id: Uuid) -> Result<RetentionSettings, Error> {
        let mut reading = self.reading(tenant_id).await?;
        let settings = retention::settings(&mut reading, tenant_id).await?;
        reading.done();
        Ok(settings)
    }

    /// Persons up for a review, at most `limit`, each with the instant since when.
    pub async fn reviews(
        &self,
        tenant_id: Uuid,
        limit: i64,
    ) -> Result<Vec<(Uuid, DateTime<Utc>)>, Error> {
        let mut reading = self.reading(tenant_id).await?;
        let found = projections::up_for_review(&mut reading, tenant_id, limit).await?;
        reading.done();
        Ok(found)
    }

    async fn reading(&self, tenant_id: Uuid) -> Result<Reading, Error> {
        let reading = self.reads.of(tenant_id).await;
        Ok(reading.map_err(db::Error::from)?)
    }
}

fn is_overdue(request: &Request, now: DateTime<Utc>) -> bool {
    let done = request.propagated_at.or(request.verified_at);
    request.due_at.is_some_and(|due| done.unwrap_or(now) > due)
}
