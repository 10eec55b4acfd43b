//! Erasing on demand: everything in one transaction of the tenant, fence first, with a request that can be gone on
//! with and a receipt at its end.
//!
//! Deliberately absent: waiting for deliveries that are under way; `workers::erase` does that around these steps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

pub use super::order::{Basis, Order, Timing};
use super::receipt::{Fault, Signer};
use super::request::{self, Request, State};
use super::scan::Counts;
use super::{export, hold, propagate, queue};
use crate::audit::{self, Act, Actor, Entry, Subject};
use crate::contracts;
use crate::db::{self, Pool, Tx};
use crate::domain::category::Category;
use crate::domain::clock::Clock;
use crate::domain::source::SourceKind;
use crate::inbox::dead_letters;
use crate::projections::{self, Erasure, Settings};
use crate::resolve::fence::Pepper;
use crate::resolve::tenant;

/// Until an erasure that a legal hold suspends is looked at again.
const HELD: TimeDelta = TimeDelta::hours(1);

/// Why an erasure does not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error("the database did not do its part")]
    Database(#[from] db::Error),
    /// Nothing was ever delivered for this tenant.
    #[error("there is no tenant {0}: nothing was ever delivered for it")]
    NoTenant(Uuid),
    /// There is no such request.
    #[error("tenant {0} has no request {1}")]
    NoRequest(Uuid, Uuid),
    /// The id of the request belongs to the erasure of somebody else.
    #[error("request {0} is about somebody else")]
    OtherSubject(Uuid),
    /// Legal holds forbid it.
    #[error("suspended by an open legal hold ({}); close it in Backoffice, then run the same command again", list(.0))]
    Held(Vec<Uuid>),
    /// Something still names the person.
    #[error("rows still name the person: {0:?}")]
    Left(Counts),
    /// It has not been taken out yet.
    #[error("request {0} has not come to deleting; run `erase` with the person again")]
    NotDeleted(Uuid),
    /// A receipt that is not accepted.
    #[error("the receipt is not accepted")]
    Receipt(#[from] Fault),
    /// Whoever was told downstream has not confirmed yet.
    #[error(
        "request {0} waits until everybody downstream has confirmed; a running service goes on with it"
    )]
    Unconfirmed(Uuid),
    /// The fence's file.
    #[error("the fence's file cannot be used")]
    File(#[from] std::io::Error),
}

fn list(ids: &[Uuid]) -> String {
    let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    ids.join(", ")
}

/// What would go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The person and everyone merged with them.
    pub persons: BTreeSet<Uuid>,
    /// Rows that name them, by table.
    pub counts: Counts,
    /// Open legal holds.
    pub holds: Vec<Uuid>,
    /// Whether the fence is up already.
    pub fenced: bool,
}

/// Where erasures are carried out. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Office {
    /// The service's database.
    pub pool: Pool,
    /// Time and ids.
    pub clock: Clock,
    /// Makes the fence's tags.
    pub pepper: Pepper,
    /// Signs receipts.
    pub signer: Arc<Signer>,
    /// What a refold depends on besides the log.
    pub settings: Settings,
    /// How long things take their time.
    pub timing: Timing,
    /// Names of those downstream who are told.
    pub receivers: Arc<[String]>,
    /// Who acts, where nobody in particular does: this program's service or one of its commands.
    pub actor: Actor,
}

impl Office {
    /// Looks at what would go, and changes nothing.
    pub async fn preview(&self, tenant_id: Uuid, person: Uuid) -> Result<Preview, Error> {
        let (mut tx, now) = self.hold_tenant(tenant_id).await?;
        let persons = projections::family(&mut tx, tenant_id, person).await?;
        let holds = hold::open(&mut tx, tenant_id, &persons, now.date_naive()).await?;
        let fenced =
            crate::resolve::fence::fenced(&mut tx, &self.pepper, tenant_id, &persons).await?;
        // Nobody has to wait for the counting.
        tx.rollback().await?;
        let counts = self.count(tenant_id, &persons).await?;
        Ok(Preview {
            fenced: fenced.contains(&person),
            persons,
            counts,
            holds,
        })
    }

    /// The request: the one that is named, an unfinished one about this person, or a new one.
    pub async fn begin(&self, order: &Order, actor: &Actor) -> Result<Request, Error> {
        let tenant_id = order.tenant_id;
        let mut tx = Tx::begin(&self.pool).await?;
        if !tenant::exists(&mut tx, tenant_id).await? {
            return Err(Error::NoTenant(tenant_id));
        }
        let (request, _) = self.enter(&mut tx, order, actor, self.clock.now()).await?;
        tx.commit().await?;
        Ok(request)
    }

