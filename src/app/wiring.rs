//! Puts the service together, and takes it apart again in the right order.
//!
//! Up: database (ours is started, another may be away), doors, then migrations and workers as soon as the database
//! answers. Down: doors (requests under way end), inbox writer (what waits is written), workers, database.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Database;
use super::config::{Config, ScheduleConfig, Secrets};
use super::doors::{cron_door, health, join_door, writer};
use super::office::office;
use super::readiness::Readers;
use super::rights;
use super::upkeep::{self, Locks};
use crate::actions::consents::Consents;
use crate::actions::cron::Desk;
use crate::actions::desks::Desks;
use crate::audit::{Actor, Reads};
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

/// Ingest loops: each holds one tenant at a time, so more of them help more tenants.
const INGEST_WORKERS: usize = 2;
/// A transaction that sends may lie idle for longer than a send takes by this much.
const MARGIN: Duration = Duration::from_secs(2);
/// Longest time that each part gets to come to an end.
const PART_PATIENCE: Duration = Duration::from_secs(5);

/// What commands other than `serve` add to the service.
#[derive(Default)]
pub struct Extras {
    /// Further routes, such as pages of the demo.
    pub routes: Vec<Router>,
}

/// A running service.
pub struct Service {
    address: SocketAddr,
    database: Database,
    pool: Pool,
    writer: Writer,
    reads: Reads,
    prepared: watch::Receiver<bool>,
    stop_doors: CancellationToken,
    stop_chores: CancellationToken,
    doors: JoinSet<()>,
    flushers: JoinSet<()>,
    chores: JoinSet<()>,
    preparing: JoinSet<anyhow::Result<()>>,
}

impl Service {
    /// Starts everything. Returns when the doors are open, which may be before the database answers.
    pub async fn start(
        config: Config,
        secrets: Secrets,
        database: Database,
        extras: Extras,
    ) -> anyhow::Result<Self> {
        let recorder = Recorder::install()?;
        let clock = Clock::system();
        let address = config.server.address();
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("{address} cannot be listened on"))?;
        let pool = database.pool(&config.database.pool());
        let writer = writer(&database, &config, clock.clone());
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
        let limits = config.limits.http.clone();
        let context = workers::Context {
            pool: pool.clone(),
            clock: clock.clone(),
            pepper: Pepper::new(&locks.secrets.derive("fence")).kept_in(fence),
            settings: Settings {
                quarantine_days: config.contacts.quarantine_days.into(),
                announces: !config.outbound.targets.is_empty(),
                ..Settings::default()
            },
        };
        let consents = Consents::new(
            pool.clone(),
            clock.clone(),
            context.pepper.clone(),
            context.settings,
        );
        let desks = Desks::new(&pool, &writer, &clock, consents);
        let office = office(&config, &locks.secrets, &context, Actor::SERVICE)?;
        let erasures = Erasures::new(office);
        let rights = rights::Parts::new(&database, &config, &context, erasures.clone());
        let join = join_door(
            &database,
            &config,
            &context,
            (desks, &rights),
            &locks,
            &limits,
        );
        let downloads = rights.door(&limits);
        let (desk, calls) = cron_door(&context, &writer, &locks, &limits);
        let door = webhook::Door::new(locks.webhook.clone(), writer.clone(), clock, limits.clone());
        let dispatcher = dispatcher(&database, &config, &context, &locks)?;
        let health = health(&config, &readers, &recorder, &locks, limits.clone());
        let routes = extras.routes.into_iter().chain([join, calls, downloads]);
        let router = http::router(door, health, routes);

