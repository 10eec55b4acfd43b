//! Making the archives that were asked for, one at a time, and letting go of those that nobody fetched.
//!
//! A request is taken up for a while: whoever finds it left, because its process was killed, takes it up again and
//! begins anew. An archive is stored only while the request is still as it was taken up, so an erasure in between, or
//! a process that was frozen, stores nothing.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::document::Category;
use super::request::{Form, State};
use super::rows::{self, Claim};
use super::{Answer, Request, archive, export};
use crate::audit::{self, Act, Actor, Entry, Subject};
use crate::db::{self, Pool, Tx};
use crate::domain::clock::Clock;
use crate::domain::metric::Language;
use crate::resolve::fence::Pepper;

/// So long after it was taken up a request counts as left.
const LEFT_AFTER: TimeDelta = TimeDelta::minutes(5);
/// It is tried this often.
const ATTEMPTS: i16 = 5;
/// After each try that failed, this long times the tries so far.
const PAUSE: TimeDelta = TimeDelta::seconds(10);
/// An alarm is raised so long before a request is due.
const ALARM_BEFORE: TimeDelta = TimeDelta::days(5);

/// What making archives needs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Builder {
    /// The service's database.
    pub pool: Pool,
    /// Time.
    pub clock: Clock,
    /// Makes the fence's tags.
    pub pepper: Pepper,
    /// How long messages wait for their person, as the workers have it, in days.
    pub quarantine_days: i64,
    /// How long an archive waits to be fetched.
    pub kept_for: TimeDelta,
}

/// Why an archive was not made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error("the database did not do its part")]
    Database(#[from] db::Error),
    /// The archive.
    #[error("the archive was not made")]
    Archive(#[from] archive::Error),
}

impl Builder {
    /// Takes up what waits, one after the other; returns how many requests were worked on.
    pub async fn round(&self) -> Result<u64, db::Error> {
        let now = self.clock.now();
        let mut worked = 0;
        for key in rows::waiting(&self.pool, now, now - LEFT_AFTER).await? {
            let now = self.clock.now();
            if let Some(claim) = rows::claim(&self.pool, key, now, now - LEFT_AFTER).await? {
                self.work(&claim).await?;
                worked += 1;
            }
        }
        Ok(worked)
    }

    async fn work(&self, claim: &Claim) -> Result<(), db::Error> {
        match self.build(claim).await {
            Ok(()) => Ok(()),
            Err(error) => {
                let failed = claim.attempts >= ATTEMPTS;
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    request = %claim.request_id,
                    failed,
                    "an export was not made"
                );
                let now = self.clock.now();
                let again = now + PAUSE * i32::from(claim.attempts);
                let (state, at) = if failed {
                    (State::Failed, now)
                } else {
                    (State::Requested, again)
                };
                self.end(claim, state, at).await
            }
        }
    }

    /// Makes one archive and stores it.
    async fn build(&self, claim: &Claim) -> Result<(), Error> {
        let request = self.request(claim);
        let made_at = self.clock.now();
        let state = match export(&self.pool, &self.pepper, &request, made_at).await? {
            Answer::Found(document) => {
                let form = Form::of(claim.format).unwrap_or(Form::Json);
                let archive = archive::seal(&document, form, &claim.recipient)?;
                return Ok(self.store(claim, &archive).await?);
            }
            Answer::Unknown { .. } => State::UnknownPerson,
            Answer::Erased { .. } => State::Cancelled,
        };
        Ok(self.end(claim, state, self.clock.now()).await?)
    }

    fn request(&self, claim: &Claim) -> Request {
        let categories = claim.categories.iter();
        let categories: BTreeSet<Category> = categories
            .filter_map(|name| Category::from_name(name))
            .collect();
        Request {
            tenant_id: claim.tenant_id,
            person: claim.person,
            categories,
            language: claim
                .language
                .as_deref()
                .map(|code| Language::of(Some(code))),
            quarantine_days: self.quarantine_days,
        }
    }

    async fn store(&self, claim: &Claim, archive: &[u8]) -> Result<(), db::Error> {
        let mut tx = Tx::begin(&self.pool).await?;
        if !rows::is_mine(&mut tx, claim).await? {
            tracing::info!(request = %claim.request_id, "an export is no longer wanted and was not stored");
            return tx.rollback().await;
        }
        let now = self.clock.now();
        rows::store(&mut tx, claim, archive, (now, now + self.kept_for)).await?;
        let detail = json!({ "bytes": archive.len(), "attempt": claim.attempts });
        audit::write(&mut tx, &entry(claim, Act::ExportBuilt, detail, now)).await?;
        tx.commit().await
    }

    /// Lets a request go, for good or to be taken up again.
    async fn end(&self, claim: &Claim, state: State, at: DateTime<Utc>) -> Result<(), db::Error> {
        let mut tx = Tx::begin(&self.pool).await?;
        if !rows::is_mine(&mut tx, claim).await? {
            return tx.rollback().await;
        }
        rows::release(&mut tx, claim, state, at).await?;
        if state != State::Requested {
            let detail = json!({ "state": state.name() });
            audit::write(&mut tx, &entry(claim, Act::ExportEnded, detail, at)).await?;
        }
        tx.commit().await
    }

    /// Takes out archives that nobody fetched in time; returns how many.
    pub async fn expire(&self) -> Result<u64, db::Error> {
        let now = self.clock.now();
        let mut expired = 0;
        for (tenant_id, request_id) in rows::overdue(&self.pool, now).await? {
            let mut tx = Tx::begin(&self.pool).await?;
            let kept = rows::kept(&mut tx, tenant_id, request_id).await?;
            let late = kept.filter(|kept| {
                kept.state == State::Ready.code() && kept.expires_at.is_some_and(|at| at <= now)
            });
            let Some(kept) = late else { continue };
            rows::take(&mut tx, tenant_id, request_id, (State::Expired, now)).await?;
            let entry = Entry {
                tenant_id,
                actor: Actor::SERVICE,
                act: Act::ExportEnded,
                subject: Subject::person(kept.subject_tag).by(request_id),
                detail: json!({ "state": State::Expired.name() }),
                at: now,
            };
            audit::write(&mut tx, &entry).await?;
            tx.commit().await?;
            expired += 1;
        }
        Ok(expired)
    }

    /// How many requests are about to be due, or are, and not answered.
    pub async fn pressing(&self) -> Result<u64, db::Error> {
        let due = rows::due(&self.pool, self.clock.now() + ALARM_BEFORE).await?;
        Ok(u64::try_from(due).unwrap_or(0))
    }
}

fn entry(claim: &Claim, act: Act, detail: serde_json::Value, at: DateTime<Utc>) -> Entry {
    Entry {
        tenant_id: claim.tenant_id,
        actor: Actor::SERVICE,
        act,
        subject: Subject::person(claim.subject_tag).by(claim.request_id),
        detail,
        at,
    }
}