    /// The same in a transaction of the caller's; and whether the request is new.
    pub async fn enter(
        &self,
        tx: &mut Tx,
        order: &Order,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<(Request, bool), Error> {
        let tenant_id = order.tenant_id;
        let subject_tag = self.pepper.tag(tenant_id, order.person);
        let request_id = match order.request_id {
            Some(id) => id,
            None => queue::unfinished(tx, tenant_id, subject_tag, &order.categories)
                .await?
                .unwrap_or_else(|| self.clock.uuid_v7()),
        };
        let new = Request {
            person: Some(order.person),
            categories: order.categories.clone(),
            reason: order.reason.clone(),
            due_at: Some(order.due_at.unwrap_or(now + self.timing.due)),
            ..Request::new(tenant_id, request_id, subject_tag, order.basis.name(), now)
        };
        let is_new = request::begin(tx, &new).await?;
        let request = request::find(tx, tenant_id, request_id).await?;
        let request = request.ok_or(Error::NoRequest(tenant_id, request_id))?;
        if request.subject_tag != subject_tag || request.categories != order.categories {
            return Err(Error::OtherSubject(request_id));
        }
        if is_new {
            let detail = json!({ "basis": request.basis, "categories": request.category_names(),
                "due_at": request.due_at });
            write_act(tx, &request, Act::ErasureRequested, actor, detail, now).await?;
        }
        Ok((request, is_new))
    }

    /// Fences and deletes in one transaction; returns who was erased with the person.
    pub async fn delete(
        &self,
        request: &mut Request,
        person: Uuid,
    ) -> Result<BTreeSet<Uuid>, Error> {
        let tenant_id = request.tenant_id;
        let (mut tx, now) = self.hold_tenant(tenant_id).await?;
        // Somebody else may have been faster.
        *request = request::find(&mut tx, tenant_id, request.request_id)
            .await?
            .ok_or(Error::NoRequest(tenant_id, request.request_id))?;
        if !request.state.is_before_deletion() {
            tx.rollback().await?;
            return Ok(BTreeSet::new());
        }
        let family = projections::family(&mut tx, tenant_id, person).await?;
        let holds = hold::open(&mut tx, tenant_id, &family, now.date_naive()).await?;
        if !holds.is_empty() {
            let was_suspended = request.state == State::Suspended;
            request.state = State::Suspended;
            request.next_at = Some(now + HELD);
            request::advance(&mut tx, request).await?;
            if !was_suspended {
                let detail = json!({ "legal_holds": holds });
                let act = Act::ErasureSuspended;
                write_act(&mut tx, request, act, &self.actor, detail, now).await?;
            }
            tx.commit().await?;
            return Err(Error::Held(holds));
        }
        let (erasure, letters) = self.take_out(&mut tx, request, &family, now).await?;
        self.note(request, &erasure, letters, now);
        request::advance(&mut tx, request).await?;
        let detail = json!({ "basis": request.basis, "categories": request.category_names(),
            "profiles": request.tags.len() });
        write_act(&mut tx, request, Act::Erased, &self.actor, detail, now).await?;
        tx.commit().await?;
        Ok(erasure.persons)
    }

    async fn take_out(
        &self,
        tx: &mut Tx,
        request: &Request,
        family: &BTreeSet<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<(Erasure, u64), Error> {
        let tenant_id = request.tenant_id;
        if request.is_whole() {
            let asked = family.iter().map(|person| (*person, "requested")).collect();
            let mut erasure = projections::erase(tx, &self.pepper, tenant_id, &asked, now).await?;
            export::forget(tx, tenant_id, &mut erasure, now).await?;
            let letters = dead_letters::forget(tx, tenant_id, &erasure.persons, None).await?;
            let id = request.request_id;
            propagate::tell(tx, tenant_id, id, &erasure.persons, now).await?;
            return Ok((erasure, letters));
        }
        let categories = request.categories();
        let what = (family, categories.as_slice());
        let erasure =
            projections::purge(tx, self.settings, &self.pepper, tenant_id, what, now).await?;
        let tables = tables_of(&categories);
        let letters = dead_letters::forget(tx, tenant_id, family, Some(&tables)).await?;
        Ok((erasure, letters))
    }

    fn note(&self, request: &mut Request, erasure: &Erasure, letters: u64, now: DateTime<Utc>) {
        request.person = None;
        request.tags = tags(&self.pepper, request.tenant_id, &erasure.persons);
        request.state = State::Deleted;
        request.fenced_at = Some(now);
        request.deleted_at = Some(now);
        request.removed = removed(erasure, letters);
        request.next_at = Some(now + self.timing.first_scan);
    }

    pub(super) async fn hold_tenant(&self, tenant_id: Uuid) -> Result<(Tx, DateTime<Utc>), Error> {
        let mut tx = Tx::begin(&self.pool).await?;
        let now = self.clock.now();
        match tenant::wait(&mut tx, tenant_id, now).await? {
            Some(_) => Ok((tx, now)),
            None => Err(Error::NoTenant(tenant_id)),
        }
    }
}

/// One link of the chain of acts about a request.
pub(super) async fn write_act(
    tx: &mut Tx,
    request: &Request,
    act: Act,
    actor: &Actor,
    detail: serde_json::Value,
    now: DateTime<Utc>,
) -> Result<(), db::Error> {
    let entry = Entry {
        tenant_id: request.tenant_id,
        actor: actor.clone(),
        act,
        subject: Subject::person(request.subject_tag).by(request.request_id),
        detail,
        at: now,
    };
    audit::write(tx, &entry).await
}

/// The platform's tables whose rows belong to these categories, as deliveries name them.
pub(super) fn tables_of(categories: &[Category]) -> Vec<String> {
    let kinds: BTreeSet<SourceKind> = projections::sorts(categories)
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    let tables = contracts::allow_list().iter();
    let tables = tables.filter(|table| table.kind.is_some_and(|kind| kinds.contains(&kind)));
    tables
        .map(|table| format!("{}.{}", table.schema, table.table))
        .collect()
}

pub(super) fn tags(pepper: &Pepper, tenant_id: Uuid, persons: &BTreeSet<Uuid>) -> BTreeSet<Uuid> {
    let tags = persons.iter().map(|person| pepper.tag(tenant_id, *person));
    tags.collect()
}

pub(super) fn removed(erasure: &Erasure, letters: u64) -> BTreeMap<String, u64> {
    let rows = erasure.removed.iter().map(|(table, rows)| (*table, *rows));
    let all = rows.chain([("dead_letter", letters)]);
    all.map(|(table, rows)| (table.to_owned(), rows)).collect()
}
