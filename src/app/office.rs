//! Where erasures are carried out, put together once for the service and for its commands.

use std::sync::Arc;

use anyhow::Context as _;

use super::config::{Config, Secrets};
use crate::audit::Actor;
use crate::privacy::erase::{Office, Timing};
use crate::privacy::receipt::Signer;
use crate::workers::Context;

/// The office of this process; `actor` is who acts where nobody in particular does.
pub(super) fn office(
    config: &Config,
    secrets: &Secrets,
    context: &Context,
    actor: Actor,
) -> anyhow::Result<Office> {
    let signer = Signer::new(&secrets.derive("receipts")).context("no key to sign with")?;
    Ok(Office {
        pool: context.pool.clone(),
        clock: context.clock.clone(),
        pepper: context.pepper.clone(),
        signer: Arc::new(signer),
        settings: context.settings,
        timing: Timing {
            due: config.privacy.due,
            alarm: config.privacy.alarm,
            ..Timing::default()
        },
        receivers: receivers(config),
        actor,
    })
}

/// Those downstream who are told that somebody was erased.
fn receivers(config: &Config) -> Arc<[String]> {
    let targets = config.outbound.targets.iter();
    targets.map(|target| target.name.clone()).collect()
}
