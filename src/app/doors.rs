//! The doors of the service, each put together with what it needs.

use std::sync::Arc;

use axum::Router;

use super::Database;
use super::config::Config;
use super::readiness::Readers;
use super::rights;
use super::upkeep::Locks;
use crate::actions::cron::Desk;
use crate::actions::desks::Desks;
use crate::db::PoolConfig;
use crate::db::fenced::Reads;
use crate::domain::clock::Clock;
use crate::http::{self, Health};
use crate::inbox::{self, Writer};
use crate::telemetry::metrics::Recorder;
use crate::{graphql, insight, workers};

/// The writer has connections of its own, so that no read can keep a delivery waiting for one.
const WRITER_CONNECTIONS: u32 = 2;

pub(super) fn writer(database: &Database, config: &Config, clock: Clock) -> Writer {
    let limits = inbox::Limits::default();
    let connections = PoolConfig {
        max_connections: WRITER_CONNECTIONS,
        statement_timeout: limits.flush_timeout,
        ..config.database.pool()
    };
    Writer::new(database.pool(&connections), clock, limits)
}

/// The door for cron calls, and the desk where runs are entered.
pub(super) fn cron_door(
    context: &workers::Context,
    writer: &Writer,
    locks: &Locks,
    limits: &http::Limits,
) -> (Desk, Router) {
    let (pool, clock) = (context.pool.clone(), context.clock.clone());
    let desk = Desk::new(pool, writer.clone(), clock, workers::cron::names());
    let door = http::cron::Door::new(locks.webhook.clone(), desk.clone(), limits.clone());
    (desk, http::cron::router(door))
}

/// Lists of requests, models, letters and of the audit log; few ask for them, and seldom.
const DESK_CONNECTIONS: u32 = 2;

/// What desks answer callers from; a list of the audit log may take longer than a join would wait.
pub(super) fn desk_reads(database: &Database, config: &Config) -> Reads {
    let connections = PoolConfig {
        max_connections: DESK_CONNECTIONS,
        ..config.database.pool()
    };
    database.reads(&connections, config.database.row_security)
}

/// The GraphQL door, with connections and time limits of its own.
pub(super) fn join_door(
    database: &Database,
    config: &Config,
    context: &workers::Context,
    (desks, rights): (Desks, &rights::Parts),
    locks: &Locks,
    limits: &http::Limits,
) -> Router {
    let connections = insight::pool_config(&config.database.pool());
    let reads = database.reads(&connections, config.database.row_security);
    let quarantine_days = context.settings.quarantine_days;
    let reader = insight::Reader::new(reads, context.clock.clone(), quarantine_days);
    let schema = graphql::Schema::new(reader, desks, config.limits.graphql.clone())
        .with_rights(rights.rights.clone(), rights.reads.clone());
    let keys = locks.gateway.clone();
    http::graphql::router(http::graphql::Door::new(keys, schema, limits))
}

pub(super) fn health(
    config: &Config,
    readers: &Readers,
    recorder: &Recorder,
    locks: &Locks,
    limits: http::Limits,
) -> Health {
    let (readers, recorder) = (readers.clone(), recorder.clone());
    Health {
        readiness: Arc::new(move || {
            let readers = readers.clone();
            Box::pin(async move { readers.ask().await })
        }),
        metrics: Arc::new(move || recorder.render()),
        keys: vec![locks.webhook.clone(), locks.gateway.clone()],
        loopback: config.server.is_loopback(),
        limits,
    }
}
