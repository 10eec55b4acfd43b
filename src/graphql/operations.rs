//! What keeps the service running, for those who run it: which part of it a caller reaches, and what failures tell.

use std::fmt::Display;

use async_graphql::{Context, Error, Result};
use uuid::Uuid;

use super::access::{self, Reach};
use super::caller::Caller;
use super::errors::FieldError;
use crate::actions::dead_letters::{self, Letters};

/// The letters within a caller's reach.
pub(super) struct Desk<'c> {
    pub(super) letters: &'c Letters,
    /// Only of this tenant.
    pub(super) tenant: Option<Uuid>,
}

impl<'c> Desk<'c> {
    /// The caller's desk; `None` when nothing is within reach, an error when the role may not ask for the field.
    pub(super) fn of(ctx: &Context<'c>, field: &str) -> Result<Option<Self>> {
        let reach = ctx
            .data_opt::<Caller>()
            .and_then(|caller| access::operations(caller, field))
            .ok_or_else(|| FieldError::Forbidden.to_graphql())?;
        let tenant = match reach {
            Reach::All => None,
            Reach::Tenant(tenant) => Some(tenant),
            Reach::Nothing => return Ok(None),
        };
        let letters = ctx.data::<Letters>()?;
        Ok(Some(Self { letters, tenant }))
    }
}

/// Logs why something could not be done and tells the caller that it could not.
pub(super) fn told(what: impl Display, error: &dead_letters::Error) -> Error {
    let error: &(dyn std::error::Error + 'static) = error;
    tracing::warn!(what = %what, error, "an operation is answered with an error");
    FieldError::Unavailable.to_graphql()
}
