//! A durable PostgreSQL of the benchmarks' own, under `target/`, with an empty and migrated database.

use std::path::Path;

use customer_intelligence::db::embedded::{Embedded, EmbeddedConfig};
use customer_intelligence::db::{Pool, PoolConfig, migrate, pool};
use customer_intelligence::domain::clock::Clock;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};

/// A running server with disk syncs on.
pub(crate) struct Database {
    server: Embedded,
    options: PgConnectOptions,
    name: String,
    pub(crate) pool: Pool,
}

impl Database {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("load");
        std::fs::create_dir_all(&folder)?;
        let server = Embedded::start(EmbeddedConfig::new(folder, None)).await?;
        // Of its own, so that no run finds what another left.
        let name = format!("load_{}", Clock::system().uuid_v7().simple());
        let options = server.database(&name).await?;
        migrate::run(&options).await?;
        let pool = pool::connect_lazy(options.clone(), &PoolConfig::default());
        Ok(Self {
            server,
            options,
            name,
            pool,
        })
    }

    /// How other programs reach it, as a superuser.
    pub(crate) fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// How to connect to it, for somebody who has a runtime of their own.
    pub(crate) fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// Empties the inbox and writes everything to disk, as a superuser: neither vacuuming nor a checkpoint of what one
    /// measurement left may fall into the next.
    pub(crate) async fn empty_inbox(&self) -> anyhow::Result<()> {
        let mut connection = self.options.connect().await?;
        for statement in ["truncate customer_intelligence.inbox", "checkpoint"] {
            sqlx::raw_sql(statement).execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(())
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.pool.close().await;
        self.server.stop().await?;
        Ok(())
    }
}
