//! After the rows are out: everybody downstream is told, scans find nothing, and receipts say so.

use std::collections::BTreeSet;

use serde_json::json;
use uuid::Uuid;

use super::erase::{Error, Office, tables_of, write_act};
use super::queue;
use super::receipt::{self, Scan, Signed};
use super::request::{self, Request, State};
use super::scan::{self, Counts, Found};
use crate::audit::Act;
use crate::db::{self, Tx};
use crate::inbox::dead_letters;
use crate::resolve::fence;

impl Office {
    /// Empties letters that came about these persons since, also those of no tenant.
    pub async fn sweep_letters(
        &self,
        request: &Request,
        persons: &BTreeSet<Uuid>,
    ) -> Result<(), Error> {
        let tables = (!request.is_whole()).then(|| tables_of(&request.categories()));
        for tenant_id in [request.tenant_id, Uuid::nil()] {
            let mut tx = Tx::begin(&self.pool).await?;
            dead_letters::forget(&mut tx, tenant_id, persons, tables.as_deref()).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// The tenant's customers with one of these tags.
    pub async fn customers(
        &self,
        tenant_id: Uuid,
        tags: &BTreeSet<Uuid>,
    ) -> Result<BTreeSet<Uuid>, Error> {
        let mut tx = Tx::begin(&self.pool).await?;
        scan::at_leisure(&mut tx).await?;
        let found = scan::customers(&mut tx, &self.pepper, tenant_id, tags).await?;
        tx.rollback().await?;
        Ok(found)
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

    /// Whatever is still kept of what these persons' request is about.
    pub async fn count_of(
        &self,
        request: &Request,
        persons: &BTreeSet<Uuid>,
    ) -> Result<Counts, Error> {
        if request.is_whole() {
            return self.count(request.tenant_id, persons).await;
        }
        let mut tx = Tx::begin(&self.pool).await?;
        scan::at_leisure(&mut tx).await?;
        let categories = request.categories();
        let counts =
            scan::count_categories(&mut tx, request.tenant_id, persons, &categories).await?;
        tx.rollback().await?;
        Ok(counts)
    }

    /// Rows that are still kept of what a request is about, found by its tags, and whose they are.
    pub async fn find_of(&self, request: &Request) -> Result<Found, Error> {
        if request.is_whole() {
            // What is told of somebody who was let back is no remnant.
            let mut connection = self.pool.acquire().await.map_err(db::Error::from)?;
            let back = fence::returned(&mut connection, request.tenant_id, &request.tags).await?;
            drop(connection);
            let tags = request.tags.difference(&back).copied().collect();
            return self.find(request.tenant_id, &tags).await;
        }
        let tagged = self.customers(request.tenant_id, &request.tags).await?;
        let counts = self.count_of(request, &tagged).await?;
        let left = counts.values().any(|rows| *rows > 0);
        let persons = if left { tagged } else { BTreeSet::new() };
        Ok(Found { counts, persons })
    }

    /// Notes that a scan found nothing, and issues the receipt of it; a closed request gives its last one.
    pub async fn prove(&self, request: &mut Request, found: Counts) -> Result<Signed, Error> {
        let (tenant_id, request_id) = (request.tenant_id, request.request_id);
        if found.values().any(|rows| *rows > 0) {
            return Err(Error::Left(found));
        }
        let (mut tx, now) = self.hold_tenant(tenant_id).await?;
        let seen = request.state;
        *request = request::find(&mut tx, tenant_id, request_id)
            .await?
            .ok_or(Error::NoRequest(tenant_id, request_id))?;
        if request.state != seen {
            // Somebody else has made this very scan meanwhile.
            tx.rollback().await?;
            return self.latest(request).await;
        }
        let scans = match request.state {
            State::Propagated => {
                request.state = State::Verified;
                request.verified_at = Some(now);
                request.next_at = Some(now + self.timing.second_scan);
                1
            }
            State::Verified => {
                request.state = State::Closed;
                request.closed_at = Some(now);
                request.next_at = None;
                2
            }
            State::Closed => {
                tx.rollback().await?;
                return self.latest(request).await;
            }
            State::Deleted => return Err(Error::Unconfirmed(request_id)),
            State::Requested | State::Fenced | State::Suspended => {
                return Err(Error::NotDeleted(request_id));
            }
        };
        let scan = Scan { at: now, found };
        let signed = receipt::issue(&mut tx, &self.signer, request, scan, scans).await?;
        request::advance(&mut tx, request).await?;
        let detail = json!({ "scan": scans, "receipt": signed.receipt.number });
        let act = Act::ErasureVerified;
        write_act(&mut tx, request, act, &self.actor, detail, now).await?;
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
        Ok(queue::open(&mut connection, tenant_id).await?)
    }

    /// Checks a receipt and the whole chain it stands in; returns how long the chain is.
    pub async fn check(&self, signed: &Signed) -> Result<usize, Error> {
        let mut connection = self.pool.acquire().await.map_err(db::Error::from)?;
        Ok(receipt::check(&mut connection, &self.signer, signed).await??)
    }
}
