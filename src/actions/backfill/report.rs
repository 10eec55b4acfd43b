//! What a backfill brought, for people and as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use super::{Backfill, counters};
use crate::activity_log::{self, Provenance};
use crate::db::Error;
use crate::inbox::dead_letters;

/// A letter about a delivery that was let in and could not be folded.
const PARKED: &str = "processing_failed";

/// What a run brought, resumed or not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What was read.
    pub source: String,
    /// Deliveries read.
    pub read: u64,
    /// Of them, those of tenants that were not asked for.
    pub filtered: u64,
    /// Events left where they are, because nobody listens to their tables.
    pub unlistened: u64,
    /// Of them, those put into the inbox.
    pub accepted: u64,
    /// Of the accepted, those that said nothing new.
    pub duplicate: u64,
    /// Dead letters by reason.
    pub dead_letters: BTreeMap<String, u64>,
    /// Persons who gained activities.
    pub persons: u64,
    /// Activities that were appended. Outputs follow live appends only, so none of them caused one.
    pub outputs_withheld: u64,
    /// From the first beginning to now.
    pub seconds: f64,
    /// Deliveries read in a second of that time.
    pub per_second: f64,
    /// The same by tenant.
    pub tenants: Vec<TenantReport>,
}

/// What a run brought one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TenantReport {
    /// Which.
    pub tenant_id: Uuid,
    /// Deliveries put into the inbox.
    pub accepted: u64,
    /// Of them, those that said nothing new.
    pub duplicate: u64,
    /// Dead letters by reason.
    pub dead_letters: BTreeMap<String, u64>,
    /// Persons who gained activities.
    pub persons: u64,
    /// Activities that were appended without an output.
    pub outputs_withheld: u64,
}

impl Backfill {
    /// What was brought in, once it is folded.
    pub async fn report(&self) -> Result<Report, Error> {
        let mut tenants = Vec::new();
        for tenant_id in self.shares.keys() {
            tenants.extend(self.tenant_report(*tenant_id).await?);
        }
        let mut all = self.course.refused.clone();
        for (reason, n) in tenants.iter().flat_map(|tenant| &tenant.dead_letters) {
            *all.entry(reason.clone()).or_default() += n;
        }
        let sum = |of: fn(&TenantReport) -> u64| tenants.iter().map(of).sum();
        let seconds = (self.clock.now() - self.started_at).as_seconds_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let read = self.course.read as f64;
        Ok(Report {
            source: self.course.source.clone(),
            read: self.course.read,
            filtered: self.course.filtered,
            unlistened: self.course.unlistened,
            accepted: sum(|tenant| tenant.accepted),
            duplicate: sum(|tenant| tenant.duplicate),
            dead_letters: all,
            persons: sum(|tenant| tenant.persons),
            outputs_withheld: sum(|tenant| tenant.outputs_withheld),
            seconds,
            per_second: if seconds > 0.0 { read / seconds } else { 0.0 },
            tenants,
        })
    }

    async fn tenant_report(&self, tenant_id: Uuid) -> Result<Option<TenantReport>, Error> {
        let Some(share) = self.shares.get(&tenant_id) else {
            return Ok(None);
        };
        let (nothing_new, appended) = counters(&self.pool, tenant_id).await?;
        let grown = |now: i64, before: i64| u64::try_from(now - before).unwrap_or_default();
        let mut letters = share.refused.clone();
        let since = Some(self.started_at);
        for found in dead_letters::by_reason(&self.pool, Some(tenant_id), since).await? {
            if found.reason == PARKED {
                letters.insert(found.reason, u64::try_from(found.letters).unwrap_or(0));
            }
        }
        let persons = activity_log::persons_since(
            &self.pool,
            tenant_id,
            Provenance::Backfill,
            self.started_at,
        );
        Ok(Some(TenantReport {
            tenant_id,
            accepted: share.accepted,
            duplicate: grown(nothing_new, share.nothing_new_before),
            dead_letters: letters,
            persons: u64::try_from(persons.await?).unwrap_or(0),
            outputs_withheld: grown(appended, share.appended_before),
        }))
    }
}
