//! Puts together what serves the rights of persons: the audit log, exports, and where reads are noted.

use std::sync::Arc;

use axum::Router;
use chrono::TimeDelta;

use super::Database;
use super::config::Config;
use crate::audit::{Reads, reads};
use crate::db::{PoolConfig, fenced};
use crate::http;
use crate::privacy::desk::Rights;
use crate::privacy::export::build::Builder;
use crate::privacy::export::desk::Exports;
use crate::privacy::journal::Journal;
use crate::privacy::requests::Erasures;
use crate::workers;

/// Reads are written on a connection of their own, so that whatever else goes on, they keep up.
const READS_CONNECTIONS: u32 = 1;

/// The parts.
pub(super) struct Parts {
    pub(super) rights: Rights,
    pub(super) reads: Reads,
    pub(super) builder: Builder,
}

impl Parts {
    pub(super) fn new(
        database: &Database,
        config: &Config,
        context: &workers::Context,
        (lists, erasures): (&fenced::Reads, Erasures),
    ) -> Self {
        let (pool, clock) = (context.pool.clone(), context.clock.clone());
        let pepper = context.pepper.clone();
        let tags = {
            let pepper = pepper.clone();
            Arc::new(move |tenant_id, persons: &[_]| pepper.tags(tenant_id, persons))
        };
        let connections = PoolConfig {
            max_connections: READS_CONNECTIONS,
            ..config.database.pool()
        };
        let limits = reads::Limits::default();
        Self {
            rights: Rights {
                journal: Journal::new(lists.clone(), pepper.clone()),
                exports: Exports::new(pool.clone(), lists.clone(), clock.clone(), pepper.clone()),
                erasures,
            },
            reads: Reads::new(database.pool(&connections), clock.clone(), tags, limits),
            builder: Builder {
                pool,
                clock,
                pepper,
                quarantine_days: context.settings.quarantine_days,
                kept_for: TimeDelta::hours(config.schedule.retention.export_hours.into()),
            },
        }
    }

    /// The door at which archives are fetched.
    pub(super) fn door(&self, limits: &http::Limits) -> Router {
        let exports = self.rights.exports.clone();
        http::exports::router(http::exports::Door::new(exports, limits.clone()))
    }
}