        let mut service = Self {
            address: listener.local_addr()?,
            database: database.clone(),
            pool: pool.clone(),
            writer: writer.clone(),
            reads: rights.reads.clone(),
            prepared,
            stop_doors: CancellationToken::new(),
            stop_chores: CancellationToken::new(),
            doors: JoinSet::new(),
            flushers: JoinSet::new(),
            chores: JoinSet::new(),
            preparing: JoinSet::new(),
        };
        let stop = service.stop_doors.clone();
        service.doors.spawn(async move {
            http::serve(listener, router, &limits, stop.cancelled()).await;
        });
        service.flushers.spawn(async move { writer.run().await });
        let reads = rights.reads.clone();
        service.flushers.spawn(async move { reads.run().await });
        service.start_exports(&rights);
        let stop = || service.stop_chores.clone();
        service
            .chores
            .spawn(upkeep::revive(database.clone(), stop()));
        service.chores.spawn(locks.follow(stop()));
        service.chores.spawn(upkeep::gauges(
            recorder,
            readers,
            pool.clone(),
            (
                context.clock.clone(),
                erasures.office.timing.warned_before_due(),
            ),
            stop(),
        ));
        service.start_workers(&context);
        service.start_dispatcher(dispatcher);
        service.start_erasures(context.clone(), erasures.clone());
        let jobs = workers::cron::Context {
            work: context,
            office: erasures.office,
            retention: config.schedule.retention,
        };
        service.start_jobs(jobs, config.schedule, &desk);
        service
            .preparing
            .spawn(upkeep::prepare(database, pool, preparation));
        Ok(service)
    }

    /// The workers begin when the schema is there, and end when the chores do.
    fn start_workers(&mut self, context: &workers::Context) {
        let (pool, clock) = (context.pool.clone(), context.clock.clone());
        self.chores
            .spawn(upkeep::silence(pool, clock, self.stop_chores.clone()));
        for _ in 0..INGEST_WORKERS {
            let (context, landed) = (context.clone(), self.writer.landed());
            let (prepared, stop) = (self.prepared.clone(), self.stop_chores.clone());
            self.chores.spawn(async move {
                if upkeep::until_prepared(prepared, &stop).await {
                    workers::ingest::run(context, &landed, stop.cancelled()).await;
                }
            });
        }
        let context = context.clone();
        let (prepared, stop) = (self.prepared.clone(), self.stop_chores.clone());
        self.chores.spawn(async move {
            if upkeep::until_prepared(prepared, &stop).await {
                let due = workers::due::run(context.clone(), stop.cancelled());
                let auditor = workers::verify::run(context.folding(), stop.cancelled());
                let scores = workers::scores::run(context.clone(), stop.cancelled());
                futures::join!(due, auditor, scores);
            }
        });
    }

    /// Carries out what was asked to be erased.
    fn start_erasures(&mut self, context: workers::Context, erasures: Erasures) {
        let (prepared, stop) = (self.prepared.clone(), self.stop_chores.clone());
        self.chores.spawn(async move {
            if upkeep::until_prepared(prepared, &stop).await {
                let Erasures { office, asked } = erasures;
                workers::erasures::run(context, office, &asked, stop.cancelled()).await;
            }
        });
    }

    /// Makes the archives that are asked for.
    fn start_exports(&mut self, rights: &rights::Parts) {
        let (builder, asked) = (rights.builder.clone(), rights.rights.exports.asked());
        let (prepared, stop) = (self.prepared.clone(), self.stop_chores.clone());
        self.chores.spawn(async move {
            if upkeep::until_prepared(prepared, &stop).await {
                workers::exports::run(builder, &asked, stop.cancelled()).await;
            }
        });
    }

    /// Messages go out when the schema is there, until the chores end.
    fn start_dispatcher(&mut self, dispatcher: Dispatcher) {
        let (prepared, stop) = (self.prepared.clone(), self.stop_chores.clone());
        self.chores.spawn(async move {
            if upkeep::until_prepared(prepared, &stop).await {
                dispatcher.run(stop.cancelled()).await;
            }
        });
    }

    /// Jobs that come round: our own clock asks for runs, and so does the cron door; one loop works on them.
    fn start_jobs(
        &mut self,
        context: workers::cron::Context,
        schedule: ScheduleConfig,
        desk: &Desk,
    ) {
        let (entered, prepared) = (desk.entered(), self.prepared.clone());
        let stop = self.stop_chores.clone();
        self.chores.spawn(async move {
            if upkeep::until_prepared(prepared, &stop).await {
                let clock = context.clone();
                let clock = workers::cron::schedule::run(
                    clock,
                    schedule.entries,
                    &entered,
                    stop.cancelled(),
                );
                futures::join!(
                    clock,
                    workers::cron::run::run(context, &entered, stop.cancelled())
                );
            }
        });
    }

    /// Where the doors are.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the database answers and its schema is up to date.
    pub async fn prepared(&self) -> anyhow::Result<()> {
        self.prepared
            .clone()
            .wait_for(|prepared| *prepared)
            .await
            .context("the service stopped")?;
        Ok(())
    }

    /// Serves until `stop` resolves or something happens that cannot be waited out, then takes everything apart.
    pub async fn run_until(mut self, stop: impl Future<Output = ()> + Send) -> anyhow::Result<()> {
        let reason = tokio::select! {
            () = stop => Ok(()),
            failure = first_failure(&mut self.preparing) => Err(failure),
        };
        tracing::info!("stopping");
        self.stop().await?;
        reason
    }

    async fn stop(mut self) -> anyhow::Result<()> {
        self.preparing.shutdown().await;
        self.stop_doors.cancel();
        // The server itself gives requests under way their time.
        while self.doors.join_next().await.is_some() {}
        self.writer.close();
        self.reads.close();
        end(&mut self.flushers, "the inbox writer or the audit's").await;
        self.stop_chores.cancel();
        end(&mut self.chores, "a chore").await;
        self.pool.close().await;
        self.database.close().await
    }
}

/// Resolves when preparing failed for good; preparing well is no news.
async fn first_failure(preparing: &mut JoinSet<anyhow::Result<()>>) -> anyhow::Error {
    while let Some(ended) = preparing.join_next().await {
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return error,
            Err(panic) => return anyhow::Error::new(panic),
        }
    }
    std::future::pending().await
}

async fn end(tasks: &mut JoinSet<()>, what: &str) {
    let all = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(PART_PATIENCE, all).await.is_err() {
        tracing::warn!(what, "did not end in time and was cut");
        tasks.shutdown().await;
    }
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
