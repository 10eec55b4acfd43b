//! The remote schema that Hasura joins.
//!
//! Reading order: who asks (`caller`) and what they may (`access`), what is asked (`query`, `mutation`), what is answered
//! (`types`, `scalars`), how any number of keys becomes one statement (`batch`, `loaders`). Deliberately absent:
//! SQL, HTTP, subscriptions (Hasura v2 forwards none to a remote schema).

pub mod caller;
pub mod access;
pub mod limits;
pub mod parse;
pub mod request;
mod weigh;
mod rate;
mod query;
mod mutation;
mod operations;
pub mod types;
pub mod scalars;
mod loaders;
mod batch;
mod errors;
mod null_on_error;
mod measured;
mod traced;

use std::time::Instant;

use async_graphql::{EmptySubscription, SDLExportOptions};

use crate::actions::desks::Desks;
use crate::audit::Reads;
use crate::insight::Reader;
use crate::privacy::desk::Rights;

use self::traced::Trace;

pub use self::caller::Caller;
pub use self::limits::Limits;
pub use self::request::{Answer, Call, Refusal};

use self::rate::{Buckets, Crowded};
use self::weigh::Class;

type Executable = async_graphql::Schema<query::Query, mutation::Mutation, EmptySubscription>;

/// The schema, what it reads and its limits. Cheap to clone.
#[derive(Clone)]
pub struct Schema {
    executable: Executable,
    reader: Reader,
    desks: Desks,
    rights: Option<Rights>,
    reads: Option<Reads>,
    limits: Limits,
    buckets: Buckets,
}

impl Schema {
    /// A schema over this reader and these desks.
    #[must_use]
    pub fn new(reader: Reader, desks: Desks, limits: Limits) -> Self {
        Self {
            executable: executable(&limits),
            reader,
            desks,
            rights: None,
            reads: None,
            buckets: Buckets::new(limits.rate),
            limits,
        }
    }

    /// The same, with where the rights of persons are dealt with, and where reads about them are noted.
    #[must_use]
    pub fn with_rights(self, rights: Rights, reads: Reads) -> Self {
        Self {
            rights: Some(rights),
            reads: Some(reads),
            ..self
        }
    }

    /// What one request may cost.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Answers one operation for one caller.
    pub async fn answer(&self, call: Call, caller: Caller) -> Result<Answer, Refusal> {
        let begun = Instant::now();
        let trace = Trace::begin(self.reads.as_ref(), &call, &caller);
        let (request, shape, weighed) = call
            .into_request(Class::of(caller.role), &self.limits)
            .inspect_err(measured::refused)?;
        let crowded = self.buckets.take(caller.tenant, weighed.lists.max(1));
        if let (Err(wait), 0) = (crowded, weighed.joins) {
            let refusal = Refusal::RateLimited(wait);
            measured::refused(&refusal);
            return Err(refusal);
        }
        let loaders = loaders::Loaders::new(self.reader.for_request(), &caller, crowded.is_err());
        let seen = loaders.seen();
        let operation = request.operation_name.clone();
        let mut request = request.data(caller).data(loaders).data(self.desks.clone());
        if crowded.is_err() {
            measured::crowded();
            request = request.data(Crowded);
        }
        if let Some(rights) = &self.rights {
            request = request.data(rights.clone());
        }
        let response = self.executable.execute(request).await;
        if let Some(trace) = trace {
            trace.end(operation, seen.take());
        }
        let answer = Answer::new(response);
        shape.answered(begun, &answer);
        Ok(answer)
    }
}

fn executable(limits: &Limits) -> Executable {
    async_graphql::Schema::build(query::Query, mutation::Mutation, EmptySubscription)
        .extension(null_on_error::NullOnError)
        .limit_recursive_depth(limits.depth)
        .disable_suggestions()
        .finish()
}

/// The schema in its own language, sorted: `schema.graphql` is this text.
#[must_use]
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by();
    executable(&Limits::default()).sdl_with_options(options)
}
