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
use super::parts::Parts;
use super::upkeep;
use crate::audit::Reads;
use crate::db::Pool;
use crate::http;
use crate::inbox::Writer;
use crate::privacy::requests::Erasures;
use crate::workers;

/// Ingest loops: each holds one tenant at a time, so more of them help more tenants.
const INGEST_WORKERS: usize = 2;
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
        let address = config.server.address();
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("{address} cannot be listened on"))?;
        let parts = Parts::build(&config, secrets, &database, extras)?;
        let mut service = Self {
            address: listener.local_addr()?,
            database: database.clone(),
            pool: parts.pool.clone(),
            writer: parts.writer.clone(),
            reads: parts.rights.reads.clone(),
            prepared: parts.prepared.clone(),
            stop_doors: CancellationToken::new(),
            stop_chores: CancellationToken::new(),
            doors: JoinSet::new(),
            flushers: JoinSet::new(),
            chores: JoinSet::new(),
            preparing: JoinSet::new(),
        };
        service.start_doors(listener, &parts, config.limits.http.clone());
        service.start_watching(&parts, &database);
        service.start_workers(&parts.context);
        service.start_rights(&parts);
        service.start_jobs(&parts, config.schedule);
        let (dispatcher, locks) = (parts.dispatcher, parts.locks);
        service.chore(|stop| async move { dispatcher.run(stop.cancelled()).await });
        let stop = service.stop_chores.clone();
        service.chores.spawn(locks.follow(stop));
        service
            .preparing
            .spawn(upkeep::prepare(database, parts.pool, parts.preparation));
        Ok(service)
    }

    /// The doors open at once; what they take in is written by flushers that outlive them.
    fn start_doors(&mut self, listener: TcpListener, parts: &Parts, limits: http::Limits) {
        let (router, stop) = (parts.router.clone(), self.stop_doors.clone());
        self.doors.spawn(async move {
            http::serve(listener, router, &limits, stop.cancelled()).await;
        });
        let (writer, reads) = (parts.writer.clone(), parts.rights.reads.clone());
        self.flushers.spawn(async move { writer.run().await });
        self.flushers.spawn(async move { reads.run().await });
    }

    /// What keeps an eye on the service begins before there is a schema.
    fn start_watching(&mut self, parts: &Parts, database: &Database) {
        let stop = || self.stop_chores.clone();
        self.chores.spawn(upkeep::revive(database.clone(), stop()));
        let warned = parts.erasures.office.timing.warned_before_due();
        self.chores.spawn(upkeep::gauges(
            parts.recorder.clone(),
            parts.readers.clone(),
            parts.pool.clone(),
            (parts.context.clock.clone(), warned),
            stop(),
        ));
        let (pool, clock) = (parts.pool.clone(), parts.context.clock.clone());
        self.chores.spawn(upkeep::silence(pool, clock, stop()));
    }

    fn start_workers(&mut self, context: &workers::Context) {
        for _ in 0..INGEST_WORKERS {
            let (context, landed) = (context.clone(), self.writer.landed());
            self.chore(|stop| async move {
                workers::ingest::run(context, &landed, stop.cancelled()).await;
            });
        }
        let context = context.clone();
        self.chore(|stop| async move {
            let due = workers::due::run(context.clone(), stop.cancelled());
            let auditor = workers::verify::run(context.folding(), stop.cancelled());
            let scores = workers::scores::run(context.clone(), stop.cancelled());
            futures::join!(due, auditor, scores);
        });
    }

    /// Carries out what was asked to be erased, and makes the archives that are asked for.
    fn start_rights(&mut self, parts: &Parts) {
        let (context, erasures) = (parts.context.clone(), parts.erasures.clone());
        self.chore(|stop| async move {
            let Erasures { office, asked, .. } = erasures;
            workers::erasures::run(context, office, &asked, stop.cancelled()).await;
        });
        let rights = &parts.rights;
        let (builder, asked) = (rights.builder.clone(), rights.rights.exports.asked());
        self.chore(|stop| async move {
            workers::exports::run(builder, &asked, stop.cancelled()).await;
        });
    }

    /// Jobs that come round: our own clock asks for runs, and so does the cron door; one loop works on them.
    fn start_jobs(&mut self, parts: &Parts, schedule: ScheduleConfig) {
        let context = workers::cron::Context {
            work: parts.context.clone(),
            office: parts.erasures.office.clone(),
            retention: schedule.retention,
        };
        let entered = parts.desk.entered();
        self.chore(|stop| async move {
            let (clock, entries) = (context.clone(), schedule.entries);
            futures::join!(
                workers::cron::schedule::run(clock, entries, &entered, stop.cancelled()),
                workers::cron::run::run(context, &entered, stop.cancelled())
            );
        });
    }

    /// Something that begins when the schema is there, and ends when the chores do.
    fn chore<F>(&mut self, work: impl FnOnce(CancellationToken) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send,
    {
        let (prepared, stop) = (self.prepared.clone(), self.stop_chores.clone());
        self.chores.spawn(async move {
            if upkeep::until_prepared(prepared, &stop).await {
                work(stop).await;
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
