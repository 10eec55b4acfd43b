//! That somebody read about persons: what is noted of a request when its answer is there.
//!
//! Costs a hash of the document and a moment's lock; writing it down is the audit's, later. Deliberately absent: what
//! was asked about persons and what was answered.

use uuid::Uuid;

use super::caller::Caller;
use super::request::Call;
use crate::audit::{Actor, Hash, Read, Reads};

/// Longest name of an operation that is kept, in characters.
const OPERATION_MAX: usize = 100;

/// A request that may come to read about persons.
pub(super) struct Trace<'r> {
    reads: &'r Reads,
    tenant_id: Uuid,
    actor: Actor,
    query_hash: Hash,
}

impl<'r> Trace<'r> {
    /// None where reads are noted nowhere, and for whoever names no tenant: they see nobody.
    pub(super) fn begin(reads: Option<&'r Reads>, call: &Call, caller: &Caller) -> Option<Self> {
        Some(Self {
            reads: reads?,
            tenant_id: caller.tenant?,
            actor: caller.actor(),
            query_hash: Reads::digest(&call.query),
        })
    }

    /// Notes the read if anybody was read about.
    pub(super) fn end(self, operation: Option<String>, persons: Vec<Uuid>) {
        if persons.is_empty() {
            return;
        }
        let name = |name: String| name.chars().take(OPERATION_MAX).collect();
        self.reads.note(Read {
            tenant_id: self.tenant_id,
            actor: self.actor,
            operation: operation.map(name),
            query_hash: self.query_hash,
            persons,
        });
    }
}
