//! Groups of reads become links: one insert a tenant and group, each link over the one before it.
//!
//! When it is not known whether a group was committed, the chain itself is asked. The first group of a chain is an act,
//! too, and so is its end, so that a chain that is gone as a whole is missed.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::json;
use uuid::Uuid;

use super::acts;
use super::entry::{Act, Actor, Entry, Subject};
use super::hash;
use super::read_rows::{self, ReadLink};
use super::reads::{Shared, Waiting};
use crate::db::pool::within;
use crate::db::{Error, Tx};
use crate::telemetry::metrics::{AUDIT_FAILURES, AUDIT_READS};

/// Where a tenant's chain of this process ends.
#[derive(Debug, Clone)]
struct End {
    number: i64,
    hash: Vec<u8>,
    /// Before the first link: the chain it is anchored to.
    anchor: Option<Uuid>,
}

pub(super) struct Flusher<'s> {
    shared: &'s Shared,
    ends: HashMap<Uuid, End>,
}

impl<'s> Flusher<'s> {
    pub(super) fn new(shared: &'s Shared) -> Self {
        Self {
            shared,
            ends: HashMap::new(),
        }
    }

    pub(super) async fn run(mut self) {
        let mut deadline = None;
        while let Some(group) = self.shared.take().await {
            let mut tenants: HashMap<Uuid, Vec<Waiting>> = HashMap::new();
            for one in group {
                tenants.entry(one.read.tenant_id).or_default().push(one);
            }
            for (tenant_id, group) in tenants {
                self.write(tenant_id, &group, &mut deadline).await;
            }
        }
        self.finish(&mut deadline).await;
    }

    /// Writes a tenant's group, however often it takes; after the end has come only for a while.
    async fn write(&mut self, tenant_id: Uuid, group: &[Waiting], deadline: &mut Option<Instant>) {
        let mut tried = Vec::new();
        loop {
            let limit = deadline_of(self.shared, deadline);
            match within(&self.shared.pool, self.append(tenant_id, group, &mut tried)).await {
                Ok(()) => {
                    let reads = u64::try_from(group.len()).unwrap_or(u64::MAX);
                    metrics::counter!(AUDIT_READS).increment(reads);
                    return;
                }
                Err(error) => {
                    metrics::counter!(AUDIT_FAILURES).increment(1);
                    let error: &(dyn std::error::Error + 'static) = &error;
                    tracing::warn!(error, "reads cannot be recorded now; trying again");
                }
            }
            if limit.is_some_and(|limit| Instant::now() >= limit) {
                return Shared::give_up(group.len());
            }
            tokio::time::sleep(self.shared.limits.retry).await;
        }
    }

    /// `tried` holds the hash of the group's last link of each try: where the chain ends with one of them, that try did
    /// commit, though nobody heard of it.
    async fn append(
        &mut self,
        tenant_id: Uuid,
        group: &[Waiting],
        tried: &mut Vec<Vec<u8>>,
    ) -> Result<(), Error> {
        let chain = self.shared.chain;
        let mut tx = Tx::begin(&self.shared.pool).await?;
        // Not known any more until this commits.
        let end = match self.ends.remove(&tenant_id) {
            Some(end) => end,
            None => self.look_up(&mut tx, tenant_id).await?,
        };
        if tried.contains(&end.hash) {
            self.ends.insert(tenant_id, end);
            return Ok(());
        }
        let links = self.links(tenant_id, &end, group);
        let Some(last) = links.last() else {
            return Ok(());
        };
        tried.push(last.hash.clone());
        let begins = end.number == 0;
        let end = End {
            number: last.number,
            hash: last.hash.clone(),
            anchor: None,
        };
        read_rows::append(&mut tx, tenant_id, chain, &links).await?;
        if begins {
            self.act(&mut tx, Act::ReadsBegun, tenant_id, &end).await?;
        }
        tx.commit().await?;
        self.ends.insert(tenant_id, end);
        Ok(())
    }

    async fn look_up(&self, tx: &mut Tx, tenant_id: Uuid) -> Result<End, Error> {
        if let Some((number, hash)) = read_rows::last(tx, tenant_id, self.shared.chain).await? {
            return Ok(End {
                number,
                hash,
                anchor: None,
            });
        }
        let latest = read_rows::latest(tx, tenant_id, self.shared.chain).await?;
        let (anchor, hash) = latest.map_or((None, hash::NONE.to_vec()), |(chain, hash)| {
            (Some(chain), hash)
        });
        Ok(End {
            number: 0,
            hash,
            anchor,
        })
    }

    fn links(&self, tenant_id: Uuid, end: &End, group: &[Waiting]) -> Vec<ReadLink> {
        let (mut number, mut previous) = (end.number, end.hash.clone());
        let mut anchor = end.anchor;
        let links = group.iter().map(|one| {
            number += 1;
            let read = &one.read;
            let mut persons = read.persons.clone();
            persons.sort_unstable();
            persons.dedup();
            let count = persons.len();
            if count > self.shared.limits.persons_listed {
                persons.clear();
            }
            let mut link = ReadLink {
                tenant_id,
                chain: self.shared.chain,
                number,
                previous: std::mem::take(&mut previous),
                hash: Vec::new(),
                anchor: anchor.take(),
                at: one.at,
                role: read.actor.role.clone().into_owned(),
                user_id: read.actor.user_id.clone(),
                operation: read.operation.clone(),
                query_hash: read.query_hash.to_vec(),
                persons: i32::try_from(count).unwrap_or(i32::MAX),
                subject_tags: (self.shared.tags)(tenant_id, &persons),
                lost: one.lost,
            };
            link.hash = link.hashed().to_vec();
            previous.clone_from(&link.hash);
            link
        });
        links.collect()
    }

    async fn act(&self, tx: &mut Tx, act: Act, tenant_id: Uuid, end: &End) -> Result<(), Error> {
        let entry = Entry {
            tenant_id,
            actor: Actor::SERVICE,
            act,
            subject: Subject::object(self.shared.chain),
            detail: json!({ "number": end.number, "hash": hex::encode(&end.hash) }),
            at: self.shared.clock.now(),
        };
        acts::write(tx, &entry).await
    }

    /// Says where the chains end.
    async fn finish(&mut self, deadline: &mut Option<Instant>) {
        let limit = deadline_of(self.shared, deadline);
        for (tenant_id, end) in std::mem::take(&mut self.ends) {
            let ending = async {
                let mut tx = Tx::begin(&self.shared.pool).await?;
                self.act(&mut tx, Act::ReadsEnded, tenant_id, &end).await?;
                tx.commit().await
            };
            let left = limit.map_or(Duration::ZERO, |limit| {
                limit.saturating_duration_since(Instant::now())
            });
            if !matches!(tokio::time::timeout(left, ending).await, Ok(Ok(()))) {
                tracing::warn!(%tenant_id, "the end of a chain of reads was not recorded");
            }
        }
    }
}

/// Until when it is still tried, once the end has come.
fn deadline_of(shared: &Shared, deadline: &mut Option<Instant>) -> Option<Instant> {
    if deadline.is_none() && shared.is_closed() {
        *deadline = Some(Instant::now() + shared.limits.last_patience);
    }
    *deadline
}
