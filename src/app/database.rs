//! Which database: the one `DATABASE_URL` names, else one of our own in the data folder.

use anyhow::Context;
use secrecy::ExposeSecret;
use sqlx::postgres::PgConnectOptions;

use super::config::{DatabaseConfig, Switch};
use crate::db::embedded::{Embedded, EmbeddedConfig};
use crate::db::fenced::Reads;
use crate::db::{Pool, PoolConfig, pool};

/// Where the database is, and the server behind it if it is our own.
#[derive(Debug, Clone)]
pub struct Database {
    options: PgConnectOptions,
    embedded: Option<Embedded>,
}

impl Database {
    /// Finds out where the database is; starts our own server where there is no other. Does not connect to another.
    pub async fn open(config: &DatabaseConfig) -> anyhow::Result<Self> {
        if let Some(url) = &config.url {
            let options = pool::options_from_url(url.expose_secret())?;
            return Ok(Self {
                options,
                embedded: None,
            });
        }
        let own = EmbeddedConfig::new(config.data_dir.clone(), config.bin_dir.clone());
        let embedded = Embedded::start(own)
            .await
            .context("our own PostgreSQL does not start")?;
        Ok(Self {
            options: embedded.connect_options(),
            embedded: Some(embedded),
        })
    }

    /// How to connect.
    #[must_use]
    pub fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// Connections with these limits; the first is made when it is needed.
    #[must_use]
    pub fn pool(&self, config: &PoolConfig) -> Pool {
        pool::connect_lazy(self.options.clone(), config)
    }

    /// Connections for reads on behalf of callers: fenced by tenant, unless that is switched off.
    #[must_use]
    pub fn reads(&self, config: &PoolConfig, row_security: Switch) -> Reads {
        match row_security {
            Switch::On => Reads::fenced(self.options.clone(), config),
            Switch::Off => self.pool(config).into(),
        }
    }

    /// Our own server, if it is one.
    #[must_use]
    pub fn embedded(&self) -> Option<&Embedded> {
        self.embedded.as_ref()
    }

    /// Stops the server if it is our own and nobody else uses it.
    pub async fn close(self) -> anyhow::Result<()> {
        if let Some(embedded) = self.embedded {
            embedded
                .stop()
                .await
                .context("our own PostgreSQL does not stop")?;
        }
        Ok(())
    }
}
