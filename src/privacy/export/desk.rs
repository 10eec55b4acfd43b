//! Asking for a person's data, and handing them out: once, to whoever has the address, and encrypted.
//!
//! The key that opens an archive is the recipient's own, or is made here, shown once and kept nowhere; so a copy of the
//! database opens nothing. Deliberately absent: making the archive, which is `build`'s.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde_json::json;
use tokio::sync::Notify;
use uuid::Uuid;

use super::document::Category;
use super::request::{Form, Standing, State};
use super::rows::{self, New};
use super::token::Token;
use super::{archive, erased_at, gather};
use crate::audit::{self, Act, Actor, Entry, Subject};
use crate::db::fenced::Reads;
use crate::db::{Error, Pool, Tx, cursor};
use crate::domain::clock::Clock;
use crate::domain::metric::Language;
use crate::resolve::fence::Pepper;
use crate::resolve::tenant;

/// Until a request has to be answered (GDPR, article 12).
const DUE_DAYS: i64 = 30;
/// Most requests about one person that are not over.
const UNFINISHED_OF_PERSON: i64 = 3;
/// Most requests of one tenant that are not over.
const UNFINISHED_OF_TENANT: i64 = 200;

/// Where exports are asked for and handed out. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Exports {
    pool: Pool,
    reads: Reads,
    clock: Clock,
    pepper: Pepper,
    asked: Arc<Notify>,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Order {
    /// Whose customer.
    pub tenant_id: Uuid,
    /// The person, by any of their profiles.
    pub person: Uuid,
    /// What is to be in it.
    pub categories: BTreeSet<Category>,
    /// In which form.
    pub form: Form,
    /// In which language it explains itself; the person's own unless told.
    pub language: Option<Language>,
    /// An age public key to encrypt to; one is made where none is given.
    pub recipient: Option<String>,
    /// Who asks.
    pub actor: Actor,
}

/// What became of asking.
#[derive(Debug)]
pub enum Asked {
    /// It is being made.
    Accepted(Box<Accepted>),
    /// No customer of the tenant has this id.
    UnknownPerson,
    /// The person was erased.
    Erased,
    /// The recipient is no public key of age.
    BadRecipient,
    /// Too much is being made already; ask again when that is over.
    TooMany,
}

/// A request that was accepted, with what is shown once.
#[derive(Debug)]
pub struct Accepted {
    /// The request.
    pub request_id: Uuid,
    /// Until when it has to be answered.
    pub due_at: DateTime<Utc>,
    /// The secret part of the address.
    pub token: SecretString,
    /// The age identity that opens the archive, where one was made.
    pub identity: Option<SecretString>,
}

/// What came of asking for an archive.
#[derive(Debug)]
pub enum Fetched {
    /// Here it is, and nowhere else any more.
    Archive {
        /// Of which request.
        request_id: Uuid,
        /// An age file.
        bytes: Vec<u8>,
    },
    /// It is still being made.
    NotYet,
    /// It was fetched, expired or cancelled, or could not be made.
    Over,
    /// There is no such address.
    Unknown,
}

/// Some requests, the latest first.
#[derive(Debug, Clone)]
pub struct Page {
    /// The requests.
    pub requests: Vec<Standing>,
    /// There are more behind them.
    pub has_next: bool,
}

/// A request's place in the list: when it was made, and its id.
pub type Place = (DateTime<Utc>, Uuid);

/// The place of this request, as text.
#[must_use]
pub fn cursor(request: &Standing) -> String {
    cursor::encode(&(request.requested_at, request.request_id))
}

/// Reads what [`cursor()`] wrote; nothing from anything else.
#[must_use]
pub fn place(cursor: &str) -> Option<Place> {
    cursor::decode(cursor)
}

impl Exports {
    /// Exports of this database, listed from `reads`.
    #[must_use]
    pub fn new(pool: Pool, reads: impl Into<Reads>, clock: Clock, pepper: Pepper) -> Self {
        Self {
            pool,
            reads: reads.into(),
            clock,
            pepper,
            asked: Arc::default(),
        }
    }

    /// Told whenever something was asked for: whoever makes archives waits on it.
    #[must_use]
    pub fn asked(&self) -> Arc<Notify> {
        Arc::clone(&self.asked)
    }

