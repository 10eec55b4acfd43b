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

use std::time::Instant;

use async_graphql::{EmptySubscription, SDLExportOptions};

use crate::actions::desks::Desks;
use crate::insight::Reader;

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
            buckets: Buckets::new(limits.rate),
            limits,
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
        let (request, shape, weighed) = call
            .into_request(Class::of(caller.role), &self.limits)
            .inspect_err(measured::refused)?;
        let crowded = self.buckets.take(caller.tenant, weighed.lists.max(1));
        if let (Err(wait), 0) = (crowded, weighed.joins) {
            let refusal = Refusal::RateLimited(wait);
            measured::refused(&refusal);
            return Err(refusal);
        }
        let request = if crowded.is_err() {
            measured::crowded();
            request.data(Crowded)
        } else {
            request
        };
        let loaders = loaders::Loaders::new(self.reader.for_request(), &caller, crowded.is_err());
        let desks = self.desks.clone();
        let response = self
            .executable
            .execute(request.data(caller).data(loaders).data(desks))
            .await;
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
