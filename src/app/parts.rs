//! What the service is made of, built before any of it runs.

use std::time::Duration;

use axum::Router;
use tokio::sync::watch;

use super::Database;
use super::config::{Config, Secrets};
use super::doors::{cron_door, desk_reads, health, join_door, writer};
use super::office::office;
use super::readiness::Readers;
use super::rights;
use super::upkeep::Locks;
use super::wiring::Extras;
use crate::actions::consents::Consents;
use crate::actions::cron::Desk;
use crate::actions::desks::Desks;
use crate::audit::Actor;
use crate::db::{Pool, PoolConfig};
use crate::domain::clock::Clock;
use crate::http::{self, webhook};
use crate::inbox::Writer;
use crate::privacy::requests::Erasures;
use crate::projections::Settings;
use crate::resolve::fence::Pepper;
use crate::resolve::fence_file::FenceFile;
use crate::telemetry::metrics::Recorder;
use crate::workers;
use crate::workers::dispatch::{Dispatcher, Outbound};

/// A transaction that sends may lie idle for longer than a send takes by this much.
const MARGIN: Duration = Duration::from_secs(2);

pub(super) struct Parts {
    pub(super) recorder: Recorder,
    pub(super) pool: Pool,
    pub(super) writer: Writer,
    /// Says when the schema is there.
    pub(super) preparation: watch::Sender<bool>,
    pub(super) prepared: watch::Receiver<bool>,
    pub(super) readers: Readers,
    pub(super) locks: Locks,
    pub(super) context: workers::Context,
    pub(super) erasures: Erasures,
    pub(super) rights: rights::Parts,
    pub(super) desk: Desk,
    pub(super) dispatcher: Dispatcher,
    pub(super) router: Router,
}

impl Parts {
    pub(super) fn build(
        config: &Config,
        secrets: Secrets,
        database: &Database,
        extras: Extras,
    ) -> anyhow::Result<Self> {
        let recorder = Recorder::install()?;
        let clock = Clock::system();
        let pool = database.pool(&config.database.pool());
        let writer = writer(database, config, clock.clone());
        let (preparation, prepared) = watch::channel(false);
        let fence = FenceFile::new(config.database.fence_ledger());
        let readers = Readers::new(
            pool.clone(),
            clock.clone(),
            writer.clone(),
            prepared.clone(),
            fence.clone(),
        );
        let locks = Locks::new(secrets)?;
        let pepper = Pepper::new(&locks.secrets.derive("fence")).kept_in(fence);
        let context = context(config, (&pool, &clock), pepper);
        let office = office(config, &locks.secrets, &context, Actor::SERVICE)?;
        let reads = desk_reads(database, config);
        let erasures = Erasures::new(office, reads.clone());
        let rights = rights::Parts::new(database, config, &context, (&reads, erasures.clone()));

        let limits = &config.limits.http;
        let desks = Desks::new(&pool, &reads, &writer, &clock, consents(&context));
        let desks = (desks, &rights);
        let join = join_door(database, config, &context, desks, &locks, limits);
        let downloads = rights.door(limits);
        let (desk, calls) = cron_door(&context, &writer, &locks, limits);
        let door = webhook::Door::new(locks.webhook.clone(), writer.clone(), clock, limits.clone());
        let health = health(config, &readers, &recorder, &locks, limits.clone());
        let routes = extras.routes.into_iter().chain([join, calls, downloads]);
        Ok(Self {
            dispatcher: dispatcher(database, config, &context, &locks)?,
            router: http::router(door, health, routes),
            recorder,
            pool,
            writer,
            preparation,
            prepared,
            readers,
            locks,
            context,
            erasures,
            rights,
            desk,
        })
    }
}

fn context(config: &Config, (pool, clock): (&Pool, &Clock), pepper: Pepper) -> workers::Context {
    workers::Context {
        pool: pool.clone(),
        clock: clock.clone(),
        pepper,
        settings: Settings {
            quarantine_days: config.contacts.quarantine_days.into(),
            announces: !config.outbound.targets.is_empty(),
            ..Settings::default()
        },
    }
}

fn consents(context: &workers::Context) -> Consents {
    Consents::new(
        context.pool.clone(),
        context.clock.clone(),
        context.pepper.clone(),
        context.settings,
    )
}

/// What brings messages out, with connections of its own: no receiver keeps one from anybody else.
fn dispatcher(
    database: &Database,
    config: &Config,
    context: &workers::Context,
    locks: &Locks,
) -> anyhow::Result<Dispatcher> {
    let outbound = Outbound {
        targets: config.outbound.targets.clone(),
        keyring: locks.outbound.clone(),
        timeout: config.outbound.timeout,
    };
    let connections = PoolConfig {
        max_connections: outbound.connections(),
        // What the gate said holds for longer than anything may be sent for.
        idle_in_transaction_timeout: outbound.timeout * 2 + MARGIN,
        ..config.database.pool()
    };
    let pool = database.pool(&connections);
    Ok(Dispatcher::new(pool, context.clock.clone(), outbound)?)
}