    /// Takes a request in. The person's tenant is held meanwhile, so that no erasure can pass unseen.
    pub async fn ask(&self, order: &Order) -> Result<Asked, Error> {
        let (recipient, identity) = match &order.recipient {
            Some(key) if archive::is_recipient(key.trim()) => (key.trim().to_owned(), None),
            Some(_) => return Ok(Asked::BadRecipient),
            None => {
                let (recipient, identity) = archive::key_pair();
                (recipient, Some(identity))
            }
        };
        let (tenant_id, now) = (order.tenant_id, self.clock.now());
        let mut tx = Tx::begin(&self.pool).await?;
        if tenant::wait(&mut tx, tenant_id, now).await?.is_none() {
            return Ok(Asked::UnknownPerson);
        }
        if let Some(refusal) = self.refusal(&mut tx, order).await? {
            return Ok(refusal);
        }
        let request_id = self.clock.uuid_v7();
        let Some(token) = Token::new(tenant_id, request_id) else {
            return Ok(Asked::TooMany);
        };
        let categories = order.categories.iter().map(|one| one.name().to_owned());
        let new = New {
            tenant_id,
            request_id,
            person: order.person,
            subject_tag: self.pepper.tag(tenant_id, order.person),
            categories: &categories.collect::<Vec<_>>(),
            form: order.form,
            language: order.language.map(Language::code),
            recipient: &recipient,
            token_hash: &token.hash(),
            requested_at: now,
            due_at: now + TimeDelta::days(DUE_DAYS),
        };
        rows::insert(&mut tx, &new).await?;
        let entry = Entry {
            tenant_id,
            actor: order.actor.clone(),
            act: Act::ExportRequested,
            subject: Subject::person(new.subject_tag).by(request_id),
            detail: json!({ "categories": new.categories, "format": order.form.name() }),
            at: now,
        };
        audit::write(&mut tx, &entry).await?;
        tx.commit().await?;
        self.asked.notify_one();
        Ok(Asked::Accepted(Box::new(Accepted {
            request_id,
            due_at: new.due_at,
            token: token.to_text(),
            identity,
        })))
    }

    async fn refusal(&self, tx: &mut Tx, order: &Order) -> Result<Option<Asked>, Error> {
        let (tenant_id, person) = (order.tenant_id, order.person);
        if gather::customers(tx, tenant_id, person).await?.is_empty() {
            let tag = self.pepper.tag(tenant_id, person);
            let erased = erased_at(tx, tenant_id, tag).await?.is_some();
            return Ok(Some(if erased {
                Asked::Erased
            } else {
                Asked::UnknownPerson
            }));
        }
        let (of_person, of_tenant) = rows::unfinished(tx, tenant_id, person).await?;
        let many = of_person >= UNFINISHED_OF_PERSON || of_tenant >= UNFINISHED_OF_TENANT;
        Ok(many.then_some(Asked::TooMany))
    }

    /// The tenant's requests, of one person where one is given.
    pub async fn page(
        &self,
        tenant_id: Uuid,
        person: Option<Uuid>,
        first: u32,
        after: Option<Place>,
    ) -> Result<Page, Error> {
        let most = usize::try_from(first).unwrap_or(usize::MAX);
        // One more tells whether there are more.
        let limit = i64::from(first) + 1;
        let mut reading = self.reads.of(tenant_id).await?;
        let mut requests = rows::list(&mut *reading, tenant_id, person, after, limit).await?;
        reading.done();
        let has_next = requests.len() > most;
        requests.truncate(most);
        Ok(Page { requests, has_next })
    }

    /// Hands an archive out, once: whoever comes second finds nothing.
    pub async fn fetch(&self, token: &SecretString) -> Result<Fetched, Error> {
        let Some(token) = Token::from_text(token) else {
            return Ok(Fetched::Unknown);
        };
        let (tenant_id, request_id) = (token.tenant_id, token.request_id);
        let now = self.clock.now();
        let mut tx = Tx::begin(&self.pool).await?;
        let kept = rows::kept(&mut tx, tenant_id, request_id).await?;
        let Some(kept) = kept.filter(|kept| token.is_of(&kept.token_hash)) else {
            return Ok(Fetched::Unknown);
        };
        match State::of(kept.state) {
            Some(State::Requested | State::Building) => return Ok(Fetched::NotYet),
            Some(State::Ready) if kept.expires_at.is_some_and(|until| now < until) => {}
            _ => return Ok(Fetched::Over),
        }
        let bytes = rows::take(&mut tx, tenant_id, request_id, (State::Fetched, now)).await?;
        let entry = Entry {
            tenant_id,
            actor: Actor::BEARER,
            act: Act::ExportFetched,
            subject: Subject::person(kept.subject_tag).by(request_id),
            detail: json!({ "bytes": bytes.len() }),
            at: now,
        };
        audit::write(&mut tx, &entry).await?;
        tx.commit().await?;
        Ok(Fetched::Archive { request_id, bytes })
    }
}
