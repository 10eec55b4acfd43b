//! Scoring customers by whoever speaks: those whose insight was written a moment ago, and everybody when another model
//! speaks, another setting holds, or a day has passed.
//!
//! A page is one transaction under its customers' locks, and comes to nothing when the models changed while it was made:
//! whatever is written was said by who speaks when the locks are held. Deliberately absent: a loop; `workers` has it.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::db::{Error, Pool, Tx};
use crate::domain::clock::Clock;
use crate::domain::moment::Moment;
use crate::insight::{self, Learned, Reader};
use crate::jobs::{self, Key, State};
use crate::models::{self, Fingerprint};
use crate::projections::{self, Versions};

/// Name of the job that scores everybody.
pub const SCORES: &str = "scores";
/// Customers scored in one transaction.
const PAGE: i64 = 250;
/// Time alone changes scores by the day: silence grows.
const OLD: TimeDelta = TimeDelta::hours(24);

/// How far scoring everybody is, as it is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// By what everybody is scored.
    pub by: Fingerprint,
    /// When it began.
    pub begun_at: DateTime<Utc>,
    /// Everybody up to this one is scored.
    pub after: Uuid,
    /// How many were.
    pub scored: u64,
}

/// Scores customers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Scorer {
    pool: Pool,
    clock: Clock,
    reader: Reader,
}

impl Scorer {
    /// A scorer on this database. `quarantine_days` as whoever folds has it.
    #[must_use]
    pub fn new(pool: Pool, clock: Clock, quarantine_days: i64) -> Self {
        let reader = Reader::new(pool.clone(), clock.clone(), quarantine_days);
        Self {
            pool,
            clock,
            reader,
        }
    }

    /// Tenants that have customers whose insight was written since they were scored.
    pub async fn tenants_due(&self) -> Result<Vec<Uuid>, Error> {
        projections::tenants_with_scores_due(&self.pool).await
    }

    /// Scores some customers who are due, behind `after` in the order of ids; returns behind whom to go on, none when
    /// there is nobody more.
    pub async fn due(&self, tenant_id: Uuid, after: Uuid) -> Result<Option<Uuid>, Error> {
        let mut connection = self.pool.acquire().await?;
        let persons = projections::scores_due(&mut connection, tenant_id, after, PAGE).await?;
        drop(connection);
        let Some(last) = persons.last().copied() else {
            return Ok(None);
        };
        let Some(spoken) = self.spoken(tenant_id).await? else {
            return Ok(None);
        };
        // Who is passed over stays on the list.
        self.page(tenant_id, &persons, &spoken).await?;
        Ok(Some(last))
    }

    /// Goes on with scoring everybody of a tenant by a page, where that is to be done; false when it is done.
    pub async fn everybody(&self, tenant_id: Uuid) -> Result<bool, Error> {
        let Some(spoken) = self.spoken(tenant_id).await? else {
            return Ok(false);
        };
        let key = Key::new(tenant_id, SCORES, "everybody");
        let Some(mut sweep) = self.sweep(&key, &spoken.by).await? else {
            return Ok(false);
        };
        let mut connection = self.pool.acquire().await?;
        let persons =
            projections::with_insight(&mut connection, tenant_id, sweep.after, PAGE).await?;
        drop(connection);
        let now = self.clock.now();
        let Some(last) = persons.last().copied() else {
            // Nobody's place is remembered once it is over.
            sweep.after = Uuid::nil();
            jobs::finish(&self.pool, &key, State::Finished, &sweep, now).await?;
            return Ok(false);
        };
        let Some(page) = self.page(tenant_id, &persons, &spoken).await? else {
            return Ok(true);
        };
        let mut scored = page.scored;
        for person in page.passed_over {
            match self.one(tenant_id, person, &spoken).await? {
                Some(n) => scored += n,
                None => return Ok(true),
            }
        }
        sweep.after = last;
        sweep.scored += scored as u64;
        jobs::advance(&self.pool, &key, &sweep, now).await?;
        Ok(true)
    }

