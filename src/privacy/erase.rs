//! Erasing on demand: everything in one transaction of the tenant, fence first, with a request that can be gone on
//! with and a receipt at its end.
//!
//! Deliberately absent: waiting for deliveries that are under way; `workers::erase` does that around these steps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::export;
use super::hold;
use super::receipt::{self, Fault, Scan, Signed, Signer};
use super::request::{self, Request, State};
use super::scan::{self, Counts, Found};
use crate::db::{self, Pool, Tx};
use crate::domain::clock::Clock;
use crate::inbox::dead_letters;
use crate::projections::{self, Erasure};
use crate::resolve::fence::Pepper;
use crate::resolve::tenant;

/// What an erasure rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The person asked (GDPR, article 17).
    GdprRequest,
    /// The person asked (CCPA).
    CcpaRequest,
    /// The operator's own rules.
    InternalPolicy,
    /// Erased before, and back from a backup.
    Restored,
}

impl Basis {
    /// As it is stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::GdprRequest => "gdpr-request",
            Self::CcpaRequest => "ccpa-request",
            Self::InternalPolicy => "internal-policy",
            Self::Restored => "restored",
        }
    }
}

/// Whom to erase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Whose customer.
    pub tenant_id: Uuid,
    /// The person, or anyone merged with them.
    pub person: Uuid,
    /// The request's own id; none goes on with what is unfinished about this person, or begins a new one.
    pub request_id: Option<Uuid>,
    /// Why.
    pub basis: Basis,
}

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
    pub async fn begin(&self, order: &Order) -> Result<Request, Error> {
        let tenant_id = order.tenant_id;
        let subject_tag = self.pepper.tag(tenant_id, order.person);
        let (mut tx, now) = self.hold_tenant(tenant_id).await?;
        let request_id = match order.request_id {
            Some(id) => id,
            None => request::unfinished(&mut tx, tenant_id, subject_tag)
                .await?
                .unwrap_or_else(|| self.clock.uuid_v7()),
        };
        let new = Request {
            tenant_id,
            request_id,
            subject_tag,
            tags: [subject_tag].into(),
            basis: order.basis.name().to_owned(),
            state: State::Requested,
            requested_at: now,
            fenced_at: None,
            deleted_at: None,
            verified_at: None,
            closed_at: None,
            removed: BTreeMap::new(),
        };
        request::begin(&mut tx, &new).await?;
        let request = request::find(&mut tx, tenant_id, request_id).await?;
        tx.commit().await?;
        let request = request.ok_or(Error::NoRequest(tenant_id, request_id))?;
        if request.subject_tag != subject_tag {
            return Err(Error::OtherSubject(request_id));
        }
        Ok(request)
    }

    /// Fences and deletes in one transaction; returns who was erased with the person.
    pub async fn delete(
        &self,
        request: &mut Request,
        person: Uuid,
    ) -> Result<BTreeSet<Uuid>, Error> {
        let tenant_id = request.tenant_id;
        let (mut tx, now) = self.hold_tenant(tenant_id).await?;
        let family = projections::family(&mut tx, tenant_id, person).await?;
        let holds = hold::open(&mut tx, tenant_id, &family, now.date_naive()).await?;
        if !holds.is_empty() {
            request.state = State::Suspended;
            request::advance(&mut tx, request).await?;
            tx.commit().await?;
            return Err(Error::Held(holds));
        }
        let asked = family.iter().map(|person| (*person, "requested")).collect();
        let mut erasure = projections::erase(&mut tx, &self.pepper, tenant_id, &asked, now).await?;
        export::forget(&mut tx, tenant_id, &mut erasure, now).await?;
        let letters = dead_letters::forget(&mut tx, tenant_id, &erasure.persons).await?;
        self.note(request, &erasure, letters, now);
        request::advance(&mut tx, request).await?;
        tx.commit().await?;
        Ok(erasure.persons)
    }

    fn note(&self, request: &mut Request, erasure: &Erasure, letters: u64, now: DateTime<Utc>) {
        request.tags = tags(&self.pepper, request.tenant_id, &erasure.persons);
        request.state = State::Deleted;
        request.fenced_at = Some(now);
        request.deleted_at = Some(now);
        request.removed = removed(erasure, letters);
    }

    /// Empties letters that came about these persons since, also those of no tenant.
    pub async fn sweep_letters(
        &self,
        tenant_id: Uuid,
        persons: &BTreeSet<Uuid>,
    ) -> Result<(), Error> {
        for tenant_id in [tenant_id, Uuid::nil()] {
            let mut tx = Tx::begin(&self.pool).await?;
            dead_letters::forget(&mut tx, tenant_id, persons).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Rows that name these persons.
    pub async fn count(&self, tenant_id: Uuid, persons: &BTreeSet<Uuid>) -> Result<Counts, Error> {
        let mut tx = Tx::begin(&self.pool).await?;
        scan::at_leisure(&mut tx).await?;
        let counts = scan::count(&mut tx, tenant_id, persons).await?;
        tx.rollback().await?;
        Ok(counts)
    }

    /// Rows that name persons of these tags, and who they are.
    pub async fn find(&self, tenant_id: Uuid, tags: &BTreeSet<Uuid>) -> Result<Found, Error> {
        let mut tx = Tx::begin(&self.pool).await?;
        scan::at_leisure(&mut tx).await?;
        let found = scan::find(&mut tx, &self.pepper, tenant_id, tags).await?;
        tx.rollback().await?;
        Ok(found)
    }

    /// Notes that a scan found nothing, and issues the receipt of it; a closed request gives its last one.
    pub async fn prove(&self, request: &mut Request, found: Counts) -> Result<Signed, Error> {
        let (tenant_id, request_id) = (request.tenant_id, request.request_id);
        if found.values().any(|rows| *rows > 0) {
            return Err(Error::Left(found));
        }
        let (mut tx, now) = self.hold_tenant(tenant_id).await?;
        *request = request::find(&mut tx, tenant_id, request_id)
            .await?
            .ok_or(Error::NoRequest(tenant_id, request_id))?;
        let scans = match request.state {
            State::Deleted => {
                request.state = State::Verified;
                request.verified_at = Some(now);
                1
            }
            State::Verified => {
                request.state = State::Closed;
                request.closed_at = Some(now);
                2
            }
            State::Closed => {
                tx.rollback().await?;
                return self.latest(request).await;
            }
            State::Requested | State::Fenced | State::Suspended => {
                return Err(Error::NotDeleted(request_id));
            }
        };
        let scan = Scan { at: now, found };
        let signed = receipt::issue(&mut tx, &self.signer, request, scan, scans).await?;
        request::advance(&mut tx, request).await?;
        tx.commit().await?;
        Ok(signed)
    }

    /// The last receipt of a request.
    pub async fn latest(&self, request: &Request) -> Result<Signed, Error> {
        let mut connection = self.pool.acquire().await.map_err(db::Error::from)?;
        let id = request.request_id;
        let latest = receipt::latest(&mut connection, request.tenant_id, id).await?;
        latest.ok_or(Error::NotDeleted(id))
    }

    /// The request with that id.
    pub async fn request(&self, tenant_id: Uuid, request_id: Uuid) -> Result<Request, Error> {
        let mut connection = self.pool.acquire().await.map_err(db::Error::from)?;
        let found = request::find(&mut connection, tenant_id, request_id).await?;
        found.ok_or(Error::NoRequest(tenant_id, request_id))
    }

    /// The tenant's requests that still want a scan.
    pub async fn open_requests(&self, tenant_id: Uuid) -> Result<Vec<Uuid>, Error> {
        let mut connection = self.pool.acquire().await.map_err(db::Error::from)?;
        Ok(request::open(&mut connection, tenant_id).await?)
    }

    /// Checks a receipt and the whole chain it stands in; returns how long the chain is.
    pub async fn check(&self, signed: &Signed) -> Result<usize, Error> {
        let mut connection = self.pool.acquire().await.map_err(db::Error::from)?;
        Ok(receipt::check(&mut connection, &self.signer, signed).await??)
    }

    async fn hold_tenant(&self, tenant_id: Uuid) -> Result<(Tx, DateTime<Utc>), Error> {
        let mut tx = Tx::begin(&self.pool).await?;
        let now = self.clock.now();
        match tenant::wait(&mut tx, tenant_id, now).await? {
            Some(_) => Ok((tx, now)),
            None => Err(Error::NoTenant(tenant_id)),
        }
    }
}

/// Notes, in its transaction, an erasure that the platform asked for by redacting or deleting a profile. Its scan and
/// receipt follow on demand.
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
    let request = Request {
        tenant_id,
        request_id: Uuid::new_v5(&tenant_id, subject_tag.as_bytes()),
        subject_tag,
        tags: tags(pepper, tenant_id, &erasure.persons),
        basis: reason.to_owned(),
        state: State::Deleted,
        requested_at: now,
        fenced_at: Some(now),
        deleted_at: Some(now),
        verified_at: None,
        closed_at: None,
        removed: removed(erasure, letters),
    };
    request::begin(tx, &request).await
}

fn tags(pepper: &Pepper, tenant_id: Uuid, persons: &BTreeSet<Uuid>) -> BTreeSet<Uuid> {
    let tags = persons.iter().map(|person| pepper.tag(tenant_id, *person));
    tags.collect()
}

fn removed(erasure: &Erasure, letters: u64) -> BTreeMap<String, u64> {
    let rows = erasure.removed.iter().map(|(table, rows)| (*table, *rows));
    let all = rows.chain([("dead_letter", letters)]);
    all.map(|(table, rows)| (table.to_owned(), rows)).collect()
}
