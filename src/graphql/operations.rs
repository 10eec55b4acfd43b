//! What keeps the service running, for those who run it: which part of it a caller reaches.

use async_graphql::{Context, Result};
use uuid::Uuid;

use super::access::{self, Reach};
use super::caller::Caller;
use super::errors::FieldError;
use super::rate::Crowded;
use crate::actions::dead_letters::Letters;
use crate::actions::desks::Desks;
use crate::audit::Actor;

/// The letters within a caller's reach.
pub(super) struct Desk<'c> {
    pub(super) letters: &'c Letters,
    /// Only of this tenant.
    pub(super) tenant: Option<Uuid>,
    /// Who asks.
    pub(super) actor: Actor,
}

impl<'c> Desk<'c> {
    /// The caller's desk; `None` when nothing is within reach, an error when the role may not ask for the field.
    pub(super) fn of(ctx: &Context<'c>, field: &str) -> Result<Option<Self>> {
        if ctx.data_opt::<Crowded>().is_some() {
            return Err(FieldError::RateLimited.to_graphql());
        }
        let caller = ctx.data_opt::<Caller>();
        let reach = caller
            .and_then(|caller| access::operations(caller, field))
            .ok_or_else(|| FieldError::Forbidden.to_graphql())?;
        let tenant = match reach {
            Reach::All => None,
            Reach::Tenant(tenant) => Some(tenant),
            Reach::Nothing => return Ok(None),
        };
        let letters = &ctx.data::<Desks>()?.letters;
        let actor = caller.map_or(Actor::SERVICE, Caller::actor);
        Ok(Some(Self {
            letters,
            tenant,
            actor,
        }))
    }
}