    /// Where scoring everybody goes on; none when everybody is scored by whoever speaks, and not too long ago.
    async fn sweep(&self, key: &Key, by: &Fingerprint) -> Result<Option<Sweep>, Error> {
        let now = self.clock.now();
        let fresh = || Sweep {
            by: by.clone(),
            begun_at: now,
            ..Sweep::default()
        };
        let Some(job) = jobs::find(&self.pool, key).await? else {
            return Ok(Some(fresh()));
        };
        // What another version of this program wrote is as if there were nothing.
        let Ok(sweep) = serde_json::from_value::<Sweep>(job.progress) else {
            return Ok(Some(fresh()));
        };
        let same = sweep.by == *by;
        Ok(match job.state {
            State::Finished if same && now - sweep.begun_at < OLD => None,
            State::Running if same => Some(sweep),
            _ => Some(fresh()),
        })
    }

    /// Who speaks; none when that cannot be told now.
    async fn spoken(&self, tenant_id: Uuid) -> Result<Option<Spoken>, Error> {
        let mut connection = self.pool.acquire().await?;
        // Before the models: what is read afterwards is at least as new.
        let by = models::fingerprint(&mut connection, tenant_id, self.clock.now()).await?;
        drop(connection);
        let learned = match Box::pin(self.reader.learned(tenant_id, &[Moment::NOW])).await {
            Ok(mut found) => found.remove(&Moment::NOW),
            Err(insight::Error::Unavailable(error) | insight::Error::Broken(error)) => {
                return Err(error);
            }
            Err(error) => {
                let error: &(dyn std::error::Error + 'static) = &error;
                tracing::warn!(error, "scores wait for their models");
                None
            }
        };
        Ok(learned.map(|learned| Spoken { by, learned }))
    }

    /// Scores those whom nobody is folding; none when another model speaks by then.
    async fn page(
        &self,
        tenant_id: Uuid,
        persons: &[Uuid],
        spoken: &Spoken,
    ) -> Result<Option<Page>, Error> {
        let mut tx = Tx::begin(&self.pool).await?;
        let locked = projections::lock_for_scores(&mut tx, tenant_id, persons).await?;
        let passed_over = persons.iter().filter(|one| !locked.contains(one));
        let passed_over = passed_over.copied().collect();
        let scored = self.score(tx, tenant_id, &locked, spoken).await?;
        Ok(scored.map(|scored| Page {
            scored,
            passed_over,
        }))
    }

    /// Scores one customer, after whoever is folding them; none when another model speaks by then.
    async fn one(
        &self,
        tenant_id: Uuid,
        person: Uuid,
        spoken: &Spoken,
    ) -> Result<Option<usize>, Error> {
        let mut tx = Tx::begin(&self.pool).await?;
        let locked = projections::wait_for_scores(&mut tx, tenant_id, person).await?;
        self.score(tx, tenant_id, &locked, spoken).await
    }

    async fn score(
        &self,
        mut tx: Tx,
        tenant_id: Uuid,
        locked: &BTreeSet<Uuid>,
        spoken: &Spoken,
    ) -> Result<Option<usize>, Error> {
        let now = self.clock.now();
        if models::fingerprint(&mut tx, tenant_id, now).await? != spoken.by {
            tx.rollback().await?;
            return Ok(None);
        }
        let voices = (spoken.learned.voices(), spoken.versions());
        let written = projections::score(&mut tx, tenant_id, locked, voices, now).await?;
        tx.commit().await?;
        Ok(Some(written))
    }
}

/// What a page came to.
struct Page {
    scored: usize,
    passed_over: Vec<Uuid>,
}

/// Who speaks, and by which versions.
struct Spoken {
    by: Fingerprint,
    learned: Arc<Learned>,
}

impl Spoken {
    fn versions(&self) -> Versions {
        Versions {
            churn: self.learned.churn.as_ref().map(|spoken| spoken.version),
            clusters: self.learned.clusters.as_ref().map(|spoken| spoken.version),
            habits: self.learned.habits_version,
        }
    }
}
