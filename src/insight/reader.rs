//! The one handle through which everything above reads insights.
//!
//! A reader made for a request knows when the request's time is up: however many statements it takes and whatever
//! the database does, nobody waits longer.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::audience::{self, AlsoBookedTour, Audience};
use super::learned::{self, Learned, Library};
use super::{
    Asked, Consent, Error, ExplainRequest, Found, LabelKey, LateRequest, Page, PageRequest,
    TimelinePage, TimelineRequest, consents, evidence, groups, labels, page, past, person,
    timeline,
};
use crate::db::PoolConfig;
use crate::db::fenced::{Reading, Reads};
use crate::domain::clock::Clock;
use crate::domain::explain::Explanation;
use crate::domain::model::sentiment::Sentiment;
use crate::domain::moment::Moment;
use crate::domain::timeline::MetricChange;

/// How long all reads of one request may take together. Hasura fails the dispatcher's whole query when a join is late.
pub const PATIENCE: Duration = Duration::from_millis(1_800);

/// Limits for a pool that serves this room alone: a statement that nobody waits for any more ends by itself.
#[must_use]
pub fn pool_config(base: &PoolConfig) -> PoolConfig {
    PoolConfig {
        acquire_timeout: base.acquire_timeout.min(PATIENCE),
        statement_timeout: PATIENCE,
        lock_timeout: PATIENCE,
        application_name: format!("{} reads", base.application_name),
        ..base.clone()
    }
}

/// Reads insights of any tenant. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reader {
    reads: Reads,
    pub(super) clock: Clock,
    pub(super) quarantine_days: i64,
    pub(super) library: Arc<Library>,
    until: Option<Instant>,
}

impl Reader {
    /// A reader on these connections. `quarantine_days` as the workers have it: how long messages wait for their person.
    #[must_use]
    pub fn new(reads: impl Into<Reads>, clock: Clock, quarantine_days: i64) -> Self {
        Self {
            reads: reads.into(),
            clock,
            quarantine_days,
            library: Arc::default(),
            until: None,
        }
    }

    /// A reader for one request: [`PATIENCE`] from now on every read fails at once.
    #[must_use]
    pub fn for_request(&self) -> Self {
        Self {
            until: Some(Instant::now() + PATIENCE),
            ..self.clone()
        }
    }

    /// The insights of these persons, by the id asked for. Unknown and erased persons, and those of other tenants, are absent.
    pub async fn insights(
        &self,
        tenant: Uuid,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, Found>, Error> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        person::insights(self, tenant, ids).await
    }

    /// The insights of these persons at these moments, by what was asked for; absent as in [`Reader::insights`].
    pub async fn insights_at(
        &self,
        tenant: Uuid,
        asked: &[Asked],
    ) -> Result<HashMap<Asked, Found>, Error> {
        if asked.is_empty() {
            return Ok(HashMap::new());
        }
        self.in_time(past::insights(self, tenant, asked)).await
    }

    /// A page of the tenant's persons, filtered and ordered by stored values.
    pub async fn page(&self, tenant: Uuid, request: &PageRequest) -> Result<Page, Error> {
        page::page(self, tenant, request).await
    }

    /// Pages of timelines, by request; the persons are roots, as [`Reader::insights`] returns them.
    pub async fn timelines(
        &self,
        tenant: Uuid,
        requests: &[TimelineRequest],
    ) -> Result<HashMap<TimelineRequest, Arc<TimelinePage>>, Error> {
        if requests.is_empty() {
            return Ok(HashMap::new());
        }
        self.in_time(timeline::pages(self, tenant, requests)).await
    }

    /// Why numbers are what they are, by request; the persons are roots, as [`Reader::insights`] returns them.
    pub async fn explanations(
        &self,
        tenant: Uuid,
        requests: &[ExplainRequest],
    ) -> Result<HashMap<ExplainRequest, Arc<Explanation>>, Error> {
        if requests.is_empty() {
            return Ok(HashMap::new());
        }
        self.in_time(evidence::explanations(self, tenant, requests))
            .await
    }

    /// What activities that came late have changed, by request; absent where that would cost too much.
    pub async fn late_changes(
        &self,
        tenant: Uuid,
        requests: &[LateRequest],
    ) -> Result<HashMap<LateRequest, Arc<Vec<MetricChange>>>, Error> {
        if requests.is_empty() {
            return Ok(HashMap::new());
        }
        self.in_time(evidence::late_changes(self, tenant, requests))
            .await
    }

    /// Names of tours and places; those that are not known yet are absent.
    pub async fn labels(
        &self,
        tenant: Uuid,
        keys: &[LabelKey],
    ) -> Result<HashMap<LabelKey, String>, Error> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        self.in_time(labels::labels(self, tenant, keys)).await
    }

    /// What these persons allow, by root; the persons are roots, as [`Reader::insights`] returns them.
    pub async fn consents(
        &self,
        tenant: Uuid,
        roots: &[Uuid],
    ) -> Result<HashMap<Uuid, Arc<Vec<Consent>>>, Error> {
        if roots.is_empty() {
            return Ok(HashMap::new());
        }
        self.in_time(consents::consents(self, tenant, roots)).await
    }

    /// What was learned by these moments, and what can be booked today.
    pub async fn learned(
        &self,
        tenant: Uuid,
        moments: &[Moment],
    ) -> Result<HashMap<Moment, Arc<Learned>>, Error> {
        if moments.is_empty() {
            return Ok(HashMap::new());
        }
        self.in_time(learned::learned(self, tenant, moments)).await
    }

    /// Who would like a tour, the strongest first, at most `first`.
    pub async fn audience(
        &self,
        tenant: Uuid,
        tour: Uuid,
        first: usize,
    ) -> Result<Vec<Audience>, Error> {
        let read = audience::audience(self, tenant, tour, first);
        // Everybody is looked at: nothing that a join waits for.
        match tokio::time::timeout(audience::PATIENCE, read).await {
            Ok(found) => found,
            Err(_) => Err(Error::TooSlow(audience::PATIENCE)),
        }
    }

    /// What people who travelled a tour travelled as well, the surest first.
    pub async fn also_booked(
        &self,
        tenant: Uuid,
        tour: Uuid,
    ) -> Result<Vec<AlsoBookedTour>, Error> {
        self.in_time(audience::also_booked(self, tenant, tour))
            .await
    }

    /// What a group of customers says, and by which version of the groups they were assigned; none where fewer than ten
    /// people said something.
    pub async fn cluster_sentiment(
        &self,
        tenant: Uuid,
        cluster: i32,
    ) -> Result<Option<(Sentiment, Option<i32>)>, Error> {
        self.in_time(groups::sentiment(self, tenant, cluster)).await
    }

    /// A connection that sees this tenant.
    pub(super) async fn connection(&self, tenant: Uuid) -> Result<Reading, Error> {
        Ok(self.reads.of(tenant).await?)
    }

    /// Gives up on a read when the request's time is up.
    pub(super) async fn in_time<T>(
        &self,
        read: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        let until = self.until.unwrap_or_else(|| Instant::now() + PATIENCE);
        match tokio::time::timeout_at(until, read).await {
            Ok(answer) => answer,
            Err(_) => Err(Error::TooSlow(PATIENCE)),
        }
    }
}
